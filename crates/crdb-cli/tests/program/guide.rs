//! The page of the guide about this program: its files are written, its commands run, and what they print is compared.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::CommandFactory as _;
use crdb_facade::config::keys;
use crdb_facade::sql::Repository;
use crdb_facade::{Config, Database};

use crate::bed::{Bed, run};
use crate::shell::Terminal;

/// The service that the page looks at.
const SERVICE: &str = "http://app1:9464";

/// A fenced block: what stands behind its dashes, and its lines.
struct Block {
    info: String,
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(page.lines()) {
        match line.strip_prefix("```") {
            Some(info) if !open => {
                blocks.push(Block {
                    info: info.to_owned(),
                    line: number,
                    text: String::new(),
                });
                open = true;
            }
            Some(_) => open = false,
            None if open => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            None => {}
        }
    }
    blocks
}

/// A command of a block, and what is to be printed.
fn commands(block: &Block) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in block.text.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => commands.push((command.to_owned(), String::new())),
            None => {
                let (_, wanted) = commands.last_mut().unwrap();
                wanted.push_str(line);
                wanted.push('\n');
            }
        }
    }
    commands
}

/// Whether what was printed is what the page shows. `..` at the end of a line stands for the rest of it, `..` alone for lines.
fn fits(wanted: &str, printed: &str) -> bool {
    let mut printed = printed.lines().peekable();
    let mut wanted = wanted.lines().peekable();
    while let Some(line) = wanted.next() {
        if line == ".." {
            let Some(next) = wanted.peek() else {
                return true;
            };
            while printed
                .peek()
                .is_some_and(|printed| !line_fits(next, printed))
            {
                printed.next();
            }
            continue;
        }
        if !printed
            .next()
            .is_some_and(|printed| line_fits(line, printed))
        {
            return false;
        }
    }
    printed.next().is_none()
}

fn line_fits(wanted: &str, printed: &str) -> bool {
    match wanted.strip_suffix("..") {
        Some(head) => printed.starts_with(head),
        None => wanted.trim_end() == printed.trim_end(),
    }
}

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/program.md");
    fs::read_to_string(page).unwrap()
}

/// A service on the page's database that runs one of its queries all the time. Gives its endpoint.
async fn serve(bed: &Bed) -> String {
    let config = Config::builder()
        .set_text("auth.url", bed.url())
        .set_text("observe.endpoint.listen", "127.0.0.1:0")
        .set(keys::observe::PROFILE, true);
    let get = "-- name: get :one\nSELECT id, owner, balance FROM accounts WHERE id = :id;\n";
    let repository = Repository::from_embedded(&[("accounts.sql", get)]).unwrap();
    let builder = Database::builder(config.build().unwrap()).repository(repository);
    let db = builder.open().await.unwrap();
    let endpoint = format!("http://{}", db.endpoint_address().unwrap());
    tokio::spawn(async move {
        loop {
            let query = db.query("accounts.get").bind("id", 7_i64);
            query.fetch_one().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    endpoint
}

/// Types what stands behind the prompts of a block, and waits for the lines between them.
fn type_in(bed: &Bed, block: &Block) {
    let mut lines = block.text.lines();
    let command = lines.next().unwrap();
    let arguments = command.strip_prefix("$ crdb ").unwrap();
    let mut terminal = Terminal::start(bed, &arguments.split(' ').collect::<Vec<_>>());
    for line in lines {
        match line.split_once("=> ") {
            Some((_, typed)) => {
                terminal.shows("=> ");
                terminal.types(&typed.replace("<Tab>", "\t"));
                terminal.types("\r");
            }
            None => terminal.shows(line.trim_end_matches("..").trim_end()),
        }
    }
    assert_eq!(terminal.ends(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_print_what_it_shows() {
    let page = page();
    // What it shows is PostgreSQL's: CockroachDB names no places in a statement.
    let bed = Bed::postgres().await;
    let mut endpoint = None;
    let program = Path::new(env!("CARGO_BIN_EXE_crdb"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let mut wrong = String::new();
    let blocks = blocks(&page);
    for block in &blocks {
        if let Some(name) = block
            .info
            .split_whitespace()
            .find_map(|word| word.strip_prefix("name="))
        {
            bed.file(name, &block.text);
        }
    }
    for block in &blocks {
        let commands = match block.info.as_str() {
            "terminal" => {
                tokio::task::block_in_place(|| type_in(&bed, block));
                continue;
            }
            "console" => commands(block),
            _ => continue,
        };
        for (command, wanted) in commands {
            if command.contains(SERVICE) && endpoint.is_none() {
                endpoint = Some(serve(&bed).await);
            }
            let command = command.replace(SERVICE, endpoint.as_deref().unwrap_or_default());
            let mut bash = Command::new("bash");
            bash.args(["-c", &format!("exec 2>&1; {command}")]);
            let like = bed.crdb([""; 0]);
            bash.current_dir(bed.directory.path()).env("PATH", &path);
            for (name, value) in like.get_envs() {
                match value {
                    Some(value) => bash.env(name, value),
                    None => bash.env_remove(name),
                };
            }
            let printed = run(bash).await;
            if !fits(&wanted, printed.out()) {
                wrong += &format!(
                    "program.md:{}: `{command}` printed\n{}and not\n{wanted}\n",
                    block.line,
                    printed.out()
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The commands that do something by themselves: `sql`, `sql check`, `migrate up`.
fn leaves(command: &clap::Command, name: &str, found: &mut Vec<String>) {
    for below in command.get_subcommands() {
        let name = format!("{name} {}", below.get_name());
        if !below.is_subcommand_required_set() {
            found.push(name.clone());
        }
        leaves(below, &name, found);
    }
}

#[test]
fn the_guide_shows_every_command() {
    let page = page();
    let run = blocks(&page)
        .into_iter()
        .filter(|block| matches!(block.info.as_str(), "console" | "terminal"));
    let run: String = run.map(|block| block.text).collect();
    let shown: Vec<&str> = run.lines().filter(|line| line.starts_with("$ ")).collect();
    let mut all = Vec::new();
    leaves(&crdb_cli::Cli::command(), "crdb", &mut all);
    assert!(all.len() > 25, "{all:?}");
    let is_shown = |command: &String| {
        shown.iter().any(|line| {
            let mut places = line.match_indices(command.as_str());
            places
                .any(|(at, _)| matches!(line.as_bytes().get(at + command.len()), None | Some(b' ')))
        })
    };
    let missing: Vec<&String> = all.iter().filter(|command| !is_shown(command)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

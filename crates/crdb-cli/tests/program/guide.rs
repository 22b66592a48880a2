//! The page of the guide about this program: its files are written, its commands run, and what they print is compared.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bed::{Bed, run};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_guide_print_what_it_shows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src/program.md");
    let page = fs::read_to_string(page).unwrap();
    // What it shows is PostgreSQL's: CockroachDB names no places in a statement.
    let bed = Bed::postgres().await;
    let program = Path::new(env!("CARGO_BIN_EXE_crdb"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let (mut ran, mut wrong) = (0, String::new());
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
    for block in blocks.iter().filter(|block| block.info == "console") {
        for (command, wanted) in commands(block) {
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
            ran += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(ran >= 15, "{ran} commands");
}

//! `crdb codegen`: typed functions for the queries in SQL files.

#[cfg(feature = "engine")]
mod capture;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use crdb_sql::codegen::{Options, Project};
use serde_json::json;

use crate::child;
use crate::exit::Exit;
#[cfg(not(feature = "engine"))]
use crate::exit::{Usage, WITHOUT_ENGINE};
use crate::output::is_device_or_pipe;

/// Writes the typed functions for the queries in SQL files.
///
/// What a server says about each statement is kept in `descriptions.txt` beside the queries, by content hash. Statements
/// that it knows need no server; when others are there, one is found (CRDB_TEST_URL, a cockroach binary, PostgreSQL's
/// programs), or --engine names it. A statement that PostgreSQL cannot prepare keeps the description that was captured
/// on CockroachDB, or declares its types in its header.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The SQL directory, with `queries` and `schema` in it [default: `sql`]
    #[arg(long, value_name = "DIR")]
    sql: Option<PathBuf>,
    /// The Rust file to write [default: `src/generated.rs` in the SQL directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Ask this server about every statement: auto, cockroach, postgres, or a postgresql:// URL
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
    /// Write nothing; exit with 1 when the file is not what would be written. Needs no server
    #[arg(long, conflicts_with = "engine")]
    check: bool,
    /// The path by which the code reaches crdb-exec [default: `crdb_exec`]
    #[arg(long, value_name = "PATH")]
    exec: Option<String>,
    /// Name everything through crdb-facade and its features `chrono`, `uuid`, `decimal` and `json`
    #[arg(long)]
    facade: bool,
    /// A derive for every row type, such as `serde::Serialize`; may be repeated
    #[arg(long = "derive", value_name = "PATH")]
    derives: Vec<String>,
    /// A Rust type for a SQL type, such as `interval=my_crate::Interval`; may be repeated
    #[arg(long = "type", value_name = "SQL=RUST", value_parser = pair)]
    types: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((sql, rust)) if !sql.is_empty() && !rust.is_empty() => {
            Ok((sql.to_owned(), rust.to_owned()))
        }
        _ => Err("write it as SQL=RUST".to_owned()),
    }
}

impl Arguments {
    /// Whether a server has to be asked.
    ///
    /// # Errors
    /// When the SQL directory cannot be read.
    pub fn asks_server(&self, own: &Path) -> Result<bool> {
        if self.check {
            return Ok(false);
        }
        let project = Project::open(self.sql.as_deref().unwrap_or(own))?;
        Ok(self.engine.is_some() || !is_complete(&project))
    }
}

/// Whether what is known of the queries is all that is needed.
fn is_complete(project: &Project) -> bool {
    project.is_current() && project.undescribed().is_empty()
}

/// Writes the file, or compares it. `own` is the SQL directory where the arguments name none; `command` is how messages name this
/// command. With `as_json` one object says which files were written, or whether the one that is compared is current.
///
/// # Errors
/// When the SQL directory or a server has something against it, or a file cannot be written.
pub fn run(arguments: &Arguments, own: &Path, command: &str, as_json: bool) -> Result<Exit> {
    let sql = arguments.sql.clone().unwrap_or_else(|| own.to_path_buf());
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| sql.join("src").join("generated.rs"));
    let project = Project::open(&sql)?;
    if arguments.check {
        if !project.is_current() {
            let file = project.descriptions_file();
            let wrong = format!(
                "the schema has changed since {} was written",
                file.display()
            );
            return Ok(compared(file, Some((None, wrong)), as_json));
        }
        let wrong = difference(&project, arguments, &out)?.map(|line| {
            let place = format!("{}:{line}", out.display());
            let wrong = format!("{place}: not what codegen writes; run `{command}`");
            (Some(line), wrong)
        });
        return Ok(compared(&out, wrong, as_json));
    }
    let engine = match &arguments.engine {
        Some(engine) => Some(engine.as_str()),
        None if is_complete(&project) => None,
        None => Some("auto"),
    };
    let project = match engine {
        None => project,
        #[cfg(not(feature = "engine"))]
        Some(_) => return Err(Usage::new(WITHOUT_ENGINE).into()),
        #[cfg(feature = "engine")]
        Some(engine) => {
            let mut project = project;
            let descriptions = capture::capture(engine, &project)?;
            project.describe(descriptions);
            project
        }
    };
    let text = module(&project, arguments, &out)?;
    let descriptions = project.descriptions().to_string();
    let mut files = Vec::new();
    for (path, text) in [(project.descriptions_file(), &descriptions), (&out, &text)] {
        let is_written = write(path, text)?;
        if as_json {
            files.push(json!({ "file": path.display().to_string(), "written": is_written }));
        } else if is_written {
            println!("wrote {}", path.display());
        } else {
            println!("{} is up to date", path.display());
        }
    }
    if as_json {
        println!("{}", json!({ "files": files }));
    }
    Ok(Exit::Done)
}

/// The first line of the file that is not what would be written.
fn difference(project: &Project, arguments: &Arguments, out: &Path) -> Result<Option<usize>> {
    let wanted = module(project, arguments, out)?;
    let found = fs::read_to_string(out).unwrap_or_default();
    let differs = wanted
        .lines()
        .zip(found.lines())
        .position(|(wanted, found)| wanted != found)
        .or_else(|| (wanted != found).then(|| wanted.lines().count().min(found.lines().count())));
    Ok(differs.map(|line| line + 1))
}

/// Says whether a file is current; what is wrong has its line, where that is known.
fn compared(file: &Path, wrong: Option<(Option<usize>, String)>, as_json: bool) -> Exit {
    let exit = if wrong.is_none() {
        Exit::Done
    } else {
        Exit::Never
    };
    let shown = file.display().to_string();
    match wrong {
        None if as_json => println!("{}", json!({ "file": shown, "current": true })),
        None => println!("{shown} is what codegen writes"),
        Some((line, wrong)) => {
            eprintln!("{wrong}");
            if as_json {
                println!(
                    "{}",
                    json!({ "file": shown, "current": false, "line": line })
                );
            }
        }
    }
    exit
}

fn module(project: &Project, arguments: &Arguments, out: &Path) -> Result<String> {
    let mut options = Options::default();
    if arguments.facade {
        options = options.facade();
    }
    if let Some(path) = &arguments.exec {
        options = options.exec_path(path);
    }
    for (sql, rust) in &arguments.types {
        options = options.rust_type(sql, rust);
    }
    for path in &arguments.derives {
        options = options.derive(path);
    }
    rustfmt(&project.generate(&options)?, out)
}

/// Formats the module as its own directory is formatted.
fn rustfmt(text: &str, out: &Path) -> Result<String> {
    let directory = out.parent().filter(|directory| directory.is_dir());
    let mut rustfmt = Command::new("rustfmt");
    child::leave_environment(&mut rustfmt);
    let mut child = rustfmt
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(directory.unwrap_or(Path::new(".")))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt could not be started; `rustup component add rustfmt` installs it")?;
    let mut stdin = child.stdin.take().context("rustfmt takes no input")?;
    let text = text.to_owned();
    // A thread, because rustfmt may answer before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output()?;
    if writer.join().is_err() || !output.status.success() {
        bail!("rustfmt refused the generated code");
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Writes a file whole or not at all, and not when it is the same already: then it gives `false`.
fn write(path: &Path, text: &str) -> Result<bool> {
    let what = || format!("writing {}", path.display());
    // A file that is renamed over a device would take its place.
    if is_device_or_pipe(path) {
        fs::write(path, text).with_context(what)?;
        return Ok(true);
    }
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).with_context(what)?;
    // A temporary file is private by default; this one becomes a source file.
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o644))
        .tempfile_in(directory)
        .with_context(what)?;
    file.write_all(text.as_bytes()).with_context(what)?;
    file.persist(path).with_context(what)?;
    Ok(true)
}

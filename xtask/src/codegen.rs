//! `cargo xtask codegen`: typed functions for the queries in SQL files.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use crdb_sql::codegen::{Options, Project};

/// Writes the typed functions for the queries in SQL files.
///
/// What a server says about each statement is kept in `descriptions.txt` beside the queries, by content hash. Statements
/// that it knows need no server; when others are there, one is found (CRDB_TEST_URL, a cockroach binary, PostgreSQL's
/// programs), or --engine names it. A statement that PostgreSQL cannot prepare keeps the description that was captured
/// on CockroachDB, or declares its types in its header.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The SQL directory, with `queries` and `schema` in it [default: the workspace's `sql`]
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

/// The workspace's own SQL directory.
pub(crate) fn own_sql() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join("sql")
}

/// Writes the file, or compares it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let sql = arguments.sql.clone().unwrap_or_else(own_sql);
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| sql.join("src").join("generated.rs"));
    let project = Project::open(&sql)?;
    let complete = project.is_current() && project.undescribed().is_empty();
    if arguments.check {
        if !project.is_current() {
            eprintln!(
                "the schema has changed since {} was written",
                project.descriptions_file().display()
            );
            return Ok(ExitCode::FAILURE);
        }
        return compare(&project, arguments, &out);
    }
    let engine = match &arguments.engine {
        Some(engine) => Some(engine.as_str()),
        None if complete => None,
        None => Some("auto"),
    };
    let project = match engine {
        None => project,
        #[cfg(not(feature = "engine"))]
        Some(_) => return crate::relaunch::with_feature("engine"),
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
    write(project.descriptions_file(), &descriptions)?;
    write(&out, &text)?;
    Ok(ExitCode::SUCCESS)
}

fn compare(project: &Project, arguments: &Arguments, out: &Path) -> Result<ExitCode> {
    let wanted = module(project, arguments, out)?;
    let found = fs::read_to_string(out).unwrap_or_default();
    let differs = wanted
        .lines()
        .zip(found.lines())
        .position(|(wanted, found)| wanted != found)
        .or_else(|| (wanted != found).then(|| wanted.lines().count().min(found.lines().count())));
    if let Some(line) = differs {
        eprintln!(
            "{}:{}: not what codegen writes; run `cargo xtask codegen`",
            out.display(),
            line + 1
        );
        return Ok(ExitCode::FAILURE);
    }
    println!("{} is what codegen writes", out.display());
    Ok(ExitCode::SUCCESS)
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
    let mut child = Command::new("rustfmt")
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

/// Writes a file whole or not at all, and not when it is the same already.
fn write(path: &Path, text: &str) -> Result<()> {
    let what = || format!("writing {}", path.display());
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        println!("{} is up to date", path.display());
        return Ok(());
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
    println!("wrote {}", path.display());
    Ok(())
}

#[cfg(feature = "engine")]
mod capture {
    //! Asking a server.

    use anyhow::Result;
    use crdb_sql::codegen::{Descriptions, Project, statements};

    use crate::prepare::{Server, block_on};

    /// The descriptions of all queries, from a server where it can prepare them and from the file where it cannot.
    pub(super) fn capture(engine: &str, project: &Project) -> Result<Descriptions> {
        let kept = project.descriptions();
        block_on(async {
            let server = Server::open(engine, project.layout().schema()).await?;
            println!("asking {}", server.choice());
            let mut descriptions = Descriptions::for_schema(project.schema().hash());
            for query in &statements(project.repository()) {
                let Err(refusal) = server.describe(query, &mut descriptions).await? else {
                    continue;
                };
                match kept.get(query.hash()) {
                    Some(known) if !server.is_cockroach() => {
                        println!(
                            "{}: kept what is known, because {}",
                            query.name(),
                            refusal.message
                        );
                        descriptions.insert(query.hash(), query.name(), known.clone());
                    }
                    _ => {
                        println!("{}: the server says: {}", query.name(), refusal.message);
                        descriptions.insert_refused(query.hash(), query.name());
                    }
                }
            }
            for (name, labels) in kept.enums() {
                if !descriptions.enums().any(|(known, _)| known == name) {
                    descriptions.insert_enum(name, labels.to_vec());
                }
            }
            for (name, fields) in kept.composites() {
                if !descriptions.composites().any(|(known, _)| known == name) {
                    descriptions.insert_composite(name, fields.to_vec());
                }
            }
            server.close().await?;
            Ok(descriptions)
        })
    }
}

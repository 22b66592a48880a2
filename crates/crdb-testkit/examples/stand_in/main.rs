//! A stand-in for the programs of a compose file where their images cannot be fetched: CockroachDB's, and a collector's.
//!
//! It answers to the part of `cockroach`'s command line with which a cluster with certificates is set up and asked:
//!
//! ```text
//! stand_in cert create-ca|create-node HOST ..|create-client USER --certs-dir=DIR --ca-key=FILE
//! stand_in start --certs-dir=DIR --advertise-addr=NODE --join=NODE,..
//! stand_in init --certs-dir=DIR --host=NODE
//! stand_in sql --certs-dir=DIR [--host=NODE] [--database=NAME] --execute=SQL or --file=FILE
//! stand_in --config=FILE            the collector: counts what comes by OTLP over HTTP
//! ```
//!
//! The first node of `--join` has PostgreSQL; each node has a quirks proxy in front of it, TLS, and logins by certificate. So
//! nodes can be lost, but for the first. It is for trials of what is around the database, never of the database.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program talks to its terminal"
)]

mod certificates;
mod collector;
mod node;
mod statements;

use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

/// What ends a command.
type Failure = Box<dyn Error + Send + Sync>;

/// What the command line says: words, and options with their values.
struct Line {
    words: Vec<String>,
    options: BTreeMap<String, String>,
}

impl Line {
    fn read(arguments: impl Iterator<Item = String>) -> Self {
        let (mut words, mut options) = (Vec::new(), BTreeMap::new());
        for argument in arguments {
            match argument.strip_prefix("--").map(|rest| rest.split_once('=')) {
                Some(Some((name, value))) => {
                    options.insert(name.to_owned(), value.to_owned());
                }
                Some(None) => {
                    options.insert(argument[2..].to_owned(), String::new());
                }
                None => words.push(argument),
            }
        }
        Self { words, options }
    }

    fn option(&self, name: &str) -> Result<&str, Failure> {
        let value = self.options.get(name).map(String::as_str);
        value.ok_or_else(|| format!("--{name} is missing").into())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::read(std::env::args().skip(1));
    match run(&line).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ERROR: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: &Line) -> Result<(), Failure> {
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["cert", what, names @ ..] => certificates::create(what, names, line),
        ["start"] => node::start(line).await,
        ["init"] => statements::run(line, "SELECT 1").await,
        ["sql"] => match line.option("execute") {
            Ok(text) => statements::run(line, text).await,
            Err(_) => statements::run(line, &std::fs::read_to_string(line.option("file")?)?).await,
        },
        [] if line.options.contains_key("config") => collector::serve().await,
        other => Err(format!("no such command: {}", other.join(" ")).into()),
    }
}

//! Uses crdb-cli alone: a program of its own that runs a command of `crdb`, and says in a table what it comes to.

use clap::Parser as _;
use crdb_cli::{Cli, Exit, table};

/// Runs a command line such as `["crdb", "query"]`; `None` where it is not one of `crdb`.
pub fn run(arguments: &[&str]) -> Option<String> {
    let command = Cli::try_parse_from(arguments).ok()?;
    let exit = command.run().unwrap_or_else(|error| Exit::of(&error));
    let row = [arguments.join(" "), exit.as_str().to_owned()];
    Some(table(["command", "comes to"], vec![row]).to_string())
}

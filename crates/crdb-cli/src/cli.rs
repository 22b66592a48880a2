//! The command line.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, Parser, Subcommand};

use crate::connection::Connection;
use crate::exit::{self, Exit};
use crate::{
    audit, codegen, complete, config, dev, doctor, export, load, migrate, new, output, profile,
    query, script, secrets, shell, sql_check, top, verify, why,
};

/// CockroachDB and PostgreSQL from a command line.
#[derive(Debug, Parser)]
#[command(
    name = "crdb",
    version,
    max_term_width = 100,
    after_help = START,
    after_long_help = START
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    connection: Connection,
    /// Write JSON: results on standard output, errors on standard error
    #[arg(long, global = true)]
    json: bool,
}

/// Lines that a terminal of 80 columns does not break.
const START: &str = "\
A service of your own:
  crdb new bank                     HTTP, typed SQL, migrations, tests
  crdb dev -- cargo test            a server to develop against, for a command
  crdb migrate plan                 what `crdb migrate up` would do
  crdb sql check                    what is wrong with the SQL files
  crdb codegen                      the typed functions for their queries

A database:
  crdb doctor                       why a login fails, or how well it works
  crdb config explain --changed     where each setting comes from
  crdb query                        the named queries of the SQL files
  crdb query accounts.get -p id=7   one of them, run
  crdb sql report.sql               a script; `-` is standard input
  crdb shell                        statements as you type them
  crdb load accounts more.csv       a file into a table
  crdb export --table accounts -o all.csv
                                    a table into a file; `crdb verify all.csv`

A service at work:
  crdb top http://app1:9464         what it does with its database, live
  crdb profile http://app1:9464     which of its queries cost most, and why
  crdb why accounts.get -p id=7     why a query is slow
  crdb audit verify                 whether an audit log is what was written

A named query stands in an SQL file below `sql.directory`, under a line like
`-- name: get :one`; in accounts.sql it is `accounts.get`.

The database is the one that a service started here would use: the file that
CRDB_CONFIG names, else crdb.yaml or crdb.toml, then CRDB_* variables. --config,
--url and --set are stronger. Passwords do not belong on a command line: the
configuration names a file, a variable or a program that has them.

Exit codes, which scripts may rely on:
  0  done
  1  failed; do not repeat it as it is
  2  not begun: the command line or the configuration is wrong
  3  failed, certainly without an effect; it may be repeated
  4  it is unknown whether it took effect

`crdb help COMMAND` says more. `crdb completions bash` prints completions for a
shell, `crdb man DIRECTORY` writes the man pages.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a new service from a template
    New(new::Arguments),
    /// Start a server to develop against, and print its URL
    Dev(dev::Arguments),
    /// Apply migrations to a database, take them back, say how far it has come
    Migrate(migrate::Arguments),
    /// Run a named query, or list them
    Query(query::Arguments),
    /// Run the statements of a file; `sql check` looks at files without running them
    Sql(SqlArguments),
    /// Open an interactive shell
    Shell(shell::Arguments),
    /// Write the typed functions for the queries in SQL files
    Codegen(codegen::Arguments),
    /// Load the rows of a file into a table
    Load(load::Arguments),
    /// Export a table or a query into files
    Export(export::Arguments),
    /// Check the files of an export against their manifest
    Verify(verify::Arguments),
    /// Walk a login step by step and say what is wrong with it
    Doctor(doctor::Arguments),
    /// Show each setting, and where it comes from
    Config(config::Arguments),
    /// Say why a named query is slow
    Why(why::Arguments),
    /// Show what a service does with its database, live
    Top(top::Arguments),
    /// Say which queries of a service cost most, and what has changed
    Profile(profile::Arguments),
    /// Check an audit log
    Audit(audit::Arguments),
    /// Print a shell's completions
    Completions(complete::CompletionArguments),
    /// Write the man pages
    Man(complete::ManArguments),
}

/// Runs a script, or checks SQL files.
#[derive(Clone, Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
struct SqlArguments {
    #[command(subcommand)]
    command: Option<SqlCommand>,
    #[command(flatten)]
    script: script::Arguments,
}

#[derive(Clone, Debug, Subcommand)]
enum SqlCommand {
    /// Check files or trees; exits with 1 when there are errors
    Check(sql_check::Arguments),
}

impl SqlArguments {
    fn run(&self, connection: &Connection, as_json: bool) -> Result<Exit> {
        match &self.command {
            Some(SqlCommand::Check(arguments)) => {
                sql_check::run(arguments, Path::new(OWN_SQL), as_json)
            }
            None => script::run(&self.script, connection, as_json),
        }
    }
}

/// The SQL directory of a tree, where the command line names none.
const OWN_SQL: &str = "sql";

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// Why it could not be run; [`Exit::of`] says what that comes to.
    pub fn run(self) -> Result<Exit> {
        let (connection, json) = (&self.connection, self.json);
        match &self.command {
            Command::Query(arguments) => query::run(arguments, connection, json),
            Command::Sql(arguments) => arguments.run(connection, json),
            Command::Doctor(arguments) => doctor::run(arguments, connection, json),
            Command::New(arguments) => new::run(arguments, json),
            Command::Dev(arguments) => dev::run(arguments, json),
            Command::Config(arguments) => config::run(arguments, connection, json),
            Command::Migrate(arguments) => migrate::run(arguments, connection, json),
            Command::Codegen(arguments) => {
                codegen::run(arguments, Path::new(OWN_SQL), "crdb codegen", json)
            }
            Command::Load(arguments) => load::run(arguments, connection, json),
            Command::Export(arguments) => export::run(arguments, connection, json),
            Command::Verify(arguments) => verify::run(arguments, json),
            Command::Shell(arguments) => shell::run(arguments, connection),
            Command::Top(arguments) => top::run(arguments, connection, json),
            Command::Profile(arguments) => profile::run(arguments, connection, json),
            Command::Why(arguments) => why::run(arguments, connection, json),
            Command::Audit(arguments) => audit::run(arguments, connection, json),
            Command::Completions(arguments) => complete::completions(arguments),
            Command::Man(arguments) => complete::man(arguments, json),
        }
    }
}

/// The program: reads the command line of this process, runs it, and says what it comes to.
#[must_use]
pub fn main() -> ExitCode {
    secrets::leave_no_core();
    let as_json = std::env::args_os().any(|argument| argument == "--json");
    output::end_quietly(move |message| match as_json {
        true => exit::object(&anyhow!("{message}")).to_string(),
        false => format!("error: {message}"),
    });
    if let Err(error) = secrets::refuse_in(std::env::args_os().skip(1)) {
        return exit::told(&error, as_json).into();
    }
    let cli = Cli::parse();
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) if output::is_without_a_reader(&error) => ExitCode::from(141),
        Err(error) => exit::told(&error, as_json).into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_has_an_example_of_every_command() {
        for command in Cli::command().get_subcommands() {
            let example = format!("crdb {}", command.get_name());
            let is_shown = START.match_indices(&example).any(|(at, _)| {
                let behind = START[at + example.len()..].chars().next();
                behind.is_some_and(|next| matches!(next, ' ' | '`'))
            });
            assert!(is_shown, "{example}");
        }
        for line in START.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

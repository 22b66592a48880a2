//! `cargo xtask migrate`: the schema of a database, from the files of a directory.
//!
//! The feature `stack` compiles what needs a database. Without that feature the command runs cargo again with it.

#[cfg(feature = "stack")]
mod progress;
#[cfg(feature = "stack")]
mod run;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Applies migrations, takes them back, and says how far a database has come.
///
/// Connects by `--url`, else by the configuration that a service started here would find (`CRDB_CONFIG`, `crdb.yaml`, `CRDB_*`).
/// Exits with 1 when something failed, is pending (`status`) or differs (`verify`).
#[derive(Debug, Args)]
#[cfg_attr(
    not(feature = "stack"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: MigrateCommand,
    /// The directory of the `.up.sql` and `.down.sql` files
    #[arg(
        long,
        global = true,
        default_value = "sql/migrations",
        value_name = "DIRECTORY"
    )]
    dir: PathBuf,
    /// The database, as a postgresql:// URL
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Run migrations whose number is below one that has run
    #[arg(long, global = true)]
    out_of_order: bool,
}

#[derive(Debug, Subcommand)]
#[cfg_attr(
    not(feature = "stack"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
enum MigrateCommand {
    /// Say how far every migration has come
    Status,
    /// Show what `up` would run, how, and what is risky about it
    Plan,
    /// Apply pending migrations
    Up {
        /// The last one to apply
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
    },
    /// Take the latest migration back
    Down {
        /// Take back all above this one; 0 takes back all
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
    },
    /// Take the latest migration back and apply it again
    Redo,
    /// Compare the schema with a fresh application of the files
    Verify {
        /// An empty database on a server of the same version
        #[arg(long, value_name = "URL")]
        scratch: String,
    },
    /// Take over a database that another tool has migrated
    Baseline {
        /// Up to which migration the schema is there; without it, another tool's table says
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
    },
    /// Show what has to be decided by hand, or decide it by the words shown
    Repair {
        /// The words, as shown
        words: Option<String>,
    },
    /// Write empty files with the next number
    New {
        /// What the migration is called, in snake case
        name: String,
    },
    /// Say what the lints have against the files
    Lint,
}

/// Runs the chosen command.
#[cfg(feature = "stack")]
pub(crate) use run::run;

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    crate::relaunch::with_feature("stack")
}

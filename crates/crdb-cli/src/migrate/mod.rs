//! `crdb migrate`: the schema of a database, from the files of a directory.

#[cfg(feature = "program")]
mod progress;
#[cfg(feature = "program")]
mod run;

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Applies migrations, takes them back, and says how far a database has come.
///
/// Exits with 1 when something failed, is pending (`status`) or differs (`verify`).
#[derive(Clone, Debug, Args)]
#[cfg_attr(
    not(feature = "program"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub struct Arguments {
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
    /// Run migrations whose number is below one that has run
    #[arg(long, global = true)]
    out_of_order: bool,
    /// The directory of the queries that no migration may break [default: sql/queries, where that is]
    #[arg(long, global = true, value_name = "DIRECTORY")]
    queries: Option<PathBuf>,
    /// Do not ask whether a migration breaks queries
    #[arg(long, global = true, conflicts_with = "queries")]
    no_queries: bool,
}

/// What to do with a job.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[cfg_attr(
    not(feature = "program"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
enum JobCommand {
    /// It stops where it is
    Pause,
    /// It goes on
    Resume,
    /// What it did is taken back
    Cancel,
}

#[derive(Clone, Debug, Subcommand)]
#[cfg_attr(
    not(feature = "program"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
enum MigrateCommand {
    /// Say how far every migration has come
    Status,
    /// Show what `up` would run: jobs, locks, bytes that have to be free, risks, and queries that would break
    Plan,
    /// Apply pending migrations, tried on a scratch database first where one may be made
    Up {
        /// The last one to apply
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
        /// Do not try them on a scratch database first
        #[arg(long)]
        no_rehearsal: bool,
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
        /// An empty database on a server of the same version; without it, one is made on the same server
        #[arg(long, value_name = "URL")]
        scratch: Option<String>,
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
    /// Pause, resume or cancel the job of a schema change; `status` has its number
    Job {
        /// What to do with it
        #[arg(value_enum)]
        command: JobCommand,
        /// Its number
        job: i64,
    },
    /// Make one file of the oldest migrations, and remove theirs
    Squash {
        /// The last of them, whose number the new file gets
        #[arg(long, value_name = "NUMBER")]
        to: i64,
        /// What the new file is called, in snake case
        #[arg(long, default_value = "squashed")]
        name: String,
    },
    /// Write empty files with the next number
    New {
        /// What the migration is called, in snake case
        name: String,
    },
    /// Say what the lints have against the files
    Lint,
}

#[cfg(feature = "program")]
pub use run::run;

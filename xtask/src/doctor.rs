//! `cargo xtask doctor`: why a login does not work, or how well it does.
//!
//! The feature `stack` compiles it. Without that feature the command runs cargo again with it, and with Kerberos where that
//! can be compiled.

#[cfg(feature = "stack")]
mod examine;
#[cfg(feature = "stack")]
mod report;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Walks a login step by step: name, TCP, TLS, Kerberos service and ticket, login, session.
///
/// Says of each step what it found and how long it took, and of a failure what to do next. Examines the servers of a
/// connection string as libpq reads it, or the nodes of a configuration of crdb-facade; without either, the configuration
/// that a service started here would find (`CRDB_CONFIG`, `crdb.yaml`, `CRDB_*`). Secrets are never printed. Exits with 1
/// when a server did not let us in.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A connection string: postgresql://USER@HOST/DATABASE?.. or key=value pairs
    #[arg(value_name = "CONNECTION_STRING", conflicts_with = "config")]
    connection_string: Option<String>,
    /// A configuration file of crdb-facade; CRDB_* variables are stronger, as in a service
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How the findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for each server, for people
    Text,
    /// One JSON object a server
    Json,
}

#[cfg(feature = "stack")]
pub(crate) use examine::run;

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> anyhow::Result<std::process::ExitCode> {
    let missing = crate::setup::missing_for_kerberos();
    let features = if missing.is_empty() {
        "stack,kerberos"
    } else {
        eprintln!(
            "doctor: without Kerberos, because {} is missing; `cargo xtask setup` installs it",
            missing.join(" and ")
        );
        "stack"
    };
    crate::relaunch::with_feature(features)
}

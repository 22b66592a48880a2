//! `cargo xtask doctor`: `crdb doctor`, compiled here.
//!
//! The feature `stack` compiles it. Without that feature the command runs cargo again with it, and with Kerberos where that
//! can be compiled.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};

/// Walks a login step by step: name, TCP, TLS, Kerberos service and ticket, login, session.
///
/// Says of each step what it found and how long it took, and of a failure what to do next. Examines the servers of a
/// connection string as libpq reads it, or the nodes of a configuration of crdb-facade; without either, the configuration
/// that a service started here would find (`CRDB_CONFIG`, `crdb.yaml`, `CRDB_*`). Secrets are never printed. Exits with 1
/// when a server did not let us in.
#[derive(Debug, Args)]
// What is flattened into it has a group of this name.
#[group(skip)]
#[cfg_attr(
    not(feature = "stack"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    doctor: crdb_cli::doctor::Arguments,
    #[command(flatten)]
    connection: crdb_cli::Connection,
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

/// Examines what the arguments name.
#[cfg(feature = "stack")]
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let as_json = arguments.format == Format::Json;
    let exit = crdb_cli::doctor::run(&arguments.doctor, &arguments.connection, as_json)?;
    Ok(exit.into())
}

/// Compiles the stack and hands over to it.
#[cfg(not(feature = "stack"))]
pub(crate) fn run(_: &Arguments) -> Result<ExitCode> {
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

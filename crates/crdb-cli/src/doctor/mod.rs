//! `crdb doctor`: why a login does not work, or how well it does.

#[cfg(feature = "program")]
mod examine;
#[cfg(feature = "program")]
mod report;

use clap::Args;

#[cfg(feature = "program")]
pub use examine::run;

/// Walks a login step by step: name, TCP, TLS, Kerberos service and ticket, login, session.
///
/// Says of each step what it found and how long it took, and of a failure what to do next. Examines the servers of a
/// connection string as libpq reads it, or the nodes of the configuration. Secrets are never printed. Exits with 1
/// when a server did not let us in.
#[derive(Clone, Debug, Args)]
#[cfg_attr(
    not(feature = "program"),
    allow(dead_code, reason = "read by the program that has the feature")
)]
pub struct Arguments {
    /// A connection string: postgresql://USER@HOST/DATABASE?.. or key=value pairs
    #[arg(value_name = "CONNECTION_STRING")]
    connection_string: Option<String>,
}

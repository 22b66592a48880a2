//! Which database: the configuration that a service started here would find, and what the command line adds to it.

#[cfg(feature = "program")]
mod open;

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "program")]
pub(crate) use open::{Guarded, block_on};

/// Which database is meant, and how.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Database")]
pub struct Connection {
    /// A configuration file [default: what CRDB_CONFIG names, else crdb.yaml, crdb.yml or crdb.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The database as postgresql://USER@HOST/DATABASE, without a password
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A setting, such as exec.timeout=5m; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Write to a database that is marked as production, for this reason; it is put into the audit log
    #[arg(long, global = true, value_name = "REASON")]
    pub reason: Option<String>,
}

fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}

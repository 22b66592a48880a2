//! `cargo xtask codegen`: `crdb codegen`, compiled here.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use crdb_cli::codegen;

pub(crate) use codegen::Arguments;

/// The workspace's own SQL directory.
pub(crate) fn own_sql() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join("sql")
}

/// Writes the file, or compares it. Without the feature `engine` the command runs cargo again with it where a server is asked.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let own = own_sql();
    #[cfg(not(feature = "engine"))]
    if arguments.asks_server(&own)? {
        return crate::relaunch::with_feature("engine");
    }
    Ok(codegen::run(arguments, &own, "cargo xtask codegen", false)?.into())
}

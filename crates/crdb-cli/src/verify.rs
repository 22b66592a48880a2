//! `crdb verify`: whether the files of an export are what their manifest says.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use crdb_facade::data::Manifest;

use crate::exit::Exit;

/// Checks the files of an export against their manifest: bytes, SHA-256 and rows; exits with 1 at the first that differs.
#[derive(Clone, Debug, Args)]
pub(crate) struct Arguments {
    /// The directory or the file that was exported, or its manifest
    path: PathBuf,
}

/// Verifies. It reads the files whole, and asks no server.
///
/// # Errors
/// A file that is not what the manifest says, or cannot be read.
pub(crate) fn run(arguments: &Arguments, as_json: bool) -> Result<Exit> {
    let manifest = Manifest::verify(&manifest_of(&arguments.path))?;
    if as_json {
        println!("{}", serde_json::to_string(&manifest)?);
    } else {
        println!(
            "{} rows, {} bytes, as the manifest says",
            manifest.rows, manifest.bytes
        );
    }
    Ok(Exit::Done)
}

fn manifest_of(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    if path.is_dir() {
        path.join("manifest.json")
    } else if name.ends_with("manifest.json") {
        path.to_owned()
    } else {
        path.with_file_name(format!("{name}.manifest.json"))
    }
}

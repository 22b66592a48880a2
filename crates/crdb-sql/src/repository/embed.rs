//! Putting a tree of files into the program.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Repository, tree};
use crate::error::{Error, ErrorKind};

/// Checks a tree of `.sql` files and writes them as a Rust expression, for a build script.
///
/// The expression is a `&[(&str, &str)]` for [`Repository::from_embedded`], which then gives the same repository as
/// [`Repository::load`] gives for the directory:
///
/// ```no_run
/// // build.rs
/// let directory = std::path::Path::new("sql");
/// let out = std::path::Path::new(&std::env::var_os("OUT_DIR").unwrap()).join("queries.rs");
/// println!("cargo::rerun-if-changed={}", directory.display());
/// crdb_sql::write_embedded(directory, &out).unwrap_or_else(|error| panic!("{error}"));
/// ```
///
/// The program then calls `Repository::from_embedded(include!(concat!(env!("OUT_DIR"), "/queries.rs")))`.
///
/// # Errors
///
/// As [`Repository::load`], so that a mistake fails the build; [`ErrorKind::Output`] when `out` cannot be written.
pub fn write_embedded(directory: &Path, out: &Path) -> Result<(), Error> {
    Repository::load(directory)?;
    let root = tree::queries_below(directory);
    // `load` has just found no problem; a file that became unreadable since is left out, and found at start.
    let files = tree::read(&root, &mut Vec::new())?;
    let mut text = String::from("&[\n");
    for file in files {
        writeln!(text, "    ({:?}, {:?}),", file.relative, file.text)
            .map_err(|_| Error::new(ErrorKind::Output, "cannot format the embedded files"))?;
    }
    text.push_str("]\n");
    fs::write(out, text).map_err(|source| {
        let message = format!("cannot write `{}` ({source})", out.display());
        Error::io(ErrorKind::Output, out, message, source)
    })
}

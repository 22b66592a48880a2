//! Programs that are shipped: built for release, with the list of what they were built from in them.

mod bill;
mod program;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::workspace;
pub(crate) use program::{BANK_SERVICE, CRDB, Linking, Program, Shipped};

/// A program's bytes and its bill of materials.
#[derive(PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) program: Vec<u8>,
    pub(crate) bill: Vec<u8>,
}

impl Built {
    /// Reads what was built from the sources in `root`, and makes its bill.
    ///
    /// # Errors
    /// When the program does not hold what its sources and the lock file say.
    pub(crate) fn read(root: &Path, program: &Program) -> Result<Self> {
        let bytes = fs::read(&program.path)
            .with_context(|| format!("reading {}", program.path.display()))?;
        let bill = bill::of(root, &bytes, program)?;
        Ok(Self {
            program: bytes,
            bill,
        })
    }
}

/// Builds the same from a copy of what git tracks, in another directory, and gives what `made` makes of it.
///
/// # Errors
/// When it does not compile, or `made` fails.
pub(crate) fn again<T>(
    root: &Path,
    target: &Path,
    shipped: Shipped,
    linking: Linking,
    made: impl FnOnce(&Path, &Program) -> Result<T>,
) -> Result<T> {
    let copy = tempfile::tempdir().context("no temporary directory")?;
    let tree = copy.path().join("tree");
    workspace::copy_tracked(root, &tree)?;
    let place = copy.path().join("build");
    let mut program = Program::build(&tree, target, &place, shipped, linking)?;
    // The copy has no history.
    program.stamp(root)?;
    made(&tree, &program)
}

/// Writes a file, and the directories above it.
///
/// # Errors
/// When that is refused.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let what = || format!("writing {}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(what)?;
    }
    fs::write(path, bytes).with_context(what)
}

/// A size for people.
pub(crate) fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

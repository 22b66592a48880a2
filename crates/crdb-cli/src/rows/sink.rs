//! Where bytes go: standard output, or a file that appears when it is whole.

use std::fs::{self, File};
use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::pager::Pager;

/// Standard output, a pager before it, or a file that is written under another name.
pub(crate) enum Sink {
    Output(Stdout),
    Pager(Pager),
    File(Partial),
}

/// A file that is not whole yet. Dropping it removes it.
pub(crate) struct Partial {
    file: File,
    written_to: PathBuf,
    path: PathBuf,
}

impl Sink {
    /// Opens the file, or standard output.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Output(stdout()));
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let written_to = path.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let file = File::create(&written_to)
            .with_context(|| format!("creating {}", written_to.display()))?;
        Ok(Self::File(Partial {
            file,
            written_to,
            path: path.to_owned(),
        }))
    }

    /// Standard output, through a pager where it is a terminal.
    pub(super) fn paged() -> Self {
        let output = stdout();
        match output.is_terminal().then(Pager::new) {
            Some(pager) => Self::Pager(pager),
            None => Self::Output(output),
        }
    }

    /// Lets a line follow what was written, where a pager shows that.
    pub(super) fn follow(&mut self, line: &str) -> bool {
        match self {
            Self::Pager(pager) if pager.is_running() => {
                pager.write(format!("{line}\n").as_bytes());
                true
            }
            _ => false,
        }
    }

    /// Whether a person reads it.
    pub(crate) fn is_terminal(&self) -> bool {
        match self {
            Self::Output(output) => output.is_terminal(),
            Self::Pager(_) => true,
            Self::File(_) => false,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Output(output) => output
                .write_all(bytes)
                .context("writing to standard output"),
            Self::Pager(pager) => {
                pager.write(bytes);
                Ok(())
            }
            Self::File(partial) => partial
                .file
                .write_all(bytes)
                .with_context(|| format!("writing {}", partial.path.display())),
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        match self {
            Self::Output(output) => output.flush().context("writing to standard output"),
            Self::Pager(_) | Self::File(_) => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.flush()?;
        match self {
            Self::Output(_) => Ok(()),
            Self::Pager(pager) => pager.show(),
            Self::File(partial) => {
                let what = || format!("writing {}", partial.path.display());
                partial.file.sync_all().with_context(what)?;
                fs::rename(&partial.written_to, &partial.path).with_context(what)
            }
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Where it was given its name, it is not there.
        drop(fs::remove_file(&self.written_to));
    }
}

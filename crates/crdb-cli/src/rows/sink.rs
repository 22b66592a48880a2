//! Where bytes go: standard output, or a file that appears when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal as _, Stdout, Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::pager::Pager;
use crate::output::is_device_or_pipe;

/// Standard output, a pager before it, or a file that is written under another name.
pub(crate) enum Sink {
    Output(Stdout),
    Pager(Pager),
    File(Partial),
    Stream(Stream),
}

/// A device or a pipe, which has a name and is written to as it is.
pub(crate) struct Stream {
    file: File,
    path: PathBuf,
}

/// A file that is not whole yet. Dropping it removes it.
pub(crate) struct Partial {
    file: File,
    written_to: PathBuf,
    path: PathBuf,
}

impl Sink {
    /// Opens the file, or standard output.
    ///
    /// Only a regular file is replaced. A rename over `/dev/null` would take it from the whole machine.
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Output(stdout()));
        };
        if is_device_or_pipe(path) {
            let file = OpenOptions::new()
                .write(true)
                .open(path)
                .with_context(|| format!("opening {}", path.display()))?;
            let path = path.to_owned();
            return Ok(Self::Stream(Stream { file, path }));
        }
        // Through a link the file that it names is replaced, and the link stays.
        let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            bail!("writing {}: it is a directory", path.display());
        }
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
            Self::Stream(stream) => stream.file.is_terminal(),
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
            Self::Stream(stream) => stream
                .file
                .write_all(bytes)
                .with_context(|| format!("writing {}", stream.path.display())),
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        match self {
            Self::Output(output) => output.flush().context("writing to standard output"),
            Self::Pager(_) | Self::File(_) | Self::Stream(_) => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> Result<()> {
        self.flush()?;
        match self {
            Self::Output(_) | Self::Stream(_) => Ok(()),
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

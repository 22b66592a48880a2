//! Where the bytes of an export go.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::hexadecimal;
use crate::error::{Error, ErrorKind};

/// A file that is not there under its name before it is whole: it is written beside it, synced, and renamed.
pub(crate) struct FileSink {
    path: PathBuf,
    partial: PathBuf,
    file: Option<File>,
    written: Written,
}

/// What has been written.
#[derive(Clone, Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    hash: Sha256,
}

impl Written {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    pub(crate) fn sha256(&self) -> String {
        hexadecimal(&self.hash.clone().finalize())
    }
}

impl FileSink {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let name = path.file_name().ok_or_else(|| {
            Error::new(ErrorKind::Refused, "this is no name of a file").in_file(path)
        })?;
        // Through a link the file that it names is replaced, and the link stays.
        let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(Error::new(ErrorKind::Refused, "this is a directory")
                .in_file(path)
                .with_advice("name a file in it, or export in parts"));
        }
        let partial = path.with_file_name(format!(".{}.partial", name.to_string_lossy()));
        let failed = |source| Error::io("creating the file", &partial, source);
        // Not truncated before it is known to be ours.
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&partial)
            .map_err(failed)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(
                Error::new(ErrorKind::Busy, "another export writes this file")
                    .in_file(path)
                    .with_advice("wait until it has ended, or name another file"),
            );
        }
        file.set_len(0).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            file: Some(file),
            written: Written::default(),
        })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes)
                .map_err(|error| Error::io("writing the file", &self.path, error))?;
            self.written.add(bytes);
        }
        Ok(())
    }

    /// Waits until the disk has it.
    pub(crate) fn sync(&self) -> Result<Written, Error> {
        if let Some(file) = &self.file {
            file.sync_all()
                .map_err(|error| Error::io("writing the file", &self.path, error))?;
        }
        Ok(self.written.clone())
    }

    /// Gives it its name.
    pub(crate) fn publish(mut self) -> Result<(), Error> {
        let failed = |error| Error::io("naming the file", &self.path, error);
        std::fs::rename(&self.partial, &self.path).map_err(failed)?;
        self.file = None;
        let directory = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        let directory = File::open(directory.unwrap_or(Path::new("."))).map_err(failed)?;
        directory.sync_all().map_err(failed)
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        if self.file.is_some() {
            // What cannot be removed now is overwritten by the next export.
            drop(std::fs::remove_file(&self.partial));
        }
    }
}

/// A device or a pipe by its name, opened to be written to as it is; `None` for what a [`FileSink`] writes.
///
/// A file that is renamed over `/dev/null` would take it from the whole machine.
pub(crate) fn device_or_pipe(path: &Path) -> Result<Option<File>, Error> {
    if !std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Ok(None);
    }
    let opened = OpenOptions::new().write(true).open(path);
    opened
        .map(Some)
        .map_err(|error| Error::io("opening the file", path, error))
}

/// Where a part goes.
pub(crate) enum Sink {
    File(FileSink),
    Pipe(Box<dyn Write + Send>, Written),
    #[cfg(feature = "object-store")]
    Object(super::object::ObjectSink),
}

/// What blocks; objects are written where the store is called.
impl Sink {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Pipe(pipe, written) => {
                pipe.write_all(bytes).map_err(pipe_failed)?;
                written.add(bytes);
                Ok(())
            }
            #[cfg(feature = "object-store")]
            Self::Object(_) => Ok(()),
        }
    }

    pub(crate) fn sync(&mut self) -> Result<Written, Error> {
        match self {
            Self::File(file) => file.sync(),
            Self::Pipe(pipe, written) => {
                pipe.flush().map_err(pipe_failed)?;
                Ok(written.clone())
            }
            #[cfg(feature = "object-store")]
            Self::Object(object) => Ok(object.written()),
        }
    }

    pub(crate) fn publish(self) -> Result<(), Error> {
        match self {
            Self::File(file) => file.publish(),
            Self::Pipe(..) => Ok(()),
            #[cfg(feature = "object-store")]
            Self::Object(_) => Ok(()),
        }
    }
}

fn pipe_failed(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "writing to the pipe").with_source(error)
}

//! A temporary directory that is removed when its owner and everything that runs in it are gone.

use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::Account;
use crate::error::{Error, ErrorKind};

/// The keeper makes the directory itself, so that there is no moment at which the directory exists and the keeper does
/// not. It reads until every write end of its pipe is closed: the owner's, and one held by each [`super::Supervised`].
const SCRIPT: &str = r#"
mkdir -m 0711 -- "$1" || exit 1
echo made
while read -r _; do :; done
rm -rf -- "$1"
"#;

/// Owns a directory below the system's temporary directory (`TMPDIR`).
///
/// Dropping it removes the directory and waits until it is gone. Everything that runs in it must be dropped first.
#[derive(Debug)]
pub(crate) struct Keeper {
    directory: PathBuf,
    pipe: Option<ChildStdin>,
    child: Child,
}

impl Keeper {
    /// Makes a directory named `crdb-testkit-<purpose>-<random>`, owned by `account` where one is given.
    pub(crate) fn new(purpose: &str, account: Option<Account>) -> Result<Self, Error> {
        let name = format!("crdb-testkit-{purpose}-{:016x}", rand::random::<u64>());
        let directory = std::env::temp_dir().join(name);
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "crdb-testkit-keeper"])
            .arg(&directory)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| {
                Error::new(ErrorKind::Start, "cannot start `sh`").with_source(source)
            })?;
        let pipe = child.stdin.take();
        let mut answer = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut answer)
                .map_err(|source| Error::io("make", &directory, source))?;
        }
        let keeper = Self {
            directory,
            pipe,
            child,
        };
        if answer.trim() != "made" {
            let message = format!(
                "cannot make the directory {}: is TMPDIR writable?",
                keeper.directory.display()
            );
            return Err(Error::new(ErrorKind::Io, message));
        }
        if let Some(account) = account {
            std::os::unix::fs::chown(&keeper.directory, Some(account.uid), Some(account.gid))
                .map_err(|source| Error::io("change the owner of", &keeper.directory, source))?;
        }
        Ok(keeper)
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A further write end of the pipe: the directory stays until it is closed too.
    pub(crate) fn hold(&self) -> Result<OwnedFd, Error> {
        let Some(pipe) = &self.pipe else {
            return Err(Error::new(
                ErrorKind::Io,
                "the directory is already given up",
            ));
        };
        pipe.as_fd()
            .try_clone_to_owned()
            .map_err(|source| Error::io("hold", &self.directory, source))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Err(error) = self.child.wait() {
            tracing::warn!(directory = %self.directory.display(), %error, "cannot wait for a directory's removal");
        }
    }
}

//! A temporary directory that is removed when its owner and everything that runs in it are gone.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{Account, is_alive};
use crate::error::{Error, ErrorKind};

/// The keeper makes the directory itself, so that there is no moment at which the directory exists and the keeper does
/// not; its process id is part of the name. It reads until every write end of its pipe is closed: the owner's, and one held
/// by each [`super::Supervised`]. What is just ending may still write: then the removal fails, and is tried again. An owner that
/// is gone before it is answered must not end the keeper by SIGPIPE.
const SCRIPT: &str = r#"
trap '' PIPE
directory=$1-$$
mkdir -m 0711 -- "$directory" || exit 1
echo made
while read -r _; do :; done
turns=0
until rm -rf -- "$directory" || [ "$turns" -ge 500 ]; do
    turns=$((turns + 1))
    sleep 0.02
done
"#;

/// What the names of all directories begin with.
const PREFIX: &str = "crdb-testkit-";

/// Owns a directory below the system's temporary directory (`TMPDIR`).
///
/// Dropping it removes the directory and waits until it is gone. Everything that runs in it must be dropped first.
#[derive(Debug)]
pub(crate) struct Keeper {
    directory: PathBuf,
    /// Locked, so that other owners leave the directory alone. The lock ends with this process.
    _lock: Option<File>,
    pipe: Option<ChildStdin>,
    child: Child,
}

impl Keeper {
    /// Makes a directory named `crdb-testkit-<purpose>-<random>-<keeper>`, owned by `account` where one is given, and removes
    /// those whose owner and keeper were killed together.
    pub(crate) fn new(purpose: &str, account: Option<Account>) -> Result<Self, Error> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        let name = format!("{PREFIX}{purpose}-{:016x}", rand::random::<u64>());
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "crdb-testkit-keeper"])
            .arg(parent.join(&name))
            // What its owner has in its environment, such as a password, is not the keeper's to show for as long as it lives.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| {
                Error::new(ErrorKind::Start, "cannot start `sh`").with_source(source)
            })?;
        let directory = parent.join(format!("{name}-{}", child.id()));
        let pipe = child.stdin.take();
        let mut answer = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut answer)
                .map_err(|source| Error::io("make", &directory, source))?;
        }
        let keeper = Self {
            _lock: locked(&directory),
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

/// The directory, if no other owner has it.
fn locked(directory: &Path) -> Option<File> {
    let file = File::open(directory).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Removes the directories of owners that are gone, where their keepers are gone too: after a SIGKILL to a whole container, or
/// a loss of power. One that cannot be removed, because another user made it, stays.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let keeper = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.rsplit_once('-'))
            .and_then(|(_, keeper)| keeper.parse::<u32>().ok());
        let path = entry.path();
        // A keeper that lives cleans up by itself, and makes its directory before the owner locks it. The lock is seen
        // also where process ids are not: from another container with the same temporary directory.
        if keeper.is_some_and(|keeper| !is_alive(keeper))
            && let Some(_lock) = locked(&path)
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::debug!(directory = %path.display(), %error, "a directory without an owner is not removed");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Of Linux are the files of processes.
    #[cfg(target_os = "linux")]
    #[test]
    fn the_environment_is_the_owners_alone() {
        // Cargo sets it for tests.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let keeper = Keeper::new("environment", None).unwrap();
        let environment = format!("/proc/{}/environ", keeper.child.id());
        let environment = std::fs::read(environment).unwrap();
        let environment = String::from_utf8_lossy(&environment);
        assert!(environment.contains("PATH="), "{environment}");
        assert!(!environment.contains("CARGO"), "{environment}");
    }

    #[test]
    fn only_what_has_neither_owner_nor_keeper_is_swept() {
        let parent = std::env::temp_dir().join(format!("sweep-{:016x}", rand::random::<u64>()));
        // Ids are below four million on Linux, so that no process has this one.
        let (gone, here) = (u32::MAX / 3, std::process::id());
        let named =
            |purpose: &str, keeper: u32| parent.join(format!("{PREFIX}{purpose}-0-{keeper}"));
        let (left, kept, owned) = (
            named("left", gone),
            named("kept", here),
            named("owned", gone),
        );
        let others = parent.join(format!("other-0-{gone}"));
        for directory in [&left, &kept, &owned, &others] {
            std::fs::create_dir_all(directory.join("data")).unwrap();
        }
        let lock = locked(&owned).unwrap();
        sweep(&parent);
        assert!(!left.exists());
        assert!(kept.exists() && owned.exists() && others.exists());
        // Closing it is not enough: a child that another test is about to start has the file open too, until it is another program.
        lock.unlock().unwrap();
        sweep(&parent);
        assert!(!owned.exists());
        std::fs::remove_dir_all(&parent).unwrap();
    }
}

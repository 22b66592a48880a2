//! What `initdb` made, kept for the next start.
//!
//! Tests start many servers, and `initdb` takes most of a start. So its result, which holds no secret, is kept in Cargo's
//! target directory when the running program lies in one, and copied from there. Anything that goes wrong with it only
//! costs the time.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::process::{Account, is_alive};

/// Changes whenever the arguments of `initdb` do.
const FORMAT: u32 = 1;

/// The kept result for one set of binaries.
#[derive(Debug)]
pub(super) struct Template(Option<PathBuf>);

impl Template {
    /// The place for what the `initdb` in `binaries` makes; none outside a target directory.
    pub(super) fn of(binaries: &Path) -> Self {
        Self(target_directory().and_then(|target| {
            let mut hasher = DefaultHasher::new();
            FORMAT.hash(&mut hasher);
            for program in ["initdb", "postgres"] {
                let path = binaries.join(program).canonicalize().ok()?;
                let file = std::fs::metadata(&path).ok()?;
                (&path, file.len(), file.mtime()).hash(&mut hasher);
            }
            Some(
                target
                    .join("crdb-testkit")
                    .join(format!("postgres-{:016x}", hasher.finish())),
            )
        }))
    }

    /// Copies the kept result to `data`. False when there is none; then `data` does not exist.
    pub(super) fn restore(&self, data: &Path, account: Option<Account>) -> bool {
        let Some(kept) = self.0.as_ref().filter(|kept| kept.is_dir()) else {
            return false;
        };
        match copy_tree(kept, data, account) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, "what initdb made cannot be copied");
                drop(std::fs::remove_dir_all(data));
                false
            }
        }
    }

    /// Keeps `data`, unless another process was quicker.
    pub(super) fn keep(&self, data: &Path) {
        let Some(kept) = &self.0 else { return };
        self.sweep();
        let staging = kept.with_extension(format!(
            "{:016x}-{}",
            rand::random::<u64>(),
            std::process::id()
        ));
        let stored = kept
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| {
                copy_tree(data, &staging, None)?;
                std::fs::rename(&staging, kept)
            });
        if let Err(error) = stored {
            tracing::debug!(%error, "what initdb made is not kept");
            drop(std::fs::remove_dir_all(&staging));
        }
    }
}

impl Template {
    /// Removes copies that were being made by processes that are gone.
    fn sweep(&self) {
        let entries = self
            .0
            .as_ref()
            .and_then(|kept| kept.parent()?.read_dir().ok());
        for entry in entries.into_iter().flatten().flatten() {
            let path = entry.path();
            let maker = path
                .extension()
                .and_then(|extension| extension.to_str()?.rsplit_once('-')?.1.parse().ok());
            if maker.is_some_and(|maker| !is_alive(maker)) {
                drop(std::fs::remove_dir_all(&path));
            }
        }
    }
}

/// The directory above the running program that Cargo has tagged as its own.
fn target_directory() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    program
        .ancestors()
        .find(|directory| directory.join("CACHEDIR.TAG").is_file())
        .map(Path::to_owned)
}

fn copy_tree(from: &Path, to: &Path, account: Option<Account>) -> io::Result<()> {
    std::fs::create_dir(to)?;
    // PostgreSQL wants no others in its directory, and a target directory that was kept elsewhere meanwhile may have lost that.
    std::fs::set_permissions(to, PermissionsExt::from_mode(0o700))?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target, account)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
            hand_over(&target, account)?;
        }
    }
    hand_over(to, account)
}

fn hand_over(path: &Path, account: Option<Account>) -> io::Result<()> {
    account.map_or(Ok(()), |account| {
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_the_same_and_is_kept_once() {
        let directory = std::env::temp_dir().join(format!(
            "crdb-testkit-template-{:016x}",
            rand::random::<u64>()
        ));
        let (data, again) = (directory.join("data"), directory.join("again"));
        std::fs::create_dir_all(data.join("base/1")).unwrap();
        std::fs::write(data.join("base/1/file"), b"contents").unwrap();

        let template = Template(Some(directory.join("cache/kept")));
        assert!(!template.restore(&again, None));
        template.keep(&data);
        // A copy that was cut by a SIGKILL to its process; no process has such an id.
        let cut = directory.join(format!("cache/kept.0-{}", u32::MAX / 3));
        std::fs::create_dir(&cut).unwrap();
        template.keep(&data);
        // As a tool leaves it that stores a target directory without its permissions.
        let kept = directory.join("cache/kept");
        for place in [kept.join("base"), kept] {
            std::fs::set_permissions(place, PermissionsExt::from_mode(0o755)).unwrap();
        }
        assert!(template.restore(&again, None));
        assert_eq!(
            std::fs::read(again.join("base/1/file")).unwrap(),
            b"contents"
        );
        for place in [again.join("base"), again.clone()] {
            let mode = std::fs::metadata(place).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        assert_eq!(
            std::fs::read_dir(directory.join("cache")).unwrap().count(),
            1
        );
        assert!(!Template(None).restore(&again, None));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}

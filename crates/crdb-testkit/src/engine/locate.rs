//! Finding server programs on this machine.

use std::path::{Path, PathBuf};

use crate::process::Account;

/// A program on `PATH`, or where system programs are that not every `PATH` has.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    search_path()
        .into_iter()
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|directory| directory.join(name))
        .find(|program| is_executable(program))
}

/// `cockroach` on `PATH`.
pub(crate) fn cockroach() -> Option<PathBuf> {
    search_path()
        .into_iter()
        .map(|directory| directory.join("cockroach"))
        .find(|program| is_executable(program))
}

/// The directory with PostgreSQL's `postgres` and `initdb`: on `PATH`, else the newest one below the directories that
/// Debian's and Red Hat's packages use.
pub(crate) fn postgres() -> Option<PathBuf> {
    let complete = |directory: &PathBuf| {
        is_executable(&directory.join("postgres")) && is_executable(&directory.join("initdb"))
    };
    search_path().into_iter().find(complete).or_else(|| {
        let mut packaged: Vec<(u32, PathBuf)> = versioned("/usr/lib/postgresql", "")
            .into_iter()
            .chain(versioned("/usr", "pgsql-"))
            .map(|(version, directory)| (version, directory.join("bin")))
            .filter(|(_, directory)| complete(directory))
            .collect();
        packaged.sort();
        packaged.pop().map(|(_, directory)| directory)
    })
}

/// The account to run PostgreSQL as, which refuses to run as root: none when this process is not root, else `postgres`
/// where that user exists, else `nobody`.
pub(crate) fn unprivileged_account() -> Option<Account> {
    #[allow(unsafe_code, reason = "std does not tell who we are")]
    // SAFETY: geteuid(2) takes nothing, touches no memory and cannot fail.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = account_of(&users, "postgres").or_else(|| account_of(&users, "nobody"));
    Some(account.unwrap_or(Account {
        uid: 65534,
        gid: 65534,
    }))
}

fn account_of(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { uid, gid })
    })
}

fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

fn versioned(parent: &str, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let version = entry
                .file_name()
                .to_str()?
                .strip_prefix(prefix)?
                .parse()
                .ok()?;
            Some((version, entry.path()))
        })
        .collect()
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_from_the_user_table() {
        let users = "root:x:0:0:root:/root:/bin/sh\npostgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        let account = account_of(users, "postgres").unwrap();
        assert_eq!((account.uid, account.gid), (101, 104));
        assert!(account_of(users, "postgre").is_none());
    }
}

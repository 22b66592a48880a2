//! Secrets are not for children: other programs that this one starts.

use std::process::Command;

/// Takes from a command's environment what may be a secret: the configuration's variables and libpq's, and those whose names say so.
pub(crate) fn leave_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if may_be_secret(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
}

fn may_be_secret(variable: &str) -> bool {
    let upper = variable.to_ascii_uppercase();
    let words = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "JWT",
        "CREDENTIAL",
        "KEY",
    ];
    upper.starts_with("CRDB_")
        || upper.starts_with("PG")
        || upper.ends_with("_URL")
        || words.iter().any(|word| upper.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_do_not_see_secrets() {
        for variable in [
            "CRDB_AUTH__PASSWORD",
            "PGPASSWORD",
            "DB_PASSWORD",
            "DATABASE_URL",
            "API_KEY",
            "crdb_auth__jwt",
        ] {
            assert!(may_be_secret(variable), "{variable}");
        }
        for variable in ["PATH", "HOME", "TERM", "LESS", "LC_ALL"] {
            assert!(!may_be_secret(variable), "{variable}");
        }
    }
}

//! Secrets stay where they are: not in arguments, not in core files.

use std::ffi::OsString;

use anyhow::Result;
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::exit::Usage;

/// Refuses arguments that hold a password. Every user of the machine can read them while the program runs, and the shell keeps them.
///
/// # Errors
/// [`Usage`], which does not repeat the argument.
pub(crate) fn refuse_in(arguments: impl IntoIterator<Item = OsString>) -> Result<()> {
    for argument in arguments {
        let argument = argument.to_string_lossy();
        // The value may follow its letter: -ppassword=..
        let value = argument.strip_prefix("-p").unwrap_or(&argument);
        if holds_password(&argument) || holds_password(value) {
            return Err(Usage::new(
                "an argument holds a password, which every user of this machine can read; put the URL into the variable \
                 CRDB_AUTH__URL, or name a file (auth.password_file), a variable (auth.password_env) or a program \
                 (auth.password_command); a value that is secret is read by --param-file",
            )
            .into());
        }
    }
    Ok(())
}

/// Leaves no core file, which would hold what the program has read.
pub(crate) fn leave_no_core() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Lowering a limit is always allowed; a system that has none writes no core files.
    let _ = setrlimit(Resource::Core, none);
    // The limit does not hold where the kernel hands cores to a program (`core_pattern`). Other processes of the same user do not get
    // to the memory either, nor to the environment that the program was started with.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Whether this is a connection string with a password, or the setting of one.
fn holds_password(argument: &str) -> bool {
    userinfo(argument).is_some_and(|login| {
        login
            .split_once(':')
            .is_some_and(|(_, password)| !password.is_empty())
    }) || assigns_secret(argument)
}

/// `USER:PASSWORD` of `SCHEME://USER:PASSWORD@..`. A password may hold any character that a URL would have to escape.
fn userinfo(argument: &str) -> Option<&str> {
    let (_, rest) = argument.split_once("://")?;
    let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let in_authority = rest[..path].rfind('@');
    // An unescaped `/` in the password hides the `@` behind it.
    let at = in_authority.or_else(|| rest.find('@').filter(|_| rest[..path].contains(':')))?;
    Some(&rest[..at])
}

/// Words that name a secret's value when an `=` follows: of libpq's connection strings, and the last part of the configuration's keys.
const SECRETS: [&str; 4] = ["password", "passwd", "sslpassword", "jwt"];

fn assigns_secret(argument: &str) -> bool {
    let lower = argument.to_ascii_lowercase();
    SECRETS.iter().any(|word| {
        lower.match_indices(word).any(|(start, _)| {
            let before = lower[..start].chars().next_back();
            let after = lower[start + word.len()..].trim_start();
            let stands_alone = before.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_');
            let value = after.strip_prefix('=').map(str::trim_start);
            stands_alone && value.is_some_and(|value| !value.is_empty())
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn neither_a_limit_nor_a_handler_leaves_a_core() {
        leave_no_core();
        let limit = rustix::process::getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        #[cfg(target_os = "linux")]
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            DumpableBehavior::NotDumpable
        );
    }

    #[test]
    fn passwords_in_every_spelling_are_seen() {
        for argument in [
            "postgresql://app:s3cret@db1/bank",
            "--url=postgres://app:s3cret@db1,db2:26257/bank?sslmode=require",
            "postgresql://app:s/3@db1/bank",
            "postgresql://app@db1/bank?password=s3cret",
            "postgresql://app@db1/bank?sslmode=require&sslpassword=s3cret",
            "host=db1 user=app password=s3cret",
            "host=db1 PASSWORD = 's3cret'",
            "--set=auth.password=s3cret",
            "auth.jwt=ey",
            "auth.url=postgresql://app:s3cret@db1/bank",
            "password=s3cret",
        ] {
            assert!(holds_password(argument), "{argument}");
        }
    }

    #[test]
    fn places_of_passwords_and_other_text_are_not() {
        for argument in [
            "postgresql://app@db1/bank?sslmode=require",
            "postgresql://db1:26257/bank",
            "postgresql://app@[::1]:26257/bank",
            "auth.password_file=/run/secrets/db",
            "auth.password_env=DB_PASSWORD",
            "reset_password.sql",
            "owner=O'Brien",
            "file://a:b/c",
            "password=",
        ] {
            assert!(!holds_password(argument), "{argument}");
        }
    }
}

//! Kerberos' own programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::REALM;
use crate::engine::find_program;
use crate::error::{Error, ErrorKind};

/// Where the programs are.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) kdc: PathBuf,
    kdb5_util: PathBuf,
    kadmin_local: PathBuf,
    kinit: PathBuf,
}

impl Tools {
    pub(super) fn find() -> Result<Self, Error> {
        let find = |name: &str| {
            find_program(name).ok_or_else(|| {
                let message = format!(
                    "{name} is not installed; run `cargo xtask setup` or \
                     `apt-get install krb5-kdc krb5-admin-server krb5-user`"
                );
                Error::new(ErrorKind::Unavailable, message)
            })
        };
        Ok(Self {
            kdc: find("krb5kdc")?,
            kdb5_util: find("kdb5_util")?,
            kadmin_local: find("kadmin.local")?,
            kinit: find("kinit")?,
        })
    }

    /// The environment of everything that administers the realm in `directory`.
    pub(super) fn environment(directory: &Path) -> Vec<(OsString, OsString)> {
        vec![
            ("KRB5_CONFIG".into(), directory.join("krb5.conf").into()),
            ("KRB5_KDC_PROFILE".into(), directory.join("kdc.conf").into()),
            ("KRB5RCACHENAME".into(), "none:".into()),
        ]
    }

    pub(super) fn create_database(&self, directory: &Path) -> Result<(), Error> {
        // The master key protects a database that lives for a test; random all the same.
        let master = format!("{:032x}", rand::random::<u128>());
        run(
            Command::new(&self.kdb5_util).args(["create", "-s", "-r", REALM, "-P", &master]),
            directory,
        )
        .map(|_| ())
    }

    pub(super) fn administer(&self, directory: &Path, command: &str) -> Result<String, Error> {
        run(
            Command::new(&self.kadmin_local).args(["-r", REALM, "-q", command]),
            directory,
        )
    }

    pub(super) fn get_ticket(
        &self,
        directory: &Path,
        principal: &str,
        keytab: &Path,
        cache: &Path,
        life: Duration,
    ) -> Result<(), Error> {
        let mut command = Command::new(&self.kinit);
        command.arg("-k").arg("-t").arg(keytab).arg("-c").arg(cache);
        command
            .arg("-l")
            .arg(format!("{}s", life.min(super::MOST_LIFE).as_secs()))
            .arg(principal);
        run(&mut command, directory).map(|_| ())
    }
}

/// Runs a program to its end. `kadmin.local` succeeds whatever happens and says on its standard error what did.
fn run(command: &mut Command, directory: &Path) -> Result<String, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .env_clear()
        .env("LC_ALL", "C")
        .envs(Tools::environment(directory))
        .current_dir(directory)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| {
            Error::new(ErrorKind::Start, format!("cannot run {name}")).with_source(source)
        })?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint: Vec<&str> = complaint
        .lines()
        .filter(|line| !is_harmless(line))
        .collect();
    if output.status.success() && complaint.is_empty() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!("{name} failed: {}", complaint.join("; ")),
    ))
}

/// A remark that is no failure.
fn is_harmless(line: &str) -> bool {
    line.trim().is_empty()
        || line.starts_with("No policy specified")
        || line.contains("WARNING: no policy specified")
}

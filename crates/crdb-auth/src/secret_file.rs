//! Files that hold secrets, and the one rule for their modes.
//!
//! Password files, password files in libpq's format, JWTs, client keys and keytabs follow the rule of libpq for client keys
//! (PostgreSQL's documentation, "Client Certificates"): only their owner may access them, and where root owns them their group
//! may read them too. So 0600 and 0400 are accepted always, and 0640 and 0440 where root owns the file: Kubernetes mounts a
//! secret with `fsGroup` in that way. The mode is that of the file which a symbolic link leads to. Where there are no modes,
//! as on Windows, there is no rule.
//!
//! Kubernetes mounts secrets with 0644 and Docker with 0444 by default. Both are refused like any other file that
//! all can read, for it cannot be seen that no other user lives in the container: the error names the mode and the setting.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, ErrorKind};
use crate::file_name::shown_secret;
use crate::secret::Secret;

/// More than any secret, and than any list of passwords.
const MAX_LENGTH: u64 = 1024 * 1024;

/// Why a file is of no use.
#[derive(Debug)]
pub(crate) enum Unusable {
    Io(io::Error),
    Accessible { mode: u32 },
    TooLong,
}

/// Reads the file, if its mode is in order. Blocking, without end on a FIFO that nothing writes to.
pub(crate) fn read(path: &Path) -> Result<Secret, Unusable> {
    let file = File::open(path)?;
    // Of what was opened: another file may have the name by now.
    check(&file.metadata()?)?;
    let mut content = Vec::new();
    let result = file.take(MAX_LENGTH + 1).read_to_end(&mut content);
    let content = Secret::new(content);
    result?;
    if content.expose().len() as u64 > MAX_LENGTH {
        return Err(Unusable::TooLong);
    }
    Ok(content)
}

/// Reads a file that holds a secret of a layer above, by the rule for all files with secrets: only its owner may access it, and
/// where root owns it, its group may read it too. It has 1 MiB at most. `what` stands in errors for what it holds, for example `password file`; the
/// name is shown only where it [is one](crate::is_name_of_secret_file).
///
/// Blocking, without end on a FIFO that nothing writes to.
///
/// # Errors
/// [`ErrorKind::Credential`] when it cannot be read, others may access it, or it is too long.
pub fn read_secret_file(what: &str, path: &Path) -> Result<Secret, Error> {
    read(path).map_err(|unusable| unusable.into_error(ErrorKind::Credential, what, path))
}

/// Looks at a file that another library reads. Blocking.
#[cfg(any(test, all(feature = "kerberos", unix)))]
pub(crate) fn examine(path: &Path) -> Result<Metadata, Unusable> {
    let metadata = std::fs::metadata(path)?;
    check(&metadata)?;
    Ok(metadata)
}

#[cfg(unix)]
fn check(metadata: &Metadata) -> Result<(), Unusable> {
    use std::os::unix::fs::MetadataExt;

    if permitted(metadata.uid(), metadata.mode()) {
        Ok(())
    } else {
        Err(Unusable::Accessible {
            mode: metadata.mode() & 0o7777,
        })
    }
}

#[cfg(not(unix))]
fn check(_metadata: &Metadata) -> Result<(), Unusable> {
    Ok(())
}

/// The rule.
#[cfg(unix)]
fn permitted(owner: u32, mode: u32) -> bool {
    let forbidden = if owner == 0 { 0o037 } else { 0o077 };
    mode & forbidden == 0
}

impl Unusable {
    /// As the failure of `what`, for example `client key`.
    pub(crate) fn into_error(self, kind: ErrorKind, what: &str, path: &Path) -> Error {
        let path = shown_secret(path);
        match self {
            Self::Io(error) => {
                Error::new(kind, format!("reading the {what} {path}: {error}")).with_source(error)
            }
            Self::Accessible { mode } => Error::new(
                kind,
                format!(
                    "the {what} {path} is accessible to others (mode {mode:04o}): chmod 0600 it, or let root own it and \
                     chmod 0640 it. A mounted secret gets its mode where it is mounted. Kubernetes: defaultMode: 0400, or \
                     0440 with fsGroup where the process is not root; Docker: mode: 0400, with uid of the process"
                ),
            ),
            Self::TooLong => Error::new(
                kind,
                format!("the {what} {path} is longer than {MAX_LENGTH} bytes: name another file"),
            ),
        }
    }
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::credential::{CredentialRequest, Password};
    use crate::endpoint::Endpoint;
    use crate::tls::ClientCertificate;

    #[test]
    fn the_owner_decides_what_the_group_may() {
        for (owner, mode, accepted) in [
            (1000, 0o100_600, true),
            (1000, 0o100_400, true),
            (1000, 0o100_440, false),
            (1000, 0o100_640, false),
            (0, 0o100_600, true),
            (0, 0o100_440, true),
            (0, 0o100_640, true),
            (0, 0o100_660, false),
            (0, 0o100_604, false),
            (0, 0o100_444, false),
        ] {
            assert_eq!(permitted(owner, mode), accepted, "{owner} {mode:o}");
        }
    }

    #[tokio::test]
    async fn one_rule_holds_for_all_files_with_secrets() {
        use std::os::unix::fs::MetadataExt;

        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let pair = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        let certificate = file("certificate", &pair.cert.pem());
        let key = file("key", &pair.signing_key.serialize_pem());
        let password = file("password", "hunter2");
        let passfile = file("passfile", "*:*:*:*:hunter2");
        let keytab = file("keytab", "");
        let root = std::fs::metadata(&key).unwrap().uid() == 0;
        let request = CredentialRequest {
            endpoint: Endpoint::new("db", 5432),
            user: "app".to_owned(),
            database: None,
        };
        let limit = std::time::Duration::from_secs(60);
        for (mode, accepted) in [
            (0o600, true),
            (0o400, true),
            (0o640, root),
            (0o440, root),
            (0o660, false),
            // As Kubernetes and Docker mount secrets by default.
            (0o644, false),
            (0o444, false),
            (0o604, false),
        ] {
            for path in [&key, &password, &passfile, &keytab] {
                std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
            }
            let results = [
                read_secret_file("password file", &password).err(),
                Password::file(&password).get(&request, limit).await.err(),
                Password::passfile(&passfile)
                    .get(&request, limit)
                    .await
                    .err(),
                ClientCertificate::files(&certificate, &key).load().err(),
                // As a keytab, which the Kerberos library reads.
                examine(&keytab)
                    .map_err(|unusable| {
                        unusable.into_error(ErrorKind::KerberosKeytab, "keytab", &keytab)
                    })
                    .err(),
            ];
            for error in results {
                match error {
                    None => assert!(accepted, "{mode:o}"),
                    Some(error) => {
                        assert!(!accepted, "{mode:o}: {error}");
                        let text = error.to_string();
                        for named in [
                            format!("(mode {mode:04o})").as_str(),
                            "chmod 0600",
                            "defaultMode: 0400",
                            "fsGroup",
                            "Docker: mode: 0400",
                        ] {
                            assert!(text.contains(named), "{text}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_without_end_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("long");
        std::fs::write(&path, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(matches!(read(&path), Err(Unusable::TooLong)));
    }
}

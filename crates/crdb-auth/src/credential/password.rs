//! A password and where it is kept.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::command::Command;
use super::source::{
    CachedSource, Credential, CredentialFuture, CredentialRequest, CredentialSource,
};
use super::{jwt, passfile};
use crate::error::{Error, ErrorKind};
use crate::file_name::{shown_secret, shown_variable};
use crate::secret::Secret;
use crate::secret_file;
use crate::shown;
use crate::turn::Turns;

/// A password or token, by value or by the place it is kept at.
///
/// Places are looked at for every login, so that a rotated password is used by the next one. An empty password is a mistake
/// wherever it comes from: PostgreSQL takes none, and libpq sends none.
#[derive(Debug, Clone)]
pub struct Password {
    place: Place,
}

#[derive(Clone)]
enum Place {
    Value(Secret),
    Variable(String),
    File(PathBuf),
    Passfile(PathBuf),
    Source(Arc<CachedSource>),
}

impl Password {
    /// The password itself.
    pub fn value(password: impl Into<Secret>) -> Self {
        Self {
            place: Place::Value(password.into()),
        }
    }

    /// The value of an environment variable.
    pub fn variable(name: impl Into<String>) -> Self {
        Self {
            place: Place::Variable(name.into()),
        }
    }

    /// The content of a file, without the newline at its end: a mounted secret for example. Only the owner may access the
    /// file, and where root owns it its group may read it: mode 0600 or 0400, for files of root 0640 or 0440 too. A volume
    /// of Kubernetes has such files with `defaultMode: 0440` and `fsGroup`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::File(path.into()),
        }
    }

    /// The line that fits in a password file in libpq's format (`~/.pgpass`). The same modes are accepted as for
    /// [`file`](Self::file).
    pub fn passfile(path: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::Passfile(path.into()),
        }
    }

    /// What a command prints, without the newline at its end.
    ///
    /// Where it is a JWT with an `exp` claim, or [`Command::valid_for`] says how long it holds, it
    /// is used until then; otherwise the command runs for every login.
    pub fn command(command: Command) -> Self {
        Self::source(command)
    }

    /// What a [`CredentialSource`] hands out.
    pub fn source(source: impl CredentialSource) -> Self {
        Self {
            place: Place::Source(CachedSource::new(Box::new(source))),
        }
    }

    /// Looks at the place. The caller bounds the future; `limit` bounds what goes on in the background.
    pub(crate) async fn get(
        &self,
        request: &CredentialRequest,
        limit: Duration,
    ) -> Result<Secret, Error> {
        let secret = self.look(request, limit).await?;
        if secret.expose().is_empty() {
            self.refused(&secret);
            return Err(missing(format!(
                "{} is empty: a server takes no empty password",
                self.place.name()
            )));
        }
        if let Some(mistake) = self.mistake(&secret) {
            self.refused(&secret);
            return Err(mistake);
        }
        Ok(secret)
    }

    /// What is wrong with a text that no server has as a password.
    fn mistake(&self, secret: &Secret) -> Option<Error> {
        let text = secret.expose();
        let is_value = matches!(self.place, Place::Value(_));
        let what = if text.contains(&0) {
            "has a NUL in it, which no password has; text in UTF-16 has many: write it in UTF-8"
        } else if text.starts_with("\u{feff}".as_bytes()) && !is_value {
            "begins with a byte order mark, which would be sent as a part of the password: write it without"
        } else {
            return None;
        };
        Some(missing(format!("{} {what}", self.place.name())))
    }

    async fn look(&self, request: &CredentialRequest, limit: Duration) -> Result<Secret, Error> {
        match &self.place {
            Place::Value(secret) => Ok(secret.clone()),
            Place::Variable(name) => std::env::var_os(name)
                .map(|value| Secret::new(value.into_encoded_bytes()))
                .ok_or_else(|| {
                    missing(format!(
                        "the environment variable {}, which should hold the password, is not set",
                        shown_variable(name)
                    ))
                }),
            Place::File(path) => {
                let content = read(path).await?;
                Ok(Secret::new(without_newline(content.expose()).to_vec()))
            }
            Place::Passfile(path) => {
                let content = read(path).await?;
                let database = request.database.as_deref().unwrap_or(&request.user);
                passfile::find(content.expose(), &request.endpoint, database, &request.user)
                    .ok_or_else(|| {
                        let shown_user = shown::user(&request.user);
                        let shown_database = request.database.as_deref().map(shown::database);
                        missing(format!(
                            "the password file {} has no line for {}:{}:{}:{}",
                            shown_secret(path),
                            request.endpoint.host,
                            request.endpoint.port,
                            shown_database.unwrap_or(&shown_user),
                            shown_user
                        ))
                    })
            }
            Place::Source(source) => source.get(request, limit).await,
        }
    }

    /// The server has refused it.
    pub(crate) fn refused(&self, secret: &Secret) {
        if let Place::Source(source) = &self.place {
            source.forget(secret);
        }
    }
}

impl Place {
    fn name(&self) -> String {
        match self {
            Self::Value(_) => "the password".to_owned(),
            Self::Variable(name) => format!(
                "the password in the environment variable {}",
                shown_variable(name)
            ),
            Self::File(path) => format!("the password in the file {}", shown_secret(path)),
            Self::Passfile(path) => {
                format!(
                    "the password in the line that fits of the password file {}",
                    shown_secret(path)
                )
            }
            Self::Source(_) => "the password from the credential source".to_owned(),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(secret) => f.debug_tuple("Value").field(secret).finish(),
            _ => f.write_str(&self.name()),
        }
    }
}

impl<T: Into<Secret>> From<T> for Password {
    fn from(password: T) -> Self {
        Self::value(password)
    }
}

/// Longer than any process runs.
const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl CredentialSource for Command {
    fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
        Box::pin(async move {
            let secret = self.run().await?;
            let expires = match self.valid_for {
                Some(life) => SystemTime::now().checked_add(life.min(FAR)),
                None => jwt::expiry(secret.expose()),
            };
            let credential = Credential::new(secret);
            Ok(match expires {
                Some(at) => credential.expires(at),
                None => credential,
            })
        })
    }
}

fn missing(message: String) -> Error {
    Error::new(ErrorKind::Credential, message)
}

/// A mounted secret may live on a network, and be a FIFO: one read of a path is outstanding at a time.
async fn read(path: &Path) -> Result<Secret, Error> {
    let owned = path.to_owned();
    let turn = Turns::at_file(path).wait().await;
    turn.run(move || secret_file::read(&owned))
        .await
        .unwrap_or_else(|error| Err(error.into()))
        .map_err(|unusable| unusable.into_error(ErrorKind::Credential, "password file", path))
}

pub(super) fn without_newline(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// How long a command may take unless it says otherwise.
pub(super) const COMMAND_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::endpoint::Endpoint;

    fn request() -> CredentialRequest {
        CredentialRequest {
            endpoint: Endpoint::new("db", 5432),
            user: "app".to_owned(),
            database: None,
        }
    }

    async fn get(password: Password) -> Result<Vec<u8>, String> {
        password
            .get(&request(), COMMAND_TIMEOUT)
            .await
            .map(|secret| secret.expose().to_vec())
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn each_place_is_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        std::fs::write(&path, "from file\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert_eq!(get(Password::file(&path)).await.unwrap(), b"from file");
        std::fs::write(&path, "db:*:app:app:from passfile\n").unwrap();
        assert_eq!(
            get(Password::passfile(&path)).await.unwrap(),
            b"from passfile"
        );
        // PATH is set wherever tests run.
        assert!(!get(Password::variable("PATH")).await.unwrap().is_empty());
        assert!(
            get(Password::variable("CRDB_NO_SUCH_VARIABLE"))
                .await
                .unwrap_err()
                .contains("not set")
        );
        let command = Command::new("printf").arg("from\\ncommand\\r\\n");
        assert_eq!(
            get(Password::command(command)).await.unwrap(),
            b"from\ncommand"
        );
    }

    #[tokio::test]
    async fn what_a_command_prints_may_hold_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let runs = directory.path().join("runs").display().to_string();
        let command = Command::new("sh")
            .arg("-c")
            .arg("echo run >> \"$0\"; printf secret")
            .arg(&runs)
            .timeout(Duration::MAX)
            .valid_for(Duration::MAX);
        let password = Password::command(command);
        for _ in 0..3 {
            let secret = password.get(&request(), Duration::MAX).await.unwrap();
            assert_eq!(secret.expose(), b"secret");
        }
        assert_eq!(std::fs::read_to_string(runs).unwrap(), "run\n");
    }

    #[tokio::test]
    async fn an_empty_password_is_refused_wherever_it_comes_from() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            path
        };
        struct Empty;
        impl CredentialSource for Empty {
            fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
                Box::pin(async { Ok(Credential::new("")) })
            }
        }
        for password in [
            Password::value(""),
            Password::file(file("empty", "")),
            Password::file(file("newline", "\n")),
            Password::passfile(file("passfile", "*:*:*:*:\n")),
            Password::source(Empty),
        ] {
            let error = get(password).await.unwrap_err();
            assert!(error.contains("is empty"), "{error}");
        }
    }

    /// What an editor or a shell of Windows writes.
    #[tokio::test]
    async fn a_password_in_utf_16_or_behind_a_byte_order_mark_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            path
        };
        let utf_16: Vec<u8> = "hunter2\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let utf_16 = file("utf-16", &utf_16);
        let mark = file("mark", "\u{feff}hunter2".as_bytes());
        for (password, says) in [
            (Password::file(&utf_16), "has a NUL"),
            (
                Password::command(Command::new("cat").arg(&utf_16)),
                "has a NUL",
            ),
            (Password::value("hun\0ter2"), "has a NUL"),
            (Password::file(&mark), "a byte order mark"),
            (
                Password::command(Command::new("cat").arg(&mark)),
                "a byte order mark",
            ),
        ] {
            let error = get(password).await.unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter"), "{error}");
        }
        let value = get(Password::value("\u{feff}x")).await;
        assert_eq!(value.unwrap(), "\u{feff}x".as_bytes());
    }

    #[tokio::test]
    async fn a_file_that_is_rotated_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let password = Password::file(&path);
        for value in ["one", "two"] {
            std::fs::write(&path, value).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            assert_eq!(get(password.clone()).await.unwrap(), value.as_bytes());
        }
    }

    /// A login that waits at a FIFO holds one thread, however often it is tried, and not the runtime's end.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_password_file_that_hangs_holds_one_thread() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        let (ended, end) = std::sync::mpsc::channel();
        let fifo = path.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                for password in [Password::file(&fifo), Password::passfile(&fifo)] {
                    for _ in 0..100 {
                        let request = request();
                        let login = password.get(&request, COMMAND_TIMEOUT);
                        let login = tokio::time::timeout(Duration::from_millis(2), login).await;
                        assert!(login.is_err(), "nothing was written");
                    }
                }
            });
            let more = threads().saturating_sub(before);
            drop(runtime);
            ended.send(more).unwrap();
        });
        let more = end.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(more < 100, "{more} more threads for 200 logins");
        // Lets the one thread go.
        drop(std::fs::OpenOptions::new().write(true).open(&path).unwrap());
    }
}

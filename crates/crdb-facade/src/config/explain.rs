//! Shows a configuration, and condenses it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::keys::{auth, observe};
use super::layer::Origin;
use super::resolve::Resolved;
use super::setting::sealed::Form;

/// Every key of a [`Config`](super::Config), in alphabetical order. Its `Display` is a table.
#[derive(Clone, Debug)]
pub struct Explanation(Vec<Explained>);

/// One key with its value and where it came from.
#[derive(Clone, Debug)]
pub struct Explained {
    key: &'static str,
    value: String,
    origin: Origin,
}

impl Explained {
    /// The key's path.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The value in its canonical form: `none` where it is not set, `***` for a secret, for the arguments of a command, and
    /// for what stands where a secret's file belongs and leads nowhere, `..` for what may be one in a name or in options
    /// ([`crdb_auth::shown`]).
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Explanation {
    pub(super) fn new(values: &BTreeMap<&'static str, Resolved>) -> Self {
        Self(
            values
                .iter()
                .map(|(key, resolved)| Explained {
                    key,
                    value: shown(key, resolved),
                    origin: resolved.origin.clone(),
                })
                .collect(),
        )
    }

    /// The keys, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &Explained> {
        self.0.iter()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |part: fn(&Explained) -> &str| {
            self.0
                .iter()
                .map(|line| part(line).chars().count())
                .max()
                .unwrap_or(0)
        };
        let (key_width, value_width) = (width(|line| line.key), width(|line| &line.value).min(40));
        for Explained { key, value, origin } in &self.0 {
            writeln!(f, "{key:key_width$}  {value:value_width$}  {origin}")?;
        }
        Ok(())
    }
}

/// Keys that name files with secrets.
const SECRET_FILES: [&str; 6] = [
    auth::PASSWORD_FILE.path(),
    auth::PASSFILE.path(),
    auth::JWT_FILE.path(),
    auth::KERBEROS_KEYTAB.path(),
    auth::TLS_CLIENT_KEY.path(),
    observe::OTLP_HEADERS_FILE.path(),
];

/// Keys that name commands, whose arguments may be secrets.
const COMMANDS: [&str; 2] = [auth::PASSWORD_COMMAND.path(), auth::JWT_COMMAND.path()];

/// Keys that name variables of the environment.
const VARIABLES: [&str; 2] = [auth::PASSWORD_ENV.path(), auth::JWT_ENV.path()];

/// Whether a mistake of this key's value may be a secret in the wrong place, or hold one.
pub(super) fn may_hold_secret(key: &str) -> bool {
    SECRET_FILES.contains(&key)
        || COMMANDS.contains(&key)
        || VARIABLES.contains(&key)
        || key == observe::OTLP_ENDPOINT.path()
}

/// Whether the value may be printed. Looks at the file system where it names a file with a secret.
pub(super) fn may_show(key: &str, resolved: &Resolved) -> bool {
    if resolved.secret {
        return false;
    }
    if let Some(Some(name)) = resolved
        .typed::<Option<String>>()
        .filter(|_| VARIABLES.contains(&key))
    {
        return name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    }
    let Some(Some(name)) = resolved
        .typed::<Option<PathBuf>>()
        .filter(|_| SECRET_FILES.contains(&key))
    else {
        return true;
    };
    crdb_auth::is_name_of_secret_file(&resolved.base().unwrap_or_default(), name)
}

fn shown(key: &str, resolved: &Resolved) -> String {
    // The text of a secret is `***` by itself.
    match may_show(key, resolved) || resolved.secret {
        true => without_secrets(key, resolved),
        false => "***".to_owned(),
    }
}

/// The value's text without what may be a secret: of a command only the program, of names and options what crdb-auth shows.
fn without_secrets(key: &str, resolved: &Resolved) -> String {
    let shown = if COMMANDS.contains(&key) {
        match resolved.typed::<Option<Vec<String>>>() {
            Some(Some(command)) if command.len() > 1 => {
                command.first().map(|program| format!("{program}, ***"))
            }
            _ => None,
        }
    } else if key == auth::USER.path() {
        let name = resolved.typed::<String>();
        name.map(|name| crdb_auth::shown::user(name).into_owned())
    } else if key == auth::DATABASE.path() {
        let name = resolved.typed::<String>();
        name.map(|name| crdb_auth::shown::database(name).to_owned())
    } else if key == auth::APPLICATION_NAME.path() {
        let name = resolved.typed::<Option<String>>().and_then(Option::as_ref);
        name.map(|name| crdb_auth::shown::application_name(name).to_owned())
    } else if key == auth::OPTIONS.path() {
        let options = resolved.typed::<Option<String>>().and_then(Option::as_ref);
        options.map(|options| crdb_auth::shown::options(options))
    } else if key == auth::SESSION.path() {
        let settings = resolved.typed::<BTreeMap<String, String>>();
        settings.map(|settings| {
            let shown = settings.iter().map(|(name, value)| {
                let value = crdb_auth::shown::setting(name, value);
                (name.clone(), value.to_owned())
            });
            shown.collect::<BTreeMap<_, _>>().write()
        })
    } else {
        None
    };
    shown.unwrap_or_else(|| resolved.read.text.clone())
}

/// See [`Config::fingerprint`](super::Config::fingerprint). Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn new(values: &BTreeMap<&'static str, Resolved>) -> Self {
        let mut hash = Sha256::new();
        for (key, resolved) in values.iter().filter(|(_, resolved)| !resolved.secret) {
            // Lengths, so that no value can pose as the next key.
            let text = without_secrets(key, resolved);
            for part in [key.as_bytes(), text.as_bytes()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

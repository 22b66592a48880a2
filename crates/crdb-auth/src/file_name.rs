//! Names of files in messages, where the content of the file may stand in place of its name.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Component, Path};

/// Longer than any path that an operating system opens, and than any part of one.
const MAX_PATH: usize = 4096;
const MAX_PART: usize = 255;

/// Whether this is the content of a file rather than its name: PEM or another text of several lines, a JWT, the base64 of
/// a keytab, or more than a path can have.
///
/// `CLIENT_KEY="$(cat client.key)"` puts it there. No message shows such a path.
#[must_use]
pub fn is_file_content(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains(['\n', '\r'])
        || text.contains("-----BEGIN")
        || text.contains("-----END")
        || (text.starts_with("eyJ") && text.contains('.'))
        // A keytab begins with the bytes 5 and 2, and is no shorter than a key.
        || (text.starts_with("BQIA") && text.len() > 40)
        || text.len() > MAX_PATH
        || path.iter().any(|part| part.len() > MAX_PART)
}

/// Whether messages may show this name of a file that holds a secret: the file is there, or the name has several parts and
/// the first is a directory. A relative name starts at `base`. Blocking.
///
/// Any other name may be the secret itself, as in `password_file: hunter2`.
#[must_use]
pub fn is_name_of_secret_file(base: &Path, name: &Path) -> bool {
    if is_file_content(name) {
        return false;
    }
    let mut first = base.to_path_buf();
    let mut parts = 0;
    for part in name.components() {
        match part {
            Component::Normal(_) if parts > 0 => return first.is_dir(),
            Component::Normal(_) => parts = 1,
            _ => {}
        }
        first.push(part);
    }
    base.join(name).exists()
}

/// The path as messages show it.
pub(crate) fn shown(path: &(impl AsRef<Path> + ?Sized)) -> Shown<'_> {
    Shown(path.as_ref())
}

pub(crate) struct Shown<'a>(&'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_file_content(self.0) {
            f.write_str("(the content of a file, where its name belongs)")
        } else {
            write!(f, "{}", self.0.display())
        }
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_file_content(self.0) {
            write!(f, "{self}")
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

/// The path of a file with a secret, as messages show it.
pub(crate) fn shown_secret(path: &(impl AsRef<Path> + ?Sized)) -> ShownSecret<'_> {
    ShownSecret(path.as_ref())
}

pub(crate) struct ShownSecret<'a>(&'a Path);

impl fmt::Display for ShownSecret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_file_content(self.0) || is_name_of_secret_file(Path::new(""), self.0) {
            shown(self.0).fmt(f)
        } else {
            f.write_str("(whose name is not shown: it leads nowhere, and may be the secret itself)")
        }
    }
}

impl fmt::Debug for ShownSecret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The name of an environment variable as messages show it. What is not written as such names are may be the secret itself.
pub(crate) fn shown_variable(name: &str) -> &str {
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name {
        name
    } else {
        "(whose name is not shown: without the capitals of such names it may be the secret itself)"
    }
}

/// Whether a text that names a file or a cache may be shown.
#[cfg_attr(
    not(all(feature = "kerberos", unix)),
    allow(dead_code, reason = "only a ticket's cache has a name of this kind")
)]
pub(crate) fn shown_text(name: &str) -> Shown<'_> {
    Shown(Path::new(OsStr::new(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_and_a_content_is_not() {
        for name in [
            "/run/secrets/app.key",
            "ca.crt",
            "C:\\certificates\\app.key",
            "keys of the app/eyJ",
            "BQIA.keytab",
            "",
        ] {
            assert!(!is_file_content(Path::new(name)), "{name}");
            assert_eq!(shown(name).to_string(), name);
        }
        let long = format!("/run/{}", "a".repeat(300));
        for content in [
            "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----MIIE-----END PRIVATE KEY-----",
            "/app/-----BEGIN PRIVATE KEY-----\\nMIIE",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.x",
            "BQIAAABHAAIACUNSREIuVEVTVAAFYXBwAAAAAQAAAAA",
            "hunter2\n",
            &long,
        ] {
            assert!(is_file_content(Path::new(content)), "{content}");
            for shown in [shown(content).to_string(), format!("{:?}", shown(content))] {
                assert_eq!(shown, "(the content of a file, where its name belongs)");
            }
        }
    }

    #[test]
    fn a_name_that_leads_nowhere_may_be_the_secret_itself() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path();
        std::fs::create_dir(base.join("secrets")).unwrap();
        std::fs::write(base.join("password"), "x").unwrap();
        for (name, is_shown) in [
            ("hunter2", false),
            ("./hunter2", false),
            ("hunter/2", false),
            ("/hunter2", false),
            ("/hun/ter/2", false),
            ("", true),
            ("hunter2\n", false),
            ("password", true),
            ("./password", true),
            ("secrets/password", true),
            ("secrets/app/password", true),
        ] {
            assert_eq!(
                is_name_of_secret_file(base, Path::new(name)),
                is_shown,
                "{name}"
            );
        }
        for name in ["secrets/gone", "gone"] {
            let name = base.join(name);
            assert_eq!(shown_secret(&name).to_string(), name.display().to_string());
        }
        assert!(
            !format!("{} {:?}", shown_secret("hunter2"), shown_secret("/hunter2"))
                .contains("hunter2")
        );
    }

    #[test]
    fn only_what_is_written_like_a_variable_is_shown_as_one() {
        for name in ["PGPASSWORD", "APP_DB_PASSWORD_2", "_X"] {
            assert_eq!(shown_variable(name), name);
        }
        for name in [
            "hunter2",
            "Hunter2",
            "eyJh.eyJz.x",
            "2FAST",
            "PASS-WORD",
            "",
        ] {
            assert!(shown_variable(name).starts_with("(whose name"), "{name}");
        }
    }
}

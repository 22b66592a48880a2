//! Names of files in messages, where the content of the file may stand in place of its name.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

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

//! What tells whether a file was edited.

use std::fmt;

use sha2::{Digest, Sha256};

/// SHA-256 over a migration's text with line ends as `\n` and without a byte order mark, so that a checkout on another
/// system has the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checksum(String);

impl Checksum {
    /// The checksum of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest = Sha256::digest(normalized(text).as_bytes());
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// As 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text as every system would have it.
pub(super) fn normalized(text: &str) -> String {
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_do_not_count_and_everything_else_does() {
        let unix = Checksum::of("a\nb\n");
        assert_eq!(unix, Checksum::of("\u{feff}a\r\nb\r\n"));
        assert_eq!(unix, Checksum::of("a\rb\r"));
        assert_ne!(unix, Checksum::of("a\nb"));
        assert_ne!(unix, Checksum::of("a\n b\n"));
        assert_eq!(unix.as_str().len(), 64);
    }
}

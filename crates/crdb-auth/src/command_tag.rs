//! Command tags.

use std::fmt;

/// The tag of a CommandComplete, for example `INSERT 0 1` or `COMMIT`.
///
/// Tags longer than 63 bytes are cut; no server sends such.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CommandTag {
    bytes: [u8; Self::MAX],
    len: u8,
}

impl CommandTag {
    const MAX: usize = 63;

    /// Takes the bytes of a CommandComplete without the NUL.
    #[must_use]
    pub fn new(tag: &[u8]) -> Self {
        let mut bytes = [0; Self::MAX];
        let kept = tag.len().min(Self::MAX);
        bytes[..kept].copy_from_slice(&tag[..kept]);
        Self {
            bytes,
            len: kept as u8,
        }
    }

    /// The tag as the server sent it; empty if that was not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or("")
    }

    /// How many rows it names: the last number of `INSERT 0 5`, `UPDATE 5`, `SELECT 5`.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.as_str().rsplit(' ').next()?.parse().ok()
    }
}

impl fmt::Display for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CommandTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq<str> for CommandTag {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for CommandTag {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_last_number() {
        assert_eq!(CommandTag::new(b"INSERT 0 5").rows(), Some(5));
        assert_eq!(CommandTag::new(b"BEGIN").rows(), None);
    }

    #[test]
    fn a_long_tag_is_cut_and_an_invalid_one_is_empty() {
        let long = CommandTag::new(&[b'S'; 200]);
        assert_eq!(long.as_str().len(), 63);
        assert_eq!(CommandTag::new(b"SELECT\xff 1").as_str(), "");
    }
}

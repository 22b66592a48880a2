//! Command tags, and which of them leave nothing behind in a session.

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

    /// Whether a statement with this tag can leave something behind in the session.
    pub(crate) fn effect(&self) -> Effect {
        effect(&self.bytes[..usize::from(self.len)])
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

/// What a statement may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing that outlives the transaction, whose state ReadyForQuery tells.
    Nothing,
    /// A setting; nothing outlives the transaction if it was `SET LOCAL` or `SET TRANSACTION`.
    Setting,
    /// Perhaps something, or nothing that is known.
    Unknown,
}

/// By the first word. CockroachDB reports UPSERT as `INSERT`, `RELEASE SAVEPOINT
/// cockroach_restart` as `COMMIT`, and adds a row count to `SHOW` and `EXPLAIN`.
fn effect(tag: &[u8]) -> Effect {
    let end = tag.iter().position(|byte| *byte == b' ');
    match &tag[..end.unwrap_or(tag.len())] {
        b"SELECT" | b"INSERT" | b"UPDATE" | b"DELETE" | b"MERGE" | b"TRUNCATE" | b"COPY"
        | b"SHOW" | b"EXPLAIN" | b"BEGIN" | b"START" | b"COMMIT" | b"ROLLBACK" | b"SAVEPOINT"
        | b"RELEASE" => Effect::Nothing,
        b"SET" => Effect::Setting,
        _ => Effect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_short_list_leaves_nothing() {
        for tag in [
            "SELECT 1",
            "INSERT 0 1",
            "UPDATE 3",
            "DELETE 0",
            "BEGIN",
            "COMMIT",
            "ROLLBACK",
            "RELEASE",
            "SAVEPOINT",
            "COPY 7",
            "START TRANSACTION",
            "SHOW 1",
        ] {
            assert_eq!(effect(tag.as_bytes()), Effect::Nothing, "{tag}");
        }
        for tag in [
            "CREATE TABLE",
            "PREPARE",
            "LISTEN",
            "DECLARE CURSOR",
            "DISCARD ALL",
            "RESET",
            "",
            "SELECTX",
            "select 1",
        ] {
            assert_eq!(effect(tag.as_bytes()), Effect::Unknown, "{tag}");
        }
        assert_eq!(effect(b"SET"), Effect::Setting);
        assert_eq!(effect(b"SET TRANSACTION"), Effect::Setting);
    }

    #[test]
    fn rows_are_the_last_number() {
        assert_eq!(CommandTag::new(b"INSERT 0 5").rows(), Some(5));
        assert_eq!(CommandTag::new(b"BEGIN").rows(), None);
    }

    #[test]
    fn long_and_invalid_tags_are_unknown() {
        let long = CommandTag::new(&[b'S'; 200]);
        assert_eq!(long.as_str().len(), 63);
        assert_eq!(CommandTag::new(b"SELECT\xff 1").effect(), Effect::Unknown);
    }
}

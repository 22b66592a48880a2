//! What a server says in an ErrorResponse or a NoticeResponse.

use std::fmt;

use crdb_auth::without_values;

/// An ErrorResponse or NoticeResponse with all its fields, as the server sent them.
///
/// `Display` gives the SQLSTATE and the primary message without what may be a value of a row: what a message of class 22 quotes,
/// and the keys in CockroachDB's messages behind table and index. `Debug` leaves out the message, the detail and the hint, because
/// servers put row values into them.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerError {
    /// The message's body: a type byte and a text ended by NUL for each field, ended by NUL.
    body: Box<[u8]>,
}

impl ServerError {
    /// The longest body that is kept. A longer one is cut, so that a hostile server does not fill the memory.
    const MAX_BODY: usize = 64 * 1024;

    /// Keeps the body of an ErrorResponse or NoticeResponse. Fields that are malformed read as absent.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let kept = body.get(..Self::MAX_BODY).unwrap_or(body);
        Self { body: kept.into() }
    }

    /// The fields whose text is UTF-8, in the server's order.
    fn fields(&self) -> impl Iterator<Item = (u8, &str)> {
        let mut rest = &*self.body;
        std::iter::from_fn(move || {
            let (&field, text) = rest.split_first()?;
            let end = text.iter().position(|&byte| byte == 0)?;
            let (text, after) = text.split_at(end);
            rest = after.get(1..)?;
            (field != 0).then_some((field, text))
        })
        .filter_map(|(field, text)| Some((field, std::str::from_utf8(text).ok()?)))
    }

    fn field(&self, wanted: u8) -> Option<&str> {
        self.fields()
            .find_map(|(field, text)| (field == wanted).then_some(text))
    }

    /// `ERROR`, `FATAL` or `PANIC` (for a notice `WARNING`, `NOTICE`, `DEBUG`, `INFO` or `LOG`), untranslated where the
    /// server says so (PostgreSQL 9.6 and later). CockroachDB sends `ERROR` even when it closes the session.
    #[must_use]
    pub fn severity(&self) -> &str {
        self.field(b'V').or_else(|| self.field(b'S')).unwrap_or("")
    }

    /// Five characters, for example `23505`; empty when the server sent none.
    #[must_use]
    pub fn sqlstate(&self) -> &str {
        self.field(b'C').unwrap_or("")
    }

    /// The primary message. It may hold values of parameters or rows.
    #[must_use]
    pub fn message(&self) -> &str {
        self.field(b'M').unwrap_or("")
    }

    /// The detail. It may hold values of rows, for example `Key (email)=(a@b.c) already exists.`
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.field(b'D')
    }

    /// What the server advises.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.field(b'H')
    }

    /// Where in the statement's text the error lies, in characters from 1.
    #[must_use]
    pub fn position(&self) -> Option<u32> {
        self.field(b'P')?.parse().ok()
    }

    /// The context in which the error arose, for example a procedure's call stack.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.field(b'W')
    }

    /// The schema of the object that the error is about.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        self.field(b's')
    }

    /// The table that the error is about.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.field(b't')
    }

    /// The column that the error is about.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        self.field(b'c')
    }

    /// The data type that the error is about.
    #[must_use]
    pub fn data_type(&self) -> Option<&str> {
        self.field(b'd')
    }

    /// The constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        self.field(b'n')
    }

    /// Whether the server ends the session with this error, whatever its severity says.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        matches!(self.severity(), "FATAL" | "PANIC") || self.sqlstate().starts_with("57P0")
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} \"{}\"",
            self.sqlstate(),
            without_values(self.sqlstate(), self.message()).escape_debug()
        )
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerError")
            .field("severity", &self.severity())
            .field("sqlstate", &self.sqlstate())
            .field("table", &self.table())
            .field("constraint", &self.constraint())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for ServerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_and_the_untranslated_severity_wins() {
        let error = ServerError::parse(
            b"SFEHLER\0VERROR\0C23505\0Mduplicate\0DKey (card)=(4111) exists.\0Hno\0P7\0Win f\0spublic\0tcards\0ccard\0\
              dint8\0ncards_pkey\0\0",
        );
        assert_eq!(error.severity(), "ERROR");
        assert_eq!(error.sqlstate(), "23505");
        assert_eq!(error.message(), "duplicate");
        assert_eq!(error.detail(), Some("Key (card)=(4111) exists."));
        assert_eq!(error.hint(), Some("no"));
        assert_eq!(error.position(), Some(7));
        assert_eq!(error.context(), Some("in f"));
        assert_eq!(error.schema(), Some("public"));
        assert_eq!(error.table(), Some("cards"));
        assert_eq!(error.column(), Some("card"));
        assert_eq!(error.data_type(), Some("int8"));
        assert_eq!(error.constraint(), Some("cards_pkey"));
        assert!(!error.ends_session());
        assert!(!format!("{error:?}").contains("4111"));
    }

    #[test]
    fn malformed_bodies_read_as_absent_fields() {
        for body in [&b""[..], b"\0", b"C", b"Cno end", b"C\xff\xfe\0\0"] {
            assert_eq!(ServerError::parse(body).sqlstate(), "");
        }
        let long = [b"C57P01\0M".as_slice(), &[b'x'; 100_000]].concat();
        assert!(ServerError::parse(&long).ends_session());
    }
}

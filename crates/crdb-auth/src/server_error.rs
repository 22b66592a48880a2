//! What a server said in an ErrorResponse.

use std::fmt;

use crate::error::ErrorKind;
use crate::quoted::without_values;
use crate::shown::Unshown;

/// The longest text kept of any field, in bytes: a hostile server must not fill the memory.
const MAX_FIELD: usize = 4096;

/// An ErrorResponse: SQLSTATE, message, detail and hint, as the server sent them.
///
/// `Display` and `Debug` show the message [without the values](crate::without_values) that it quotes. `Debug` leaves out detail and
/// hint. `Display` does so for the classes whose details are values of rows (`Key (card)=(4111..) already exists`): 22, 23 and P0.
/// [`message`](Self::message), [`detail`](Self::detail) and [`hint`](Self::hint) have them always.
///
/// What a login has sent and may be a secret in the wrong place stands nowhere in it: the rest of a user's name behind a `:`, and
/// the values of options that are none.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ServerError {
    severity: String,
    sqlstate: String,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl ServerError {
    /// Reads the body of an ErrorResponse or NoticeResponse: fields of one type byte and a
    /// NUL-terminated text, ended by a NUL. What is malformed is left out.
    pub(crate) fn parse(mut body: &[u8]) -> Self {
        let mut error = Self::default();
        while let Some((&field, rest)) = body.split_first() {
            if field == 0 {
                break;
            }
            let Some(end) = rest.iter().position(|&byte| byte == 0) else {
                break;
            };
            let text = String::from_utf8_lossy(&rest[..end.min(MAX_FIELD)]).into_owned();
            match field {
                // 'V' is the severity that is never translated, PostgreSQL 9.6 and later.
                b'V' => error.severity = text,
                b'S' if error.severity.is_empty() => error.severity = text,
                b'C' => error.sqlstate = text,
                b'M' => error.message = text,
                b'D' => error.detail = Some(text),
                b'H' => error.hint = Some(text),
                _ => {}
            }
            body = &rest[end + 1..];
        }
        error
    }

    /// The same error without what must not be repeated of the login that it answers.
    pub(crate) fn without(mut self, unshown: &Unshown) -> Self {
        unshown.remove_from(&mut self.message);
        for text in [&mut self.detail, &mut self.hint].into_iter().flatten() {
            unshown.remove_from(text);
        }
        self
    }

    fn shown_message(&self) -> std::borrow::Cow<'_, str> {
        without_values(&self.sqlstate, &self.message)
    }

    #[cfg(feature = "tokio-postgres")]
    pub(crate) fn from_client(error: &tokio_postgres::error::DbError) -> Self {
        Self {
            severity: error.severity().to_owned(),
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
        }
    }

    /// `ERROR`, `FATAL` or `PANIC`. CockroachDB sends `ERROR` even when it closes the session.
    #[must_use]
    pub fn severity(&self) -> &str {
        &self.severity
    }

    /// Five characters, for example `28P01`; empty when the server sent none.
    #[must_use]
    pub fn sqlstate(&self) -> &str {
        &self.sqlstate
    }

    /// The primary message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The detail, when there was one.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The hint, when there was one.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The server ends the session with this error, whatever its severity says.
    #[cfg(feature = "tokio-postgres")]
    pub(crate) fn ends_session(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC") || self.sqlstate.starts_with("57P0")
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match self.sqlstate.as_str() {
            "28P01" => ErrorKind::Authentication,
            // PostgreSQL says 28000 for a missing pg_hba rule, an unknown role and a failed
            // GSS, certificate or peer login; CockroachDB for a refused HBA rule.
            "28000" => ErrorKind::NotPermitted,
            "3D000" => ErrorKind::UnknownDatabase,
            "XXC02" => ErrorKind::LicenceMissing,
            "53300" => ErrorKind::TooManyConnections,
            "57P01" | "57P02" | "57P03" => ErrorKind::Draining,
            _ => ErrorKind::Server,
        }
    }

    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self.kind() {
            ErrorKind::Authentication => "check the user name and the password",
            ErrorKind::NotPermitted => {
                "check that the user exists and that the server's HBA rules let it in from here"
            }
            ErrorKind::UnknownDatabase => "check the database name, or create the database",
            ErrorKind::LicenceMissing => {
                "the login itself worked, but the cluster needs an enterprise licence for it: \
                 set enterprise.license"
            }
            ErrorKind::TooManyConnections => {
                "use fewer connections, or another node; the server's limit is reached"
            }
            ErrorKind::Draining => "the server starts or shuts down: use another node or try later",
            _ => return None,
        })
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerError")
            .field("severity", &self.severity)
            .field("sqlstate", &self.sqlstate)
            .field("message", &self.shown_message())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} \"{}\"",
            self.sqlstate,
            self.shown_message().escape_debug()
        )?;
        let is_about_rows = ["22", "23", "P0"]
            .iter()
            .any(|class| self.sqlstate.starts_with(class));
        if let Some(detail) = self.detail.as_ref().filter(|_| !is_about_rows) {
            write!(f, " ({})", detail.escape_debug())?;
        }
        if let Some(hint) = self.hint.as_ref().filter(|_| !is_about_rows) {
            write!(f, " [hint: {}]", hint.escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_the_untranslated_severity_wins() {
        let error = ServerError::parse(b"SFATAAL\0VFATAL\0C57P01\0Mgoing\0Hwait\0\0");
        assert_eq!(error.severity(), "FATAL");
        assert_eq!(error.sqlstate(), "57P01");
        assert_eq!(error.message(), "going");
        assert_eq!(error.hint(), Some("wait"));
        assert_eq!(error.kind(), ErrorKind::Draining);
        assert!(error.ends_session());
    }

    #[test]
    fn values_of_rows_are_not_printed() {
        let body = b"C23505\0Mduplicate key\0DKey (card)=(4111) already exists.\0Hcard 4111\0\0";
        let error = ServerError::parse(body);
        assert!(error.detail().unwrap().contains("4111"));
        let shown = format!(
            "{error:?} {:?}",
            crate::Error::from_server("x", error.clone())
        );
        assert!(!shown.contains("4111"), "{shown}");
        let error = ServerError::parse(b"C28000\0Mno\0Dline 7 of pg_hba.conf\0\0");
        assert!(error.to_string().contains("line 7"), "{error}");
        assert!(!ServerError::parse(body).to_string().contains("(card)"));
        let body = b"C22023\0Minvalid value for parameter \"TimeZone\": \"4111\"\0\0";
        let error = ServerError::parse(body);
        assert!(error.message().contains("4111"));
        let shown = format!(
            "{error} {error:?} {}",
            crate::Error::from_server("x", error.clone())
        );
        assert!(
            !shown.contains("4111") && shown.contains("TimeZone"),
            "{shown}"
        );
    }

    #[test]
    fn cockroachdb_ends_a_session_with_severity_error() {
        let error = ServerError::parse(b"SERROR\0C57P01\0Mserver is shutting down\0\0");
        assert!(error.ends_session());
    }

    #[test]
    fn a_truncated_body_gives_what_it_holds() {
        let error = ServerError::parse(b"C28P01\0Mno termin");
        assert_eq!(error.sqlstate(), "28P01");
        assert_eq!(error.message(), "");
    }
}

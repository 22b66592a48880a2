//! Bounds of a connection.

use std::fmt;
use std::sync::Arc;

use crate::observer::Observer;
use crate::protocol::Limits;

/// Bounds of a connection. The defaults suit most.
#[derive(Clone)]
pub struct Config {
    pub(crate) max_row: usize,
    pub(crate) max_message: usize,
    pub(crate) max_unread: usize,
    pub(crate) max_statements: usize,
    pub(crate) always_reset: bool,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Config {
    /// The largest row, or piece of COPY data, that is accepted from the server, in bytes. A larger one ends the
    /// connection. Default: 64 MiB. PostgreSQL's own limit is 1 GiB.
    #[must_use]
    pub fn max_row(mut self, bytes: usize) -> Self {
        self.max_row = bytes.clamp(1024, i32::MAX as usize);
        self
    }

    /// The largest message of another kind that is accepted from the server, in bytes: errors, descriptions, parameters.
    /// A larger one ends the connection. Default: 1 MiB.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes.clamp(1024, i32::MAX as usize);
        self
    }

    /// How many bytes of a result are kept for a caller that does not read them. Beyond them the connection stops
    /// reading until the caller goes on, so up to one received buffer (64 KiB, or one row if that is larger) may come on
    /// top. Default: 256 KiB.
    #[must_use]
    pub fn max_unread(mut self, bytes: usize) -> Self {
        self.max_unread = bytes;
        self
    }

    /// How many prepared statements a connection keeps. The one that was used least recently is closed on the server
    /// when another one is added. Default: 256.
    #[must_use]
    pub fn max_statements(mut self, statements: usize) -> Self {
        self.max_statements = statements.max(1);
        self
    }

    /// Whether every loan ends dirty, so that every session is reset before it is lent again. For services whose own
    /// SQL functions change the session, which no tag and no text shows. Default: no.
    #[must_use]
    pub fn always_reset(mut self, always: bool) -> Self {
        self.always_reset = always;
        self
    }

    /// Sets the observer. Default: none.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits {
            data: self.max_row,
            other: self.max_message,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_row: 64 << 20,
            max_message: 1 << 20,
            max_unread: 256 << 10,
            max_statements: 256,
            always_reset: false,
            observer: None,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("max_row", &self.max_row)
            .field("max_message", &self.max_message)
            .field("max_unread", &self.max_unread)
            .field("max_statements", &self.max_statements)
            .field("always_reset", &self.always_reset)
            .finish_non_exhaustive()
    }
}

//! What a caller asks for.

use crate::connection::Trace;
use crate::footprint::Footprint;

/// A statement's text, with what the caller knows of it. A plain `&str` is a request as well.
///
/// ```
/// use crdb_wire::Request;
///
/// let request = Request::new("UPDATE accounts SET balance = balance - 1 WHERE id = $1").once();
/// # let _ = request;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    pub(crate) text: &'a str,
    pub(crate) local_settings: bool,
    pub(crate) once: bool,
}

impl<'a> Request<'a> {
    /// A request for this text.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            local_settings: false,
            once: false,
        }
    }

    /// Promises that every setting in the text ends with its transaction, as `set_config(.., true)` does, where the text
    /// alone does not show it. It excuses this request's settings only, and nothing else that it leaves behind.
    #[must_use]
    pub const fn local_settings(mut self) -> Self {
        self.local_settings = true;
        self
    }

    /// Never runs the statement a second time. Without it, a statement that failed outside a transaction because its
    /// plan had become stale is prepared and run again, once.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.once = true;
        self
    }

    pub(crate) const fn trace(&self, footprint: Footprint) -> Trace {
        Trace {
            footprint,
            local_settings: self.local_settings,
        }
    }
}

impl<'a> From<&'a str> for Request<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl<'a> From<&'a String> for Request<'a> {
    fn from(text: &'a String) -> Self {
        Self::new(text)
    }
}

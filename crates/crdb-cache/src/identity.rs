//! Who asks.

use std::fmt;

/// What a session is and has set, as far as answers depend on it: users, database, search path and settings, as the server told
/// them.
///
/// Entries are kept for one identity. A load that was run by a session of another one is not kept.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity(Box<[Option<String>]>);

impl Identity {
    /// The identity with these values, in an order that is always the same.
    pub fn new(values: impl IntoIterator<Item = Option<String>>) -> Self {
        Self(values.into_iter().collect())
    }
}

impl fmt::Debug for Identity {
    /// The number of its values: settings may hold what must not be written down.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.0.len())
    }
}

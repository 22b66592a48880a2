//! A database of a test's own.

use std::fmt;

/// A fresh database that one test has to itself, made by [`Engine::create_database`](super::Engine::create_database).
///
/// It goes with its engine. On a server that is run elsewhere it stays until [`Engine::drop_database`] is called or
/// it is dropped by hand; its name starts with `crdb_testkit_`.
///
/// [`Engine::drop_database`]: super::Engine::drop_database
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    pub(super) name: String,
    pub(super) url: String,
}

impl Database {
    /// The database's name; needs no quoting.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A `postgresql://` URL for the administrator, with the password and, where the engine has TLS,
    /// `sslmode=verify-full`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

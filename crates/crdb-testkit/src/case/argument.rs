//! What a test function takes.

use std::future::Future;

use crate::engine::Database;

/// A parameter of a test function: made from the test's database.
///
/// [`Database`] and `String` (the URL) are there; implement it for what your tests begin with, such as an opened pool:
///
/// ```
/// use crdb_testkit::{Database, FromDatabase};
///
/// struct Pool(String);
///
/// impl FromDatabase for Pool {
///     async fn from_database(database: &Database) -> Self {
///         Pool(database.url().to_owned()) // connect here
///     }
/// }
/// ```
pub trait FromDatabase: Sized {
    /// Makes the parameter.
    ///
    /// # Panics
    /// Where it cannot be made, which fails the test.
    fn from_database(database: &Database) -> impl Future<Output = Self>;
}

impl FromDatabase for Database {
    async fn from_database(database: &Database) -> Self {
        database.clone()
    }
}

impl FromDatabase for String {
    async fn from_database(database: &Database) -> Self {
        database.url().to_owned()
    }
}

//! What a database and a transaction have in common.

use crdb_exec::Executor;

use crate::query::Query;
use crate::{Database, Transaction};

/// Runs queries: a [`Database`], or a [`Transaction`]. For functions that work on either.
///
/// ```no_run
/// use crdb_facade::prelude::*;
///
/// async fn balance(db: &impl Querier, number: &str) -> Result<i64, Error> {
///     Ok(db.query("accounts.balance").bind("number", number).fetch_one().await?.get(0)?)
/// }
///
/// async fn both(db: &Database) -> Result<i64, Error> {
///     let before = balance(db, "ACC-1").await?;
///     db.transact(async |tx| Ok(before + balance(tx, "ACC-2").await?)).await
/// }
/// ```
pub trait Querier: Executor + Sized {
    /// Finds the query of this name: [`Database::query`], [`Transaction::query`].
    fn query(&self, name: &str) -> Query<'_, Self>;

    /// Takes a statement as text, with `:name` parameters: [`Database::sql`], [`Transaction::sql`].
    fn sql(&self, text: &str) -> Query<'_, Self>;
}

impl Querier for Database {
    fn query(&self, name: &str) -> Query<'_, Self> {
        Self::query(self, name)
    }

    fn sql(&self, text: &str) -> Query<'_, Self> {
        Self::sql(self, text)
    }
}

impl Querier for Transaction {
    fn query(&self, name: &str) -> Query<'_, Self> {
        Self::query(self, name)
    }

    fn sql(&self, text: &str) -> Query<'_, Self> {
        Self::sql(self, text)
    }
}

/// Defines the methods that run a statement with positional parameters, with this crate's error.
macro_rules! statement_methods {
    ($name:ident) => {
        impl $name {
            /// Runs a statement with positional parameters, and returns the number of rows that it affected.
            ///
            /// # Errors
            /// As [`Query::execute`](crate::Query::execute).
            ///
            /// # Cancel safety
            /// Dropping the future abandons the statement: it may still be carried out.
            pub async fn execute<'s>(
                &self,
                statement: impl Into<crdb_exec::Statement<'s>>,
                parameters: crdb_exec::Parameters<'_>,
            ) -> Result<u64, crate::Error> {
                Ok(crdb_exec::ExecutorExt::execute(self, statement, parameters).await?)
            }

            /// Runs a statement with positional parameters, and returns its only row.
            ///
            /// # Errors
            /// As [`Query::fetch_one`](crate::Query::fetch_one).
            ///
            /// # Cancel safety
            /// As [`execute`](Self::execute).
            pub async fn fetch_one<'s>(
                &self,
                statement: impl Into<crdb_exec::Statement<'s>>,
                parameters: crdb_exec::Parameters<'_>,
            ) -> Result<<Self as crdb_exec::Executor>::Row, crate::Error> {
                Ok(crdb_exec::ExecutorExt::fetch_one(self, statement, parameters).await?)
            }

            /// Runs a statement with positional parameters, and returns its only row, if there is one.
            ///
            /// # Errors
            /// As [`Query::fetch_optional`](crate::Query::fetch_optional).
            ///
            /// # Cancel safety
            /// As [`execute`](Self::execute).
            pub async fn fetch_optional<'s>(
                &self,
                statement: impl Into<crdb_exec::Statement<'s>>,
                parameters: crdb_exec::Parameters<'_>,
            ) -> Result<Option<<Self as crdb_exec::Executor>::Row>, crate::Error> {
                Ok(crdb_exec::ExecutorExt::fetch_optional(self, statement, parameters).await?)
            }

            /// Runs a statement with positional parameters, and returns all its rows.
            ///
            /// # Errors
            /// As [`execute`](Self::execute).
            ///
            /// # Cancel safety
            /// As [`execute`](Self::execute).
            pub async fn fetch_all<'s>(
                &self,
                statement: impl Into<crdb_exec::Statement<'s>>,
                parameters: crdb_exec::Parameters<'_>,
            ) -> Result<Vec<<Self as crdb_exec::Executor>::Row>, crate::Error> {
                Ok(crdb_exec::ExecutorExt::fetch_all(self, statement, parameters).await?)
            }

            /// Runs a statement with positional parameters, and returns its rows one by one, as they arrive.
            ///
            /// # Errors
            /// As [`Query::fetch_stream`](crate::Query::fetch_stream).
            ///
            /// # Cancel safety
            /// As [`Query::fetch_stream`](crate::Query::fetch_stream).
            pub async fn fetch_stream<'s>(
                &self,
                statement: impl Into<crdb_exec::Statement<'s>>,
                parameters: crdb_exec::Parameters<'_>,
            ) -> Result<<Self as crdb_exec::Executor>::Rows<'_>, crate::Error> {
                Ok(crdb_exec::ExecutorExt::fetch_stream(self, statement, parameters).await?)
            }
        }
    };
}

statement_methods!(Database);
statement_methods!(Transaction);

#[cfg(feature = "cache")]
mod cached {
    use super::{Querier, Query};
    use crate::{CachedDatabase, CachedTransaction};

    impl Querier for CachedDatabase {
        fn query(&self, name: &str) -> Query<'_, Self> {
            Self::query(self, name)
        }

        fn sql(&self, text: &str) -> Query<'_, Self> {
            Self::sql(self, text)
        }
    }

    impl Querier for CachedTransaction<'_> {
        fn query(&self, name: &str) -> Query<'_, Self> {
            Self::query(self, name)
        }

        fn sql(&self, text: &str) -> Query<'_, Self> {
            Self::sql(self, text)
        }
    }

    statement_methods!(CachedDatabase);
}

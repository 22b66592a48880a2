//! Where answers are loaded from.

use crate::identity::Identity;
use crate::timestamp::Timestamp;
use crdb_exec::{Error, Executor, Parameters, Statement};
use crdb_sql::reuse::Dependencies;
use std::future::Future;
use std::time::Duration;

/// An executor that can say when, as whom and from which tables it has read. [`PooledExecutor`](crdb_exec::PooledExecutor) is one.
///
/// # Contract
/// - [`load`](Self::load) reads in one transaction of its own, after it was called, and what it says of the time, the identity and
///   the relations is true of that transaction.
/// - It sees every commit that was answered before it was called.
/// - It runs the statement as it is given, so that the parameters are encoded for the types that the server expects.
pub trait Origin: Executor + Clone + 'static {
    /// Reads.
    fn load(
        &self,
        request: LoadRequest<'_>,
    ) -> impl Future<Output = Result<Loaded<Self::Row>, Error>> + Send;

    /// Whether one call may find its session set otherwise than the next. Then nothing is kept: an answer belongs to the settings of the
    /// call that loaded it, and a call that is answered from memory has no session that could be asked. Always the same for an origin.
    fn sessions_differ(&self) -> bool {
        false
    }
}

/// What is to be read.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct LoadRequest<'a> {
    /// The statement.
    pub statement: Statement<'a>,
    /// Its parameters.
    pub parameters: Parameters<'a>,
    /// How many rows at most.
    pub limit: usize,
    /// What the text says that it reads.
    pub dependencies: &'a Dependencies,
}

/// What was read, and when.
#[derive(Debug)]
pub struct Loaded<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// When it was read, by the server's clock.
    pub timestamp: Timestamp,
    /// How old what it read was when the load was called, at most; zero for a read of the present.
    pub lag: Duration,
    /// Who read it.
    pub identity: Identity,
    /// What it depends on, views followed, or why that cannot be known, for people.
    pub relations: Result<Relations, String>,
}

/// The tables that an answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relations {
    /// Their names with schemas: `public.accounts`.
    pub tables: Vec<String>,
    /// What the form of the answer depends on: columns, definitions of views. Any text that is the same as long as these are.
    pub fingerprint: String,
}

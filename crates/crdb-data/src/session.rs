//! What this crate asks of a session beyond statements.

use std::future::Future;

use crdb_exec::{Answer, Session, ToSql};

/// How the data of a COPY is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CopyForm {
    /// COPY's text format.
    Text,
    /// CSV.
    Csv,
    /// COPY's binary format.
    Binary,
}

/// A session that can COPY. The facade implements it over its connections.
pub trait CopySession: Session {
    /// Sends `statement`, a `COPY .. FROM STDIN`, with all of its data, and gives the number of rows that it took.
    ///
    /// # Contract
    /// As [`Session`]: the answer is this request's own. Nothing is kept by the server unless the answer is a success.
    /// Dropping the future leaves the session unfinished.
    fn copy_in(
        &self,
        statement: &str,
        form: CopyForm,
        data: &[u8],
    ) -> impl Future<Output = Answer<u64>> + Send;
}

/// A session that runs one statement many times in one round trip. The facade implements it over its connections.
pub trait PipelineSession: Session {
    /// Runs `statement` once for each set of arguments, in their order, and gives the number of rows that all of them affected. The
    /// answer is that of the first one that failed.
    ///
    /// # Contract
    /// As [`Session`]. It is called within a transaction only, so none of the statements stands without the others.
    fn pipeline(
        &self,
        statement: &str,
        sets: &[Vec<&(dyn ToSql + Sync)>],
    ) -> impl Future<Output = Answer<u64>> + Send;
}

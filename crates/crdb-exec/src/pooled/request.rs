use crate::answer::{Answer, Written};
use crate::fault::Fault;
use crate::session::{Parameters, Session};
use crate::statement::Statement;
use futures_util::FutureExt as _;
use std::future::Future;

/// What a caller asks of a session.
pub(super) trait Request: Copy + Send + Sync {
    /// Whether the session is still needed after the answer.
    const READS_ON: bool = false;

    type Answer<S: Session>: Send;

    fn ask<S: Session>(
        self,
        session: &S,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Self::Answer<S>, Fault>> + Send;

    fn rows<S: Session>(answer: &Self::Answer<S>) -> u64;
}

#[derive(Clone, Copy)]
pub(super) struct FetchAtMost(pub(super) usize);

impl Request for FetchAtMost {
    type Answer<S: Session> = Vec<S::Row>;

    fn ask<S: Session>(
        self,
        session: &S,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Vec<S::Row>, Fault>> + Send {
        session
            .fetch_at_most(statement, parameters, self.0)
            .map(Answer::into_result)
    }

    fn rows<S: Session>(rows: &Vec<S::Row>) -> u64 {
        rows.len() as u64
    }
}

#[derive(Clone, Copy)]
pub(super) struct Run;

impl Request for Run {
    type Answer<S: Session> = u64;

    fn ask<S: Session>(
        self,
        session: &S,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<u64, Fault>> + Send {
        session
            .execute(statement, parameters)
            .map(Answer::into_result)
    }

    fn rows<S: Session>(affected: &u64) -> u64 {
        *affected
    }
}

#[derive(Clone, Copy)]
pub(super) struct Open;

impl Request for Open {
    const READS_ON: bool = true;

    type Answer<S: Session> = S::Cursor;

    fn ask<S: Session>(
        self,
        session: &S,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<S::Cursor, Fault>> + Send {
        session.fetch_stream(statement, parameters).map(|opened| {
            opened.map_err(|answer| match answer.into_result() {
                Err(fault) => fault,
                Ok(_) => Fault::lost(Written::Wholly, "the statement ended before it began"),
            })
        })
    }

    fn rows<S: Session>(_: &S::Cursor) -> u64 {
        0
    }
}

//! Statements inside a transaction, and their rows.

use super::Transaction;
use crate::answer::Next;
use crate::deadline::{self, Waited};
use crate::error::{Error, ErrorKind};
use crate::executor::{Executor, Rows};
use crate::observer::{Failure, Operation, Outcome};
use crate::progress::Reading;
use crate::session::{Parameters, Session, SessionSource};
use crate::statement::Statement;
use crate::verdict::Verdict;
use futures_util::Stream;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

impl<S: SessionSource> Executor for Transaction<S> {
    type Row = <S::Session as Session>::Row;
    type Rows<'a>
        = TransactionRows<'a, S::Session>
    where
        Self: 'a;

    fn is_transaction(&self) -> bool {
        true
    }

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, Error> {
        let operation = self.observed(&statement, parameters);
        let commented = self.commented(&statement);
        let statement = match &commented {
            Some(text) => statement.with_text(text),
            None => statement,
        };
        let result = match self.open.progress.request(self.level, statement) {
            Ok(request) => {
                let reply = pin!(self.open.lease.fetch_at_most(statement, parameters, limit));
                self.read(request, reply).await
            }
            Err(refused) => Err(refused),
        };
        let rows = result.as_ref().map_or(0, |rows| rows.len() as u64);
        operation.end(Outcome::of(&result), rows, None);
        result
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        let operation = self.observed(&statement, parameters);
        let commented = self.commented(&statement);
        let statement = match &commented {
            Some(text) => statement.with_text(text),
            None => statement,
        };
        let result = match self.open.progress.request(self.level, statement) {
            Ok(request) => {
                let reply = pin!(self.open.lease.execute(statement, parameters));
                self.read(request, reply).await
            }
            Err(refused) => Err(refused),
        };
        let affected = result.as_ref().map_or(0, |affected| *affected);
        operation.end(Outcome::of(&result), affected, None);
        result
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        let operation = self.observed(&statement, parameters);
        let commented = self.commented(&statement);
        let statement = match &commented {
            Some(text) => statement.with_text(text),
            None => statement,
        };
        match self.open_stream(statement, parameters).await {
            Ok((cursor, reading)) => Ok(TransactionRows {
                session: &self.open.lease,
                cursor,
                reading,
                affected: None,
                ended: false,
                operation: Some(operation.keep()),
            }),
            Err(error) => {
                operation.end(Outcome::Failed(Failure::of(&error)), 0, None);
                Err(error)
            }
        }
    }
}

impl<S: SessionSource> Transaction<S> {
    async fn open_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<(<S::Session as Session>::Cursor, Reading<'_>), Error> {
        let open = &*self.open;
        let request = open.progress.request(self.level, statement)?;
        let reply = pin!(open.lease.fetch_stream(statement, parameters));
        let limit = self.limit_of(statement);
        match deadline::wait(&*open.lease, limit, reply).await {
            Waited::Answered(Ok(cursor)) => Ok((cursor, request.into_reading(&open.progress))),
            Waited::Answered(Err(answer)) => match request.answered(answer) {
                Err(error) => Err(error),
                Ok(_) => Err(Error::new(
                    ErrorKind::Server,
                    Verdict::Never,
                    format!("running \"{}\" in a transaction", statement.label()),
                )),
            },
            Waited::AnsweredLate(_, cancel) | Waited::Silent(cancel) => {
                drop(request);
                Err(self.out_of_time(statement, cancel))
            }
        }
    }
}

/// The rows of a statement inside a [`Transaction`].
///
/// Dropped before its end, it leaves a reply in the pipe: the transaction can still be committed where the protocol is
/// watched, and the session is cleaned or closed by its source afterwards.
pub struct TransactionRows<'a, S: Session> {
    session: &'a S,
    cursor: S::Cursor,
    reading: Reading<'a>,
    affected: Option<u64>,
    ended: bool,
    /// Until the end has been reported.
    operation: Option<Operation<'static>>,
}

impl<S: Session> Stream for TransactionRows<'_, S> {
    type Item = Result<S::Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let answer = match ready!(this.session.poll_row(&mut this.cursor, cx)) {
            Next::Row(row) => {
                if let Some(operation) = &mut this.operation {
                    operation.row();
                }
                return Poll::Ready(Some(Ok(row)));
            }
            Next::End(answer) => answer,
        };
        this.ended = true;
        let result = this.reading.answered(answer);
        this.affected = result.as_ref().ok().copied();
        if let Some(operation) = this.operation.take() {
            operation.end(
                Outcome::of(&result),
                this.affected.unwrap_or_default(),
                None,
            );
        }
        Poll::Ready(result.err().map(Err))
    }
}

impl<S: Session> Rows for TransactionRows<'_, S> {
    type Row = S::Row;

    fn rows_affected(&self) -> Option<u64> {
        self.affected
    }
}

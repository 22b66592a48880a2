//! Uses crdb-exec alone, on sessions that are no database sessions, and implements its traits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crdb_exec::{
    AcquireError, AcquireOptions, Answer, Column, Control, Engine, Error, Executor, ExecutorExt,
    Fault, Next, NodeId, Parameters, PartialObserver, PooledExecutor, Row, Rows, Session, SessionOutcome,
    SessionSource, Statement, StatementEnd, TransactionOptions, Type,
};

/// The number one.
pub struct One;

impl Row for One {
    fn len(&self) -> usize {
        1
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        (index == 0).then(|| Column::new("one", &Type::INT8))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        (index == 0).then_some(&[0, 0, 0, 0, 0, 0, 0, 1])
    }
}

/// Answers every statement with one row.
pub struct Echo;

impl Session for Echo {
    type Row = One;
    type Cursor = bool;

    async fn fetch_at_most(
        &self,
        _statement: Statement<'_>,
        _parameters: Parameters<'_>,
        limit: usize,
    ) -> Answer<Vec<One>> {
        Answer::new(Ok((0..limit.min(1)).map(|_| One).collect()))
    }

    async fn execute(&self, _: Statement<'_>, _: Parameters<'_>) -> Answer<u64> {
        Answer::new(Ok(1))
    }

    async fn fetch_stream(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<bool, Answer<u64>> {
        Ok(true)
    }

    fn poll_row(&self, cursor: &mut bool, _cx: &mut Context<'_>) -> Poll<Next<One>> {
        Poll::Ready(if std::mem::take(cursor) {
            Next::Row(One)
        } else {
            Next::End(Answer::new(Ok(1)))
        })
    }

    async fn control(&self, _: Control<'_>) -> Answer<()> {
        Answer::new(Ok(()))
    }

    async fn statement_ceiling(&self) -> Result<Option<Duration>, Fault> {
        Ok(None)
    }

    fn is_closed(&self) -> bool {
        false
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        async {}
    }

    fn engine(&self) -> Engine {
        Engine::CockroachDb
    }
}

/// Lends the one session there is.
pub struct Single(Arc<Echo>);

impl SessionSource for Single {
    type Session = Echo;
    type Lease = Arc<Echo>;

    async fn acquire(&self, _options: AcquireOptions) -> Result<Arc<Echo>, AcquireError> {
        Ok(Arc::clone(&self.0))
    }

    fn node(&self, _lease: &Arc<Echo>) -> NodeId {
        NodeId::new(1)
    }

    fn report(&self, _lease: &Arc<Echo>, outcome: SessionOutcome) {
        println!("{outcome:?}");
    }
}

/// An executor that hands everything on: one that counts or logs would look like this.
pub struct Wrapped<E>(E);

/// Its rows.
pub struct WrappedRows<R>(R);

impl<R: Rows> futures_util::Stream for WrappedRows<R> {
    type Item = Result<R::Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(cx)
    }
}

impl<R: Rows> Rows for WrappedRows<R> {
    type Row = R::Row;

    fn rows_affected(&self) -> Option<u64> {
        self.0.rows_affected()
    }
}

impl<E: Executor> Executor for Wrapped<E> {
    type Row = E::Row;
    type Rows<'a>
        = WrappedRows<E::Rows<'a>>
    where
        Self: 'a;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<E::Row>, Error> {
        self.0.fetch_at_most(statement, parameters, limit).await
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        self.0.execute_statement(statement, parameters).await
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        Ok(WrappedRows(self.0.fetch_statement_stream(statement, parameters).await?))
    }
}

/// Says how long each statement took.
struct Log;

impl PartialObserver for Log {
    fn statement_ended(&self, event: &StatementEnd<'_>) {
        println!("{:?} took {:?}", event.name, event.elapsed);
    }
}

/// Runs a transaction, and a statement outside of one.
pub async fn two() -> Result<i64, Error> {
    let executor = PooledExecutor::builder(Single(Arc::new(Echo)))
        .observer(Arc::new(Log))
        .build();
    let one: i64 = executor
        .transact(&TransactionOptions::new(), async |tx| {
            tx.fetch_one("SELECT 1", &[]).await?.get(0)
        })
        .await?;
    let wrapped = Wrapped(executor);
    let other: i64 = wrapped.fetch_one("SELECT 1", &[]).await?.get(0)?;
    Ok(one + other)
}

//! Uses crdb-exec alone, on sessions that are no database sessions, and implements its traits.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crdb_exec::{
    AcquireError, AcquireOptions, Column, Engine, Error, Executor, ExecutorExt, Fault, NodeId,
    Observer, Parameters, PooledExecutor, Row, Rows, Session, SessionOutcome, SessionSource,
    Statement, StatementEvent, TransactionOptions, TransactionStatus, Type,
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
    type Hold = ();

    async fn fetch(
        &self,
        _statement: Statement<'_>,
        _parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<One>, Fault> {
        Ok((0..limit.min(1)).map(|_| One).collect())
    }

    async fn execute(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<u64, Fault> {
        Ok(1)
    }

    async fn open(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<bool, Fault> {
        Ok(true)
    }

    fn poll_row(
        &self,
        cursor: &mut bool,
        _cx: &mut Context<'_>,
    ) -> Poll<Result<Option<One>, Fault>> {
        Poll::Ready(Ok(std::mem::take(cursor).then_some(One)))
    }

    fn rows_affected(&self, _cursor: &bool) -> Option<u64> {
        Some(1)
    }

    async fn batch(&self, _text: &str) -> Result<(), Fault> {
        Ok(())
    }

    fn command_tag(&self) -> Option<String> {
        None
    }

    fn transaction_status(&self) -> Option<TransactionStatus> {
        None
    }

    fn hold(&self) {}

    fn release(&self, (): ()) {}

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

    async fn run(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        self.0.run(statement, parameters).await
    }

    async fn stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        Ok(WrappedRows(self.0.stream(statement, parameters).await?))
    }
}

/// Says how long each statement took.
struct Log;

impl Observer for Log {
    fn statement(&self, event: &StatementEvent<'_>) {
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

//! Sessions that answer at once, from nowhere: what is left to be measured is the layer above them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use crdb_exec::{
    AcquireError, AcquireOptions, Answer, Column, Control, Engine, Fault, Next, NodeId, Parameters,
    Row, ServerError, Session, SessionOutcome, SessionSource, SqlState, Statement, Type,
};

/// A row with the number 7.
pub(crate) struct Seven;

impl Row for Seven {
    fn len(&self) -> usize {
        1
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        (index == 0).then(|| Column::new("v", &Type::INT8))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        (index == 0).then_some(&[0, 0, 0, 0, 0, 0, 0, 7])
    }
}

/// Answers statements with one row each, after it has refused them some times with 40001.
pub(crate) struct Stub {
    refusals: u64,
    asked: AtomicU64,
}

impl Stub {
    /// A session that refuses each statement so often before it answers.
    pub(crate) fn refusing(refusals: u64) -> Source {
        Source(Arc::new(Self {
            refusals,
            asked: AtomicU64::new(0),
        }))
    }

    fn answer<T>(&self, value: T) -> Answer<T> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        if asked % (self.refusals + 1) == self.refusals {
            return Answer::new(Ok(value));
        }
        let error = ServerError::new(SqlState::SERIALIZATION_FAILURE, "restart transaction");
        Answer::failed(Fault::server(error))
    }
}

impl Session for Stub {
    type Row = Seven;
    type Cursor = ();

    async fn fetch_at_most(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
        _: usize,
    ) -> Answer<Vec<Seven>> {
        self.answer(vec![Seven])
    }

    async fn execute(&self, _: Statement<'_>, _: Parameters<'_>) -> Answer<u64> {
        self.answer(1)
    }

    async fn fetch_stream(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<(), Answer<u64>> {
        Ok(())
    }

    fn poll_row(&self, (): &mut (), _: &mut Context<'_>) -> Poll<Next<Seven>> {
        Poll::Ready(Next::End(self.answer(1)))
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
        std::future::ready(())
    }

    fn engine(&self) -> Engine {
        Engine::CockroachDb
    }
}

/// Lends every caller the same session.
pub(crate) struct Source(Arc<Stub>);

impl SessionSource for Source {
    type Session = Stub;
    type Lease = Arc<Stub>;

    async fn acquire(&self, _: AcquireOptions) -> Result<Arc<Stub>, AcquireError> {
        Ok(Arc::clone(&self.0))
    }

    fn node(&self, _: &Arc<Stub>) -> NodeId {
        NodeId::new(1)
    }

    fn report(&self, _: &Arc<Stub>, _: SessionOutcome) {}
}

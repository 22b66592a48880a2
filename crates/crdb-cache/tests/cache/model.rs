//! A server that has one counter, as far as a cache sees it: an [`Origin`] whose loads can be held, failed and counted.

use bytes::BytesMut;
use crdb_cache::{Clock, Identity, LoadRequest, Loaded, Moment, Origin, Relations, Timestamp};
use crdb_exec::{Column, Error, Executor, Parameters, Row, Rows, Statement, Type};
use futures_util::Stream;
use parking_lot::Mutex;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;

/// A clock that is set by hand. Both readings go on together unless one is set.
#[derive(Clone, Default)]
pub(crate) struct HandClock(Arc<Mutex<Moment>>);

impl HandClock {
    pub(crate) fn pass(&self, time: Duration) {
        let mut now = self.0.lock();
        now.monotonic += time;
        now.wall += time;
    }

    pub(crate) fn set_wall(&self, wall: Duration) {
        self.0.lock().wall = wall;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Moment {
        *self.0.lock()
    }
}

#[derive(Clone)]
pub(crate) struct Model(Arc<Inner>);

struct Inner {
    /// Each commit adds one to the counter.
    counter: AtomicU64,
    loads: AtomicU64,
    passed: AtomicU64,
    /// A load takes one after it has read; where there is none it waits.
    gate: Semaphore,
    failing: AtomicBool,
    sessions_differ: AtomicBool,
    user: Mutex<String>,
    fingerprint: Mutex<String>,
    refuses: Mutex<Option<String>>,
    bytes: AtomicU64,
}

impl Default for Model {
    fn default() -> Self {
        Self(Arc::new(Inner {
            counter: AtomicU64::new(0),
            loads: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            failing: AtomicBool::new(false),
            sessions_differ: AtomicBool::new(false),
            user: Mutex::new("app".to_owned()),
            fingerprint: Mutex::new("1".to_owned()),
            refuses: Mutex::new(None),
            bytes: AtomicU64::new(0),
        }))
    }
}

impl Model {
    pub(crate) fn let_through(&self, loads: usize) {
        self.0.gate.add_permits(loads);
    }

    /// From now on loads wait until they are [let through](Self::let_through).
    pub(crate) fn hold(&self) {
        self.0.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn commit(&self) -> u64 {
        self.0.counter.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn loads(&self) -> u64 {
        self.0.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn passed(&self) -> u64 {
        self.0.passed.load(Ordering::SeqCst)
    }

    /// Waits until this many loads have begun.
    pub(crate) async fn loading(&self, loads: u64) {
        let begun = async {
            while self.loads() < loads {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), begun)
            .await
            .expect("a load");
    }

    pub(crate) fn fail(&self, failing: bool) {
        self.0.failing.store(failing, Ordering::SeqCst);
    }

    pub(crate) fn set_user(&self, user: &str) {
        *self.0.user.lock() = user.to_owned();
    }

    pub(crate) fn alter(&self, fingerprint: &str) {
        *self.0.fingerprint.lock() = fingerprint.to_owned();
    }

    pub(crate) fn refuse(&self, why: &str) {
        *self.0.refuses.lock() = Some(why.to_owned());
    }

    pub(crate) fn refuse_nothing(&self) {
        *self.0.refuses.lock() = None;
    }

    /// From now on its sessions are set by their borrowers.
    pub(crate) fn let_sessions_differ(&self) {
        self.0.sessions_differ.store(true, Ordering::SeqCst);
    }

    pub(crate) fn set_bytes(&self, bytes: u64) {
        self.0.bytes.store(bytes, Ordering::SeqCst);
    }

    /// The counter, and who has read it.
    fn row(&self) -> ModelRow {
        ModelRow {
            counter: self.0.counter.load(Ordering::SeqCst).to_be_bytes(),
            user: self.0.user.lock().clone(),
            filling: vec![0; usize::try_from(self.0.bytes.load(Ordering::SeqCst)).unwrap()],
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct ModelRow {
    counter: [u8; 8],
    user: String,
    filling: Vec<u8>,
}

impl Row for ModelRow {
    fn len(&self) -> usize {
        3
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        match index {
            0 => Some(Column::new("counter", &Type::INT8)),
            1 => Some(Column::new("user", &Type::TEXT)),
            2 => Some(Column::new("filling", &Type::BYTEA)),
            _ => None,
        }
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        match index {
            0 => Some(&self.counter),
            1 => Some(self.user.as_bytes()),
            2 => Some(&self.filling),
            _ => None,
        }
    }
}

pub(crate) struct ModelRows(std::vec::IntoIter<ModelRow>);

impl Stream for ModelRows {
    type Item = Result<ModelRow, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(Ok))
    }
}

impl Rows for ModelRows {
    type Row = ModelRow;

    fn rows_affected(&self) -> Option<u64> {
        None
    }
}

impl Executor for Model {
    type Row = ModelRow;
    type Rows<'a> = ModelRows;

    async fn fetch_at_most(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
        _: usize,
    ) -> Result<Vec<ModelRow>, Error> {
        self.0.passed.fetch_add(1, Ordering::SeqCst);
        Ok(vec![self.row()])
    }

    async fn execute_statement(&self, _: Statement<'_>, _: Parameters<'_>) -> Result<u64, Error> {
        self.0.passed.fetch_add(1, Ordering::SeqCst);
        Ok(0)
    }

    async fn fetch_statement_stream(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
    ) -> Result<ModelRows, Error> {
        self.0.passed.fetch_add(1, Ordering::SeqCst);
        Ok(ModelRows(vec![self.row()].into_iter()))
    }
}

impl Origin for Model {
    async fn load(&self, request: LoadRequest<'_>) -> Result<Loaded<ModelRow>, Error> {
        // Every parameter is a number to this server.
        let types = [Type::INT8, Type::INT4, Type::TEXT];
        for value in request.parameters {
            let mut out = BytesMut::new();
            let fits = |type_: &&Type| value.to_sql_checked(type_, &mut out).is_ok();
            types.iter().find(fits).expect("a type");
        }
        let row = self.row();
        let relations = match &*self.0.refuses.lock() {
            Some(why) => Err(why.clone()),
            None => Ok(Relations {
                tables: vec!["public.counter".to_owned()],
                fingerprint: self.0.fingerprint.lock().clone(),
            }),
        };
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        self.0.gate.acquire().await.expect("a gate").forget();
        if self.0.failing.load(Ordering::SeqCst) {
            return Err(Error::timed_out("loading", Duration::from_secs(1)));
        }
        Ok(Loaded {
            timestamp: Timestamp::from_nanoseconds(1_000 + self.0.loads.load(Ordering::SeqCst)),
            lag: Duration::ZERO,
            identity: Identity::new([Some(row.user.clone())]),
            rows: vec![row],
            relations,
        })
    }
    fn sessions_differ(&self) -> bool {
        self.0.sessions_differ.load(Ordering::SeqCst)
    }
}

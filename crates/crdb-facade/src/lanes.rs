//! Lanes over the pool: autocommit statements of many tasks on few of its sessions.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use crdb_exec::{
    AcquireError, AcquireOptions, Answer, Control, Engine, Fault, Next, NodeId, Parameters,
    ServerVersion, SessionOutcome, SessionSource, Statement,
};
use crdb_pool::Pool;
use crdb_wire::{Footprint, LaneConfig, LaneSource, Lanes, RowStream};

use crate::connector::Connector;
use crate::session::{SessionRow, answer, failed, request};

/// The most bytes of rows of one statement on a lane: a larger result fails, and should be streamed.
const MAX_RESULT: usize = 16 << 20;

/// Whether this statement may run on a lane.
pub(crate) fn may_share(statement: &Statement<'_>) -> bool {
    Footprint::of(statement.text()).is_shareable()
}

/// A session of the pool that is a lane. It goes back when its lane ends.
pub(crate) struct PooledLane(crdb_pool::Lease<Connector>);

impl AsRef<crdb_wire::Session> for PooledLane {
    fn as_ref(&self) -> &crdb_wire::Session {
        self.0.wire()
    }
}

/// Opens lanes by borrowing from the pool, so that its nodes, breakers and bounds hold for them as well.
pub(crate) struct FromPool(Pool<Connector>);

impl LaneSource for FromPool {
    type Session = PooledLane;
    type Error = crdb_pool::Error;

    async fn open(&self) -> Result<PooledLane, crdb_pool::Error> {
        Ok(PooledLane(self.0.acquire().await?))
    }
}

/// What is known of the server, by which the executor judges failures.
#[derive(Clone, Copy)]
struct Server {
    engine: Engine,
    version: Option<ServerVersion>,
}

/// Lends every caller the same handle to the lanes.
#[derive(Clone)]
pub(crate) struct SharedLanes {
    pool: Pool<Connector>,
    lanes: Arc<Lanes<FromPool>>,
    server: Arc<OnceLock<Server>>,
}

impl SharedLanes {
    /// At most so many lanes, on sessions of this pool.
    pub(crate) fn new(pool: Pool<Connector>, max_lanes: usize) -> Self {
        let config = LaneConfig::default()
            .max_lanes(max_lanes)
            .max_result(MAX_RESULT);
        Self {
            lanes: Arc::new(Lanes::new(FromPool(pool.clone()), config)),
            pool,
            server: Arc::default(),
        }
    }

    /// The lanes at this moment.
    pub(crate) fn status(&self) -> crdb_wire::LaneStatus {
        self.lanes.status()
    }

    /// Asks a session of the pool once.
    async fn server(&self) -> Result<Server, crdb_pool::Error> {
        if let Some(known) = self.server.get() {
            return Ok(*known);
        }
        let lease = self.pool.acquire().await?;
        let server = Server {
            engine: crdb_exec::Session::engine(&*lease),
            version: crdb_exec::Session::version(&*lease),
        };
        Ok(*self.server.get_or_init(|| server))
    }
}

impl fmt::Debug for SharedLanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lanes, f)
    }
}

/// The lanes, as a session of the executor.
pub(crate) struct LaneSession {
    lanes: Arc<Lanes<FromPool>>,
    server: Server,
}

impl crdb_exec::Session for LaneSession {
    type Row = SessionRow;
    type Cursor = RowStream;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Answer<Vec<SessionRow>> {
        let rows = match self
            .lanes
            .fetch_all(request(&statement), parameters, None)
            .await
        {
            Ok(rows) => rows,
            Err(error) => return failed(error),
        };
        let done = rows.answer().clone();
        let rows = rows.into_iter().take(limit).map(SessionRow::new).collect();
        answer(Some(&done), rows)
    }

    async fn execute(&self, statement: Statement<'_>, parameters: Parameters<'_>) -> Answer<u64> {
        match self
            .lanes
            .execute(request(&statement), parameters, None)
            .await
        {
            Ok(done) => answer(Some(&done), done.rows_affected()),
            Err(error) => failed(error),
        }
    }

    async fn fetch_stream(
        &self,
        _: Statement<'_>,
        _: Parameters<'_>,
    ) -> Result<RowStream, Answer<u64>> {
        Err(Answer::failed(alone()))
    }

    fn poll_row(&self, _: &mut RowStream, _: &mut Context<'_>) -> Poll<Next<SessionRow>> {
        Poll::Ready(Next::End(Answer::failed(alone())))
    }

    async fn control(&self, _: Control<'_>) -> Answer<()> {
        Answer::failed(alone())
    }

    async fn statement_ceiling(&self) -> Result<Option<Duration>, Fault> {
        Ok(None)
    }

    fn is_closed(&self) -> bool {
        false
    }

    /// A statement whose caller goes is cancelled by its lane, once that hits no other.
    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        std::future::ready(())
    }

    fn engine(&self) -> Engine {
        self.server.engine
    }

    fn version(&self) -> Option<ServerVersion> {
        self.server.version
    }
}

/// What needs a session of its own does not come here: the database gives it one of the pool.
fn alone() -> Fault {
    Fault::refused("transactions and streams need a session of their own, and a lane is shared")
}

/// A caller's handle to the lanes.
pub(crate) struct LaneLease(LaneSession);

impl Deref for LaneLease {
    type Target = LaneSession;

    fn deref(&self) -> &LaneSession {
        &self.0
    }
}

impl SessionSource for SharedLanes {
    type Session = LaneSession;
    type Lease = LaneLease;

    async fn acquire(&self, _: AcquireOptions) -> Result<LaneLease, AcquireError> {
        let server = self.server().await.map_err(|error| match error.kind() {
            crdb_pool::ErrorKind::Timeout => AcquireError::timed_out(error),
            crdb_pool::ErrorKind::Topology => AcquireError::unavailable(error),
            _ => AcquireError::refused(error),
        })?;
        Ok(LaneLease(LaneSession {
            lanes: Arc::clone(&self.lanes),
            server,
        }))
    }

    /// Lanes may be on several nodes: none is avoided by number.
    fn node(&self, _: &LaneLease) -> NodeId {
        NodeId::new(0)
    }

    /// The pool sees for itself what has become of a session that comes back.
    fn report(&self, _: &LaneLease, _: SessionOutcome) {}
}

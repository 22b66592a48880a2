//! Uses crdb-pool alone, with sessions that are no database sessions, and implements its traits.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crdb_pool::{
    AcquireEnd, Condition, Connector, Error, ErrorClass, Lease, NodeAddress, PartialObserver, Pool,
    Topology, TopologyError,
};

/// Opens numbered sessions.
#[derive(Default)]
pub struct Numbers(AtomicU64);

impl Connector for Numbers {
    type Session = u64;
    type Error = Infallible;

    async fn connect(&self, _node: &NodeAddress) -> Result<u64, Infallible> {
        Ok(self.0.fetch_add(1, Ordering::Relaxed))
    }

    async fn check(&self, _session: &mut u64) -> Result<(), Infallible> {
        Ok(())
    }

    fn condition(&self, _session: &mut u64) -> Condition {
        Condition::Clean
    }

    async fn reset(&self, _session: &mut u64) -> Result<(), Infallible> {
        Ok(())
    }

    fn classify(&self, error: &Infallible) -> ErrorClass {
        match *error {}
    }
}

/// Names one node, for ever.
struct Here;

impl Topology for Here {
    async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
        Ok(vec![NodeAddress::new("localhost", 26257)])
    }

    fn refresh_after(&self) -> Duration {
        Duration::from_secs(3_600)
    }
}

/// Says how long each caller waited.
struct Log;

impl PartialObserver for Log {
    fn acquire_ended(&self, event: &AcquireEnd<'_>) {
        println!("{} after {:?}", event.outcome.as_str(), event.waited);
    }
}

/// Borrows a session.
pub async fn borrow() -> Result<Lease<Numbers>, Error> {
    let pool = Pool::builder(Numbers::default())
        .topology(Here)
        .observer(Arc::new(Log))
        .max_size(4)
        .build()?;
    pool.acquire().await
}

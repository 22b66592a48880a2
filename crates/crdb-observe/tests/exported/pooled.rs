//! Sessions of a pool for the executor, as the facade joins the two.

use std::ops::Deref;
use std::sync::Arc;

use crdb_exec::{AcquireError, AcquireOptions, NodeId, SessionOutcome, SessionSource};
use crdb_pool::{Lease, Pool};

use crate::door::Door;
use crate::stub::{Source, Stub};

/// Answers as the stub does, on a session that is borrowed from the pool.
pub(crate) struct Pooled {
    pub(crate) pool: Pool<Door>,
    pub(crate) stubs: Source,
}

pub(crate) struct Borrowed {
    stub: Arc<Stub>,
    _lease: Lease<Door>,
}

impl Deref for Borrowed {
    type Target = Stub;

    fn deref(&self) -> &Stub {
        &self.stub
    }
}

impl SessionSource for Pooled {
    type Session = Stub;
    type Lease = Borrowed;

    async fn acquire(&self, options: AcquireOptions) -> Result<Borrowed, AcquireError> {
        let lease = self.pool.acquire().await.map_err(AcquireError::refused)?;
        Ok(Borrowed {
            stub: self.stubs.acquire(options).await?,
            _lease: lease,
        })
    }

    fn node(&self, _: &Borrowed) -> NodeId {
        NodeId::new(1)
    }

    fn report(&self, _: &Borrowed, _: SessionOutcome) {}
}

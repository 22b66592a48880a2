//! The least that crdb-exec needs: one connection for all.

use std::sync::Arc;

use crdb_exec::{
    AcquireError, AcquireOptions, ClientHandle, ClientSession, Engine, NodeId, SessionOutcome,
    SessionSource,
};
use tokio_postgres::Client;

/// A connection whose calls are never abandoned.
pub(crate) struct Connection(pub(crate) Client);

impl ClientHandle for Connection {
    type Call = ();

    fn begin(&self, _: bool) {}

    fn client(&self, (): &()) -> &Client {
        &self.0
    }

    fn finish(&self, (): ()) {}

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        async {}
    }

    fn engine(&self) -> Engine {
        Engine::PostgreSql
    }
}

/// Lends that connection to every caller.
pub(crate) struct Single(pub(crate) Arc<ClientSession<Connection>>);

impl SessionSource for Single {
    type Session = ClientSession<Connection>;
    type Lease = Arc<ClientSession<Connection>>;

    async fn acquire(&self, _: AcquireOptions) -> Result<Self::Lease, AcquireError> {
        Ok(Arc::clone(&self.0))
    }

    fn node(&self, _: &Self::Lease) -> NodeId {
        NodeId::new(1)
    }

    fn report(&self, _: &Self::Lease, _: SessionOutcome) {}
}

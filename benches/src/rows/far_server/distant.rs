//! A server behind a proxy that delays what passes.

use std::{sync::Arc, time::Duration};

use crdb_testkit::{Direction, FaultProxy, Link};
use futures_util::future::BoxFuture;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    server::Server,
};

/// A proxy that makes a round trip take so much longer.
pub(super) fn proxy(
    server: &Server,
    round_trip: Duration,
) -> Result<Arc<FaultProxy>, MeasureError> {
    let proxy = FaultProxy::start(server.host(), server.port())?;
    for direction in [Direction::ToServer, Direction::ToClient] {
        proxy.set_link(direction, Link::perfect().delay(round_trip / 2));
    }
    Ok(Arc::new(proxy))
}

/// A subject whose server stands behind a proxy, which lives as long.
pub(super) struct Distant<S> {
    subject: S,
    _proxy: Arc<FaultProxy>,
}

impl<S> Distant<S> {
    pub(super) fn new(subject: S, proxy: &Arc<FaultProxy>) -> Self {
        Self {
            subject,
            _proxy: Arc::clone(proxy),
        }
    }
}

impl<S: Subject> Subject for Distant<S> {
    fn name(&self) -> &'static str {
        self.subject.name()
    }

    fn role(&self) -> Role {
        self.subject.role()
    }

    fn settings(&self) -> String {
        self.subject.settings()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        self.subject.round()
    }
}

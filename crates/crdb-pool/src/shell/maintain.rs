//! What goes on in the background.

use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::{Borrowed, Inner, background, now};
use crate::connector::Connector;
use crate::core::Grant;
use crate::topology::DynTopology;

/// The pause after the nodes could not be named.
const RETRY_TOPOLOGY: Duration = Duration::from_secs(1);

/// Ticks until the pool is closed or gone.
pub(crate) async fn maintain<C: Connector>(pool: Weak<Inner<C>>, wake_maintenance: Arc<Notify>) {
    let here = Location::caller();
    loop {
        let next = {
            let Some(inner) = pool.upgrade() else { return };
            let at = now();
            look_over(&inner, here);
            let (next, closed) =
                inner.decide(|core, fx| (core.tick(here, at, fx), core.is_closed()));
            if closed {
                return;
            }
            next
        };
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(next.into()) => {}
            () = wake_maintenance.notified() => {}
        }
    }
}

/// Looks at the idle sessions, one after the other, so that they stay there for callers.
fn look_over<C: Connector>(inner: &Arc<Inner<C>>, here: &'static Location<'static>) {
    let at = now();
    loop {
        let Some(grant) = inner.lock().next_to_look_at(here, at) else {
            return;
        };
        if let Some(borrowed) = Borrowed::new(inner.clone(), grant, now()).look() {
            borrowed.put_back(false);
        }
    }
}

/// Keeps the list of nodes up to date until the pool is closed or gone.
pub(crate) async fn refresh<C: Connector>(pool: Weak<Inner<C>>, topology: Box<dyn DynTopology>) {
    let Some(mut news) = pool.upgrade().map(|inner| inner.reconsider.subscribe()) else {
        return;
    };
    loop {
        let Some(bound) = pool.upgrade().map(|inner| inner.config.connect_timeout) else {
            return;
        };
        let lookup = tokio::time::timeout(bound, topology.nodes());
        let nodes = tokio::select! {
            () = until_closed(&pool, &mut news) => return,
            nodes = lookup => nodes,
        };
        let pause = {
            let Some(inner) = pool.upgrade() else { return };
            let failure = match nodes {
                Ok(Ok(nodes)) if !nodes.is_empty() => {
                    let at = now();
                    inner.decide(|core, fx| core.set_nodes(nodes, at, fx));
                    None
                }
                Ok(Ok(_)) => Some("the topology named no nodes".to_owned()),
                Ok(Err(error)) => Some(error.to_string()),
                Err(_elapsed) => Some(format!("naming the nodes took longer than {bound:?}")),
            };
            match failure {
                None => topology.refresh_after(),
                Some(failure) => {
                    tracing::warn!(error = %failure, "the nodes could not be named");
                    inner.lock().topology_failed(failure);
                    RETRY_TOPOLOGY.min(topology.refresh_after())
                }
            }
        };
        tokio::select! {
            biased;
            () = until_closed(&pool, &mut news) => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn until_closed<C: Connector>(pool: &Weak<Inner<C>>, news: &mut watch::Receiver<()>) {
    while pool
        .upgrade()
        .is_some_and(|inner| !inner.lock().is_closed())
    {
        if news.changed().await.is_err() {
            return;
        }
    }
}

/// Checks an idle session that has not been used for a while.
pub(super) fn spawn_ping<C: Connector>(inner: &Arc<Inner<C>>, grant: Grant<C::Session>) {
    let borrowed = Borrowed::new(inner.clone(), grant, now());
    background::spawn(&inner.runtime, async move {
        if let Some(borrowed) = borrowed.look()
            && let Some(borrowed) = borrowed.check(None).await
        {
            borrowed.put_back(true);
        }
    });
}

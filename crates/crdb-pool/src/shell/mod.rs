//! The part that waits: carries out what [`core`](crate::core) decides.

mod acquire;
mod background;
mod borrowed;
mod maintain;
mod open;

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};

pub(crate) use self::acquire::acquire;
pub(crate) use self::background::spawn;
pub(crate) use self::borrowed::Borrowed;
pub(crate) use self::maintain::{maintain, refresh};
use crate::config::Config;
use crate::connector::Connector;
use crate::core::{self, Change, Pooled};
use crate::hooks::Hooks;
use crate::observer::{CloseReason, Closed, Leaked, NodeChanged, Observer};

pub(crate) type Core<C> = core::Core<<C as Connector>::Session, Waker>;
pub(crate) type Effects<C> = core::Effects<<C as Connector>::Session, Waker>;

/// What every handle, lease and task of a pool shares.
pub(crate) struct Inner<C: Connector> {
    pub(crate) connector: C,
    pub(crate) config: Config,
    pub(crate) hooks: Hooks<C>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) runtime: Handle,
    core: Mutex<Core<C>>,
    /// Wakes the maintenance task before its next tick.
    pub(crate) wake_maintenance: Arc<Notify>,
    /// Notified when a closed pool has all of its sessions back.
    pub(crate) quiet: Notify,
    /// Tells the tasks that are opening sessions or naming nodes to ask whether that is still wanted.
    pub(crate) reconsider: watch::Sender<()>,
}

/// The time, from tokio's clock, which tests can stop.
#[inline]
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<C: Connector> Inner<C> {
    pub(crate) fn new(
        connector: C,
        config: Config,
        hooks: Hooks<C>,
        observer: Option<Arc<dyn Observer>>,
        runtime: Handle,
        core: Core<C>,
    ) -> Self {
        Self {
            connector,
            config,
            hooks,
            observer,
            runtime,
            core: Mutex::new(core),
            wake_maintenance: Arc::new(Notify::new()),
            quiet: Notify::new(),
            reconsider: watch::Sender::new(()),
        }
    }

    /// Looks at the state. Nothing of the user's runs under this lock, and nothing waits.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core<C>> {
        self.core.lock()
    }

    /// Decides something, and carries out what follows from it.
    pub(crate) fn decide<R>(
        self: &Arc<Self>,
        decide: impl FnOnce(&mut Core<C>, &mut Effects<C>) -> R,
    ) -> R {
        let mut effects = Effects::<C>::new();
        let result = decide(&mut self.lock(), &mut effects);
        if !effects.is_empty() {
            self.carry_out(effects);
        }
        result
    }

    /// Takes no more callers, and stops what is being opened.
    pub(crate) fn close(self: &Arc<Self>) {
        self.decide(core::Core::close);
        self.reconsider.send_replace(());
        self.wake_maintenance.notify_one();
    }

    #[cold]
    fn carry_out(self: &Arc<Self>, effects: Effects<C>) {
        let core::Effects {
            open,
            close,
            ping,
            wake,
            changes,
            leaks,
            reconsider,
            wake_maintenance,
            quiet,
        } = effects;
        for waker in wake {
            waker.wake();
        }
        for opening in open {
            open::spawn(self, opening);
        }
        for (pooled, reason) in close {
            self.close_session(&pooled, reason);
        }
        for grant in ping {
            maintain::spawn_ping(self, grant);
        }
        if reconsider || !changes.is_empty() {
            self.reconsider.send_replace(());
        }
        for change in &changes {
            self.note_change(change);
        }
        for borrow in leaks {
            let Some(address) = self.lock().address(borrow.node) else {
                continue;
            };
            let held = now().saturating_duration_since(borrow.since);
            match &self.observer {
                Some(observer) => observer.leaked(&Leaked {
                    node: borrow.node,
                    address: &address,
                    held,
                    borrowed_at: borrow.place,
                }),
                None => {
                    tracing::warn!(node = %address, ?held, borrowed_at = %borrow.place, "a session has not been returned");
                }
            }
        }
        if wake_maintenance {
            self.wake_maintenance.notify_one();
        }
        if quiet {
            self.quiet.notify_waiters();
        }
    }

    /// Ends when `wanted` no longer holds.
    pub(crate) async fn until_unwanted(&self, wanted: impl Fn(&Core<C>) -> bool) {
        let mut reconsider = self.reconsider.subscribe();
        while wanted(&self.lock()) {
            if reconsider.changed().await.is_err() {
                return;
            }
        }
    }

    fn note_change(&self, change: &Change) {
        let Change {
            node,
            address,
            from,
            to,
        } = change;
        match &self.observer {
            Some(observer) => observer.node_changed(&NodeChanged {
                node: *node,
                address,
                from: *from,
                to: *to,
            }),
            None => tracing::info!(node = %address, state = %to, "node changed"),
        }
    }

    /// Reports that a session is about to be dropped.
    pub(crate) fn close_session(&self, pooled: &Pooled<C::Session>, reason: CloseReason) {
        match &self.observer {
            Some(observer) => observer.closed(&Closed {
                node: pooled.node,
                address: &pooled.address,
                reason,
                age: now().saturating_duration_since(pooled.born),
            }),
            None => {
                tracing::debug!(node = %pooled.address, reason = reason.as_str(), "session closed");
            }
        }
    }
}

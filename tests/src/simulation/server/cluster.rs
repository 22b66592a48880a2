//! What the nodes of the cluster share, and what each has for itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::store::{Refusal, Store, Transaction};
use crate::simulation::link::Links;
use crate::simulation::world::World;

/// How many accounts there are.
pub(in crate::simulation) const ACCOUNTS: i64 = 5;
/// What each has at first.
pub(in crate::simulation) const BALANCE: i64 = 1_000;
/// What the hook that runs after a connect sets `application_name` to.
pub(in crate::simulation) const HOOKED: &str = "hooked";

/// A cluster.
pub(in crate::simulation) struct Cluster {
    pub(super) world: Arc<World>,
    links: Arc<Links>,
    pub(super) store: Mutex<Store>,
    nodes: Mutex<Vec<Node>>,
    /// By the key that a CancelRequest presents.
    sessions: Mutex<BTreeMap<u64, Arc<Handle>>>,
    numbers: AtomicUsize,
    /// Statements under way.
    working: AtomicUsize,
    ground: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    draining: bool,
}

/// What reaches a session from outside its connection.
pub(super) struct Handle {
    pub(super) number: usize,
    pub(super) node: usize,
    /// Told to what waits at this moment, so that a cancel that comes when nothing runs has no effect.
    pub(super) cancelled: Notify,
    pub(super) terminated: Notify,
    pub(super) drained: Notify,
}

/// What cuts a statement short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    Cancelled,
    TimedOut,
    Terminated,
}

impl Cluster {
    pub(in crate::simulation) fn new(world: &Arc<World>, links: &Arc<Links>) -> Self {
        let hooked = ("application_name".to_owned(), HOOKED.to_owned());
        Self {
            world: Arc::clone(world),
            links: Arc::clone(links),
            store: Mutex::new(Store::new(ACCOUNTS, BALANCE)),
            nodes: Mutex::new(vec![Node::default(); world.setting.nodes]),
            sessions: Mutex::default(),
            numbers: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            ground: world.setting.hook.then_some(hooked).into_iter().collect(),
        }
    }

    /// Whether a mark is committed.
    pub(in crate::simulation) fn is_marked(&self, id: i64) -> bool {
        self.store.lock().is_marked(id)
    }

    /// How many statements are under way.
    pub(in crate::simulation) fn working(&self) -> usize {
        self.working.load(Ordering::Relaxed)
    }

    /// The sessions that have a process.
    pub(in crate::simulation) fn sessions(&self) -> usize {
        self.sessions.lock().len()
    }

    /// The node takes no sessions any more, and ends those that it has as they become idle.
    pub(in crate::simulation) fn drain(&self, node: usize) {
        self.set_draining(node, true);
        for handle in self.handles_of(node) {
            handle.drained.notify_one();
        }
    }

    /// The node is back.
    pub(in crate::simulation) fn return_to_work(&self, node: usize) {
        self.set_draining(node, false);
    }

    /// Ends a session of the node as an administrator does, whatever it is doing.
    pub(in crate::simulation) fn terminate_one(&self, node: usize) {
        let handles = self.handles_of(node);
        let at = self.world.below(handles.len() as u64);
        if let Some(handle) = usize::try_from(at).ok().and_then(|at| handles.get(at)) {
            handle.terminated.notify_one();
        }
    }

    fn handles_of(&self, node: usize) -> Vec<Arc<Handle>> {
        let sessions = self.sessions.lock();
        let of_node = sessions.values().filter(|handle| handle.node == node);
        of_node.cloned().collect()
    }

    fn set_draining(&self, node: usize, draining: bool) {
        if let Some(node) = self.nodes.lock().get_mut(node) {
            node.draining = draining;
        }
    }

    pub(super) fn is_draining(&self, node: usize) -> bool {
        self.nodes
            .lock()
            .get(node)
            .is_some_and(|node| node.draining)
    }

    /// What the variables of a session are that is like a new one, where they differ from its startup.
    pub(super) fn ground(&self) -> &BTreeMap<String, String> {
        &self.ground
    }

    pub(super) fn begin_work(self: &Arc<Self>) -> Working {
        self.working.fetch_add(1, Ordering::Relaxed);
        Working(Arc::clone(self))
    }

    /// R6: a client has asked for a session. It never has more than its pool may hold.
    pub(super) fn watch_sessions(&self) {
        let (open, most) = (self.links.open_sessions(), self.world.setting.pool_size);
        if open > most as usize {
            let detail = format!("{open} instead of {most}");
            self.world
                .wrong("no more sessions than the pool may hold", detail);
        }
    }

    /// Makes a session known under a key of its own.
    pub(super) fn enter(&self, node: usize) -> (u64, Arc<Handle>) {
        let handle = Arc::new(Handle {
            number: self.numbers.fetch_add(1, Ordering::Relaxed),
            node,
            cancelled: Notify::new(),
            terminated: Notify::new(),
            drained: Notify::new(),
        });
        // The node is in the top twelve bits.
        let key = ((node as u64 + 1) << 52) | self.world.below(1 << 52);
        self.sessions.lock().insert(key, Arc::clone(&handle));
        (key, handle)
    }

    pub(super) fn leave(&self, key: u64) {
        self.sessions.lock().remove(&key);
    }

    /// Cancels what the session with this key runs at this moment.
    pub(super) fn cancel(&self, key: u64) {
        let handle = self.sessions.lock().get(&key).cloned();
        let number = handle.as_ref().map(|handle| handle.number);
        self.world
            .note(format_args!("cancel of session {number:?}"));
        if let Some(handle) = handle {
            handle.cancelled.notify_waiters();
        }
    }

    /// Commits, and sees to it that no money was lost or made.
    pub(super) fn commit(&self, transaction: Transaction) -> Result<(), Refusal> {
        let mut store = self.store.lock();
        store.commit(transaction)?;
        let total = store.total();
        if total != ACCOUNTS * BALANCE {
            let detail = format!("{total} instead of {}", ACCOUNTS * BALANCE);
            self.world.wrong("totals are conserved", detail);
        }
        Ok(())
    }
}

/// A statement under way.
pub(super) struct Working(Arc<Cluster>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

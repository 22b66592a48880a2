//! Waiting, sessions and nodes.

use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

use crdb_pool::{AcquireOutcome, Token};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::handles::Handles;
use super::{Metrics, seconds};
use crate::label::{Bounded, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Node {
    node: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeOutcome {
    node: Value,
    outcome: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeReason {
    node: Value,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NodeState {
    node: Value,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: Value,
}

/// Gives the state of a pool, or nothing once the pool is gone.
type Watched = Box<dyn Fn() -> Option<crdb_pool::Status> + Send + Sync>;

pub(super) struct PoolMetrics {
    nodes: Bounded,
    outcomes: Bounded,
    acquire: Family<Outcome, Histogram>,
    /// Of these, the one for callers that got a session.
    acquired: OnceLock<Histogram>,
    held: Family<Node, Histogram>,
    released: Handles<crdb_pool::NodeAddress, Histogram>,
    open: Family<NodeOutcome, Histogram>,
    closed: Family<NodeReason, Counter>,
    checks: Family<NodeOutcome, Counter>,
    resets: Family<NodeOutcome, Counter>,
    changes: Family<NodeState, Counter>,
    leaks: Family<Node, Counter>,
    sessions: Family<NodeState, Gauge>,
    in_rotation: Family<Node, Gauge>,
    max_size: Gauge,
    waiting: Gauge,
    watched: Mutex<Vec<Watched>>,
}

impl PoolMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            nodes: Bounded::new(limit),
            outcomes: Bounded::new(limit),
            acquire: Family::new_with_constructor(seconds),
            acquired: OnceLock::new(),
            held: Family::new_with_constructor(seconds),
            released: Handles::new(limit),
            open: Family::new_with_constructor(seconds),
            closed: Family::default(),
            checks: Family::default(),
            resets: Family::default(),
            changes: Family::default(),
            leaks: Family::default(),
            sessions: Family::default(),
            in_rotation: Family::default(),
            max_size: Gauge::default(),
            waiting: Gauge::default(),
            watched: Mutex::default(),
        };
        registry.register_with_unit(
            "acquire",
            "Time that callers waited for a session, by outcome",
            Unit::Seconds,
            this.acquire.clone(),
        );
        registry.register_with_unit(
            "held",
            "Time that sessions were lent, by node",
            Unit::Seconds,
            this.held.clone(),
        );
        registry.register_with_unit(
            "open",
            "Time to open a session, by node and outcome",
            Unit::Seconds,
            this.open.clone(),
        );
        registry.register(
            "closed",
            "Sessions closed, by node and reason",
            this.closed.clone(),
        );
        registry.register(
            "checks",
            "Sessions checked with a round trip, by node and outcome",
            this.checks.clone(),
        );
        registry.register(
            "resets",
            "Sessions reset before reuse, by node and outcome",
            this.resets.clone(),
        );
        registry.register(
            "node_changes",
            "Nodes that left or entered rotation, by node and new state",
            this.changes.clone(),
        );
        registry.register(
            "leaks",
            "Leases held for too long, by node",
            this.leaks.clone(),
        );
        registry.register(
            "sessions",
            "Sessions now, by node and state",
            this.sessions.clone(),
        );
        registry.register(
            "node_in_rotation",
            "Whether a node gets work now",
            this.in_rotation.clone(),
        );
        registry.register(
            "max_sessions",
            "Sessions that may be open at most",
            this.max_size.clone(),
        );
        registry.register(
            "waiting",
            "Callers that wait for a session now",
            this.waiting.clone(),
        );
        this
    }

    /// Takes what is true now from the pools themselves: counting events would drift.
    pub(super) fn refresh(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states = Vec::new();
        watched.retain(|status| {
            status().is_some_and(|status| {
                states.push(status);
                true
            })
        });
        self.sessions.clear();
        self.in_rotation.clear();
        self.max_size
            .set(states.iter().map(|status| i64::from(status.max_size)).sum());
        self.waiting.set(
            states
                .iter()
                .map(|status| i64::try_from(status.waiting).unwrap_or(i64::MAX))
                .sum(),
        );
        for node in states.iter().flat_map(|status| &status.nodes) {
            let name = self.nodes.value(&node.address.to_string());
            // There before it counts: to Prometheus, a series that begins with 1 has not increased.
            drop(self.leaks.get_or_create(&Node { node: name.clone() }));
            self.in_rotation
                .get_or_create(&Node { node: name.clone() })
                .set(i64::from(node.state.in_rotation()));
            for (state, count) in [
                ("idle", node.idle),
                ("in_use", node.in_use),
                ("opening", node.opening),
            ] {
                self.sessions
                    .get_or_create(&NodeState {
                        node: name.clone(),
                        state,
                    })
                    .inc_by(i64::from(count));
            }
        }
    }

    fn node(&self, address: &crdb_pool::NodeAddress) -> Value {
        self.nodes.value(&address.to_string())
    }

    fn outcome(&self, ok: bool) -> Value {
        self.outcomes.value(if ok { "ok" } else { "failed" })
    }
}

impl fmt::Debug for PoolMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolMetrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Shows the state of a pool (`crdb_pool_sessions`, `crdb_pool_waiting`, ..) whenever the metrics are rendered.
    /// `status` gives `None` once the pool is gone; it is not asked again then.
    pub fn watch_pool(
        &self,
        status: impl Fn() -> Option<crdb_pool::Status> + Send + Sync + 'static,
    ) {
        self.pool
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(status));
    }
}

impl crdb_pool::Observer for Metrics {
    fn opened(&self, event: &crdb_pool::Opened<'_>) {
        let labels = NodeOutcome {
            node: self.pool.node(event.address),
            outcome: self.pool.outcome(true),
        };
        self.pool
            .open
            .get_or_create(&labels)
            .observe(event.took.as_secs_f64());
    }

    fn connect_failed(&self, event: &crdb_pool::ConnectFailed<'_>) {
        let labels = NodeOutcome {
            node: self.pool.node(event.address),
            outcome: self.pool.outcome(false),
        };
        self.pool
            .open
            .get_or_create(&labels)
            .observe(event.took.as_secs_f64());
    }

    fn closed(&self, event: &crdb_pool::Closed<'_>) {
        let labels = NodeReason {
            node: self.pool.node(event.address),
            reason: event.reason.as_str(),
        };
        self.pool.closed.get_or_create(&labels).inc();
    }

    fn begin_acquire(&self, _: &crdb_pool::AcquireBegin) -> Token {
        None
    }

    fn end_acquire(&self, _: Token, event: &crdb_pool::AcquireEnd<'_>) {
        let find = || {
            let outcome = self.pool.outcomes.value(event.outcome.as_str());
            self.pool
                .acquire
                .get_or_create(&Outcome { outcome })
                .clone()
        };
        let waited = event.waited.as_secs_f64();
        match event.outcome {
            AcquireOutcome::Acquired(_) => self.pool.acquired.get_or_init(find).observe(waited),
            _ => find().observe(waited),
        }
    }

    fn released(&self, event: &crdb_pool::Released<'_>) {
        let find = || {
            let node = self.pool.node(event.address);
            self.pool.held.get_or_create(&Node { node }).clone()
        };
        self.pool.released.with(event.address, find, |held| {
            held.observe(event.held.as_secs_f64());
        });
    }

    fn checked(&self, event: &crdb_pool::Checked<'_>) {
        let labels = NodeOutcome {
            node: self.pool.node(event.address),
            outcome: self.pool.outcome(event.ok),
        };
        self.pool.checks.get_or_create(&labels).inc();
    }

    fn reset(&self, event: &crdb_pool::Reset<'_>) {
        let labels = NodeOutcome {
            node: self.pool.node(event.address),
            outcome: self.pool.outcome(event.ok),
        };
        self.pool.resets.get_or_create(&labels).inc();
    }

    fn node_changed(&self, event: &crdb_pool::NodeChanged<'_>) {
        let state = if event.to.in_rotation() { "in" } else { "out" };
        if event.from.in_rotation() != event.to.in_rotation() {
            let labels = NodeState {
                node: self.pool.node(event.address),
                state,
            };
            self.pool.changes.get_or_create(&labels).inc();
        }
    }

    fn leaked(&self, event: &crdb_pool::Leaked<'_>) {
        self.pool
            .leaks
            .get_or_create(&Node {
                node: self.pool.node(event.address),
            })
            .inc();
    }
}

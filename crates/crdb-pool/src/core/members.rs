//! Which nodes there are, how large the pool may be, and its end.

use std::sync::Arc;
use std::time::Instant;

use super::slots::NodeSlots;
use super::{Borrow, Core, Effects, Refusal};
use crate::node::{NodeAddress, NodeId};
use crate::observer::CloseReason;
use crate::status::{LastError, NodeStatus, Status};

impl<S, W> Core<S, W> {
    /// Takes over a new list of nodes: those that are known stay as they are.
    pub(crate) fn set_nodes(
        &mut self,
        addresses: Vec<NodeAddress>,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        for index in 0..self.nodes.len() {
            let node = &mut self.nodes[index];
            if !node.removed
                && !addresses
                    .iter()
                    .any(|address| address.same_node(&node.address))
            {
                let from = node.state();
                node.removed = true;
                fx.close.extend(
                    node.leave_rotation()
                        .into_iter()
                        .map(|pooled| (pooled, CloseReason::NodeOut)),
                );
                Self::note_change(node, from, fx);
            }
        }
        for address in addresses {
            let distance = self.distance(&address);
            match self
                .nodes
                .iter_mut()
                .find(|node| !node.removed && node.address.same_node(&address))
            {
                Some(node) => {
                    node.distance = distance;
                    if *node.address != address {
                        node.address = Arc::new(address);
                    }
                }
                None => {
                    let id = NodeId(self.next_node);
                    self.next_node += 1;
                    let rules = self.rules();
                    self.nodes
                        .push(NodeSlots::new(id, Arc::new(address), distance, rules));
                }
            }
        }
        self.forget_removed();
        self.serve(now, fx);
        self.want_tick(now, fx);
    }

    /// The nodes could not be named.
    pub(crate) fn topology_failed(&mut self, failure: String) {
        self.topology_failure = Some(failure);
    }

    /// Why no nodes are known.
    pub(crate) fn topology_failure(&self) -> Option<&str> {
        self.topology_failure
            .as_deref()
            .filter(|_| self.nodes.is_empty())
    }

    /// Changes how many sessions there may be.
    pub(crate) fn resize(
        &mut self,
        min_size: u32,
        max_size: u32,
        now: Instant,
        fx: &mut Effects<S, W>,
    ) {
        self.config.min_size = min_size;
        self.config.max_size = max_size;
        self.serve(now, fx);
        self.want_tick(now, fx);
    }

    /// Refuses all callers and closes the idle sessions. Lent ones are closed when they come back.
    pub(crate) fn close(&mut self, fx: &mut Effects<S, W>) {
        self.closed = true;
        fx.wake.extend(self.gate.refuse_all(Refusal::Closed));
        for node in &mut self.nodes {
            fx.close.extend(
                node.idle
                    .drain(..)
                    .map(|pooled| (pooled, CloseReason::PoolClosed)),
            );
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// What is still out.
    pub(crate) fn unreturned(&self) -> impl Iterator<Item = (&Borrow, Option<&Arc<NodeAddress>>)> {
        self.borrows
            .iter()
            .map(|borrow| (borrow, self.node(borrow.node).map(|node| &node.address)))
    }

    /// Whether nothing is lent or being opened any more.
    pub(crate) fn is_quiet(&self) -> bool {
        self.borrows.count() == 0 && self.nodes.iter().all(|node| node.opening == 0)
    }

    pub(crate) fn address(&self, node: NodeId) -> Option<Arc<NodeAddress>> {
        self.node(node).map(|node| node.address.clone())
    }

    /// The failure that best explains why no caller can be served: the latest.
    pub(crate) fn latest_failure(&self) -> Option<&super::Failure> {
        self.nodes
            .iter()
            .filter_map(|node| node.failure.as_ref())
            .max_by_key(|failure| failure.at)
    }

    pub(crate) fn status(&self, now: Instant) -> Status {
        let nodes: Vec<_> = self
            .nodes
            .iter()
            .map(|node| Self::node_status(node, now))
            .collect();
        let total =
            |count: fn(&NodeStatus) -> u32| nodes.iter().map(count).fold(0, u32::saturating_add);
        Status {
            max_size: self.config.max_size,
            idle: total(|node| node.idle),
            in_use: total(|node| node.in_use),
            opening: total(|node| node.opening),
            waiting: self.gate.waiting(),
            closed: self.closed,
            nodes,
        }
    }

    fn node_status(node: &NodeSlots<S>, now: Instant) -> NodeStatus {
        NodeStatus {
            id: node.id,
            address: (*node.address).clone(),
            state: node.state(),
            idle: node.idle.len() as u32,
            in_use: node.lent,
            opening: node.opening,
            latency: node.latency.get(),
            last_error: node.failure.as_ref().map(|failure| LastError {
                class: failure.class,
                message: chain(failure.error.as_ref()),
                age: now.saturating_duration_since(failure.at),
            }),
        }
    }

    /// How many of the pool's own tiers a node does not share.
    fn distance(&self, address: &NodeAddress) -> usize {
        let own = &self.config.locality;
        own.tiers().count() - own.shared_tiers(address.locality())
    }

    pub(super) fn forget_removed(&mut self) {
        self.nodes.retain(|node| !node.removed || node.size() > 0);
    }
}

/// An error's text followed by those of its sources, as far as they add something.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

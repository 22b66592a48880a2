//! What must hold after every event, and in the end.

use std::time::Duration;

use super::world::{Caller, SETTLED, Session, World};
use crate::core::{Grant, Opening, OpeningKind};
use crate::status::{NodeState, OutCause};

/// After every event.
pub(super) fn always(world: &World) {
    let core = &world.core;
    let size = core.size();
    assert!(
        size <= world.max_size_ever,
        "{size} sessions where {} were allowed at most",
        world.max_size_ever
    );

    let status = core.status(world.now);
    let counted = (status.idle + status.in_use) as usize;
    assert_eq!(
        counted,
        world.alive.len(),
        "sessions that exist against sessions that are counted"
    );
    assert_eq!(status.in_use as usize, core.borrows.count(), "borrows");
    assert_eq!(
        status.in_use as usize,
        world.held.len() + core.gate.granted(),
        "sessions out"
    );
    assert_eq!(
        core.gate.waiting(),
        world
            .waiting
            .values()
            .filter(|waiting| waiting.queued)
            .count(),
        "callers in the queue"
    );
    assert!(status.waiting <= world.config.max_waiters);

    let idle_in_rotation = core
        .nodes
        .iter()
        .any(|node| node.in_rotation() && !node.idle.is_empty());
    for node in &core.nodes {
        assert!(
            node.breaker.probing() <= world.config.half_open_probes,
            "too many probes to {}",
            node.id
        );
        assert!(
            node.breaker.probing() <= node.opening,
            "probes that are not being opened"
        );
        assert!(
            node.in_rotation() || node.idle.is_empty(),
            "{} is out of rotation and has idle sessions",
            node.id
        );
    }
    let indifferent = core
        .gate
        .queued()
        .any(|(_, waiter)| waiter.request.avoid.is_none());
    let near_has_room = core
        .nodes
        .iter()
        .any(|node| node.distance == 0 && node.in_rotation());
    if indifferent && idle_in_rotation && !near_has_room {
        panic!("a caller that takes any session waits while one is idle");
    }
}

/// A node that is well stays in rotation, whatever becomes of its sessions, and one that became well returns soon.
pub(super) fn nodes_that_are_well(world: &mut World) {
    /// The longest pause between probes, the probe, and what it takes to have room for one.
    const RETURN: Duration = Duration::from_secs(3);
    for node in &world.core.nodes {
        let port = node.address.port();
        let Some(well_for) = (world.well_since.get(&port))
            .map(|since| world.now.saturating_duration_since(*since))
            .filter(|well_for| *well_for >= SETTLED)
        else {
            continue;
        };
        if node.in_rotation() {
            world.settled.insert(port);
        }
        // Where a login was refused before, the next one has to wait for its turn.
        let refused = node.out_for(OutCause::Authentication);
        assert!(
            node.in_rotation() || refused || !world.settled.contains(&port),
            "{} is well and has left rotation: {}",
            node.address,
            world.core.status(world.now)
        );
        // Nothing is tried once the ticks have stopped.
        let expected = !refused && world.is_ticking();
        assert!(
            node.in_rotation() || !expected || well_for < SETTLED + RETURN,
            "{} has been well for {well_for:?} and is still out of rotation: {}",
            node.address,
            world.core.status(world.now)
        );
    }
}

/// Before a session is opened.
pub(super) fn opening(world: &World, opening: &Opening) {
    let node = world.core.node(opening.node).expect("a node that is known");
    match opening.kind {
        OpeningKind::Normal | OpeningKind::Look => {
            assert!(
                node.in_rotation(),
                "an ordinary attempt at {} in state {:?}",
                opening.address,
                node.state()
            );
        }
        OpeningKind::Probe { .. } => {
            assert!(
                matches!(node.state(), NodeState::Probing(_)),
                "a probe of {}",
                opening.address
            );
        }
    }
}

/// When a caller is granted a session: no caller that came earlier, and would take any, still waits.
pub(super) fn in_turn(world: &World, caller: Caller) {
    let ticket = world.waiting[&caller].ticket;
    let overtaken = (world.core.gate.queued())
        .any(|(other, waiter)| other < ticket && waiter.request.avoid.is_none());
    assert!(!overtaken, "caller {caller} overtook another");
}

/// When a caller takes its session.
pub(super) fn granted(world: &World, grant: &Grant<Session>) {
    assert!(
        world.alive.contains_key(&grant.pooled.session),
        "a closed session was granted"
    );
    let fresh = world.now.saturating_duration_since(grant.pooled.proven) < world.config.fresh_for;
    assert!(
        fresh || grant.needs_check(world.config.fresh_for, world.now),
        "a stale session was granted without a check"
    );
}

/// When everything has been well for a while.
pub(super) fn in_the_end(world: &World) {
    let status = world.core.status(world.now);
    assert_eq!(status.in_use, 0, "sessions that never came back: {status}");
    assert_eq!(status.waiting, 0, "callers that still wait: {status}");
    assert!(world.waiting.is_empty());
    assert!(
        status.size() <= world.config.max_size,
        "too many sessions after a resize: {status}"
    );
    if world.config.max_lifetime.is_none() {
        assert!(
            status.size() >= world.config.min_size,
            "too few sessions: {status}"
        );
    }
    for node in &status.nodes {
        assert_eq!(
            node.state,
            NodeState::Up,
            "a node that works did not come back: {status}"
        );
    }
    assert!(world.served + world.gave_up > 0);
}

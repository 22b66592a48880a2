//! The short names of kinds, causes and states, which dashboards and alerts go by: a name that changes breaks them.

use crdb_pool::{CloseReason, ErrorClass, ErrorKind, NodeState, OutCause};

#[test]
fn labels_stay_the_same() {
    for (label, expected) in [
        (ErrorKind::Timeout.as_str(), "timeout"),
        (ErrorKind::TooManyWaiters.as_str(), "too_many_waiters"),
        (ErrorKind::Authentication.as_str(), "authentication"),
        (ErrorKind::Closed.as_str(), "closed"),
        (ErrorKind::Unreturned.as_str(), "unreturned"),
        (ErrorKind::Configuration.as_str(), "configuration"),
        (ErrorKind::Topology.as_str(), "topology"),
        (ErrorClass::Draining.as_str(), "draining"),
        (ErrorClass::Overloaded.as_str(), "overloaded"),
        (ErrorClass::Authentication.as_str(), "authentication"),
        (ErrorClass::Dead.as_str(), "dead"),
        (ErrorClass::Harmless.as_str(), "harmless"),
        (OutCause::Failing.as_str(), "failing"),
        (OutCause::Draining.as_str(), "draining"),
        (OutCause::Authentication.as_str(), "authentication"),
        (NodeState::Up.as_str(), "up"),
        (NodeState::Recovering.as_str(), "recovering"),
        (NodeState::Out(OutCause::Failing).as_str(), "out"),
        (NodeState::Probing(OutCause::Failing).as_str(), "probing"),
        (NodeState::Removed.as_str(), "removed"),
        (CloseReason::Idle.as_str(), "idle"),
        (CloseReason::Lifetime.as_str(), "lifetime"),
        (CloseReason::Broken.as_str(), "broken"),
        (CloseReason::Failed.as_str(), "failed"),
        (CloseReason::Discarded.as_str(), "discarded"),
        (CloseReason::NodeOut.as_str(), "node_out"),
        (CloseReason::Rebalanced.as_str(), "rebalanced"),
        (CloseReason::Resized.as_str(), "resized"),
        (CloseReason::PoolClosed.as_str(), "pool_closed"),
    ] {
        assert_eq!(label, expected);
    }
}

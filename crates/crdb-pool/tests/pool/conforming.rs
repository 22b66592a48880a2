//! The conformance suite passes a connector that keeps its promises, and finds out one that does not.

use std::time::Duration;

use crdb_pool::conformance::{self, Subject};
use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};

use crate::cluster::{Behaviour, Cluster, Failure, Handle, Session};

/// A promise that the connector breaks.
#[derive(Clone, Copy, PartialEq)]
enum Breaks {
    Nothing,
    Condition,
    Check,
    Reset,
    Classify,
}

#[derive(Clone)]
struct Under(Handle, Breaks);

impl Connector for Under {
    type Session = Session;
    type Error = Failure;

    async fn connect(&self, node: &NodeAddress) -> Result<Session, Failure> {
        self.0.connect(node).await
    }
    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        if self.1 == Breaks::Check {
            Ok(())
        } else {
            self.0.check(session).await
        }
    }
    fn condition(&self, session: &mut Session) -> Condition {
        if self.1 == Breaks::Condition {
            Condition::Clean
        } else {
            self.0.condition(session)
        }
    }
    fn lend(&self, session: &mut Session) {
        self.0.lend(session);
    }
    async fn reset(&self, session: &mut Session) -> Result<(), Failure> {
        let soiled = session.lent;
        self.0.reset(session).await?;
        if self.1 == Breaks::Reset {
            session.lent = soiled.max(1_000);
        }
        Ok(())
    }
    fn classify(&self, error: &Failure) -> ErrorClass {
        if self.1 == Breaks::Classify {
            ErrorClass::Harmless
        } else {
            self.0.classify(error)
        }
    }
}

impl Subject for Under {
    type Connector = Self;

    fn connector(&self) -> Self {
        self.clone()
    }
    fn node(&self) -> NodeAddress {
        NodeAddress::new("cluster", 1)
    }
    fn dead_node(&self) -> NodeAddress {
        self.0.set(2, Behaviour::Killed);
        NodeAddress::new("cluster", 2)
    }
    async fn soil(&self, session: &mut Session) {
        session.dirty = true;
    }
    async fn is_soiled(&self, session: &mut Session) -> bool {
        session.dirty || session.lent >= 1_000
    }
    async fn interrupt(&self, session: &mut Session) {
        let work = session.work(Duration::from_secs(60));
        tokio::time::timeout(Duration::from_millis(1), work)
            .await
            .unwrap_err();
    }
    async fn sever(&self, _session: &mut Session) {
        self.0.set(1, Behaviour::Killed);
        self.0.set(1, Behaviour::Up);
    }
}

async fn broken_promises(breaks: Breaks) -> Vec<String> {
    let subject = Under(Cluster::start([1, 2]), breaks);
    match conformance::run(&subject).await {
        Ok(()) => Vec::new(),
        Err(violations) => violations.iter().map(str::to_owned).collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_keeps_its_promises_passes() {
    assert_eq!(broken_promises(Breaks::Nothing).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn each_broken_promise_is_found() {
    for (breaks, word) in [
        (Breaks::Condition, "not called clean"),
        (
            Breaks::Check,
            "`check` of a session that the server has ended",
        ),
        (Breaks::Reset, "after a `reset`"),
        (Breaks::Classify, "classified"),
    ] {
        let found = broken_promises(breaks).await;
        assert!(
            found.iter().any(|promise| promise.contains(word)),
            "{word}: {found:?}"
        );
    }
}

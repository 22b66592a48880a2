//! Connects, cancels and credentials.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use crdb_auth::{OperationOutcome, Token};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Metrics, seconds};
use crate::label::{Bounded, Value};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connect {
    node: Value,
    outcome: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Phase {
    phase: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Credential {
    credential: &'static str,
}

/// Tells how long credentials still hold, or nothing once their connector is gone.
type Watched = Box<dyn Fn() -> Option<crdb_auth::TimeLeft> + Send + Sync>;

pub(super) struct AuthMetrics {
    nodes: Bounded,
    outcomes: Bounded,
    connect: Family<Connect, Histogram>,
    phases: Family<Phase, Histogram>,
    cancels: Family<Outcome, Counter>,
    reload_failures: Counter,
    without_tls: Counter,
    left: Family<Credential, Gauge<f64, AtomicU64>>,
    watched: Mutex<Vec<Watched>>,
}

impl AuthMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            nodes: Bounded::new(limit),
            outcomes: Bounded::new(limit),
            connect: Family::new_with_constructor(seconds),
            phases: Family::new_with_constructor(seconds),
            cancels: Family::default(),
            reload_failures: Counter::default(),
            without_tls: Counter::default(),
            left: Family::default(),
            watched: Mutex::default(),
        };
        registry.register_with_unit(
            "connect",
            "Time to open a session, by node and outcome",
            Unit::Seconds,
            this.connect.clone(),
        );
        registry.register_with_unit(
            "connect_phase",
            "Time of each part of opening a session that succeeded",
            Unit::Seconds,
            this.phases.clone(),
        );
        registry.register(
            "cancels",
            "Cancel requests sent, by outcome",
            this.cancels.clone(),
        );
        registry.register(
            "reload_failures",
            "Certificates that were replaced by unusable ones; the old ones stay in use",
            this.reload_failures.clone(),
        );
        registry.register(
            "without_tls",
            "Connections that went on without TLS, as sslmode=prefer permits",
            this.without_tls.clone(),
        );
        registry.register_with_unit(
            "credential_left",
            "Time that the credentials in use still hold, by credential; 0 once one has ended",
            Unit::Seconds,
            this.left.clone(),
        );
        this
    }

    /// Takes what is true now from the connectors: of several, what ends first.
    pub(super) fn refresh(&self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states = Vec::new();
        watched.retain(|left| {
            left().is_some_and(|left| {
                states.push(left);
                true
            })
        });
        self.left.clear();
        for (credential, left) in [
            (
                "certificate",
                states.iter().filter_map(|left| left.certificate).min(),
            ),
            ("ticket", states.iter().filter_map(|left| left.ticket).min()),
        ] {
            if let Some(left) = left {
                let labels = Credential { credential };
                self.left.get_or_create(&labels).set(left.as_secs_f64());
            }
        }
    }
}

impl fmt::Debug for AuthMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthMetrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// Shows how long credentials still hold (`crdb_auth_credential_left_seconds`) whenever the metrics are rendered. `left` gives
    /// `None` once the connector is gone; it is not asked again then.
    pub fn watch_credentials(
        &self,
        left: impl Fn() -> Option<crdb_auth::TimeLeft> + Send + Sync + 'static,
    ) {
        self.auth
            .watched
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Box::new(left));
    }
}

impl crdb_auth::Observer for Metrics {
    fn begin_connect(&self, _: &crdb_auth::ConnectBegin<'_>) -> Token {
        None
    }

    fn end_connect(&self, _: Token, event: &crdb_auth::ConnectEnd<'_>) {
        let labels = Connect {
            node: self.auth.nodes.value(&event.endpoint.to_string()),
            outcome: self.auth.outcomes.value(event.outcome.as_str()),
        };
        self.auth
            .connect
            .get_or_create(&labels)
            .observe(event.timings.total.as_secs_f64());
        if !matches!(event.outcome, OperationOutcome::Done(_)) {
            return;
        }
        for (phase, took) in [
            ("resolve", event.timings.resolve),
            ("tcp", event.timings.tcp),
            ("tls", event.timings.tls),
            ("login", event.timings.login),
        ] {
            self.auth
                .phases
                .get_or_create(&Phase { phase })
                .observe(took.as_secs_f64());
        }
    }

    fn begin_cancel(&self, _: &crdb_auth::CancelBegin<'_>) -> Token {
        None
    }

    fn end_cancel(&self, _: Token, event: &crdb_auth::CancelEnd<'_>) {
        self.auth
            .cancels
            .get_or_create(&Outcome {
                outcome: self.auth.outcomes.value(event.outcome.as_str()),
            })
            .inc();
    }

    fn without_tls(&self, _event: &crdb_auth::WithoutTls<'_>) {
        self.auth.without_tls.inc();
    }

    fn reload_failed(&self, _event: &crdb_auth::ReloadFailed<'_>) {
        self.auth.reload_failures.inc();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use crdb_auth::TimeLeft;

    use super::*;

    fn left(ticket: Option<u64>, certificate: Option<u64>) -> TimeLeft {
        let mut left = TimeLeft::default();
        left.ticket = ticket.map(Duration::from_secs);
        left.certificate = certificate.map(Duration::from_secs);
        left
    }

    fn shown(metrics: &Metrics) -> Vec<String> {
        let text = metrics.render();
        let mut lines: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("crdb_auth_credential_left_seconds"))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    }

    #[test]
    fn the_credential_that_ends_first_is_shown_while_its_connector_is_there() {
        let metrics = Metrics::new();
        assert_eq!(shown(&metrics), [""; 0]);
        let (early, late) = (Arc::new(left(Some(60), Some(7))), left(Some(600), None));
        let watched = Arc::downgrade(&early);
        metrics.watch_credentials(move || watched.upgrade().map(|left| *left));
        metrics.watch_credentials(move || Some(late));
        assert_eq!(
            shown(&metrics),
            [
                "{credential=\"certificate\"} 7.0",
                "{credential=\"ticket\"} 60.0"
            ]
        );
        drop(early);
        assert_eq!(shown(&metrics), ["{credential=\"ticket\"} 600.0"]);
    }

    #[test]
    fn a_credential_that_has_ended_is_shown_as_zero() {
        let metrics = Metrics::new();
        metrics.watch_credentials(|| Some(left(Some(0), None)));
        assert_eq!(shown(&metrics), ["{credential=\"ticket\"} 0.0"]);
    }
}

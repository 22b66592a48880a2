//! Connects and cancels.

use crdb_auth::{OperationOutcome, Token};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
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

#[derive(Debug)]
pub(super) struct AuthMetrics {
    nodes: Bounded,
    outcomes: Bounded,
    connect: Family<Connect, Histogram>,
    phases: Family<Phase, Histogram>,
    cancels: Family<Outcome, Counter>,
    reload_failures: Counter,
    without_tls: Counter,
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
        this
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

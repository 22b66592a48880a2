//! Statements, transactions and retries.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crdb_exec::{Failure, Outcome, Token, Verdict};

use super::handles::Handles;
use super::{Metrics, seconds};
use crate::label::{Bounded, Value};

/// The label of what has no name.
const UNNAMED: &str = "unnamed";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Query {
    query: Value,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Transaction {
    transaction: Value,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rows {
    query: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Errors {
    kind: Value,
    sqlstate: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Retries {
    scope: &'static str,
    sqlstate: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Resolved {
    result: &'static str,
}

#[derive(Debug)]
pub(super) struct ExecMetrics {
    queries: Bounded,
    transactions: Bounded,
    kinds: Bounded,
    sqlstates: Bounded,
    /// Rows and time of statements that succeeded, by the query's name.
    answered: Handles<String, (Counter, Histogram)>,
    statement: Family<Query, Histogram>,
    transaction: Family<Transaction, Histogram>,
    rows: Family<Rows, Counter>,
    errors: Family<Errors, Counter>,
    retries: Family<Retries, Counter>,
    denied: Counter,
    unknown: Counter,
    resolved: Family<Resolved, Counter>,
}

impl ExecMetrics {
    pub(super) fn new(registry: &mut Registry, limit: usize) -> Self {
        let this = Self {
            queries: Bounded::new(limit),
            transactions: Bounded::new(limit),
            kinds: Bounded::new(limit),
            sqlstates: Bounded::new(limit),
            answered: Handles::new(limit),
            statement: Family::new_with_constructor(seconds),
            transaction: Family::new_with_constructor(seconds),
            rows: Family::default(),
            errors: Family::default(),
            retries: Family::default(),
            denied: Counter::default(),
            unknown: Counter::default(),
            resolved: Family::default(),
        };
        // There before they count: to Prometheus, a series that begins with 1 has not increased.
        for result in ["committed", "abandoned", "unknown"] {
            drop(this.resolved.get_or_create(&Resolved { result }));
        }
        // Serialization failures: what is retried on every cluster, sooner or later.
        for scope in ["statement", "transaction"] {
            let sqlstate = this.sqlstates.value("40001");
            drop(this.retries.get_or_create(&Retries { scope, sqlstate }));
        }
        registry.register_with_unit(
            "statement",
            "Time from a call to its answer, retries and waiting included, by query and outcome",
            Unit::Seconds,
            this.statement.clone(),
        );
        registry.register_with_unit(
            "transaction",
            "Time from a call to its answer, retries and waiting included, by transaction and outcome",
            Unit::Seconds,
            this.transaction.clone(),
        );
        registry.register(
            "rows",
            "Rows given or affected, by query",
            this.rows.clone(),
        );
        registry.register(
            "errors",
            "Statements and transactions that failed, by kind and SQLSTATE",
            this.errors.clone(),
        );
        registry.register(
            "retries",
            "Attempts made again, by scope and SQLSTATE",
            this.retries.clone(),
        );
        registry.register(
            "retries_denied",
            "Retries that the budget did not allow",
            this.denied.clone(),
        );
        registry.register(
            "outcome_unknown",
            "Statements and transactions whose effect is not known",
            this.unknown.clone(),
        );
        registry.register(
            "resolved",
            "Unknown outcomes looked up by their idempotency key, by result",
            this.resolved.clone(),
        );
        this
    }

    /// The members for a query and how it ended.
    fn query(&self, name: &str, outcome: &'static str) -> (Counter, Histogram) {
        let query = self.queries.value(name);
        let rows = Rows {
            query: query.clone(),
        };
        let rows = self.rows.get_or_create(&rows).clone();
        let time = self
            .statement
            .get_or_create(&Query { query, outcome })
            .clone();
        (rows, time)
    }

    fn failed(&self, failure: &Failure) {
        let labels = Errors {
            kind: self.kinds.value(failure.kind.as_str()),
            sqlstate: self.sqlstate(failure),
        };
        self.errors.get_or_create(&labels).inc();
        if failure.verdict == Verdict::OutcomeUnknown {
            self.unknown.inc();
        }
    }

    fn sqlstate(&self, failure: &Failure) -> Value {
        failure.sqlstate.map_or_else(
            || self.sqlstates.value("none"),
            |state| self.sqlstates.value(state.as_str()),
        )
    }
}

impl crdb_exec::Observer for Metrics {
    fn begin_statement(&self, _: &crdb_exec::StatementBegin<'_>) -> Token {
        None
    }

    fn end_statement(&self, _: Token, event: &crdb_exec::StatementEnd<'_>) {
        let name = event.name.unwrap_or(UNNAMED);
        let find = || self.exec.query(name, event.outcome.as_str());
        let count = |(rows, time): &(Counter, Histogram)| {
            rows.inc_by(event.rows);
            time.observe(event.elapsed.as_secs_f64());
        };
        if event.outcome == Outcome::Done {
            self.exec.answered.with(name, find, count);
        } else {
            count(&find());
            if let Some(failure) = event.outcome.failure() {
                self.exec.failed(failure);
            }
        }
    }

    fn begin_transaction(&self, _: &crdb_exec::TransactionBegin<'_>) -> Token {
        None
    }

    fn end_transaction(&self, _: Token, event: &crdb_exec::TransactionEnd<'_>) {
        let transaction = self.exec.transactions.value(event.name.unwrap_or(UNNAMED));
        let labels = Transaction {
            transaction,
            outcome: event.outcome.as_str(),
        };
        self.exec
            .transaction
            .get_or_create(&labels)
            .observe(event.elapsed.as_secs_f64());
        if let Some(failure) = event.outcome.failure() {
            self.exec.failed(failure);
        }
    }

    fn begin_attempt(&self, _: &crdb_exec::AttemptBegin<'_>) -> Token {
        None
    }

    /// Attempts are counted where they are made again.
    fn end_attempt(&self, _: Token, _: &crdb_exec::AttemptEnd<'_>) {}

    fn within(&self, _: &Token, step: &mut dyn FnMut()) {
        step();
    }

    fn retry(&self, event: &crdb_exec::RetryEvent<'_>) {
        let scope = if event.is_transaction {
            "transaction"
        } else {
            "statement"
        };
        let labels = Retries {
            scope,
            sqlstate: self.exec.sqlstate(&event.failure),
        };
        self.exec.retries.get_or_create(&labels).inc();
    }

    fn retry_denied(&self, _: &crdb_exec::RetryDeniedEvent<'_>) {
        self.exec.denied.inc();
    }

    fn resolved(&self, event: &crdb_exec::ResolveEvent<'_>) {
        let result = match event.committed {
            Some(true) => "committed",
            Some(false) => "abandoned",
            None => "unknown",
        };
        self.exec.resolved.get_or_create(&Resolved { result }).inc();
    }
}

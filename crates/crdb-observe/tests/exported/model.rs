//! The database conventions of OpenTelemetry 1.44.0 as far as they concern a client of CockroachDB and PostgreSQL: names, units and
//! requirement levels, written down from `model/db/spans.yaml`, `model/db/metrics.yaml` and `model/db/common.yaml` of
//! <https://github.com/open-telemetry/semantic-conventions/tree/v1.44.0>.

use std::collections::BTreeSet;

/// How much an attribute is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Required,
    /// Under a condition that the test checks where it can.
    Conditional,
    Recommended,
    OptIn,
}

use Level::{Conditional, OptIn, Recommended, Required};

/// `span.db.client`: `trace.db.common.full` and what it extends.
pub(crate) const SPAN: [(&str, Level); 16] = [
    ("db.system.name", Required),
    ("db.collection.name", Conditional),
    ("db.namespace", Conditional),
    ("db.operation.name", Conditional),
    ("db.response.status_code", Conditional),
    ("error.type", Conditional),
    ("server.port", Conditional),
    ("db.operation.batch.size", Recommended),
    ("db.query.summary", Recommended),
    ("db.query.text", Recommended),
    ("db.stored_procedure.name", Recommended),
    ("network.peer.address", Recommended),
    ("network.peer.port", Recommended),
    ("server.address", Recommended),
    ("db.query.parameter.<key>", OptIn),
    ("db.response.returned_rows", OptIn),
];

/// The attributes of `db.client.operation.duration` and `db.client.response.returned_rows`.
pub(crate) const OPERATION: [(&str, Level); 13] = [
    ("db.system.name", Required),
    ("db.collection.name", Conditional),
    ("db.namespace", Conditional),
    ("db.operation.name", Conditional),
    ("db.response.status_code", Conditional),
    ("error.type", Conditional),
    ("server.port", Conditional),
    ("db.query.summary", Recommended),
    ("db.stored_procedure.name", Recommended),
    ("network.peer.address", Recommended),
    ("network.peer.port", Recommended),
    ("server.address", Recommended),
    ("db.query.text", OptIn),
];

const POOL: [(&str, Level); 1] = [("db.client.connection.pool.name", Required)];
const POOL_STATE: [(&str, Level); 2] = [
    ("db.client.connection.pool.name", Required),
    ("db.client.connection.state", Required),
];

/// A metric of the conventions.
pub(crate) struct Metric {
    pub(crate) name: &'static str,
    pub(crate) instrument: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) attributes: &'static [(&'static str, Level)],
}

const fn metric(
    name: &'static str,
    instrument: &'static str,
    unit: &'static str,
    attributes: &'static [(&'static str, Level)],
) -> Metric {
    Metric {
        name,
        instrument,
        unit,
        attributes,
    }
}

pub(crate) const METRICS: [Metric; 11] = [
    metric("db.client.operation.duration", "histogram", "s", &OPERATION),
    metric(
        "db.client.response.returned_rows",
        "histogram",
        "{row}",
        &OPERATION,
    ),
    metric(
        "db.client.connection.count",
        "updowncounter",
        "{connection}",
        &POOL_STATE,
    ),
    metric(
        "db.client.connection.idle.max",
        "updowncounter",
        "{connection}",
        &POOL,
    ),
    metric(
        "db.client.connection.idle.min",
        "updowncounter",
        "{connection}",
        &POOL,
    ),
    metric(
        "db.client.connection.max",
        "updowncounter",
        "{connection}",
        &POOL,
    ),
    metric(
        "db.client.connection.pending_requests",
        "updowncounter",
        "{request}",
        &POOL,
    ),
    metric(
        "db.client.connection.timeouts",
        "counter",
        "{timeout}",
        &POOL,
    ),
    metric("db.client.connection.create_time", "histogram", "s", &POOL),
    metric("db.client.connection.wait_time", "histogram", "s", &POOL),
    metric("db.client.connection.use_time", "histogram", "s", &POOL),
];

/// The crate's own attributes, as its documentation lists them. A span may have them beside those of the model, a metric may not.
pub(crate) const OWN: [&str; 14] = [
    "crdb.query.fingerprint",
    "crdb.outcome",
    "crdb.attempts",
    "crdb.attempt",
    "crdb.retry.delay",
    "crdb.batch.atomic",
    "crdb.copy.direction",
    "crdb.copy.bytes",
    "crdb.tls",
    "crdb.data.rows",
    "crdb.data.rejected_rows",
    "crdb.migration.version",
    "crdb.migration.name",
    "crdb.migration.step",
];

/// What is wrong with these attributes by the model.
pub(crate) fn check(
    model: &[(&str, Level)],
    own: &[&str],
    given: &BTreeSet<String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for name in given {
        let known = model
            .iter()
            .any(|(known, _)| match known.strip_suffix("<key>") {
                Some(prefix) => name.starts_with(prefix),
                None => known == name,
            });
        if !known && !own.contains(&name.as_str()) {
            wrong.push(format!("{name} is not in the model"));
        }
    }
    for (name, level) in model {
        if *level == Required && !given.contains(*name) {
            wrong.push(format!("{name} is required"));
        }
    }
    // The address says where the port is, and the code what the error is.
    for (name, needs) in [
        ("server.port", "server.address"),
        ("network.peer.port", "network.peer.address"),
        ("db.response.status_code", "error.type"),
    ] {
        if given.contains(name) && !given.contains(needs) {
            wrong.push(format!("{name} without {needs}"));
        }
    }
    wrong
}

#[test]
fn the_check_finds_what_is_not_in_the_model() {
    let given = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    assert_eq!(
        check(
            &SPAN,
            &OWN,
            &given(&["db.system.name", "db.query.parameter.0", "crdb.tls"])
        ),
        [""; 0]
    );
    let wrong = check(&SPAN, &OWN, &given(&["db.statement", "server.port"]));
    assert_eq!(
        wrong,
        [
            "db.statement is not in the model",
            "db.system.name is required",
            "server.port without server.address",
        ]
    );
    assert_eq!(
        check(&OPERATION, &[], &given(&["db.system.name", "crdb.tls"])).len(),
        1
    );
}

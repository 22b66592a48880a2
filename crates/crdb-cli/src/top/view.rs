//! What happened between two looks at an endpoint.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::samples::Samples;

/// What a service did meanwhile.
pub(super) struct View {
    statements: Vec<Statement>,
    /// Retries a second, by SQLSTATE.
    retries: BTreeMap<String, f64>,
    /// Errors a second, by SQLSTATE.
    errors: BTreeMap<String, f64>,
    waiting: f64,
    /// Seconds that 99 of 100 callers waited for a session at most.
    acquire_p99: Option<f64>,
    nodes: Vec<Node>,
}

struct Statement {
    query: String,
    rate: f64,
    failed: f64,
    rows: f64,
    p50: Option<f64>,
    p99: Option<f64>,
    /// Seconds of waiting for it in each second.
    load: f64,
}

struct Node {
    name: String,
    in_rotation: bool,
    /// Sessions by state.
    sessions: BTreeMap<String, f64>,
}

const STATEMENT: &str = "crdb_exec_statement_seconds";

impl View {
    /// What happened from one look to the next.
    pub(super) fn between(before: &Samples, now: &Samples, took: Duration, most: usize) -> Self {
        let seconds = took.as_secs_f64().max(f64::EPSILON);
        let rates = |name: &str, label: &str| -> BTreeMap<String, f64> {
            let earlier = before.by(name, label);
            let grown = now.by(name, label).into_iter().map(|(key, value)| {
                // A counter that fell was begun anew: the service has started since.
                let before = earlier.get(&key).copied().filter(|before| *before <= value);
                let rate = (value - before.unwrap_or(0.0)) / seconds;
                (key, rate)
            });
            grown.filter(|(_, rate)| *rate > 0.0).collect()
        };
        let calls = rates(&format!("{STATEMENT}_count"), "query");
        let load = rates(&format!("{STATEMENT}_sum"), "query");
        let rows = rates("crdb_exec_rows_total", "query");
        let count = format!("{STATEMENT}_count");
        let succeeded = |samples: &Samples, query: &str| -> f64 {
            samples
                .named(&count)
                .filter(|(labels, _)| {
                    labels.get("query").is_some_and(|found| found == query)
                        && labels.get("outcome").is_some_and(|outcome| outcome == "ok")
                })
                .map(|(_, value)| value)
                .sum()
        };
        let mut statements: Vec<Statement> = calls
            .into_iter()
            .map(|(query, rate)| {
                let good = (succeeded(now, &query) - succeeded(before, &query)) / seconds;
                let buckets = buckets(before, now, STATEMENT, Some(&query));
                Statement {
                    rate,
                    failed: (rate - good).max(0.0),
                    rows: rows.get(&query).copied().unwrap_or(0.0),
                    p50: quantile(&buckets, 0.5),
                    p99: quantile(&buckets, 0.99),
                    load: load.get(&query).copied().unwrap_or(0.0),
                    query,
                }
            })
            .collect();
        statements.sort_by(|a, b| b.load.total_cmp(&a.load));
        statements.truncate(most);
        let waits = buckets(before, now, "crdb_pool_acquire_seconds", None);
        Self {
            statements,
            retries: rates("crdb_exec_retries_total", "sqlstate"),
            errors: rates("crdb_exec_errors_total", "sqlstate"),
            waiting: now.named("crdb_pool_waiting").map(|(_, value)| value).sum(),
            acquire_p99: quantile(&waits, 0.99),
            nodes: nodes(now),
        }
    }

    pub(super) fn json(&self) -> Value {
        let statements: Vec<Value> = self
            .statements
            .iter()
            .map(|one| {
                json!({
                    "query": one.query,
                    "calls_per_second": one.rate,
                    "failed_per_second": one.failed,
                    "rows_per_second": one.rows,
                    "p50_seconds": one.p50,
                    "p99_seconds": one.p99,
                    "load": one.load,
                })
            })
            .collect();
        let nodes: Vec<Value> = self
            .nodes
            .iter()
            .map(|node| {
                json!({ "node": node.name, "in_rotation": node.in_rotation, "sessions": node.sessions })
            })
            .collect();
        json!({
            "statements": statements,
            "retries_per_second": self.retries,
            "errors_per_second": self.errors,
            "waiting": self.waiting,
            "acquire_p99_seconds": self.acquire_p99,
            "nodes": nodes,
        })
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self
            .statements
            .iter()
            .map(|one| {
                [
                    one.query.clone(),
                    format!("{:.1}", one.rate),
                    format!("{:.1}", one.failed),
                    format!("{:.1}", one.rows),
                    milliseconds(one.p50),
                    milliseconds(one.p99),
                    format!("{:.2}", one.load),
                ]
            })
            .collect();
        let header = [
            "query", "calls/s", "failed/s", "rows/s", "p50 ms", "p99 ms", "load",
        ];
        writeln!(f, "{}", crate::table(header, rows))?;
        writeln!(
            f,
            "waiting for a session: {:.0}, p99 {} ms; retries/s: {}; errors/s: {}",
            self.waiting,
            milliseconds(self.acquire_p99),
            listed(&self.retries),
            listed(&self.errors)
        )?;
        let rows = self
            .nodes
            .iter()
            .map(|node| {
                let sessions = node.sessions.iter();
                let sessions: Vec<String> = sessions
                    .filter(|(_, count)| **count > 0.0)
                    .map(|(state, count)| format!("{count:.0} {state}"))
                    .collect();
                let rotation = if node.in_rotation {
                    "in rotation"
                } else {
                    "OUT"
                };
                [node.name.clone(), rotation.to_owned(), sessions.join(", ")]
            })
            .collect();
        writeln!(f, "{}", crate::table(["node", "", "sessions"], rows))
    }
}

/// What a service has seen of one query since it began.
pub(crate) struct Seen {
    calls: f64,
    failed: f64,
    p50: Option<f64>,
    p99: Option<f64>,
    /// Attempts made again, of all queries, by SQLSTATE.
    retries: BTreeMap<String, f64>,
    waiting: f64,
    acquire_p99: Option<f64>,
}

impl Seen {
    pub(super) fn of(samples: &Samples, query: &str) -> Self {
        let nothing = Samples::default();
        let count = format!("{STATEMENT}_count");
        let of_query = samples
            .named(&count)
            .filter(|(labels, _)| labels.get("query").is_some_and(|found| found == query));
        let (mut calls, mut failed) = (0.0, 0.0);
        for (labels, value) in of_query {
            calls += value;
            if labels.get("outcome").is_some_and(|outcome| outcome != "ok") {
                failed += value;
            }
        }
        let times = buckets(&nothing, samples, STATEMENT, Some(query));
        let waits = buckets(&nothing, samples, "crdb_pool_acquire_seconds", None);
        // The commonest has its series from the start.
        let mut retries = samples.by("crdb_exec_retries_total", "sqlstate");
        retries.retain(|_, count| *count > 0.0);
        Self {
            calls,
            failed,
            p50: quantile(&times, 0.5),
            p99: quantile(&times, 0.99),
            retries,
            waiting: samples
                .named("crdb_pool_waiting")
                .map(|(_, value)| value)
                .sum(),
            acquire_p99: quantile(&waits, 0.99),
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "calls": self.calls,
            "failed": self.failed,
            "p50_seconds": self.p50,
            "p99_seconds": self.p99,
            "retries": self.retries,
            "waiting": self.waiting,
            "acquire_p99_seconds": self.acquire_p99,
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the service: {:.0} calls, {:.0} failed; p50 {} ms, p99 {} ms, retries and waiting included",
            self.calls,
            self.failed,
            milliseconds(self.p50),
            milliseconds(self.p99)
        )?;
        write!(
            f,
            "all its queries: retries {}; {:.0} callers wait for a session, p99 {} ms",
            listed(&self.retries),
            self.waiting,
            milliseconds(self.acquire_p99)
        )
    }
}

fn milliseconds(seconds: Option<f64>) -> String {
    match seconds {
        Some(seconds) if seconds.is_infinite() => "beyond".to_owned(),
        Some(seconds) => format!("{:.1}", seconds * 1000.0),
        None => String::new(),
    }
}

fn listed(rates: &BTreeMap<String, f64>) -> String {
    let shown: Vec<String> = rates
        .iter()
        .map(|(sqlstate, rate)| {
            let name = if sqlstate.is_empty() {
                "other"
            } else {
                sqlstate
            };
            format!("{name} {rate:.1}")
        })
        .collect();
    match shown.is_empty() {
        true => "none".to_owned(),
        false => shown.join(", "),
    }
}

fn nodes(now: &Samples) -> Vec<Node> {
    let rotation = now.by("crdb_pool_node_in_rotation", "node");
    let sessions = |name: &str| {
        now.named("crdb_pool_sessions")
            .filter(|(labels, _)| labels.get("node").is_some_and(|node| node == name))
            .map(|(labels, count)| (labels.get("state").cloned().unwrap_or_default(), count))
            .collect()
    };
    rotation
        .iter()
        .map(|(name, in_rotation)| Node {
            name: name.clone(),
            in_rotation: *in_rotation > 0.0,
            sessions: sessions(name),
        })
        .collect()
}

/// How many fell below each bound of a histogram meanwhile, the lowest bound first.
fn buckets(before: &Samples, now: &Samples, name: &str, query: Option<&str>) -> Vec<(f64, f64)> {
    let name = format!("{name}_bucket");
    let sums = |samples: &Samples| -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (labels, value) in samples.named(&name) {
            let is_it =
                query.is_none_or(|query| labels.get("query").is_some_and(|found| found == query));
            if let Some(bound) = labels.get("le").filter(|_| is_it) {
                *sums.entry(bound.clone()).or_insert(0.0) += value;
            }
        }
        sums
    };
    let earlier = sums(before);
    let mut grown: Vec<(f64, f64)> = sums(now)
        .into_iter()
        .filter_map(|(bound, value)| {
            let before = earlier.get(&bound).copied().unwrap_or(0.0);
            let bound = match bound.as_str() {
                "+Inf" => f64::INFINITY,
                text => text.parse().ok()?,
            };
            Some((bound, (value - before).max(0.0)))
        })
        .collect();
    grown.sort_by(|a, b| a.0.total_cmp(&b.0));
    grown
}

/// The bound below which this share lies; `None` where nothing happened.
fn quantile(buckets: &[(f64, f64)], share: f64) -> Option<f64> {
    let all = buckets
        .last()
        .map(|(_, count)| *count)
        .filter(|all| *all > 0.0)?;
    buckets
        .iter()
        .find(|(_, count)| *count >= all * share)
        .map(|(bound, _)| *bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks() -> (Samples, Samples) {
        let text = |ok: u64, slow: u64, failed: u64, retries: u64| {
            let all = ok + slow;
            let sum = ok as f64 * 0.001 + slow as f64 * 0.2;
            Samples::parse(&format!(
                "crdb_exec_statement_seconds_bucket{{le=\"0.001\",query=\"a.get\",outcome=\"ok\"}} {ok}\n\
                 crdb_exec_statement_seconds_bucket{{le=\"0.25\",query=\"a.get\",outcome=\"ok\"}} {all}\n\
                 crdb_exec_statement_seconds_bucket{{le=\"+Inf\",query=\"a.get\",outcome=\"ok\"}} {all}\n\
                 crdb_exec_statement_seconds_count{{query=\"a.get\",outcome=\"ok\"}} {all}\n\
                 crdb_exec_statement_seconds_sum{{query=\"a.get\",outcome=\"ok\"}} {sum}\n\
                 crdb_exec_statement_seconds_count{{query=\"a.get\",outcome=\"error\"}} {failed}\n\
                 crdb_exec_retries_total{{scope=\"statement\",sqlstate=\"40001\"}} {retries}\n\
                 crdb_pool_waiting 3\n\
                 crdb_pool_node_in_rotation{{node=\"n1:26257\"}} 1\n\
                 crdb_pool_sessions{{node=\"n1:26257\",state=\"idle\"}} 2\n"
            ))
        };
        (text(100, 0, 0, 10), text(190, 10, 4, 30))
    }

    #[test]
    fn rates_are_those_of_the_pause() {
        let (before, now) = looks();
        let view = View::between(&before, &now, Duration::from_secs(2), 20);
        let json = view.json();
        let one = &json["statements"][0];
        assert_eq!(one["calls_per_second"], 52.0);
        assert_eq!(one["failed_per_second"], 2.0);
        assert_eq!(
            (&one["p50_seconds"], &one["p99_seconds"]),
            (&json!(0.001), &json!(0.25))
        );
        assert_eq!(json["retries_per_second"], json!({"40001": 10.0}));
        assert_eq!(json["nodes"][0]["sessions"], json!({"idle": 2.0}));
        assert!(view.to_string().contains("40001 10.0"), "{view}");
    }

    #[test]
    fn a_service_that_started_anew_is_not_negative() {
        let (before, now) = looks();
        let view = View::between(&now, &before, Duration::from_secs(2), 20);
        assert_eq!(view.json()["statements"][0]["calls_per_second"], 50.0);
    }
}

//! Rules for Prometheus and a dashboard for Grafana, over the metrics of this crate.
//!
//! They lie in the crate's directory `monitoring`, too. Each alert links to a runbook, `docs/runbooks/<alert>.md` of the repository; where you
//! publish these, set Prometheus' external label `crdb_runbooks` to their URL.

/// Recording rules, which the alerts and the dashboard read: a rule file of Prometheus.
pub const RECORDING_RULES: &str = include_str!("../monitoring/recording.yml");

/// Alerting rules: a rule file of Prometheus, for use beside [`RECORDING_RULES`].
pub const ALERTING_RULES: &str = include_str!("../monitoring/alerts.yml");

/// A dashboard for Grafana 10 and later, as JSON: overview, pool and nodes, statements, retries and contention, logins, lanes.
pub const DASHBOARD: &str = include_str!("../monitoring/dashboard.json");

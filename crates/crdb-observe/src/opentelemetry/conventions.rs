//! The version of the conventions, and what they advise.

/// The schema of the [conventions](https://github.com/open-telemetry/semantic-conventions/tree/v1.44.0/model/db) that names
/// and attributes follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// Buckets of durations in seconds: those that the conventions advise (1 ms to 10 s), and three below 1 ms, where a
/// point select on a near node lies.
pub(super) const SECONDS: [f64; 12] = [
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];

/// Buckets of numbers of rows: those that the conventions advise.
pub(super) const ROWS: [f64; 13] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0,
];

//! `observe`: what is recorded.

use super::section;

section! {
    /// Counts and measures, for `Database::metrics`.
    METRICS: bool = default("observe.metrics", "true");
    /// Emits events and spans to the `tracing` subscriber of the process.
    TRACING: bool = default("observe.tracing", "true");
}

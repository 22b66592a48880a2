//! Metrics, traces and audit for the crdb crates.

//! Head-to-head benchmarks of the workspace.

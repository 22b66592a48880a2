//! Whole-system tests of the workspace, and the chaos harness that tests the stack while everything around it fails.

pub mod chaos;
#[cfg(doctest)]
mod guide;
pub mod simulation;

/// Compiles the examples of the workspace's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

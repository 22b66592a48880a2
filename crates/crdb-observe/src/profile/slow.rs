//! The latest slow calls.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::report::SlowCall;

/// How many are kept.
const KEPT: usize = 256;

#[derive(Debug, Default)]
pub(super) struct SlowCalls(Mutex<VecDeque<SlowCall>>);

impl SlowCalls {
    /// Adds one; the oldest gives way.
    pub(super) fn add(&self, call: SlowCall) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= KEPT {
            calls.pop_front();
        }
        calls.push_back(call);
    }

    /// All of them, the oldest first.
    pub(super) fn all(&self) -> Vec<SlowCall> {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clear();
    }
}

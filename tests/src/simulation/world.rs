//! What everything in a run shares: chance, the trace, and what is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::setting::Setting;
use super::trace::Trace;
use crate::chaos::checker::Violation;
use crate::chaos::context::Seed;

/// The world of one run. Everything that chance decides in it comes from one generator, which follows from the seed.
pub(super) struct World {
    pub(super) setting: Setting,
    trace: Trace,
    random: Mutex<StdRng>,
    /// Nothing fails any more.
    calm: AtomicBool,
    violations: Mutex<Vec<Violation>>,
    seen: Mutex<BTreeMap<&'static str, u64>>,
}

/// What is left of a world.
pub(super) struct Remains {
    pub(super) violations: Vec<Violation>,
    pub(super) seen: BTreeMap<&'static str, u64>,
    pub(super) hash: u64,
    pub(super) events: u64,
    pub(super) lines: Vec<String>,
}

impl World {
    pub(super) fn new(seed: u64, with_text: bool) -> Self {
        let mut random = Seed(seed).random("simulation", 0);
        let setting = Setting::draw(&mut random);
        let trace = Trace::new(with_text);
        trace.note(format_args!("seed {seed}: {setting:?}"));
        Self {
            setting,
            trace,
            random: Mutex::new(random),
            calm: AtomicBool::new(true),
            violations: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    /// Whether the faults are off.
    pub(super) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    pub(super) fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    /// A number below `end`; 0 for 0.
    pub(super) fn below(&self, end: u64) -> u64 {
        if end == 0 {
            return 0;
        }
        self.random.lock().random_range(0..end)
    }

    pub(super) fn coin(&self) -> bool {
        self.below(2) == 0
    }

    /// Whether a fault of this frequency, in thousandths, happens here; never while it is calm.
    pub(super) fn fails(&self, per_mille: u32) -> bool {
        per_mille > 0 && !self.is_calm() && self.below(1_000) < u64::from(per_mille)
    }

    /// Some whole milliseconds, which is what timers count in.
    pub(super) fn millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.below(most + 1))
    }

    pub(super) fn pick<T: Copy>(&self, first: T, others: &[T]) -> T {
        let at = self.below(others.len() as u64 + 1);
        let other = usize::try_from(at).ok().and_then(|at| at.checked_sub(1));
        other
            .and_then(|at| others.get(at).copied())
            .unwrap_or(first)
    }

    /// Adds an event to the trace.
    pub(super) fn note(&self, event: fmt::Arguments<'_>) {
        self.trace.note(event);
    }

    /// Counts something, so that a run can be asked whether it saw what it is about.
    pub(super) fn count(&self, what: &'static str) {
        *self.seen.lock().entry(what).or_default() += 1;
    }

    /// Something has happened that must not.
    pub(super) fn wrong(&self, rule: &'static str, detail: String) {
        self.note(format_args!("WRONG {rule}: {detail}"));
        self.violations.lock().push(Violation::new(rule, detail));
    }

    pub(super) fn into_remains(self) -> Remains {
        let (hash, events) = self.trace.hash();
        Remains {
            violations: self.violations.into_inner(),
            seen: self.seen.into_inner(),
            hash,
            events,
            lines: self.trace.into_lines(),
        }
    }
}

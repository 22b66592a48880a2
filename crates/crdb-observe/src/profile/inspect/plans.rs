//! The plans of one statement, and when it is explained next.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crdb_exec::Type;
use tokio::time::Instant;

use crate::profile::plan::Plan;

/// How many plans of different shapes are kept.
const KEPT: usize = 4;

/// Nothing is asked.
const IDLE: u8 = 0;
/// It waits to be explained, or is being explained.
const ASKED: u8 = 1;
/// The types of its parameters are known, and its next call gives the values.
const ARMED: u8 = 2;

#[derive(Debug, Default)]
pub(in crate::profile) struct Plans {
    /// One of the above. Apart from the rest, so that a call looks at no lock.
    stage: AtomicU8,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    types: Arc<[Type]>,
    tried: Option<Instant>,
    /// How many explanations there were.
    count: u32,
    explained: Explained,
}

/// What is known of a statement's plans.
#[derive(Clone, Debug, Default)]
pub(in crate::profile) struct Explained {
    /// The newest first.
    pub(in crate::profile) plans: VecDeque<Plan>,
    /// How often the plan was another than before.
    pub(in crate::profile) changes: u64,
    /// Why the last explanation failed, if it did.
    pub(in crate::profile) failure: Option<String>,
}

impl Plans {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is to be explained now: nothing is asked, and the last time is as long ago as `window`.
    pub(super) fn ask(&self, window: Duration) -> bool {
        if self.stage.load(Ordering::Relaxed) != IDLE {
            return false;
        }
        let mut state = self.lock();
        let now = Instant::now();
        if state
            .tried
            .is_some_and(|tried| now.saturating_duration_since(tried) < window)
        {
            return false;
        }
        let asked = self
            .stage
            .compare_exchange(IDLE, ASKED, Ordering::Relaxed, Ordering::Relaxed);
        if asked.is_ok() {
            state.tried = Some(now);
        }
        asked.is_ok()
    }

    /// The types of the values that are waited for.
    pub(super) fn armed(&self) -> Option<Arc<[Type]>> {
        (self.stage.load(Ordering::Relaxed) == ARMED).then(|| Arc::clone(&self.lock().types))
    }

    /// Its values are waited for from now on.
    pub(super) fn arm(&self, types: Vec<Type>) {
        self.lock().types = types.into();
        self.stage.store(ARMED, Ordering::Relaxed);
    }

    /// Whether this call is the one that gives the values.
    pub(super) fn take(&self) -> bool {
        let taken = self
            .stage
            .compare_exchange(ARMED, ASKED, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok()
    }

    /// It is not explained this time, and may be when it is slow again.
    pub(super) fn give_up(&self) {
        self.lock().tried = None;
        self.stage.store(IDLE, Ordering::Relaxed);
    }

    /// Whether the next explanation is one that runs the statement.
    pub(super) fn is_analyzed(&self, every: u32) -> bool {
        every > 0 && self.lock().count % every == every - 1
    }

    /// It has been explained. Gives the shape that it had before, if that is another.
    pub(super) fn add(&self, explained: Result<Plan, String>) -> Option<String> {
        let mut state = self.lock();
        state.tried = Some(Instant::now());
        state.count = state.count.wrapping_add(1);
        self.stage.store(IDLE, Ordering::Relaxed);
        state.explained.add(explained)
    }

    pub(in crate::profile) fn explained(&self) -> Explained {
        self.lock().explained.clone()
    }
}

impl Explained {
    fn add(&mut self, explained: Result<Plan, String>) -> Option<String> {
        let mut plan = match explained {
            Ok(plan) => plan,
            Err(failure) => {
                self.failure = Some(failure);
                return None;
            }
        };
        self.failure = None;
        let before = self.plans.front().map(|last| last.shape.clone());
        let known = self
            .plans
            .iter()
            .position(|known| known.shape == plan.shape);
        if let Some(known) = known.and_then(|at| self.plans.remove(at)) {
            plan.first = known.first;
        }
        let changed = before.filter(|before| *before != plan.shape);
        self.changes += u64::from(changed.is_some());
        self.plans.push_front(plan);
        self.plans.truncate(KEPT);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(table: &str, at: f64) -> Plan {
        let line = format!("Seq Scan on {table}  (cost=0.00..1.00 rows=1 width=1)");
        Plan::read([line.as_str()], at, false).unwrap()
    }

    #[test]
    fn a_change_is_a_plan_of_another_shape_than_the_last() {
        let plans = Plans::default();
        let (a, b) = (plan("a", 0.0).shape, plan("b", 0.0).shape);
        assert_eq!(plans.add(Ok(plan("a", 1.0))), None);
        assert_eq!(plans.add(Ok(plan("a", 2.0))), None);
        assert_eq!(plans.add(Ok(plan("b", 3.0))), Some(a.clone()));
        assert_eq!(plans.add(Err("42P01".to_owned())), None);
        assert_eq!(plans.explained().failure.as_deref(), Some("42P01"));
        assert_eq!(plans.add(Ok(plan("a", 4.0))), Some(b));
        let known = plans.explained();
        assert_eq!(
            (known.changes, known.plans.len(), known.failure),
            (2, 2, None)
        );
        assert_eq!((known.plans[0].first, known.plans[0].last), (1.0, 4.0));
        for number in 0..10 {
            plans.add(Ok(plan(&format!("t{number}"), 5.0)));
        }
        assert_eq!(plans.explained().plans.len(), KEPT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_statement_is_asked_for_once_within_a_window() {
        let window = Duration::from_secs(600);
        let plans = Plans::default();
        assert!(plans.ask(window));
        assert!(!plans.ask(window));
        plans.arm(vec![Type::INT8]);
        assert_eq!(plans.armed().as_deref(), Some(&[Type::INT8][..]));
        assert!(plans.take() && !plans.take());
        tokio::time::advance(window / 2).await;
        plans.add(Ok(plan("a", 0.0)));
        // From the explanation on, not from the question.
        tokio::time::advance(window - Duration::from_secs(1)).await;
        assert!(!plans.ask(window));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(plans.ask(window));
        // What found no place in the queue may be asked again at once.
        plans.give_up();
        assert!(plans.ask(window));
    }

    #[test]
    fn one_explanation_in_so_many_runs_the_statement() {
        let plans = Plans::default();
        let analyzed: Vec<bool> = (0..6)
            .map(|_| {
                let analyzed = plans.is_analyzed(3);
                plans.add(Ok(plan("a", 0.0)));
                analyzed
            })
            .collect();
        assert_eq!(analyzed, [false, false, true, false, false, true]);
        assert!(!plans.is_analyzed(0) && plans.is_analyzed(1));
    }
}

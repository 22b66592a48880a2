//! What a profile learns from the layers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crdb_exec::{Outcome, Token};

use super::Profile;
use super::call::Call;
use super::report::SlowCall;
use super::statistics::Ended;
use super::table::Key;

fn call(token: &Token) -> Option<&Arc<Call>> {
    token.as_ref()?.downcast_ref()
}

fn begin(key: Key, parameters: usize) -> Token {
    Some(Box::new(Call::begin(key, parameters)))
}

/// What both kinds of calls end with.
struct End<'a> {
    is_transaction: bool,
    elapsed: Duration,
    attempts: u32,
    rows: u64,
    outcome: &'a Outcome,
}

impl Profile {
    fn end(&self, token: &Token, end: &End<'_>) {
        let Some(call) = call(token) else { return };
        let spent = call.spent();
        call.key().add(&Ended {
            elapsed: end.elapsed,
            attempts: end.attempts,
            rows: end.rows,
            outcome: end.outcome,
            spent: &spent,
        });
        let is_slow = end.elapsed >= self.slow_after;
        if let Some(inspected) = self.inspected.get().filter(|_| !end.is_transaction) {
            inspected.ended();
            if is_slow {
                inspected.was_slow(call.key(), call.parameters());
            }
        }
        if is_slow {
            let began = SystemTime::now().checked_sub(end.elapsed);
            self.slow.add(SlowCall::new(
                began.unwrap_or(SystemTime::UNIX_EPOCH),
                end.is_transaction,
                call.key().identity(),
                end.elapsed,
                end.attempts,
                end.outcome,
                &spent,
            ));
        }
    }
}

impl crdb_exec::Observer for Profile {
    fn begin_statement(&self, event: &crdb_exec::StatementBegin<'_>) -> Token {
        let key = self.statements.statement(event.name, event.text);
        if let Some(inspected) = self.inspected.get() {
            inspected.began(&key, event.parameters);
        }
        begin(key, event.parameters.len())
    }

    fn end_statement(&self, token: Token, event: &crdb_exec::StatementEnd<'_>) {
        self.end(
            &token,
            &End {
                is_transaction: false,
                elapsed: event.elapsed,
                attempts: event.attempts,
                rows: event.rows,
                outcome: &event.outcome,
            },
        );
    }

    fn begin_transaction(&self, event: &crdb_exec::TransactionBegin<'_>) -> Token {
        begin(self.transactions.transaction(event.name), 0)
    }

    fn end_transaction(&self, token: Token, event: &crdb_exec::TransactionEnd<'_>) {
        self.end(
            &token,
            &End {
                is_transaction: true,
                elapsed: event.elapsed,
                attempts: event.attempts,
                rows: 0,
                outcome: &event.outcome,
            },
        );
    }

    fn begin_attempt(&self, _: &crdb_exec::AttemptBegin<'_>) -> Token {
        None
    }

    fn end_attempt(&self, _: Token, event: &crdb_exec::AttemptEnd<'_>) {
        if let Some(call) = Call::current() {
            call.attempt_ended(event.elapsed);
        }
    }

    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        match call(token) {
            Some(call) => call.within(step),
            None => step(),
        }
    }

    fn retry(&self, event: &crdb_exec::RetryEvent<'_>) {
        if let Some(call) = Call::current() {
            call.retry(event.delay, event.failure.is_collision());
        }
        if let Some(inspected) = self
            .inspected
            .get()
            .filter(|_| event.failure.is_collision())
        {
            inspected.lost_race();
        }
    }

    fn retry_denied(&self, _: &crdb_exec::RetryDeniedEvent<'_>) {}

    fn resolved(&self, _: &crdb_exec::ResolveEvent<'_>) {}
}

#[cfg(feature = "pool")]
impl crdb_pool::PartialObserver for Profile {
    fn acquire_ended(&self, event: &crdb_pool::AcquireEnd<'_>) {
        let Some(call) = Call::current() else { return };
        match event.outcome {
            crdb_pool::AcquireOutcome::Acquired(acquired) => {
                call.waited(event.waited, Some(acquired.address));
            }
            _ => call.waited(event.waited, None),
        }
    }
}

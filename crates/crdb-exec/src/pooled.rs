//! Running statements on borrowed sessions.

mod attempts;
mod request;
mod rows;

pub(crate) use attempts::{Attempts, Failed};
pub use rows::PooledRows;

use request::{FetchAtMost, Open, Request, Run};

use crate::backoff::Backoff;
use crate::budget::RetryBudget;
use crate::comment::SqlComments;
use crate::deadline::{self, Waited};
use crate::defaults;
use crate::effect::Effect;
use crate::error::{Error, ErrorKind};
use crate::executor::Executor;
use crate::fault::Fault;
use crate::idempotency;
use crate::observer::{Failure, Observer, Operation, Outcome, RetryDeniedEvent, RetryEvent};
use crate::random::Random;
use crate::retry::{FailedAttempt, LimitedAttempts, RetryDecision, RetryPolicy};
use crate::session::{
    AcquireOptions, Engine, NodeId, Parameters, Session, SessionOutcome, SessionSource,
};
use crate::sqlstate::SqlState;
use crate::statement::{RetrySafety, Statement};
use crate::verdict::{Position, Verdict};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Runs statements, each its own transaction, and [transactions](Self::transact) on sessions that a [`SessionSource`]
/// lends. Cloning it is cheap, and the clones share one retry budget.
pub struct PooledExecutor<S> {
    shared: Arc<Shared<S>>,
    /// Instead of the shared one, where it was made with a policy of its own.
    policy: Option<Arc<dyn RetryPolicy>>,
}

struct Shared<S> {
    source: S,
    observer: Option<Arc<dyn Observer>>,
    comments: Option<SqlComments>,
    budget: RetryBudget,
    timeout: Option<Duration>,
    attempts: LimitedAttempts,
    policy: Option<Arc<dyn RetryPolicy>>,
    random: Arc<Random>,
}

impl<S> Clone for PooledExecutor<S> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            policy: self.policy.clone(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for PooledExecutor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledExecutor")
            .field("source", &self.shared.source)
            .field("timeout", &self.shared.timeout)
            .field("policy", &self.policy)
            .field("attempts", &self.shared.attempts)
            .field("budget", &self.shared.budget)
            .finish_non_exhaustive()
    }
}

/// Makes a [`PooledExecutor`].
pub struct PooledExecutorBuilder<S> {
    shared: Shared<S>,
}

impl<S: SessionSource> PooledExecutorBuilder<S> {
    /// Sets the observer. By default there is none, which costs nothing; [`FanOut`](crate::FanOut) is one that stands for
    /// several.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.shared.observer = Some(observer);
        self
    }

    /// Adds comments to what is sent, for the server's statistics and logs. Default: none.
    #[must_use]
    pub fn sql_comments(mut self, comments: SqlComments) -> Self {
        self.shared.comments = Some(comments);
        self
    }

    /// How long a call may take when neither the statement nor the transaction says: 30 s by default. `None` waits
    /// forever.
    #[must_use]
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.shared.timeout = timeout;
        self
    }

    /// How often a statement outside a transaction is tried at most: 5 by default, at least 1.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.shared.attempts.set_attempts(attempts);
        self
    }

    /// How long to wait between these attempts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.shared.attempts.set_backoff(backoff);
        self
    }

    /// Decides about retries instead of [`attempts`](Self::attempts) and [`backoff`](Self::backoff), and instead of those
    /// of transactions that have no policy of their own.
    #[must_use]
    pub fn retry_policy(mut self, policy: Arc<dyn RetryPolicy>) -> Self {
        self.shared.policy = Some(policy);
        self
    }

    /// How many retries after failures of nodes and connections are in reserve, beyond one for each ten calls: 10 by
    /// default. When none is left, such failures come back at once.
    #[must_use]
    pub fn retry_reserve(mut self, retries: u32) -> Self {
        self.shared.budget = RetryBudget::new(retries);
        self
    }

    /// Fixes what chance decides, so that a run can be repeated: the jitter of waits, and the names by which the owners of idempotency
    /// keys are told apart. Default: taken from the operating system.
    ///
    /// For simulations only. Two executors with the same seed give different calls the same name, and one of them would take the other's
    /// committed work for its own.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.shared.random = Arc::new(Random::seeded(seed));
        self
    }

    /// The executor.
    #[must_use]
    pub fn build(self) -> PooledExecutor<S> {
        PooledExecutor {
            shared: Arc::new(self.shared),
            policy: None,
        }
    }
}

impl<S: SessionSource> PooledExecutor<S> {
    /// An executor over `source` with the defaults.
    pub fn new(source: S) -> Self {
        Self::builder(source).build()
    }

    /// An executor over `source`, with other settings.
    pub fn builder(source: S) -> PooledExecutorBuilder<S> {
        PooledExecutorBuilder {
            shared: Shared {
                source,
                observer: None,
                comments: None,
                budget: RetryBudget::new(defaults::RETRY_RESERVE),
                timeout: Some(defaults::TIMEOUT),
                attempts: LimitedAttempts::new(defaults::STATEMENT_ATTEMPTS, Backoff::default()),
                policy: None,
                random: Arc::default(),
            },
        }
    }

    /// The same executor with another retry policy, for one call or some: it shares the source, the budget and the observer.
    ///
    /// It decides about statements, and about transactions whose options have no policy of their own.
    #[must_use]
    pub fn with_retry_policy(&self, policy: Arc<dyn RetryPolicy>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            policy: Some(policy),
        }
    }

    /// The policy that this executor was given, if it was.
    pub(crate) fn own_policy(&self) -> Option<&dyn RetryPolicy> {
        self.policy.as_deref().or(self.shared.policy.as_deref())
    }

    fn statement_policy(&self) -> &dyn RetryPolicy {
        self.own_policy().unwrap_or(&self.shared.attempts)
    }

    /// Where the sessions come from.
    pub fn source(&self) -> &S {
        &self.shared.source
    }

    pub(crate) fn comments(&self) -> Option<&SqlComments> {
        self.shared.comments.as_ref()
    }

    pub(crate) fn observer(&self) -> Option<&Arc<dyn Observer>> {
        self.shared.observer.as_ref()
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.shared.timeout
    }

    /// When a call that begins now and has no limit of its own has to be over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timeout()
            .and_then(|limit| deadline::after(Instant::now(), limit))
    }

    /// An executor with these settings, over another source. Its retry budget is its own.
    #[must_use]
    pub fn over<T: SessionSource>(&self, source: T) -> PooledExecutor<T> {
        let shared = &self.shared;
        PooledExecutor {
            shared: Arc::new(Shared {
                source,
                observer: shared.observer.clone(),
                comments: shared.comments.clone(),
                budget: RetryBudget::new(shared.budget.reserve()),
                timeout: shared.timeout,
                attempts: shared.attempts,
                policy: shared.policy.clone(),
                random: Arc::clone(&shared.random),
            }),
            policy: self.policy.clone(),
        }
    }

    /// A name for one call that no other call has.
    pub(crate) fn name_owner(&self) -> String {
        self.shared.random.with(idempotency::owner)
    }

    /// A call begins: it earns its share of the retry budget.
    pub(crate) fn earn(&self) {
        self.shared.budget.earn();
    }

    /// Borrows a session, not longer than the deadline.
    pub(crate) async fn lease(
        &self,
        deadline: Option<Instant>,
        avoid: Option<NodeId>,
        attempted: &str,
    ) -> Result<S::Lease, Error> {
        let acquire = self
            .shared
            .source
            .acquire(AcquireOptions { deadline, avoid });
        let mut acquire = pin!(acquire);
        // As a rule a session is free, and no timer is needed.
        let first = poll_fn(|cx| Poll::Ready(acquire.as_mut().poll(cx))).await;
        let acquired = match (first, deadline) {
            (Poll::Ready(acquired), _) => acquired,
            (Poll::Pending, None) => acquire.await,
            (Poll::Pending, Some(deadline)) => match timeout_at(deadline, acquire).await {
                Ok(acquired) => acquired,
                Err(_) => {
                    return Err(Error::new(ErrorKind::Timeout, Verdict::Never, attempted)
                        .with_advice("no session came free in time"));
                }
            },
        };
        acquired.map_err(|error| {
            let (kind, verdict) = match (error.is_timed_out(), error.is_retryable()) {
                // The source has waited already.
                (true, _) => (ErrorKind::Timeout, Verdict::Never),
                (false, true) => (ErrorKind::Acquire, Verdict::Retry),
                (false, false) => (ErrorKind::Acquire, Verdict::Never),
            };
            Error::new(kind, verdict, attempted).with_source(error.into_source())
        })
    }

    /// Tells the source what a failure says about its node.
    pub(crate) fn report(&self, lease: &S::Lease, failure: Option<Failure>) -> NodeId {
        let outcome = failure.and_then(|failure| match (failure.sqlstate, failure.kind) {
            (Some(SqlState::ADMIN_SHUTDOWN), _) => Some(SessionOutcome::Draining),
            (Some(SqlState::TOO_MANY_CONNECTIONS), _) => Some(SessionOutcome::Overloaded),
            (_, ErrorKind::Connection) => Some(SessionOutcome::Lost),
            _ => None,
        });
        if let Some(outcome) = outcome {
            self.shared.source.report(lease, outcome);
        }
        self.shared.source.node(lease)
    }

    /// Waits before the next attempt and says whether there is to be one.
    pub(crate) async fn try_again(
        &self,
        attempts: &Attempts<'_>,
        failure: Failure,
        node: Option<NodeId>,
    ) -> bool {
        let Some(policy) = attempts
            .policy
            .filter(|_| failure.verdict == Verdict::Retry)
        else {
            return false;
        };
        let remaining = attempts
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let decision = policy.decide(&FailedAttempt {
            number: attempts.made,
            failure,
            is_transaction: attempts.is_transaction,
            elapsed: attempts.started.elapsed(),
            took: attempts.began.elapsed(),
            remaining,
            budget: self.shared.budget.left(),
            random: self.shared.random.number(),
        });
        let RetryDecision::After(delay) = decision else {
            return false;
        };
        if remaining.is_some_and(|remaining| remaining <= delay) {
            return false;
        }
        // A collision is met by waiting; failures of nodes and connections are rationed.
        if !failure.is_collision() && !self.shared.budget.spend() {
            if let Some(observer) = self.observer() {
                observer.retry_denied(&RetryDeniedEvent {
                    name: attempts.name,
                    is_transaction: attempts.is_transaction,
                    failure,
                });
            }
            return false;
        }
        if let Some(observer) = self.observer() {
            observer.retry(&RetryEvent {
                name: attempts.name,
                is_transaction: attempts.is_transaction,
                attempt: attempts.made,
                delay,
                failure,
                node,
            });
        }
        sleep(delay).await;
        true
    }

    /// As [`Executor::fetch_at_most`], not on this node if there is another.
    pub(crate) async fn fetch_avoiding(
        &self,
        avoid: Option<NodeId>,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<<S::Session as Session>::Row>, Error> {
        let request = FetchAtMost(limit);
        let called = self.call(request, statement, parameters, avoid).await?;
        Ok(called.end())
    }

    /// Runs a statement that is its own transaction, as often as is right.
    async fn call<'a, R: Request>(
        &'a self,
        request: R,
        statement: Statement<'a>,
        parameters: Parameters<'_>,
        mut avoid: Option<NodeId>,
    ) -> Result<Called<'a, S, R>, Error> {
        let started = Instant::now();
        let timeout = statement.own_timeout().or(self.shared.timeout);
        let deadline = timeout.and_then(|timeout| deadline::after(started, timeout));
        self.earn();
        let operation =
            Operation::statement(self.observer(), &statement, parameters, false, started);
        let mut attempts = Attempts {
            name: statement.name(),
            is_transaction: false,
            started,
            began: started,
            made: 0,
            policy: match statement.retry_safety() {
                RetrySafety::Never => None,
                _ => Some(self.statement_policy()),
            },
            deadline,
            timeout,
            last: None,
        };
        let result = {
            let work = pin!(async {
                loop {
                    attempts.begin();
                    operation.attempts(attempts.made);
                    let observed =
                        Operation::attempt(self.observer(), attempts.name, false, attempts.made);
                    let result = {
                        let attempt = self.once(request, statement, parameters, deadline, avoid);
                        observed.scope(pin!(attempt)).await
                    };
                    let failed = match result {
                        Ok((lease, answer)) => {
                            let node = lease.as_ref().map(|lease| self.shared.source.node(lease));
                            observed.end(Outcome::Done, R::rows::<S::Session>(&answer), node);
                            break Ok((lease, answer));
                        }
                        Err(failed) => failed,
                    };
                    let failure = Failure::of(&failed.error);
                    observed.end(Outcome::Failed(failure), 0, failed.node);
                    if failed.error.is_connection() {
                        avoid = failed.node;
                    }
                    if !self.try_again(&attempts, failure, failed.node).await {
                        break Err(failed.error.after(attempts.effort()));
                    }
                    attempts.last = Some(failure);
                }
            });
            operation.scope(work).await
        };
        match result {
            Ok((lease, answer)) => Ok(Called {
                lease,
                answer,
                operation,
            }),
            Err(error) => {
                operation.end(Outcome::Failed(Failure::of(&error)), 0, None);
                Err(error)
            }
        }
    }

    /// Runs a statement once, or twice in the same session when its plan was stale.
    async fn once<R: Request>(
        &self,
        request: R,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        deadline: Option<Instant>,
        avoid: Option<NodeId>,
    ) -> Result<(Option<S::Lease>, R::Answer<S::Session>), Failed> {
        let attempted = || format!("running \"{}\"", statement.label());
        let lease = self
            .lease(deadline, avoid, statement.label())
            .await
            .map_err(|error| Failed { error, node: None })?;
        let statement = statement.autocommit_on(lease.engine());
        let commented = self
            .comments()
            .and_then(|comments| comments.text_of(&statement));
        let statement = match &commented {
            Some(text) => statement.with_text(text),
            None => statement,
        };
        let position = || Position::autocommit(&statement);
        let engine = lease.engine();
        let mut renewed = false;
        loop {
            let waited = {
                let answer = pin!(request.ask(&*lease, statement, parameters));
                deadline::wait(&*lease, deadline, answer).await
            };
            let fault = match waited {
                Waited::Answered(Ok(answer)) => return Ok((Some(lease), answer)),
                Waited::Answered(Err(fault)) => fault,
                Waited::AnsweredLate(answer, cancel) => {
                    let node = Some(self.shared.source.node(&lease));
                    deadline::keep_until(cancel, lease);
                    // A late answer is true all the same, but no cursor is read on beside a cancel.
                    return match answer {
                        Ok(answer) if !R::READS_ON => Ok((None, answer)),
                        Ok(_) => Err(out_of_time(attempted(), position())),
                        Err(fault) => Err(answered_late(fault, attempted(), position(), engine)),
                    }
                    .map_err(|error| Failed { error, node });
                }
                Waited::Silent(cancel) => {
                    let node = Some(self.shared.source.node(&lease));
                    deadline::give_up(cancel, lease, |lease| &**lease);
                    let error = out_of_time(attempted(), position());
                    return Err(Failed { error, node });
                }
            };
            if fault.is_stale_plan() && !renewed {
                renewed = true;
                continue;
            }
            let error = Error::from_fault(fault, position(), engine, attempted());
            let node = Some(self.report(&lease, Some(Failure::of(&error))));
            return Err(Failed { error, node });
        }
    }
}

/// A statement that has been answered.
struct Called<'a, S: SessionSource, R: Request> {
    /// Not there while a cancel is still on its way to it.
    lease: Option<S::Lease>,
    answer: R::Answer<S::Session>,
    operation: Operation<'a>,
}

impl<S: SessionSource, R: Request> Called<'_, S, R> {
    /// The answer of a statement that ends with it.
    fn end(self) -> R::Answer<S::Session> {
        let rows = R::rows::<S::Session>(&self.answer);
        self.operation.end(Outcome::Done, rows, None);
        self.answer
    }
}

/// The error of a statement that was answered after its deadline, as a rule by the cancel.
fn answered_late(fault: Fault, attempted: String, position: Position, engine: Engine) -> Error {
    let error = Error::from_fault(fault, position, engine, attempted);
    match error.kind() {
        ErrorKind::Cancelled => error.with_kind(ErrorKind::Timeout),
        _ => error,
    }
}

/// The error of a statement that was cut off.
fn out_of_time(attempted: String, position: Position) -> Error {
    let verdict = match position {
        Position::Autocommit {
            retry: RetrySafety::Safe,
            ..
        }
        | Position::Autocommit {
            effect: Effect::Read,
            ..
        } => Verdict::Never,
        _ => Verdict::OutcomeUnknown,
    };
    Error::new(ErrorKind::Timeout, verdict, attempted)
}

impl<S: SessionSource> Executor for PooledExecutor<S> {
    type Row = <S::Session as Session>::Row;
    type Rows<'a>
        = PooledRows<S>
    where
        Self: 'a;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, Error> {
        self.fetch_avoiding(None, statement, parameters, limit)
            .await
    }

    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        let called = self.call(Run, statement, parameters, None).await?;
        Ok(called.end())
    }

    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<PooledRows<S>, Error> {
        let called = self.call(Open, statement, parameters, None).await?;
        Ok(PooledRows {
            lease: called.lease,
            cursor: called.answer,
            operation: Some(called.operation.keep()),
            label: statement.label().to_owned(),
            position: Position::autocommit(&statement),
            affected: None,
            stall: statement.own_timeout().or(self.shared.timeout),
            timer: None,
            ended: false,
        })
    }
}

//! The executor in front of an executor.

use crate::cache::Shared;
use crate::clock::Moment;
use crate::defaults;
use crate::entry::{Demand, Entry};
use crate::flight::{Flight, Landed, Lead};
use crate::key::Key;
use crate::load::{Detached, FirstRun, Place, first_run};
use crate::observer::{AnswerEvent, AnsweredBy, MissReason};
use crate::origin::Origin;
use crate::parameters::encode;
use crate::row::{CachedRow, CachedRows, StoredRows};
use crate::shape::{Known, Scope, Shape, State};
use crate::token::CommitToken;
use crate::watch::Watch;
use crdb_exec::{CacheRule, Error, ErrorKind, Executor, Parameters, Statement};
use crdb_sql::reuse::Dependencies;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Why nothing is kept for sessions that are set by their borrowers.
const SESSIONS_DIFFER: &str = "its sessions may be set otherwise from call to call: by a hook that runs before each loan, or in a block \
     of work on one session";

/// How often a call looks again after a load gave nothing, before it is passed on.
const TURNS: u32 = 8;

/// Gives kept answers to the statements that [allow it](Statement::cached), and passes everything else on. Made by
/// [`Cache::over`](crate::Cache::over). Cloning it is cheap; the clones share the entries.
///
/// # What is given
/// An answer that was current at most as long ago as the statement's rule says, or that was read after the call began; never one
/// from before an invalidation of one of its tables, or from before a commit of the reader's [token](Self::reading_after).
///
/// # What is passed on
/// Statements without a rule, and those whose answer may depend on more than parameters, tables and who asks:
/// [`refusal`](Self::refusal) says why. A transaction of the executor behind the cache reads from it only where it is [asked to](Self::within).
///
/// # Cancel safety
/// A dropped call leaves the load that it waits for to the others; the first run of a statement ends with its caller.
pub struct CachedExecutor<O> {
    origin: O,
    shared: Arc<Shared>,
    scope: Arc<Scope>,
    token: CommitToken,
}

impl<O: Clone> Clone for CachedExecutor<O> {
    fn clone(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            shared: Arc::clone(&self.shared),
            scope: Arc::clone(&self.scope),
            token: self.token,
        }
    }
}

impl<O> fmt::Debug for CachedExecutor<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedExecutor")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// How a call goes on.
enum Answer<R> {
    Kept(Arc<StoredRows>),
    Read(Vec<R>),
    PassOn,
}

/// A call, as far as the cache is concerned.
struct Call<'a> {
    statement: Statement<'a>,
    rule: CacheRule,
    parameters: Parameters<'a>,
    limit: usize,
}

/// Why a call has missed, and when it has to be over.
struct Miss {
    why: MissReason,
    deadline: Instant,
    /// The latest event when it began: a load after it is as good as one of its own.
    arrived: u64,
    /// A load must have begun after this event.
    floor: u64,
}

impl<O: Origin> CachedExecutor<O> {
    pub(crate) fn new(origin: O, shared: Arc<Shared>, scope: Arc<Scope>) -> Self {
        Self {
            origin,
            shared,
            scope,
            token: CommitToken::default(),
        }
    }

    /// The same executor for a reader that knows of these commits: what it is given includes them.
    #[must_use]
    pub fn reading_after(&self, token: CommitToken) -> Self {
        Self {
            token: self.token.and(token),
            ..self.clone()
        }
    }

    /// The executor behind the cache.
    pub fn origin(&self) -> &O {
        &self.origin
    }

    /// Why answers of this statement are not kept, for people; `None` where they are, or where it is not known yet because the
    /// statement has not been run.
    #[must_use]
    pub fn refusal(&self, statement: &Statement<'_>) -> Option<String> {
        if statement.cache_rule().is_none() {
            return Some("it does not say that its answers may be kept".to_owned());
        }
        if self.scope.differs {
            return Some(SESSIONS_DIFFER.to_owned());
        }
        if let Err(why) = Dependencies::of(statement.text()) {
            return Some(why.to_string());
        }
        match self.shape(statement.text()).state() {
            Some(State::Refused { why, .. }) => Some(why.to_string()),
            _ => None,
        }
    }

    /// Whether a statement is known to change nothing: its answers are kept, or its text shows that they could be.
    #[must_use]
    pub fn only_reads(&self, statement: &Statement<'_>) -> bool {
        let text = statement.text();
        match statement.cache_rule().and(self.scope.known(text)) {
            Some(shape) if matches!(shape.state(), Some(State::Known(_))) => true,
            _ => Dependencies::of(text).is_ok(),
        }
    }

    fn shape(&self, text: &str) -> Arc<Shape> {
        self.scope.shape(text, || self.shared.next_shape())
    }

    fn demand<'a>(&self, rule: CacheRule, shape: &'a Shape, now: Moment) -> Demand<'a> {
        let feed = match shape.state() {
            Some(State::Known(Known {
                feed: Some(feed),
                tables,
                ..
            })) if !feed.has_ended() => Some((&**feed, &**tables, shape.verified(now))),
            _ => None,
        };
        Demand {
            feed,
            rule,
            token: self.token,
            cache: self.shared.id,
            floor: shape.floor(),
        }
    }

    async fn answer(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Answer<O::Row>, Error> {
        let Some(rule) = statement.cache_rule().filter(|_| limit > 0) else {
            return Ok(Answer::PassOn);
        };
        let call = Call {
            statement,
            rule,
            parameters,
            limit,
        };
        let mut miss = None;
        if self.scope.differs {
            let why = Some(SESSIONS_DIFFER);
            self.tell(&call, AnsweredBy::PassedOn, None, None, why);
            return Ok(Answer::PassOn);
        }
        for _ in 0..TURNS {
            let shape = self.shape(statement.text());
            let known = match shape.state() {
                Some(State::Known(known)) => known,
                Some(State::Refused { since, .. })
                    if self.shared.now().since(*since) > defaults::RECHECK_INTERVAL =>
                {
                    self.scope.forget(statement.text(), &shape);
                    continue;
                }
                Some(State::Refused { why, .. }) => {
                    self.tell(&call, AnsweredBy::PassedOn, miss.as_ref(), None, Some(why));
                    return Ok(Answer::PassOn);
                }
                None => {
                    let miss = miss.get_or_insert_with(|| self.missed(&call, MissReason::Absent));
                    match Box::pin(self.first(&call, &shape, miss)).await? {
                        Some(answer) => return Ok(answer),
                        None => continue,
                    }
                }
            };
            let Some(encoded) = encode(parameters, &known.sent) else {
                let why = "the parameters are of other types than those of the first run";
                self.tell(&call, AnsweredBy::PassedOn, miss.as_ref(), None, Some(why));
                return Ok(Answer::PassOn);
            };
            let key = Key::new(shape.id, limit, encoded);
            let entry = self.shared.entries.get(&key);
            let now = self.shared.now();
            let demand = self.demand(rule, &shape, now);
            let judged = match &entry {
                Some(entry) => entry.judge(&demand, now),
                None => Err(MissReason::Absent),
            };
            match (judged, entry) {
                (Ok(age), Some(entry)) => {
                    if entry.wants_refresh(age) {
                        self.refresh(&call, &shape, &key);
                    }
                    let by = match &miss {
                        None => AnsweredBy::Hit,
                        Some(_) => AnsweredBy::SharedLoad,
                    };
                    self.tell(&call, by, miss.as_ref(), Some(age), None);
                    return Ok(Answer::Kept(Arc::clone(&entry.rows)));
                }
                (judged, entry) => {
                    let why = judged.err().unwrap_or(MissReason::Absent);
                    let miss = miss.get_or_insert_with(|| self.missed(&call, why));
                    let turn = Box::pin(self.wait(&call, &shape, &key, entry, miss));
                    if let Some(answer) = turn.await? {
                        return Ok(answer);
                    }
                }
            }
        }
        let why = "it was overtaken by changes each time that it was loaded";
        self.tell(&call, AnsweredBy::PassedOn, miss.as_ref(), None, Some(why));
        Ok(Answer::PassOn)
    }

    /// The answer that is kept, without waiting for a load of one that is not.
    pub(crate) fn kept(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Option<Arc<StoredRows>> {
        let rule = statement.cache_rule().filter(|_| limit > 0)?;
        let shape = self.scope.known(statement.text())?;
        let Some(State::Known(known)) = shape.state() else {
            return None;
        };
        let key = Key::new(shape.id, limit, encode(parameters, &known.sent)?);
        let entry = self.shared.entries.get(&key)?;
        let now = self.shared.now();
        let age = entry.judge(&self.demand(rule, &shape, now), now).ok()?;
        let call = Call {
            statement,
            rule,
            parameters,
            limit,
        };
        if entry.wants_refresh(age) {
            self.refresh(&call, &shape, &key);
        }
        self.tell(&call, AnsweredBy::Hit, None, Some(age), None);
        Some(Arc::clone(&entry.rows))
    }

    fn missed(&self, call: &Call<'_>, why: MissReason) -> Miss {
        Miss {
            why,
            deadline: Instant::now() + timeout(&call.statement).min(FAR),
            arrived: self.shared.latest(),
            floor: self.token.sequence(self.shared.id),
        }
    }

    /// Runs a statement for the first time, or waits for the caller who does. `None` looks again.
    async fn first(
        &self,
        call: &Call<'_>,
        shape: &Arc<Shape>,
        miss: &mut Miss,
    ) -> Result<Option<Answer<O::Row>>, Error> {
        let text = call.statement.text();
        let dependencies = match Dependencies::of(text) {
            Ok(dependencies) => dependencies,
            Err(why) => {
                let (why, since) = (why.to_string().into(), self.shared.now());
                shape.learn(State::Refused { why, since });
                return Ok(None);
            }
        };
        let begin = || (self.shared.next(), self.shared.now());
        let key = Key::first_run(shape.id);
        let (flight, lead) = self.shared.flights.join(&key, 0, begin);
        let Some(lead) = lead else {
            return match timeout_at(miss.deadline, flight.landed()).await {
                // It was out of time, and this caller is not.
                Ok(Landed::Failed(error)) if !error.is_timeout() => self.failed(call, miss, error),
                Ok(_) => Ok(None),
                Err(_) => self.failed(call, miss, out_of_time(&call.statement)),
            };
        };
        let place = Place {
            shared: &self.shared,
            scope: &self.scope,
            shape,
            text,
            rule: call.rule,
        };
        let run = (call.statement, call.parameters, call.limit);
        let led = first_run(&place, lead, &self.origin, &dependencies, run);
        match led.await {
            Ok(FirstRun::Kept(entry)) => {
                let age = entry.age(self.shared.now());
                self.tell(call, AnsweredBy::Load, Some(miss), Some(age), None);
                Ok(Some(Answer::Kept(Arc::clone(&entry.rows))))
            }
            Ok(FirstRun::Given(rows)) => {
                let why = match shape.state() {
                    Some(State::Refused { why, .. }) => why,
                    _ => "its answer could not be kept",
                };
                self.tell(call, AnsweredBy::PassedOn, Some(miss), None, Some(why));
                Ok(Some(Answer::Read(rows)))
            }
            Err(error) => self.failed(call, miss, error),
        }
    }

    /// Waits for a load of this key, which this call begins where there is none. `None` looks again.
    async fn wait(
        &self,
        call: &Call<'_>,
        shape: &Arc<Shape>,
        key: &Key,
        old: Option<Arc<Entry>>,
        miss: &mut Miss,
    ) -> Result<Option<Answer<O::Row>>, Error> {
        let floor = miss.floor.max(shape.floor());
        let (flight, led) = self.begin(call, shape, key, floor);
        let landed = timeout_at(miss.deadline, flight.landed()).await;
        let error = match landed {
            Ok(Landed::Answer(entry)) => {
                let now = self.shared.now();
                let demand = self.demand(call.rule, shape, now);
                let own = flight.sequence > miss.arrived;
                let judged = entry.judge(&demand, now);
                // A load that began after the call is as good as asking the server, however long it took, and whatever a clock
                // elsewhere says of the token.
                let good = match judged {
                    Ok(_) => true,
                    Err(MissReason::Invalidated) => false,
                    Err(_) => own && flight.sequence > miss.floor,
                };
                if !good {
                    miss.floor = miss.floor.max(flight.sequence);
                    return Ok(None);
                }
                let by = if led {
                    AnsweredBy::Load
                } else {
                    AnsweredBy::SharedLoad
                };
                let age = entry.age(self.shared.now());
                self.tell(call, by, Some(miss), Some(age), None);
                return Ok(Some(Answer::Kept(Arc::clone(&entry.rows))));
            }
            Ok(Landed::Nothing) => return Ok(None),
            // The caller who began it was out of time, and this one is not.
            Ok(Landed::Failed(error)) if !led && error.is_timeout() => return Ok(None),
            Ok(Landed::Failed(error)) => error,
            Err(_) => out_of_time(&call.statement),
        };
        let now = self.shared.now();
        let demand = self.demand(call.rule, shape, now);
        let old = old.filter(|_| call.rule.allows_errors() && is_outage(&error));
        if let Some(old) = old
            && let Some(age) = old.judge_on_error(&demand, now)
        {
            self.tell(call, AnsweredBy::StaleOnError, Some(miss), Some(age), None);
            return Ok(Some(Answer::Kept(Arc::clone(&old.rows))));
        }
        self.failed(call, miss, error)
    }

    /// The load of this key that began after the event `floor`, and whether this call has begun it.
    fn begin(
        &self,
        call: &Call<'_>,
        shape: &Arc<Shape>,
        key: &Key,
        floor: u64,
    ) -> (Arc<Flight>, bool) {
        let begin = || (self.shared.next(), self.shared.now());
        let (flight, lead) = self.shared.flights.join(key, floor, begin);
        let led = lead.is_some();
        if let Some(lead) = lead {
            self.spawn(call, shape, key, lead);
        }
        (flight, led)
    }

    /// Loads an entry anew before it is too old, without anyone waiting.
    fn refresh(&self, call: &Call<'_>, shape: &Arc<Shape>, key: &Key) {
        let _loading = self.begin(call, shape, key, shape.floor());
    }

    fn spawn(&self, call: &Call<'_>, shape: &Arc<Shape>, key: &Key, lead: Lead) {
        let detached = Detached {
            shared: Arc::clone(&self.shared),
            scope: Arc::clone(&self.scope),
            shape: Arc::clone(shape),
            origin: self.origin.clone(),
            text: call.statement.text().into(),
            name: call.statement.name().map(Into::into),
            timeout: call.statement.own_timeout(),
            retry: call.statement.retry_safety(),
            rule: call.rule,
            limit: call.limit,
            parameters: key.parameters().clone(),
        };
        let watch = Watch::begin(&self.shared, call.statement.name());
        tokio::spawn(detached.run(lead, watch));
    }

    fn failed<T>(&self, call: &Call<'_>, miss: &Miss, error: Error) -> Result<Option<T>, Error> {
        self.tell(call, AnsweredBy::Error, Some(miss), None, None);
        Err(error)
    }

    fn tell(
        &self,
        call: &Call<'_>,
        by: AnsweredBy,
        miss: Option<&Miss>,
        age: Option<Duration>,
        refused: Option<&str>,
    ) {
        if let Some(observer) = &self.shared.observer {
            observer.answered(&AnswerEvent {
                name: call.statement.name(),
                by,
                miss: miss.map(|miss| miss.why),
                age,
                refused,
            });
        }
    }
}

/// Longer than any call. A deadline beyond what an instant can hold is as good as this one.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

fn timeout(statement: &Statement<'_>) -> Duration {
    statement.own_timeout().unwrap_or(defaults::TIMEOUT)
}

/// The time of a caller who waited for a load is up.
fn out_of_time(statement: &Statement<'_>) -> Error {
    let label = statement.name().unwrap_or("a statement without a name");
    Error::timed_out(
        format!("waiting for an answer of \"{label}\" to be loaded"),
        timeout(statement),
    )
}

/// Whether an error says that the server does not answer now, rather than that it refuses the statement.
fn is_outage(error: &Error) -> bool {
    let kind = matches!(
        error.kind(),
        ErrorKind::Acquire | ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Cancelled
    );
    // Connection, resources, operator, system and internal errors.
    let class =
        |state: crdb_exec::SqlState| matches!(state.class(), "08" | "53" | "57" | "58" | "XX");
    kind || error.is_retryable() || error.sqlstate().is_some_and(class)
}

impl<O: Origin> Executor for CachedExecutor<O> {
    type Row = CachedRow<O::Row>;
    type Rows<'a>
        = CachedRows<O::Rows<'a>>
    where
        Self: 'a;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<Self::Row>, Error> {
        Ok(match self.answer(statement, parameters, limit).await? {
            Answer::Kept(rows) => (0..rows.len())
                .map(|row| CachedRow::stored(&rows, row))
                .collect(),
            Answer::Read(rows) => rows.into_iter().map(CachedRow::read).collect(),
            Answer::PassOn => {
                let rows = self.origin.fetch_at_most(statement, parameters, limit);
                rows.await?.into_iter().map(CachedRow::read).collect()
            }
        })
    }

    /// Passes the statement on: the number of rows that it affects is not kept.
    async fn execute_statement(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Error> {
        self.origin.execute_statement(statement, parameters).await
    }

    fn is_transaction(&self) -> bool {
        self.origin.is_transaction()
    }

    /// An answer that may be kept is read whole before its first row is given.
    async fn fetch_statement_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Rows<'_>, Error> {
        Ok(
            match self.answer(statement, parameters, usize::MAX).await? {
                Answer::Kept(rows) => CachedRows::stored(rows),
                Answer::Read(rows) => CachedRows::given(rows),
                Answer::PassOn => {
                    let rows = self.origin.fetch_statement_stream(statement, parameters);
                    CachedRows::read(rows.await?)
                }
            },
        )
    }
}

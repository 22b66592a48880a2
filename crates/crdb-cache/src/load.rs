//! One load: reading, judging what was read, and keeping it.

use crate::cache::Shared;
use crate::entry::{Entry, read_at, refresh_from};
use crate::flight::{Landed, Lead};
use crate::observer::LoadOutcome;
use crate::origin::{LoadRequest, Loaded, Origin};
use crate::parameters::{Encoded, Recorder, Sent};
use crate::row::StoredRows;
use crate::shape::{Known, Scope, Shape, State};
use crate::watch::Watch;
use crdb_exec::{CacheRule, Error, Failure, Parameters, RetrySafety, Row, Statement, ToSql};
use crdb_sql::reuse::Dependencies;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a first run taught.
pub(crate) enum FirstRun<R> {
    /// The answer is kept, or could be.
    Kept(Arc<Entry>),
    /// The answer may be given to its caller only.
    Given(Vec<R>),
}

/// Where an answer belongs.
pub(crate) struct Place<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) scope: &'a Scope,
    pub(crate) shape: &'a Shape,
    pub(crate) text: &'a str,
    pub(crate) rule: CacheRule,
}

impl Place<'_> {
    fn entry(
        &self,
        lead: &Lead,
        rows: StoredRows,
        loaded: (crate::Timestamp, Duration),
    ) -> Arc<Entry> {
        let (timestamp, lag) = loaded;
        Arc::new(Entry {
            rows: Arc::new(rows),
            read: read_at(lead.flight().sequence, timestamp),
            started: lead.flight().started,
            lag,
            refresh_from: refresh_from(self.rule.max_age(), rand::random()),
            refreshed: AtomicBool::new(false),
        })
    }

    fn refuse(&self, why: impl Into<Arc<str>>) {
        let (why, since) = (why.into(), self.shared.now());
        self.shape.learn(State::Refused { why, since });
    }

    /// Whether nothing since the beginning of the load forbids to give its answer to others.
    fn stands(&self, lead: &Lead) -> bool {
        lead.flight().sequence > self.shape.floor() && self.scope.has(self.text, self.shape)
    }

    /// Keeps an entry, or says why not.
    fn keep(&self, key: &crate::key::Key, lead: &Lead, entry: &Arc<Entry>) -> LoadOutcome {
        if !self.stands(lead) || !lead.is_newest() {
            return LoadOutcome::Overtaken;
        }
        if entry.rows.bytes() > self.shared.max_entry_bytes {
            return LoadOutcome::TooLarge;
        }
        self.shared.entries.insert(key.clone(), Arc::clone(entry));
        LoadOutcome::Kept
    }
}

/// Runs a statement for the first time, and learns its types and tables. The load is its caller's: it ends with its future.
pub(crate) async fn first_run<O: Origin>(
    place: &Place<'_>,
    lead: Lead,
    origin: &O,
    dependencies: &Dependencies,
    (statement, parameters, limit): (Statement<'_>, Parameters<'_>, usize),
) -> Result<FirstRun<O::Row>, Error> {
    let recorders = Recorder::all(parameters);
    let values: Vec<&(dyn ToSql + Sync)> = recorders.iter().map(|one| one as _).collect();
    let mut watch = Watch::begin(place.shared, statement.name());
    let request = LoadRequest {
        statement,
        parameters: &values,
        limit,
        dependencies,
    };
    let loaded = match watch.scope(origin.load(request)).await {
        Ok(loaded) => loaded,
        Err(error) => {
            watch.end(LoadOutcome::Failed(Failure::of(&error)));
            lead.land(Landed::Failed(error.clone()));
            return Err(error);
        }
    };
    // The callers that wait look again whatever comes of it: the lead ends with nothing.
    if !place.scope.is_of(&loaded.identity) {
        watch.end(LoadOutcome::OtherIdentity);
        return Ok(FirstRun::Given(loaded.rows));
    }
    let relations = match loaded.relations {
        Ok(relations) => relations,
        Err(why) => {
            place.refuse(why);
            watch.end(LoadOutcome::Refused);
            return Ok(FirstRun::Given(loaded.rows));
        }
    };
    let Some(sent) = Recorder::sent(&recorders) else {
        let why = "the session did not say for which types the parameters are encoded";
        place.refuse(why);
        watch.end(LoadOutcome::Refused);
        return Ok(FirstRun::Given(loaded.rows));
    };
    let encoded = crate::parameters::encode(parameters, &sent);
    place.shape.verify(lead.flight().started);
    place.shape.learn(State::Known(Known {
        sent,
        feed: place.shared.feed(&relations.tables),
        tables: relations.tables.into(),
        fingerprint: relations.fingerprint,
    }));
    let stored = StoredRows::copy(&loaded.rows, place.shared.max_entry_bytes);
    let (Some(rows), Some(encoded)) = (stored, encoded) else {
        watch.end(LoadOutcome::TooLarge);
        return Ok(FirstRun::Given(loaded.rows));
    };
    let entry = place.entry(&lead, rows, (loaded.timestamp, loaded.lag));
    let key = crate::key::Key::new(place.shape.id, limit, encoded);
    watch.end(place.keep(&key, &lead, &entry));
    Ok(FirstRun::Kept(entry))
}

/// A load that goes on when its caller has gone.
pub(crate) struct Detached<O> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) scope: Arc<Scope>,
    pub(crate) shape: Arc<Shape>,
    pub(crate) origin: O,
    pub(crate) text: Box<str>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: RetrySafety,
    pub(crate) rule: CacheRule,
    pub(crate) limit: usize,
    pub(crate) parameters: bytes::Bytes,
}

impl<O: Origin> Detached<O> {
    /// Loads, keeps, and wakes the callers that wait.
    pub(crate) async fn run(self, lead: Lead, watch: Watch) {
        let landed = self.load(&lead, watch).await;
        lead.land(landed);
    }

    async fn load(&self, lead: &Lead, mut watch: Watch) -> Landed {
        let place = Place {
            shared: &self.shared,
            scope: &self.scope,
            shape: &self.shape,
            text: &self.text,
            rule: self.rule,
        };
        let (Some(State::Known(known)), Ok(dependencies)) =
            (self.shape.state(), Dependencies::of(&self.text))
        else {
            return Landed::Nothing;
        };
        let Some(values) = Encoded::all(self.parameters.clone(), &known.sent) else {
            return Landed::Nothing;
        };
        let recorders: Vec<&(dyn ToSql + Sync)> = values.iter().map(|one| one as _).collect();
        let recorders = Recorder::all(&recorders);
        let values: Vec<&(dyn ToSql + Sync)> = recorders.iter().map(|one| one as _).collect();
        let mut statement = Statement::new(&self.text).retry(self.retry);
        if let Some(timeout) = self.timeout {
            statement = statement.timeout(timeout);
        }
        if let Some(name) = &self.name {
            statement = statement.named(name);
        }
        let request = LoadRequest {
            statement,
            parameters: &values,
            limit: self.limit,
            dependencies: &dependencies,
        };
        let result = watch.scope(self.origin.load(request)).await;
        if types_changed(&known.sent, Recorder::sent(&recorders)) {
            self.scope.forget(&self.text, &self.shape);
            watch.end(LoadOutcome::OtherSchema);
            return Landed::Nothing;
        }
        let loaded = match result {
            Ok(loaded) => loaded,
            Err(error) => {
                watch.end(LoadOutcome::Failed(Failure::of(&error)));
                return Landed::Failed(error);
            }
        };
        let (outcome, landed) = self.judge(&place, lead, known, &loaded);
        watch.end(outcome);
        landed
    }

    fn judge<R: Row>(
        &self,
        place: &Place<'_>,
        lead: &Lead,
        known: &Known,
        loaded: &Loaded<R>,
    ) -> (LoadOutcome, Landed) {
        if !self.scope.is_of(&loaded.identity) {
            return (LoadOutcome::OtherIdentity, Landed::Nothing);
        }
        let same = loaded
            .relations
            .as_ref()
            .is_ok_and(|relations| relations.fingerprint == known.fingerprint);
        if !same {
            self.scope.forget(&self.text, &self.shape);
            return (LoadOutcome::OtherSchema, Landed::Nothing);
        }
        self.shape.verify(lead.flight().started);
        let Some(rows) = StoredRows::copy(&loaded.rows, usize::MAX) else {
            return (LoadOutcome::TooLarge, Landed::Nothing);
        };
        let entry = place.entry(lead, rows, (loaded.timestamp, loaded.lag));
        match place.keep(lead.key(), lead, &entry) {
            LoadOutcome::Overtaken if !place.stands(lead) => {
                (LoadOutcome::Overtaken, Landed::Nothing)
            }
            // Who waits for a load that a newer one has overtaken does not ask for more.
            outcome => (outcome, Landed::Answer(entry)),
        }
    }
}

/// Whether the session wanted a parameter to be of another type than before.
fn types_changed(before: &[Sent], now: Option<Box<[Sent]>>) -> bool {
    now.is_some_and(|now| *now != *before)
}

//! What a cache gives, over a server of which everything is known. Real servers are behind the cache in crdb-facade's tests and in the
//! chaos harness.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod feeds;
mod fills;
mod model;
mod reads;
mod seen;

use crdb_cache::{
    AnswerEvent, AnsweredBy, CachedExecutor, LoadBegin, LoadEnd, MissReason, Observer,
};
use crdb_exec::{CacheRule, Error, ExecutorExt as _, Row as _, Statement, Token};
use model::Model;
use parking_lot::Mutex;
use std::time::Duration;

pub(crate) const TEN: CacheRule = CacheRule::new(Duration::from_secs(10));

/// A query of the counter whose answers may be ten seconds old.
pub(crate) const COUNTER: Statement<'static> =
    Statement::new("SELECT counter FROM counter WHERE id = $1")
        .named("counter")
        .cached(TEN);

pub(crate) async fn read(db: &CachedExecutor<Model>, id: i64) -> Result<i64, Error> {
    read_as(db, COUNTER, id).await
}

pub(crate) async fn read_as(
    db: &CachedExecutor<Model>,
    statement: Statement<'_>,
    id: i64,
) -> Result<i64, Error> {
    db.fetch_one(statement, &[&id]).await?.get(0)
}

/// Keeps what it gets.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) answers: Mutex<Vec<(AnsweredBy, Option<MissReason>)>>,
    pub(crate) refused: Mutex<Vec<String>>,
    pub(crate) loads: Mutex<Vec<&'static str>>,
}

impl Observer for Told {
    fn answered(&self, event: &AnswerEvent<'_>) {
        self.answers.lock().push((event.by, event.miss));
        self.refused.lock().extend(event.refused.map(str::to_owned));
    }

    fn begin_load(&self, _: &LoadBegin<'_>) -> Token {
        Some(Box::new(7_u8))
    }

    fn end_load(&self, token: Token, event: &LoadEnd<'_>) {
        assert!(token.unwrap().is::<u8>());
        self.loads.lock().push(event.outcome.as_str());
    }
}

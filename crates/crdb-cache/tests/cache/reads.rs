//! What is given from memory, and what is passed on.

use crate::model::{HandClock, Model};
use crate::{COUNTER, TEN, Told, read, read_as};
use crdb_cache::{AnsweredBy, Cache, MissReason};
use crdb_exec::{CacheRule, ExecutorExt as _, Row as _, Statement};
use futures_util::StreamExt as _;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_answer_is_given_again_until_it_is_too_old() {
    let (model, clock, told) = (
        Model::default(),
        HandClock::default(),
        Arc::new(Told::default()),
    );
    let cache = Cache::builder()
        .clock(clock.clone())
        .observer(Arc::clone(&told) as _)
        .build();
    let db = cache.over(model.clone());
    assert_eq!(read(&db, 1).await.unwrap(), 0);
    model.commit();
    clock.pass(SECOND);
    assert_eq!(read(&db, 1).await.unwrap(), 0);
    // Another value of the parameter is another answer.
    assert_eq!(read(&db, 2).await.unwrap(), 1);
    clock.pass(10 * SECOND);
    assert_eq!(read(&db, 1).await.unwrap(), 1);
    assert_eq!(model.loads(), 3);
    assert_eq!(
        *told.answers.lock(),
        [
            (AnsweredBy::Load, Some(MissReason::Absent)),
            (AnsweredBy::Hit, None),
            (AnsweredBy::Load, Some(MissReason::Absent)),
            (AnsweredBy::Load, Some(MissReason::TooOld)),
        ]
    );
    assert_eq!(*told.loads.lock(), ["kept"; 3]);
}

#[tokio::test]
async fn a_wall_clock_that_is_set_makes_nothing_younger() {
    let (model, clock) = (Model::default(), HandClock::default());
    clock.set_wall(1_000 * SECOND);
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    read(&db, 1).await.unwrap();
    clock.pass(11 * SECOND);
    clock.set_wall(500 * SECOND);
    read(&db, 1).await.unwrap();
    assert_eq!(model.loads(), 2, "set back");
    // A suspended machine: only the wall clock went on.
    clock.set_wall(600 * SECOND);
    read(&db, 1).await.unwrap();
    assert_eq!(model.loads(), 3, "suspended");
}

#[tokio::test]
async fn what_may_not_be_kept_is_passed_on_with_its_reason() {
    let (model, told) = (Model::default(), Arc::new(Told::default()));
    let cache = Cache::builder().observer(Arc::clone(&told) as _).build();
    let db = cache.over(model.clone());
    let silent = Statement::new("SELECT counter FROM counter WHERE id = $1");
    let timely =
        Statement::new("SELECT counter FROM counter WHERE id = $1 AND at < now()").cached(TEN);
    for statement in [silent, timely, silent, timely] {
        read_as(&db, statement, 1).await.unwrap();
    }
    assert_eq!((model.loads(), model.passed()), (0, 4));
    assert!(db.refusal(&silent).unwrap().contains("does not say"));
    assert!(db.refusal(&timely).unwrap().contains("now()"));
    assert_eq!(told.refused.lock().len(), 2);
    db.execute(COUNTER, &[&1_i64]).await.unwrap();
    assert_eq!(model.passed(), 5);
    // What only the server can tell.
    model.refuse("it is a temporary table");
    read(&db, 1).await.unwrap();
    read(&db, 1).await.unwrap();
    assert_eq!((model.loads(), model.passed()), (1, 6));
    assert_eq!(db.refusal(&COUNTER).unwrap(), "it is a temporary table");
}

#[tokio::test]
async fn what_was_refused_is_looked_at_again() {
    let (model, clock) = (Model::default(), HandClock::default());
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    model.refuse("a view of it calls now()");
    read(&db, 1).await.unwrap();
    model.refuse_nothing();
    clock.pass(60 * SECOND);
    read(&db, 1).await.unwrap();
    assert_eq!((model.loads(), model.passed()), (1, 1));
    clock.pass(SECOND);
    read(&db, 1).await.unwrap();
    read(&db, 1).await.unwrap();
    assert_eq!((model.loads(), model.passed()), (2, 1));
    assert_eq!(db.refusal(&COUNTER), None);
}

#[tokio::test]
async fn sessions_that_their_borrowers_set_are_given_nothing() {
    let (model, told) = (Model::default(), Arc::new(Told::default()));
    model.let_sessions_differ();
    let cache = Cache::builder().observer(Arc::clone(&told) as _).build();
    let db = cache.over(model.clone());
    for _ in 0..2 {
        read(&db, 1).await.unwrap();
    }
    assert_eq!((model.loads(), model.passed()), (0, 2));
    let why = db.refusal(&COUNTER).unwrap();
    assert!(why.contains("from call to call"), "{why}");
    assert_eq!(*told.refused.lock(), [why.clone(), why]);
}

#[tokio::test]
async fn a_rule_does_not_make_a_statement_a_read() {
    let db = Cache::builder().build().over(Model::default());
    let writes = Statement::new("INSERT INTO counter VALUES ($1) RETURNING id").cached(TEN);
    for _ in 0..2 {
        assert!(db.only_reads(&COUNTER) && !db.only_reads(&writes));
        read(&db, 1).await.unwrap();
        read_as(&db, writes, 1).await.unwrap();
    }
}

#[tokio::test]
async fn streams_give_what_is_kept() {
    let model = Model::default();
    let db = Cache::builder().build().over(model.clone());
    for _ in 0..2 {
        let mut rows = db.fetch_stream(COUNTER, &[&1_i64]).await.unwrap();
        let row = rows.next().await.unwrap().unwrap();
        assert_eq!(row.get::<i64>("counter").unwrap(), 0);
        assert_eq!(row.get::<Vec<u8>>(2).unwrap(), b"");
        assert!(row.get::<i64>(3).is_err());
        assert!(rows.next().await.is_none());
        assert_eq!(crdb_exec::Rows::rows_affected(&rows), Some(1));
    }
    assert_eq!(model.loads(), 1);
}

#[tokio::test]
async fn how_many_rows_are_wanted_is_part_of_the_question() {
    let model = Model::default();
    let db = Cache::builder().build().over(model.clone());
    db.fetch_one(COUNTER, &[&1_i64]).await.unwrap();
    db.fetch_all(COUNTER, &[&1_i64]).await.unwrap();
    db.fetch_optional(COUNTER, &[&1_i64]).await.unwrap();
    assert_eq!(model.loads(), 2);
}

#[tokio::test]
async fn parameters_of_another_rust_type_are_not_taken_for_the_same() {
    let model = Model::default();
    let db = Cache::builder().build().over(model.clone());
    read(&db, 1).await.unwrap();
    model.commit();
    let other = db.fetch_one(COUNTER, &[&1_i32]).await.unwrap();
    assert_eq!(other.get::<i64>(0).unwrap(), 1);
    assert_eq!((model.loads(), model.passed()), (1, 1));
}

#[tokio::test]
async fn executors_share_no_answers() {
    let (one, two) = (Model::default(), Model::default());
    let cache = Cache::builder().build();
    let (one_db, two_db) = (cache.over(one.clone()), cache.over(two.clone()));
    one.commit();
    assert_eq!(read(&one_db, 1).await.unwrap(), 1);
    assert_eq!(read(&two_db, 1).await.unwrap(), 0);
    assert_eq!(read(&one_db.clone(), 1).await.unwrap(), 1);
    assert_eq!((one.loads(), two.loads()), (1, 1));
}

#[tokio::test]
async fn another_identity_is_given_nothing_of_the_one_before() {
    let (model, clock) = (Model::default(), HandClock::default());
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    let user = async |db: &crdb_cache::CachedExecutor<Model>, id: i64| -> String {
        let row = db.fetch_one(COUNTER, &[&id]).await.unwrap();
        row.get("user").unwrap()
    };
    assert_eq!(user(&db, 1).await, "app");
    model.set_user("other");
    // It is noticed by the next load.
    assert_eq!(user(&db, 2).await, "other");
    assert_eq!(user(&db, 1).await, "other");
    model.set_user("app");
    clock.pass(11 * SECOND);
    assert_eq!(user(&db, 1).await, "app");
}

#[tokio::test]
async fn memory_is_bounded_and_what_is_used_stays() {
    let model = Model::default();
    model.set_bytes(10_000);
    let cache = Cache::builder()
        .max_bytes(100_000)
        .max_entry_bytes(20_000)
        .build();
    let db = cache.over(model.clone());
    for id in 0..200 {
        read(&db, id).await.unwrap();
        read(&db, 0).await.unwrap();
    }
    // What is beyond goes in the background of the calls.
    let shrunk = async {
        while cache.size().bytes > 100_000 {
            read(&db, 0).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), shrunk)
        .await
        .unwrap();
    model.set_bytes(30_000);
    let before = model.loads();
    read(&db, 1_000).await.unwrap();
    read(&db, 1_000).await.unwrap();
    assert_eq!(model.loads(), before + 2, "larger than an entry may be");
}

#[tokio::test]
async fn an_old_answer_is_given_only_where_the_rule_allows_it_on_errors() {
    let (model, clock) = (Model::default(), HandClock::default());
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    let lenient = COUNTER.cached(CacheRule::new(10 * SECOND).on_error(60 * SECOND));
    read(&db, 1).await.unwrap();
    model.commit();
    model.fail(true);
    clock.pass(30 * SECOND);
    assert!(read(&db, 1).await.is_err(), "the rule does not allow it");
    assert_eq!(read_as(&db, lenient, 1).await.unwrap(), 0);
    clock.pass(40 * SECOND);
    assert!(read_as(&db, lenient, 1).await.is_err(), "older than that");
    model.fail(false);
    assert_eq!(read_as(&db, lenient, 1).await.unwrap(), 1);
}

/// `Duration::MAX` stands for *never* wherever a duration is taken.
#[tokio::test]
async fn a_statement_may_take_and_be_served_for_ever() {
    let (model, clock) = (Model::default(), HandClock::default());
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    let endless = COUNTER
        .timeout(Duration::MAX)
        .cached(CacheRule::new(Duration::MAX));
    assert_eq!(read_as(&db, endless, 1).await.unwrap(), 0);
    clock.pass(1_000_000 * SECOND);
    assert_eq!(read_as(&db, endless, 1).await.unwrap(), 0);
    assert_eq!(model.loads(), 1);
}

//! Loads: one for a key, each caller's own deadline, failures.

use crate::model::{HandClock, Model};
use crate::{COUNTER, Told, read, read_as};
use crdb_cache::Cache;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn one_load_answers_all_who_ask() {
    for first_run in [true, false] {
        let model = Model::default();
        let db = Cache::builder().build().over(model.clone());
        if !first_run {
            read(&db, 0).await.unwrap();
        }
        model.hold();
        let before = model.loads();
        let reads: Vec<_> = (0..64)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move { read(&db, 1).await.unwrap() })
            })
            .collect();
        model.loading(before + 1).await;
        model.let_through(100);
        for read in reads {
            assert_eq!(read.await.unwrap(), 0);
        }
        assert_eq!(model.loads(), before + 1, "first run: {first_run}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_caller_waits_as_long_as_its_own_timeout_says() {
    let model = Model::default();
    let db = Cache::builder().build().over(model.clone());
    read(&db, 0).await.unwrap();
    model.hold();
    let patient = tokio::spawn({
        let db = db.clone();
        async move { read_as(&db, COUNTER.timeout(Duration::from_secs(20)), 1).await }
    });
    model.loading(2).await;
    let hurried = COUNTER.timeout(Duration::from_millis(50));
    let started = tokio::time::Instant::now();
    let error = read_as(&db, hurried, 1).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(started.elapsed(), Duration::from_millis(50));
    assert!(
        error.to_string().contains("\"counter\" to be loaded"),
        "{error}"
    );
    model.let_through(1);
    assert_eq!(patient.await.unwrap().unwrap(), 0);
    assert_eq!(model.loads(), 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_and_kept_by_none() {
    let (model, told) = (Model::default(), Arc::new(Told::default()));
    let cache = Cache::builder().observer(Arc::clone(&told) as _).build();
    let db = cache.over(model.clone());
    read(&db, 0).await.unwrap();
    model.fail(true);
    assert!(read(&db, 1).await.is_err());
    assert!(read(&db, 1).await.is_err());
    assert_eq!(model.loads(), 3);
    model.fail(false);
    assert_eq!(read(&db, 1).await.unwrap(), 0);
    assert_eq!(*told.loads.lock(), ["kept", "failed", "failed", "kept"]);
}

#[tokio::test]
async fn a_caller_who_goes_does_not_stop_the_others() {
    for first_run in [true, false] {
        let model = Model::default();
        let db = Cache::builder().build().over(model.clone());
        if !first_run {
            read(&db, 0).await.unwrap();
        }
        model.hold();
        let before = model.loads();
        let leader = tokio::spawn({
            let db = db.clone();
            async move { read(&db, 1).await }
        });
        model.loading(before + 1).await;
        let other = tokio::spawn({
            let db = db.clone();
            async move { read(&db, 1).await }
        });
        tokio::task::yield_now().await;
        leader.abort();
        assert!(leader.await.is_err());
        model.let_through(100);
        assert_eq!(other.await.unwrap().unwrap(), 0, "first run: {first_run}");
    }
}

#[tokio::test]
async fn an_entry_is_loaded_anew_before_it_is_too_old_and_once() {
    let (model, clock) = (Model::default(), HandClock::default());
    let db = Cache::builder()
        .clock(clock.clone())
        .build()
        .over(model.clone());
    read(&db, 1).await.unwrap();
    model.commit();
    clock.pass(Duration::from_secs(7));
    read(&db, 1).await.unwrap();
    assert_eq!(model.loads(), 1, "it is too early");
    clock.pass(Duration::from_millis(2_900));
    model.hold();
    for _ in 0..10 {
        assert_eq!(read(&db, 1).await.unwrap(), 0);
    }
    model.loading(2).await;
    model.let_through(1);
    let renewed = async {
        while read(&db, 1).await.unwrap() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed)
        .await
        .unwrap();
    assert_eq!(model.loads(), 2);
}

#[tokio::test]
async fn a_table_that_is_altered_is_learned_anew() {
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
    read(&db, 1).await.unwrap();
    model.alter("2");
    model.commit();
    clock.pass(Duration::from_secs(11));
    assert_eq!(read(&db, 1).await.unwrap(), 1);
    assert_eq!(*told.loads.lock(), ["kept", "other_schema", "kept"]);
    model.refuse("it is a foreign table");
    clock.pass(Duration::from_secs(11));
    assert_eq!(read(&db, 1).await.unwrap(), 1);
    assert_eq!(db.refusal(&COUNTER).unwrap(), "it is a foreign table");
}

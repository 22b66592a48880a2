//! What a reader with a token, and one after an invalidation, is given.

use crate::model::Model;
use crate::read;
use crdb_cache::{Cache, CommitToken, Timestamp};

#[tokio::test]
async fn a_reader_sees_its_own_commit() {
    let model = Model::default();
    let cache = Cache::builder().build();
    let db = cache.over(model.clone());
    assert_eq!(read(&db, 1).await.unwrap(), 0);
    model.commit();
    let token = cache.token(None);
    assert_eq!(read(&db.reading_after(token), 1).await.unwrap(), 1);
    // What was loaded for it is for all.
    assert_eq!(read(&db, 1).await.unwrap(), 1);
    assert_eq!(read(&db.reading_after(token), 1).await.unwrap(), 1);
    assert_eq!(model.loads(), 2);
}

#[tokio::test]
async fn a_token_of_another_process_goes_by_the_time_of_the_server() {
    let model = Model::default();
    let db = Cache::builder().build().over(model.clone());
    read(&db, 1).await.unwrap();
    let at = |nanoseconds| CommitToken::at(Timestamp::from_nanoseconds(nanoseconds));
    read(&db.reading_after(at(1_001)), 1).await.unwrap();
    assert_eq!(model.loads(), 1);
    read(&db.reading_after(at(1_002)), 1).await.unwrap();
    assert_eq!(model.loads(), 2);
    // A clock elsewhere is ahead: the server is asked each time, and its answer is given.
    model.commit();
    assert_eq!(read(&db.reading_after(at(9_000)), 1).await.unwrap(), 1);
    assert_eq!(model.loads(), 3);
}

#[tokio::test]
async fn who_has_a_token_does_not_wait_for_a_load_that_began_before_it() {
    let model = Model::default();
    let cache = Cache::builder().build();
    let db = cache.over(model.clone());
    // The statement is known.
    read(&db, 0).await.unwrap();
    model.hold();
    let early = tokio::spawn({
        let db = db.clone();
        async move { read(&db, 1).await.unwrap() }
    });
    model.loading(2).await;
    model.commit();
    let late = tokio::spawn({
        let db = db.reading_after(cache.token(None));
        async move { read(&db, 1).await.unwrap() }
    });
    model.loading(3).await;
    model.let_through(2);
    assert_eq!(late.await.unwrap(), 1);
    assert_eq!(early.await.unwrap(), 0);
    // Whichever ended last, the newer one is kept.
    assert_eq!(read(&db, 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_load_that_began_before_an_invalidation_is_neither_kept_nor_given() {
    for first_run in [true, false] {
        let model = Model::default();
        let cache = Cache::builder().build();
        let db = cache.over(model.clone());
        if !first_run {
            read(&db, 0).await.unwrap();
        }
        model.hold();
        let loads = model.loads();
        let reads = |_| {
            let db = db.clone();
            tokio::spawn(async move { read(&db, 1).await.unwrap() })
        };
        let early: Vec<_> = (0..3).map(reads).collect();
        model.loading(loads + 1).await;
        model.commit();
        cache.invalidate("counter");
        let late = reads(0);
        model.let_through(100);
        assert_eq!(late.await.unwrap(), 1, "first run: {first_run}");
        for read in early {
            let counter = read.await.unwrap();
            // The caller whose own load it is began before the invalidation.
            assert!(counter == 1 || first_run && counter == 0, "{counter}");
        }
        assert_eq!(read(&db, 1).await.unwrap(), 1, "first run: {first_run}");
    }
}

#[tokio::test]
async fn an_invalidation_is_of_a_table() {
    let model = Model::default();
    let cache = Cache::builder().build();
    let db = cache.over(model.clone());
    read(&db, 1).await.unwrap();
    cache.invalidate("other");
    cache.invalidate("app.counter");
    read(&db, 1).await.unwrap();
    assert_eq!(model.loads(), 1);
    cache.invalidate("public.counter");
    read(&db, 1).await.unwrap();
    cache.invalidate_all();
    read(&db, 1).await.unwrap();
    assert_eq!(model.loads(), 3);
}

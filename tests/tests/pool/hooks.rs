//! Hooks on real sessions: what they set is the ground state, and a policy resets every session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crdb_auth::Session;
use crdb_pool::{NodeAddress, Pool};
use crdb_testkit::{Engine, FaultProxy};
use crdb_tests::chaos::pool::login::Login;

/// Asks for a setting without making the session dirty.
async fn setting(session: &Session, name: &str) -> String {
    let call = session.begin_call();
    let row = call
        .client()
        .query_one("SELECT coalesce(current_setting($1, true), '')", &[&name])
        .await;
    call.finish();
    row.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hook_sets_is_there_after_each_reset_and_costs_no_login() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let pool = Pool::builder(Login::quick(engine).unwrap())
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(4).min_size(4))
        .after_connect({
            let runs = Arc::clone(&runs);
            move |session, _| {
                runs.fetch_add(1, Ordering::Relaxed);
                // One that the server reports, and one that it does not.
                let text = "SET application_name = 'bank'; SET search_path = pg_catalog";
                Box::pin(async move { Ok(session.client().batch_execute(text).await?) })
            }
        })
        .build()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    for _ in 0..8 {
        let lease = pool.acquire().await.unwrap();
        assert_eq!(setting(&lease, "application_name").await, "bank");
        assert_eq!(setting(&lease, "search_path").await, "pg_catalog");
        let text = "SET application_name = 'borrower'; SET search_path = public";
        lease.client().batch_execute(text).await.unwrap();
    }
    assert_eq!(proxy.counts().accepted, 4, "logins");
    let runs = runs.load(Ordering::Relaxed);
    assert!((4 + 7..=4 + 8).contains(&runs), "{runs} runs of the hook");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_is_named_in_the_error() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = Pool::builder(Login::quick(engine).unwrap())
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(4).min_size(4))
        .acquire_timeout(Duration::from_secs(4))
        .after_connect(|session, _| {
            let text = "SET no_such_parameter = 1";
            Box::pin(async move { Ok(session.client().batch_execute(text).await?) })
        })
        .build()
        .unwrap();
    let error = pool.acquire().await.map(drop).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("the after_connect hook failed") && text.contains("no_such_parameter"),
        "{text}"
    );
    let logins = proxy.counts().accepted;
    assert!(logins <= 16, "{logins} logins in 4 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_discards_all_destroys_no_session() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let pool = Pool::builder(Login::quick(engine).unwrap())
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .max_size(1)
        .after_connect(|session, _| {
            let text = "SET application_name = 'bank'";
            Box::pin(async move { Ok(session.client().batch_execute(text).await?) })
        })
        .after_release(|session, _| {
            Box::pin(async { Ok(session.client().batch_execute("DISCARD ALL").await?) })
        })
        .build()
        .unwrap();
    for _ in 0..20 {
        let lease = pool.acquire().await.unwrap();
        assert_eq!(setting(&lease, "application_name").await, "bank");
    }
    assert_eq!(proxy.counts().accepted, 1, "logins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_resets_always_hides_what_no_tag_shows() {
    let engine = Engine::shared_postgres().await;
    for always in [false, true] {
        let pool = Pool::builder(Login::quick(engine).unwrap())
            .nodes([NodeAddress::new(engine.host(), engine.port())])
            .configure(|config| config.max_size(1).reset_always(always))
            .build()
            .unwrap();
        let lease = pool.acquire().await.unwrap();
        let number = lease.session_number();
        let call = lease.begin_call();
        // A user's own function may do this, and the reply shows nothing of it.
        let text = "SELECT set_config('bank.tenant', 'seven', false)";
        call.client().query_one(text, &[]).await.unwrap();
        call.finish();
        drop(lease);
        let lease = pool.acquire().await.unwrap();
        let seen = setting(&lease, "bank.tenant").await;
        assert_eq!(seen.is_empty(), always, "{seen:?}");
        assert_eq!(lease.session_number(), number);
    }
}

fn facade(engine: &Engine, proxy: &FaultProxy, connect_timeout: &str) -> crdb_facade::Config {
    let url = engine.url(engine.database());
    let there = format!("{}:{}", engine.host(), engine.port());
    let here = format!("{}:{}", proxy.host(), proxy.port());
    assert!(url.contains(&there), "{there} in the engine's URL");
    crdb_facade::Config::builder()
        .set_text("auth.url", &url.replace(&there, &here))
        .set_text("auth.connect_timeout", connect_timeout)
        .set_text("pool.max_size", "2")
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facade_opens_with_a_hook_that_sets_and_names_one_that_fails() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let open = async |text: &'static str| {
        crdb_facade::Database::builder(facade(engine, &proxy, "1h"))
            .configure_pool(move |pool| {
                pool.after_connect(move |session, _| {
                    Box::pin(async move {
                        let answer = session.wire().simple(text).await?;
                        match answer.error() {
                            Some(error) => Err(error.clone().into()),
                            None => Ok(()),
                        }
                    })
                })
            })
            .open()
            .await
    };
    let db = open("SET application_name = 'bank'").await.unwrap();
    for _ in 0..10 {
        db.execute("SELECT 1", &[]).await.unwrap();
    }
    assert_eq!(proxy.counts().accepted, 1, "logins");
    // As soon as it has failed, not at the deadline.
    let opened = open("SET no_such_parameter = 1");
    let opened = tokio::time::timeout(Duration::from_secs(60), opened).await;
    let text = opened.unwrap().unwrap_err().to_string();
    assert!(
        text.contains("the after_connect hook failed") && text.contains("no_such_parameter"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facade_names_a_hook_that_does_not_end() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let opened = crdb_facade::Database::builder(facade(engine, &proxy, "2s"))
        .configure_pool(|pool| pool.after_connect(|_, _| Box::pin(std::future::pending())))
        .open();
    let opened = tokio::time::timeout(Duration::from_secs(60), opened).await;
    let text = opened.unwrap().unwrap_err().to_string();
    assert!(text.contains("in the after_connect hook, took"), "{text}");
}

//! Hooks and resets: what they set, what they leave behind, and what becomes of a session when one fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use crdb_pool::Pool;
use tokio::time::{Instant, sleep};

use crate::cluster::{Cluster, Failure};

fn counter() -> Arc<AtomicU32> {
    Arc::default()
}

#[tokio::test(start_paused = true)]
async fn hooks_run_and_can_object() {
    let cluster = Cluster::start([1]);
    let (connected, acquired, released) = (counter(), counter(), counter());
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .after_connect({
            let connected = connected.clone();
            move |session, node| {
                assert_eq!(node.port(), session.port);
                let first = connected.fetch_add(1, SeqCst) == 0;
                Box::pin(async move {
                    if first {
                        Err(Failure::Refused.into())
                    } else {
                        Ok(())
                    }
                })
            }
        })
        .before_acquire({
            let acquired = acquired.clone();
            move |_, _| {
                let second = acquired.fetch_add(1, SeqCst) == 1;
                Box::pin(async move {
                    if second {
                        Err(Failure::Full.into())
                    } else {
                        Ok(())
                    }
                })
            }
        })
        .after_release({
            let released = released.clone();
            move |session, _| {
                // What a hook leaves behind is not for the next borrower either.
                session.dirty = released.fetch_add(1, SeqCst) == 1;
                Box::pin(async { Ok(()) })
            }
        })
        .build()
        .unwrap();
    let first = pool.acquire().await.unwrap().id;
    sleep(Duration::from_millis(10)).await;
    let second = pool.acquire().await.unwrap().id;
    assert_ne!(first, second, "before_acquire objected to the first");
    sleep(Duration::from_millis(10)).await;
    let third = pool.acquire().await.unwrap().id;
    assert_eq!(second, third, "what after_release left has been reset");
    assert_eq!(cluster.node(1).resets.load(SeqCst), 1);
    // One failed, two were opened, one of these was reset.
    assert_eq!(connected.load(SeqCst), 4);
    assert_eq!(acquired.load(SeqCst), 4);
    assert_eq!(released.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn what_after_connect_sets_is_the_ground_state() {
    let cluster = Cluster::start([1]);
    let runs = counter();
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(|config| config.max_size(4).min_size(4))
        .after_connect({
            let runs = runs.clone();
            move |session, _| {
                runs.fetch_add(1, SeqCst);
                session.dirty = true;
                session.setting = Some(7);
                Box::pin(async { Ok(()) })
            }
        })
        .build()
        .unwrap();
    sleep(Duration::from_secs(4)).await;
    // Nothing is dirty before its first loan.
    assert_eq!((cluster.connects(), runs.load(SeqCst)), (4, 4));
    for round in 0..10 {
        let mut lease = pool.acquire().await.unwrap();
        assert_eq!(lease.setting, Some(7), "round {round}");
        assert!(!lease.dirty);
        lease.setting = None;
        lease.dirty = true;
        drop(lease);
        sleep(Duration::from_millis(10)).await;
    }
    // Each reset is followed by the hook.
    assert_eq!(cluster.node(1).resets.load(SeqCst), 10);
    assert_eq!(runs.load(SeqCst), 14);
    assert_eq!(cluster.connects(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_is_named() {
    for failure in [
        Failure::Statement,
        Failure::Refused,
        Failure::Draining,
        Failure::Full,
    ] {
        let cluster = Cluster::start([1]);
        let pool = Pool::builder(cluster.clone())
            .nodes(cluster.addresses())
            .configure(|config| config.min_size(4))
            .acquire_timeout(Duration::from_secs(4))
            .after_connect(move |_, _| Box::pin(async move { Err(failure.into()) }))
            .build()
            .unwrap();
        let error = pool.acquire().await.map(drop).unwrap_err();
        let text = error.to_string();
        let expected = format!("the after_connect hook failed: {failure}");
        assert!(text.contains(&expected), "{text}");
        assert!(std::error::Error::source(&error).is_none(), "told already");
        let source = error.failure().unwrap();
        assert_eq!(source.to_string(), "the after_connect hook failed");
        assert_eq!(source.source().unwrap().to_string(), failure.to_string());
        let logins = cluster.connects();
        assert!(logins <= 40, "{failure}: {logins} logins in 4 s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_fails_after_a_reset_costs_the_session() {
    let cluster = Cluster::start([1]);
    let runs = counter();
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .after_connect({
            let runs = runs.clone();
            move |_, _| {
                let second = runs.fetch_add(1, SeqCst) == 1;
                Box::pin(async move {
                    if second {
                        Err(Failure::Statement.into())
                    } else {
                        Ok(())
                    }
                })
            }
        })
        .build()
        .unwrap();
    let mut lease = pool.acquire().await.unwrap();
    let first = lease.id;
    lease.dirty = true;
    drop(lease);
    assert_ne!(pool.acquire().await.unwrap().id, first);
    assert_eq!(runs.load(SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn after_release_may_reset_by_itself() {
    let cluster = Cluster::start([1]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .after_connect(|session, _| {
            session.setting = Some(7);
            Box::pin(async { Ok(()) })
        })
        // What DISCARD ALL by the raw client looks like: everything is gone, and it was not watched.
        .after_release(|session, _| {
            session.setting = None;
            session.dirty = true;
            Box::pin(async { Ok(()) })
        })
        .build()
        .unwrap();
    let first = pool.acquire().await.unwrap().id;
    for _ in 0..20 {
        let lease = pool.acquire().await.unwrap();
        assert_eq!((lease.id, lease.setting), (first, Some(7)));
        drop(lease);
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(cluster.connects(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_session_is_reset_where_the_pool_is_told_to() {
    for (always, resets) in [(true, 5), (false, 0)] {
        let cluster = Cluster::start([1]);
        let pool = Pool::builder(cluster.clone())
            .nodes(cluster.addresses())
            .configure(|config| config.max_size(1).reset_always(always))
            .build()
            .unwrap();
        let mut ids = Vec::new();
        for _ in 0..5 {
            let mut lease = pool.acquire().await.unwrap();
            assert_eq!(lease.setting.is_none(), always || ids.is_empty());
            // What the connector cannot see.
            lease.setting = Some(1);
            ids.push(lease.id);
            drop(lease);
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(cluster.node(1).resets.load(SeqCst), resets);
        assert_eq!(ids, [ids[0]; 5]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_that_comes_to_need_a_reset_gets_one() {
    // Such as a parameter that the server's configuration changes for all of its sessions.
    let cluster = Cluster::start([1]);
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .max_size(1)
        .build()
        .unwrap();
    let first = pool.acquire().await.unwrap().id;
    cluster.node(1).changed.store(true, SeqCst);
    let lease = pool.acquire().await.unwrap();
    assert_eq!(lease.id, first);
    assert_eq!(cluster.node(1).resets.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_is_cut_short() {
    let cluster = Cluster::start([1]);
    let calls = counter();
    let pool = Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .before_acquire(move |_, _| {
            let hangs = calls.fetch_add(1, SeqCst) == 0;
            Box::pin(async move {
                if hangs {
                    std::future::pending().await
                } else {
                    Ok(())
                }
            })
        })
        .build()
        .unwrap();
    let started = Instant::now();
    drop(pool.acquire().await.unwrap());
    assert!(
        started.elapsed() < Duration::from_millis(1_100),
        "{:?}",
        started.elapsed()
    );
}

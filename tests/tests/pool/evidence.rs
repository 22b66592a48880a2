//! Sessions that end on a server that is well: the node stays in rotation, and its other sessions stay open.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crdb_pool::{AcquireOptions, ConfigBuilder, ErrorClass, Lease, NodeAddress, NodeChanged};
use crdb_pool::{NodeState, OutCause, PartialObserver, Pool};
use crdb_testkit::{Cut, Engine, FaultProxy, QuirksOptions, QuirksProxy};
use crdb_tests::chaos::pool::login::{Login, ask, class_of};

/// How long what must come true in the end may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every state that a node was in.
#[derive(Default)]
struct States(Mutex<Vec<String>>);

impl PartialObserver for States {
    fn node_changed(&self, event: &NodeChanged<'_>) {
        let text = format!("{} {}", event.address, event.to);
        self.0.lock().unwrap().push(text);
    }
}

impl States {
    fn assert_steady(&self) {
        assert_eq!(*self.0.lock().unwrap(), [""; 0]);
    }
}

fn pool(
    engine: &Engine,
    node: NodeAddress,
    configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> (Pool<Login>, Arc<States>) {
    let states = Arc::new(States::default());
    let pool = Pool::builder(Login::quick(engine).unwrap())
        .nodes([node])
        .configure(configure)
        .observer(states.clone())
        .build()
        .unwrap();
    (pool, states)
}

fn node(engine: &Engine) -> NodeAddress {
    NodeAddress::new(engine.host(), engine.port())
}

async fn leases(pool: &Pool<Login>, count: usize) -> Vec<Lease<Login>> {
    let mut leases = Vec::new();
    for _ in 0..count {
        leases.push(pool.acquire().await.unwrap());
    }
    leases
}

fn numbers(leases: &[Lease<Login>]) -> BTreeSet<u64> {
    leases.iter().map(Lease::session_number).collect()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Ends the session on the server, from another one.
async fn terminate(engine: &Engine, lease: &Lease<Login>) {
    let process = lease.facts().process_id().unwrap();
    let ended = engine
        .execute(&format!("SELECT pg_terminate_backend({process})"))
        .await;
    ended.unwrap();
}

async fn until_closed(lease: &Lease<Login>) {
    until("the server has ended the session", || lease.is_closed()).await;
}

/// Whether the pool works as it did: all sessions can be lent at once, and answer.
async fn assert_whole(pool: &Pool<Login>, count: usize) -> BTreeSet<u64> {
    let all = leases(pool, count).await;
    for lease in &all {
        ask(lease).await.unwrap();
    }
    numbers(&all)
}

/// The same once every session that was cut has been met: one that was used a moment ago is lent without a look, so its
/// borrower may be the first to learn of it.
async fn until_whole(pool: &Pool<Login>, count: usize) {
    let began = Instant::now();
    loop {
        let all = leases(pool, count).await;
        let mut answered = 0;
        for lease in &all {
            answered += usize::from(ask(lease).await.is_ok());
        }
        if answered == count {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{answered} of {count} answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_that_an_administrator_ends_costs_no_other() {
    let engine = Engine::shared_postgres().await;
    let (pool, states) = pool(engine, node(engine), |config| config.max_size(10));
    // While it is lent, and while it is idle.
    for lent in [true, false] {
        let all = leases(&pool, 10).await;
        let before = numbers(&all);
        let one = all.first().unwrap();
        let gone = one.session_number();
        terminate(engine, one).await;
        until_closed(one).await;
        if lent {
            let mut all = all;
            let error = ask(all.first().unwrap()).await.unwrap_err();
            all.first_mut().unwrap().report(class_of(&error));
            drop(all);
        } else {
            drop(all);
        }
        // The pool looks over its idle sessions twice a second.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let after = assert_whole(&pool, 10).await;
        let lost: Vec<_> = before.difference(&after).collect();
        assert_eq!(lost, [&gone]);
    }
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sessions_ended_at_once_do_not_take_a_node_out_that_is_well() {
    let engine = Engine::shared_postgres().await;
    let (pool, states) = pool(engine, node(engine), |config| config.max_size(10));
    for _ in 0..3 {
        let all = leases(&pool, 10).await;
        for lease in &all {
            terminate(engine, lease).await;
        }
        for lease in &all {
            until_closed(lease).await;
        }
        drop(all);
        assert_whole(&pool, 10).await;
    }
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_time_out_of_the_server_does_not_take_its_node_out() {
    let engine = Engine::shared_postgres().await;
    let states = Arc::new(States::default());
    let pool = Pool::builder(Login::quick(engine).unwrap())
        .nodes([node(engine)])
        .max_size(10)
        .observer(states.clone())
        .after_connect(|session, _| {
            Box::pin(async {
                // Ends sessions with 57P05.
                let set = "SET idle_session_timeout = '200ms'";
                Ok(session.client().batch_execute(set).await?)
            })
        })
        .build()
        .unwrap();
    for _ in 0..4 {
        drop(leases(&pool, 10).await);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    // The server goes on to end what stays idle, also while it is being looked at.
    until_whole(&pool, 10).await;
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_that_closes_idle_connections_does_not_take_its_node_out() {
    let engine = Engine::shared_postgres().await;
    for cut in [Cut::Close, Cut::Reset] {
        let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
        let address = NodeAddress::new(proxy.host(), proxy.port());
        let (pool, states) = pool(engine, address, |config| config.max_size(10));
        for look in [Duration::ZERO, Duration::from_millis(1_200)] {
            drop(leases(&pool, 10).await);
            proxy.cut_now(cut);
            tokio::time::sleep(look).await;
            until_whole(&pool, 10).await;
        }
        states.assert_steady();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_that_forgets_idle_connections_does_not_take_its_node_out() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let address = NodeAddress::new(proxy.host(), proxy.port());
    let (pool, states) = pool(engine, address, |config| {
        config
            .max_size(10)
            .check_timeout(Duration::from_millis(300))
            .ping_interval(Some(Duration::from_secs(1)))
    });
    drop(leases(&pool, 10).await);
    proxy.cut_now(Cut::Blackhole);
    // The pings of all ten go unanswered together.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_whole(&pool, 10).await;
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_raises_57p01_does_not_take_its_node_out() {
    let engine = Engine::shared_postgres().await;
    let (pool, states) = pool(engine, node(engine), |config| config.max_size(4));
    drop(leases(&pool, 4).await);
    let raise = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '57P01'; END $$";
    for _ in 0..10 {
        let mut lease = pool.acquire().await.unwrap();
        let call = lease.begin_call();
        let error = call.client().batch_execute(raise).await.unwrap_err();
        call.finish();
        assert_eq!(class_of(&error), ErrorClass::Draining);
        lease.report(ErrorClass::Draining);
    }
    assert_whole(&pool, 4).await;
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_statements_do_not_take_a_node_out() {
    let engine = Engine::shared_postgres().await;
    let (pool, states) = pool(engine, node(engine), |config| {
        config.max_size(4).reset_timeout(Duration::from_millis(200))
    });
    for _ in 0..3 {
        for lease in leases(&pool, 4).await {
            let call = lease.begin_call();
            let sleep = call.client().batch_execute("SELECT pg_sleep(5)");
            tokio::time::timeout(Duration::from_millis(10), sleep)
                .await
                .unwrap_err();
            drop(call);
        }
        assert_whole(&pool, 4).await;
    }
    states.assert_steady();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_takes_its_node_out_though_sessions_that_end_do_not() {
    let engine = Engine::shared_postgres().await;
    let drains = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let address = NodeAddress::new(drains.host(), drains.port());
    let states = Arc::new(States::default());
    let pool = Pool::builder(Login::new(engine).unwrap())
        .nodes([address])
        .max_size(4)
        .observer(states)
        .build()
        .unwrap();
    drop(leases(&pool, 4).await);
    drains.drain();
    let state = || pool.status().nodes.first().unwrap().state;
    until("the node leaves rotation", || !state().in_rotation()).await;
    let cause = match state() {
        NodeState::Out(cause) | NodeState::Probing(cause) => cause,
        other => panic!("{other}"),
    };
    assert_eq!(cause, OutCause::Draining);
    drains.stop_draining();
    until("the node comes back", || state().in_rotation()).await;
    assert_whole(&pool, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_seldom_and_told_at_once() {
    let engine = Engine::shared_postgres().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let wrong = engine.url(engine.database());
    let wrong: crdb_auth::ConnectionString = wrong.parse().unwrap();
    let login = Login::with(engine, wrong.config().password("not the password")).unwrap();
    let pool = Pool::builder(login)
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(10).min_size(4))
        .build()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut told = 0;
                while Instant::now() < until {
                    let options = AcquireOptions {
                        deadline: Some(Instant::now() + PATIENCE),
                        avoid: None,
                    };
                    let error = pool.acquire_with(options).await.map(drop).unwrap_err();
                    assert!(error.is_authentication(), "{error}");
                    told += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                told
            })
        })
        .collect();
    let mut told = 0;
    for caller in callers {
        told += caller.await.unwrap();
    }
    // Four for `min_size`, then after 1 s and 2 s, each shortened to a half at most.
    let logins = proxy.counts().accepted;
    assert!((4..=4 + 4).contains(&logins), "{logins} logins");
    assert!(told > 100, "{told} callers were told within 5 s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_room_is_asked_seldom() {
    let engine = Engine::shared_postgres().await;
    let role = "crowded_pool";
    for statement in [
        format!("DROP ROLE IF EXISTS {role}"),
        format!("CREATE ROLE {role} LOGIN PASSWORD 'pw' CONNECTION LIMIT 2"),
    ] {
        engine.execute(&statement).await.unwrap();
    }
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let url: crdb_auth::ConnectionString = engine.url(engine.database()).parse().unwrap();
    let login = Login::with(engine, url.config().user(role).password("pw")).unwrap();
    let pool = Pool::builder(login)
        .nodes([NodeAddress::new(proxy.host(), proxy.port())])
        .configure(|config| config.max_size(10).min_size(10))
        .build()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let status = pool.status();
    assert_eq!(status.idle, 2, "{status}");
    assert!(
        status.nodes.first().unwrap().state.in_rotation(),
        "{status}"
    );
    let logins = proxy.counts().accepted;
    assert!((3..=10 + 12).contains(&logins), "{logins} logins");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_facade_refuses_abandons_or_is_told_by_a_function_does_not_take_a_node_out() {
    let engine = Engine::shared_postgres().await;
    let states = Arc::new(States::default());
    let url = engine.url(engine.database());
    let config = crdb_facade::Config::builder()
        .set_text("auth.url", &url)
        .set_text("pool.max_size", "4")
        .set_text("pool.reset_timeout", "200ms")
        .build()
        .unwrap();
    let db = crdb_facade::Database::builder(config)
        .pool_observer(states.clone())
        .open()
        .await
        .unwrap();
    let raise = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '57P01'; END $$";
    for _ in 0..8 {
        let abandoned = (0..4).map(|_| {
            let sleep = db.execute("SELECT pg_sleep(5)", &[]);
            tokio::time::timeout(Duration::from_millis(30), sleep)
        });
        for ended in futures_util::future::join_all(abandoned).await {
            ended.unwrap_err();
        }
        for _ in 0..4 {
            db.execute("SELECT $1::int8", &[&"no number"])
                .await
                .unwrap_err();
            db.execute("SELECT '\0'", &[]).await.unwrap_err();
            db.execute(raise, &[]).await.unwrap_err();
        }
    }
    states.assert_steady();
    let status = db.pool_status();
    assert!(
        status.nodes.first().unwrap().state.in_rotation(),
        "{status}"
    );
    db.execute("SELECT 1", &[]).await.unwrap();
}

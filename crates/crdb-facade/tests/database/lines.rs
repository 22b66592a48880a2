//! Lines for operators: one for each slow statement, retry, node change and unknown outcome, as JSON and for people.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_facade::config::keys;
use crdb_facade::exec::Statement;
use crdb_facade::observe::LogLines;
use crdb_facade::{Config, Database};
use crdb_testkit::{Accept, Cut, Direction, Engine, FaultProxy, Link};
use serde_json::Value;

/// For hangs only.
const LONG: Duration = Duration::from_secs(60);

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_should_know_has_one_line() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let url = database.url().replace(
        &format!("{}:{}", engine.host(), engine.port()),
        &format!("{}:{}", proxy.host(), proxy.port()),
    );
    let config = Config::builder()
        .set_text("auth.url", &url)
        .set(keys::pool::FAILURES_TO_OPEN, 1_u32)
        .set(keys::exec::TIMEOUT, Duration::from_secs(1))
        .build()
        .unwrap();
    let (json, human) = (Written::default(), Written::default());
    let slow = Duration::from_millis(300);
    let db = Database::builder(config)
        .observer(&Arc::new(LogLines::json(json.clone()).slow_after(slow)))
        .observer(&Arc::new(LogLines::human(human.clone()).slow_after(slow)))
        .open()
        .await
        .unwrap();
    for text in [
        "CREATE TABLE counted (value INT8 NOT NULL)",
        "INSERT INTO counted VALUES (0)",
        "CREATE SEQUENCE calls",
        // A lost race, at its first call.
        "CREATE FUNCTION lose_once() RETURNS INT8 LANGUAGE plpgsql AS \
         'BEGIN IF nextval(''calls'') = 1 THEN RAISE SQLSTATE ''40001''; END IF; RETURN 1; END'",
    ] {
        db.sql(text).execute().await.unwrap();
    }
    let named = |text: &'static str, name: &'static str| Statement::new(text).named(name);
    db.execute(named("SELECT pg_sleep(0.4)", "a.slow"), &[])
        .await
        .unwrap();
    db.execute(named("SELECT lose_once()", "a.lost"), &[])
        .await
        .unwrap();
    // Sent, and its answer does not come.
    proxy.set_link(Direction::ToClient, Link::blackhole());
    let write = named("UPDATE counted SET value = 4711008154711", "an.unknown");
    assert!(
        db.execute(write, &[])
            .await
            .unwrap_err()
            .is_outcome_unknown()
    );
    proxy.heal().await;
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
    db.execute("SELECT 1", &[]).await.unwrap_err();
    proxy.heal().await;
    let back = async { while db.execute("SELECT 1", &[]).await.is_err() {} };
    tokio::time::timeout(LONG, back).await.unwrap();
    db.close(LONG).await.unwrap();

    let read: Vec<Value> = json
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |event: &str, name: &str| {
        let mut found = read
            .iter()
            .filter(|line| line["event"] == event && line["query"] == name);
        let line = found
            .next()
            .unwrap_or_else(|| panic!("no {event} of {name} in {read:#?}"));
        assert!(found.next().is_none(), "{event} of {name} is said twice");
        line
    };
    assert!(of("statement.slow", "a.slow")["duration"].as_f64().unwrap() >= 0.4);
    let retry = of("retry", "a.lost");
    assert_eq!(
        (&retry["sqlstate"], &retry["attempt"]),
        (&"40001".into(), &1.into())
    );
    let unknown = of("statement.unknown", "an.unknown");
    assert_eq!(
        (&unknown["outcome"], &unknown["level"]),
        (&"unknown".into(), &"WARN".into())
    );
    let node = format!("{}:{}", proxy.host(), proxy.port());
    for event in ["node.out", "node.in"] {
        let mut found = read.iter().filter(|line| line["event"] == event);
        assert_eq!(
            found
                .next()
                .unwrap_or_else(|| panic!("no {event} in {read:#?}"))["node"],
            node.as_str()
        );
    }
    for line in &read {
        assert!(
            line["time"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }

    // The same lines for people, and none holds a value. Two tasks may write in one order to the
    // one subscriber and in the other order to the other.
    let told = human.lines();
    let mut left = told.clone();
    for read in &read {
        let message = format!(
            " {} {}",
            read["level"].as_str().unwrap(),
            read["message"].as_str().unwrap()
        );
        let at = left.iter().position(|line| line.contains(&message));
        let at = at.unwrap_or_else(|| panic!("no line for people is {read}: {told:#?}"));
        left.remove(at);
    }
    assert!(left.is_empty(), "{left:#?} is not among {read:#?}");
    for (event, words) in [
        ("a statement was slow", "query=a.slow duration=0."),
        ("trying again", "query=a.lost attempt=1"),
        (
            "it is not known whether this statement took effect",
            "query=an.unknown",
        ),
        ("a node gets no work", &*format!("node={node}")),
        ("a node gets work", &*format!("node={node}")),
    ] {
        assert!(
            told.iter()
                .any(|line| line.contains(event) && line.contains(words)),
            "no {event} in {told:#?}"
        );
    }
    assert!(
        !told.iter().any(|line| line.contains("4711008154711")),
        "{told:#?}"
    );
}

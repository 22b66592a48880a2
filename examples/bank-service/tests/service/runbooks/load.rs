//! More work than there are sessions, and transactions that wait for each other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use crdb_testkit::RandomInjections;
use futures_util::future::join_all;

use super::bed::{Bed, until};
use super::page::{Page, values};

/// Transfers wait for a row that an operator's transaction has locked, until it is over.
#[tokio::test]
async fn an_exhausted_pool_shows_who_holds_its_sessions() {
    let bed = Bed::start(1, "", "pool: { max_size: 3 }").await;
    bed.replica.until_ready(204).await;
    bed.open_accounts().await;
    let page = Page::named("CrdbPoolExhausted");
    let storm = Page::named("contention-storm");
    let places = bed.places();

    let lock = bed.lock_account("ACC-1").await;
    let keys: Vec<String> = (0..5).map(|number| format!("key-{number}")).collect();
    let transfers = join_all(keys.iter().map(|key| bed.transfer(key)));
    let look = async {
        let waiting = |metrics: &str| values(metrics, "crdb_pool_waiting", "") == [2.0];
        until(&bed.replica, "callers wait", waiting).await;
        let said = page.say("Look", "waiting", &places).await;
        assert_eq!(values(&said, "crdb_pool_waiting", ""), [2.0], "{said}");
        let in_use = values(&said, "crdb_pool_sessions", "state=\"in_use\"");
        assert_eq!(in_use, [3.0], "{said}");
        // The same sessions, seen from the server: the statement that waits, and whose it is.
        let said = storm.say("Look", "CLUSTER QUERIES", &places).await;
        let ours = format!("|{}|UPDATE accounts", bed.cluster.database.name());
        let waits = said.lines().filter(|line| line.contains(&ours));
        assert_eq!(waits.count(), 3, "{said}");
        drop(lock);
    };
    let (answers, ()) = tokio::join!(transfers, look);
    for (status, body) in answers {
        assert_eq!(status, 200, "{body}");
    }
    let over = |metrics: &str| values(metrics, "crdb_pool_waiting", "") == [0.0];
    until(&bed.replica, "no caller waits", over).await;
}

#[tokio::test]
async fn a_contention_storm_shows_as_attempts_that_run_again() {
    let bed = Bed::start(1, "", "").await;
    bed.replica.until_ready(204).await;
    bed.open_accounts().await;
    let page = Page::named("contention-storm");
    let places = bed.places();
    let quiet = page.say("Look", "retries_total", &places).await;
    assert_eq!(
        values(&quiet, "crdb_exec_retries_total", "")
            .iter()
            .sum::<f64>(),
        0.0
    );

    let failing = RandomInjections::seeded(1).retry_statement(1.0);
    bed.cluster.nodes[0].inject_at_random(failing);
    let keys: Vec<String> = (0..20).map(|number| format!("key-{number}")).collect();
    for (status, body) in join_all(keys.iter().map(|key| bed.transfer(key))).await {
        assert_eq!(status, 503, "{body}");
    }
    let said = page.say("Look", "retries_total", &places).await;
    let run_again: f64 = values(&said, "crdb_exec_retries_total", "").iter().sum();
    let failed = |said: &str| {
        values(
            said,
            "crdb_exec_transaction_seconds_count",
            "outcome=\"failed\"",
        )
    };
    assert!(run_again >= 20.0, "{said}");
    assert_eq!(failed(&said), [20.0], "{said}");

    bed.cluster.nodes[0].stop_injecting();
    let (status, body) = bed.transfer("key-0").await;
    assert_eq!(status, 200, "{body}");
    let after = page.say("Look", "retries_total", &places).await;
    assert_eq!(failed(&after), [20.0], "it is over: {after}");
}

/// A transaction of an operator that has locked an account. Dropping it ends the transaction.
struct Lock(Child);

impl Drop for Lock {
    fn drop(&mut self) {
        // One that has ended already is fine.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Bed {
    async fn lock_account(&self, number: &str) -> Lock {
        let mut child = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", self.cluster.database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut asked = child.stdin.take().unwrap();
        let text = format!(
            "BEGIN; UPDATE accounts SET balance = balance WHERE number = '{number}';\n\\echo locked\n"
        );
        asked.write_all(text.as_bytes()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The end of its input would be the end of the transaction.
        child.stdin = Some(asked);
        let locked = tokio::task::spawn_blocking(move || lines.next());
        assert_eq!(locked.await.unwrap().unwrap().unwrap(), "locked");
        Lock(child)
    }
}

//! Nodes that are drained, and answers that are lost.

use crdb_testkit::{Cut, Injection};

use super::bed::{Bed, until};
use super::page::{Page, values};
use crate::replica::request;

const ROTATION: &str = "crdb_pool_node_in_rotation";
const SESSIONS: &str = "crdb_pool_sessions";

#[tokio::test]
async fn a_node_is_drained_and_comes_back() {
    let bed = Bed::start(2, "", "pool: { min_size: 4, max_size: 8 }").await;
    bed.replica.until_ready(204).await;
    let both = |metrics: &str| {
        let sessions = |node: &str| values(metrics, SESSIONS, node).iter().sum::<f64>();
        let [first, second] = bed.labels();
        values(metrics, ROTATION, "") == [1.0, 1.0]
            && sessions(&first) > 0.0
            && sessions(&second) > 0.0
    };
    until(&bed.replica, "both nodes have sessions", both).await;
    let page = Page::named("node-drain");
    let places = bed.places();
    let said = page.say("Look", ROTATION, &places).await;
    assert_eq!(values(&said, ROTATION, ""), [1.0, 1.0], "{said}");

    bed.cluster.nodes[1].drain();
    let drained = bed.labels()[1].clone();
    // Callers see nothing of it.
    let quiet = |metrics: &str| {
        values(metrics, ROTATION, &drained) == [0.0]
            && values(metrics, SESSIONS, &drained).iter().sum::<f64>() == 0.0
    };
    tokio::join!(
        until(&bed.replica, "the node has no sessions", quiet),
        async {
            for _ in 0..40 {
                let answer = request(bed.replica.address, "GET", "/accounts", None, "").await;
                assert_eq!(answer.unwrap().0, 200, "{}", bed.replica.log());
            }
        }
    );
    let said = page.say("Mend", SESSIONS, &places).await;
    let left: f64 = values(&said, SESSIONS, &drained).iter().sum();
    let moved: f64 = values(&said, SESSIONS, &bed.labels()[0]).iter().sum();
    assert!(left == 0.0 && moved > 0.0, "{said}");

    bed.cluster.nodes[1].stop_draining();
    let back = |metrics: &str| values(metrics, ROTATION, "") == [1.0, 1.0];
    until(&bed.replica, "the node is back", back).await;
}

/// The first transfer's COMMIT took effect and its answer was lost; the second's never arrived.
#[tokio::test]
async fn an_unknown_outcome_is_looked_up_and_repeated() {
    let bed = Bed::start(1, "", "").await;
    bed.replica.until_ready(204).await;
    bed.open_accounts().await;
    let page = Page::named("unknown-outcomes");
    let places = bed.places();
    // The page's own key.
    let key = "the-key-of-the-request";
    let cut = Cut::Reset;
    for (unknown, injection, is_made) in [
        (1.0, Injection::CutAfterCommit { cut }, "1"),
        (2.0, Injection::CutBeforeCommit { cut }, "0"),
    ] {
        bed.cluster.sql("DELETE FROM transfers").await;
        bed.cluster.nodes[0].inject(injection);
        let (status, body) = bed.transfer(key).await;
        assert_eq!(status, 503, "{body}");
        assert!(body.contains("whether it was done is not known"), "{body}");
        let said = page.say("Look", "outcome_unknown", &places).await;
        let counted = values(&said, "crdb_exec_outcome_unknown_total", "");
        assert_eq!(counted, [unknown], "{said}");
        let said = page.say("Look", key, &places).await;
        assert_eq!(said.trim(), is_made);

        let (status, body) = bed.transfer(key).await;
        assert_eq!(status, 200, "{body}");
        let said = page.say("Look", key, &places).await;
        assert_eq!(said.trim(), "1", "the money moved twice, or never");
    }
    // Both accounts got their first money without a transfer.
    let said = page.say("Mend", "SELECT number, balance", &places).await;
    let rows: Vec<&str> = said.lines().collect();
    assert_eq!(rows, ["ACC-1|99998", "ACC-2|100002", "accounts: 2"]);
    let told = "UPDATE accounts SET balance = 1 WHERE number = 'ACC-2'";
    bed.cluster.sql(told).await;
    let said = page.say("Mend", "SELECT number, balance", &places).await;
    let rows: Vec<&str> = said.lines().collect();
    assert_eq!(rows, ["ACC-1|99998", "accounts: 1"]);
}

impl Bed {
    /// How the metrics call the two nodes.
    fn labels(&self) -> [String; 2] {
        [0, 1].map(|index: usize| {
            let port = self.cluster.nodes[index].port();
            format!("node=\"localhost:{port}\"")
        })
    }
}

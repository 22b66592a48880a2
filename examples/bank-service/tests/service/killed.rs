//! One of two replicas is killed under load: what it has acknowledged stays, and what it has not is repeated at the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crdb_facade::Database;
use crdb_facade::prelude::*;
use serde_json::{Value, json};

use crate::api::no_tables;
use crate::replica::{Replica, request};

const ACCOUNTS: usize = 16;
const CLIENTS: usize = 8;
const EACH: usize = 40;
/// After how many answers the replica is killed.
const KILLED_AFTER: usize = 80;

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_killed_replica_loses_nothing_that_it_acknowledged(url: String) {
    let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let settings = format!(
        "listen: 127.0.0.1:1\ndatabase: {{ auth: {{ url: '{url}' }}, pool: {{ max_size: 6 }} }}\n"
    );
    let first = Replica::start(directories[0].path(), &settings, &[]).await;
    let second = Replica::start(directories[1].path(), &settings, &[]).await;
    first.until_ready(204).await;
    second.until_ready(204).await;
    let replicas = [first.address, second.address];

    let customer = json!({ "name": "Ada", "email": "ada@example.com", "country": "GB" });
    let (_, customer) = request(
        replicas[1],
        "POST",
        "/customers",
        None,
        &customer.to_string(),
    )
    .await
    .unwrap();
    let customer: Value = serde_json::from_str(&customer).unwrap();
    for number in 0..ACCOUNTS {
        let account = json!({ "number": format!("ACC-{number}"), "customer_id": customer["id"] });
        let opened = request(replicas[1], "POST", "/accounts", None, &account.to_string()).await;
        assert_eq!(opened.unwrap().0, 200);
    }
    let db = Database::connect(&url).await.unwrap();
    db.execute("UPDATE accounts SET balance = 1000", &[])
        .await
        .unwrap();

    let answered = Arc::new(AtomicUsize::new(0));
    let repeated = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let (answered, repeated) = (Arc::clone(&answered), Arc::clone(&repeated));
        clients.spawn(async move {
            for number in 0..EACH {
                let key = format!("{client}-{number}");
                let (source, target) = (
                    (client + number) % ACCOUNTS,
                    (client * 3 + number * 5 + 1) % ACCOUNTS,
                );
                let order = json!({ "source": format!("ACC-{source}"), "target": format!("ACC-{target}"), "amount": 1 });
                let order = order.to_string();
                // A client that gets no answer asks the other replica with the same key, until it has one.
                for attempt in 0.. {
                    let replica = replicas[(client + attempt) % 2];
                    let answer = request(replica, "POST", "/transfers", Some(&key), &order).await;
                    if let Some((200, _)) = answer {
                        break;
                    }
                    if let Some((status, body)) = answer {
                        assert_eq!(status, 503, "{body}");
                    }
                    repeated.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                answered.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while answered.load(Ordering::Relaxed) < KILLED_AFTER {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    first.signal("-KILL");
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }

    assert!(
        repeated.load(Ordering::Relaxed) > 0,
        "nothing was under way when the replica was killed"
    );
    let count: i64 = db
        .sql("SELECT count(*) FROM transfers")
        .fetch_one()
        .await
        .unwrap()
        .get(0)
        .unwrap();
    // Each was acknowledged, so each is there; and its key is there once.
    assert_eq!(count, i64::try_from(CLIENTS * EACH).unwrap());
    let wrong = db
        .sql(
            "SELECT count(*) FROM accounts WHERE balance <> 1000 \
             + (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE target = number) \
             - (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE source = number)",
        )
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(
        wrong.get::<i64>(0).unwrap(),
        0,
        "a balance is not what its transfers say"
    );
    assert!(!second.log().contains("panicked"));
}

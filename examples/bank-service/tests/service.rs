//! The service from outside, each test on a database of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use bank_service::router;
use crdb_facade::prelude::*;
use crdb_testkit::FromDatabase;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The service, with two customers who have an account each.
struct Bank {
    router: Router,
    db: Database,
}

impl FromDatabase for Bank {
    async fn from_database(database: &crdb_testkit::Database) -> Self {
        let db = Database::connect(database.url()).await.unwrap();
        let bank = Self {
            router: router(db.clone()),
            db,
        };
        for (number, name, country) in [("ACC-1", "Ada", "GB"), ("ACC-2", "Blaise", "FR")] {
            let email = format!("{name}@example.com");
            let new = json!({ "name": name, "email": email, "country": country });
            let (status, customer) = bank.send(Method::POST, "/customers", new).await;
            assert_eq!(status, StatusCode::OK, "{customer}");
            let new = json!({ "number": number, "customer_id": customer["id"] });
            let (status, account) = bank.send(Method::POST, "/accounts", new).await;
            assert_eq!(status, StatusCode::OK, "{account}");
        }
        let gift = "UPDATE accounts SET balance = 100 WHERE number = 'ACC-1'";
        bank.db.execute(gift, &[]).await.unwrap();
        bank
    }
}

impl Bank {
    async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }
}

fn order(amount: i64) -> Value {
    json!({ "source": "ACC-1", "target": "ACC-2", "amount": amount, "note": "rent" })
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn a_transfer_moves_money_and_is_recorded(bank: Bank) {
    let (status, made) = bank.send(Method::POST, "/transfers", order(30)).await;
    assert_eq!((status, &made["amount"]), (StatusCode::OK, &json!(30)));
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 70);
    assert_eq!(bank.get("/accounts/ACC-2").await["balance"], 30);
    assert_eq!(bank.get("/accounts/ACC-2/transfers").await[0], made);
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn a_transfer_that_is_not_covered_changes_nothing(bank: Bank) {
    let (status, _) = bank.send(Method::POST, "/transfers", order(101)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 100);
    assert_eq!(bank.get("/accounts/ACC-2/transfers").await, json!([]));
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn closing_an_account_moves_what_is_in_it(bank: Bank) {
    let close = "/accounts/ACC-1?into=ACC-2";
    let (status, body) = bank.send(Method::DELETE, close, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    assert_eq!(bank.get("/accounts/ACC-2").await["balance"], 100);
    let (status, _) = bank.send(Method::DELETE, close, Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn accounts_are_searched_by_what_is_given(bank: Bank) {
    let found = bank.get("/accounts?country=GB&least=1").await;
    assert_eq!(
        (&found[0]["number"], found.as_array().unwrap().len()),
        (&json!("ACC-1"), 1)
    );
    let found = bank.get("/accounts?largest_first=true").await;
    assert_eq!(
        (&found[0]["number"], &found[1]["number"]),
        (&json!("ACC-1"), &json!("ACC-2"))
    );
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn mistakes_of_the_caller_are_told_apart(bank: Bank) {
    let again = json!({ "name": "Ada", "email": "ADA@example.com", "country": "GB" });
    let (status, _) = bank.send(Method::POST, "/customers", again).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let unknown =
        json!({ "number": "ACC-3", "customer_id": "00000000-0000-0000-0000-000000000000" });
    let (status, _) = bank.send(Method::POST, "/accounts", unknown).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _) = bank.send(Method::GET, "/accounts/ACC-9", Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn a_closed_database_is_not_ready(bank: Bank) {
    let (status, _) = bank.send(Method::GET, "/ready", Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, metrics) = bank.send(Method::GET, "/metrics", Value::Null).await;
    assert!(metrics.as_str().unwrap().contains("crdb_"), "{metrics}");
    bank.db
        .close(std::time::Duration::from_secs(30))
        .await
        .unwrap();
    let (status, _) = bank.send(Method::GET, "/ready", Value::Null).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

/// The program itself, with a configuration of its own: it gets ready, and SIGTERM ends it in order.
#[crdb_testkit::test(migrations = "sql/schema", imitate = "v25.2")]
async fn the_program_starts_serves_and_ends_on_sigterm(url: String) {
    // The database answers on this test's own thread, so what waits for the program waits elsewhere.
    tokio::task::spawn_blocking(move || {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bank.yaml");
        let settings = format!("listen: 127.0.0.1:0\ndatabase: {{ auth: {{ url: '{url}' }} }}\n");
        std::fs::write(&file, settings).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_bank-service"))
            .arg(&file)
            .env("RUST_LOG", "bank_service=info")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let listening = lines.find(|line| line.as_ref().unwrap().contains("listening"));
        let listening = listening.unwrap().unwrap();
        let port: String = listening
            .chars()
            .rev()
            .take_while(char::is_ascii_digit)
            .collect();
        let port: u16 = port.chars().rev().collect::<String>().parse().unwrap();

        let mut connection = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let request = "GET /ready HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");

        let id = program.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(program.wait().unwrap().success());
    })
    .await
    .unwrap();
}

//! The API, without a port.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode};
use bank_service::{Service, migrations};
use crdb_facade::migrate::Migrations;
use crdb_facade::prelude::*;
use crdb_testkit::FromDatabase;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::replica::LIMIT;

/// The service, with two customers who have an account each.
struct Bank {
    router: Router,
    db: Database,
    service: Service,
}

/// Leaves the tables to the service's own migrations.
pub(crate) async fn no_tables(_: &crdb_testkit::Database) -> Result<(), Error> {
    Ok(())
}

impl FromDatabase for Bank {
    async fn from_database(database: &crdb_testkit::Database) -> Self {
        let db = Database::connect(database.url()).await.unwrap();
        let service = Service::new(db.clone(), migrations().unwrap(), None);
        service.migrate().await.unwrap();
        let bank = Self {
            router: service.router(),
            db,
            service,
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
        self.send_with(None, method, path, body).await
    }

    async fn send_with(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
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

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_transfer_moves_money_and_is_recorded(bank: Bank) {
    let (status, made) = bank.send(Method::POST, "/transfers", order(30)).await;
    assert_eq!((status, &made["amount"]), (StatusCode::OK, &json!(30)));
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 70);
    assert_eq!(bank.get("/accounts/ACC-2").await["balance"], 30);
    assert_eq!(bank.get("/accounts/ACC-2/transfers").await[0], made);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_transfer_that_is_not_covered_changes_nothing(bank: Bank) {
    let (status, _) = bank.send(Method::POST, "/transfers", order(101)).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 100);
    assert_eq!(bank.get("/accounts/ACC-2/transfers").await, json!([]));
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn closing_an_account_moves_what_is_in_it(bank: Bank) {
    let close = "/accounts/ACC-1?into=ACC-2";
    let (status, body) = bank.send(Method::DELETE, close, Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    assert_eq!(bank.get("/accounts/ACC-2").await["balance"], 100);
    let (status, _) = bank.send(Method::DELETE, close, Value::Null).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
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

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
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

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_closed_database_is_not_ready(bank: Bank) {
    let (status, _) = bank.send(Method::GET, "/ready", Value::Null).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, metrics) = bank.send(Method::GET, "/metrics", Value::Null).await;
    assert!(metrics.as_str().unwrap().contains("crdb_"), "{metrics}");
    let limit = std::time::Duration::from_secs(30);
    bank.service.close(limit).await.unwrap();
    let (status, _) = bank.send(Method::GET, "/ready", Value::Null).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_repeated_request_moves_money_once(bank: Bank) {
    let path = "/transfers";
    let key = Some("order-7");
    let (status, first) = bank.send_with(key, Method::POST, path, order(30)).await;
    assert_eq!(status, StatusCode::OK, "{first}");
    let (status, again) = bank.send_with(key, Method::POST, path, order(30)).await;
    assert_eq!((status, &again), (StatusCode::OK, &first));
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 70);

    let (status, _) = bank.send_with(key, Method::POST, path, order(31)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let too_long = "k".repeat(129);
    for wrong in ["", &too_long] {
        let wrong = Some(wrong);
        let (status, _) = bank.send_with(wrong, Method::POST, path, order(30)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong:?}");
    }
    assert_eq!(bank.get("/accounts/ACC-1").await["balance"], 70);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn readiness_follows_the_phase_and_the_schema(db: crdb_testkit::Database) {
    let url = db.url();
    let service = || async {
        let db = Database::connect(url).await.unwrap();
        Service::new(db, migrations().unwrap(), None)
    };
    let ask = async |service: &Service, path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        service.router().oneshot(request).await.unwrap().status()
    };
    // Before the schema is there: alive, not ready, and no request is answered wrongly.
    let early = service().await;
    assert_eq!(ask(&early, "/live").await, StatusCode::NO_CONTENT);
    assert_eq!(ask(&early, "/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ask(&early, "/accounts").await,
        StatusCode::SERVICE_UNAVAILABLE
    );
    early.serve();
    assert_eq!(ask(&early, "/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    // Another replica brings the schema; this one notices by itself.
    service().await.migrate().await.unwrap();
    // The checks' answers hold for a second.
    let noticed = async {
        while ask(&early, "/ready").await != StatusCode::NO_CONTENT {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LIMIT, noticed).await.unwrap();
    // Draining: not ready, and what still comes is answered.
    early.drain();
    assert_eq!(ask(&early, "/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ask(&early, "/accounts").await, StatusCode::OK);
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn requests_are_measured_by_route(bank: Bank) {
    bank.send(Method::GET, "/accounts/ACC-9", Value::Null).await;
    let (_, metrics) = bank.send(Method::GET, "/metrics", Value::Null).await;
    let metrics = metrics.as_str().unwrap();
    let counted =
        "bank_request_seconds_count{route=\"/accounts/{number}\",method=\"GET\",status=\"404\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    assert_eq!(metrics.matches("# EOF").count(), 1);
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn what_changes_something_is_audited(bank: Bank) {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let settings = json!({
        "listen": "127.0.0.1:0",
        "database": { "auth": { "user": "bank" } },
        "audit": {
            "directory": directory.path().join("log"),
            "name": "bank.example/audit",
            "key_file": file("key", &[7; 32]),
            "seed_file": file("seed", &[8; 32]),
        },
    });
    let settings =
        bank_service::Settings::load(&file("bank.yaml", settings.to_string().as_bytes()));
    let settings = settings.unwrap();
    let audit =
        tokio::task::spawn_blocking(move || bank_service::Audit::open(&settings.audit.unwrap()))
            .await
            .unwrap()
            .unwrap();
    let audited = Service::new(bank.db.clone(), migrations().unwrap(), Some(audit));
    audited.serve();
    let audited = Bank {
        router: audited.router(),
        db: bank.db.clone(),
        service: audited,
    };
    audited.send(Method::POST, "/transfers", order(30)).await;
    audited.send(Method::POST, "/transfers", order(500)).await;
    audited.get("/accounts").await;
    let limit = std::time::Duration::from_secs(30);
    audited.service.close(limit).await.unwrap();

    let log = directory.path().join("log");
    let key = crdb_facade::observe::audit::MacKey::new(&[7; 32]).unwrap();
    let verifier = crdb_facade::observe::audit::Verifier::new().key(key);
    assert!(verifier.verify(&log).unwrap().is_intact());
    let mut text = String::new();
    for entry in std::fs::read_dir(&log).unwrap() {
        text.push_str(&std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default());
    }
    let transfers = text.lines().filter(|line| line.contains("POST /transfers"));
    let transfers: Vec<&str> = transfers.collect();
    assert_eq!(transfers.len(), 2, "{text}");
    assert!(
        transfers[0].contains("\"done\"") && transfers[1].contains("\"failed\""),
        "{text}"
    );
    assert!(!text.contains("GET"), "{text}");
}

/// What a rollout, and its way back, rest on: a program works on a schema that is newer than itself.
#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn an_older_program_is_ready_on_a_newer_schema(database: crdb_testkit::Database) {
    let db = Database::connect(database.url()).await.unwrap();
    let newer = Service::new(db.clone(), migrations().unwrap(), None);
    newer.migrate().await.unwrap();

    // The program of before the second migration knows the first alone.
    let first = include_str!("../../sql/migrations/0001_bank.up.sql");
    let known = Migrations::from_embedded(&[("0001_bank.up.sql", first)]).unwrap();
    let db = Database::connect(database.url()).await.unwrap();
    let older = Service::new(db, known.clone(), None);
    older.migrate().await.unwrap();
    let request = Request::get("/ready").body(Body::empty()).unwrap();
    let status = older.router().oneshot(request).await.unwrap().status();
    assert_eq!(status, StatusCode::NO_CONTENT);
    // Its statement of then, which names its columns.
    let then = "INSERT INTO transfers (source, target, amount, note) SELECT number, 'none', 1, NULL FROM accounts WHERE false";
    older.database().execute(then, &[]).await.unwrap();
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn a_plan_and_a_status_are_for_people(database: crdb_testkit::Database) {
    let db = Database::connect(database.url()).await.unwrap();
    let all = migrations().unwrap();
    let plan = bank_service::plan(&db, all.clone()).await.unwrap();
    assert!(
        plan.contains(
            "2 transfer_request (alone): ALTER TABLE transfers ADD COLUMN request TEXT\n"
        ),
        "{plan}"
    );
    db.migrate(all.clone()).await.unwrap();
    assert_eq!(
        bank_service::plan(&db, all.clone()).await.unwrap(),
        "nothing to do\n"
    );
    let status = bank_service::status(&db, all).await.unwrap();
    assert_eq!(
        status,
        "1 bank: applied\n2 transfer_request: applied\nrunner: none\n"
    );
}

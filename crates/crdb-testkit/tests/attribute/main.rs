//! `#[crdb_testkit::test]`: each test has a database of its own, with its tables, on one engine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use crdb_testkit::{Database, Engine, EngineKind, Error, FromDatabase, TestCase};

async fn ask(database: &Database, sql: &str) -> Result<Option<String>, Error> {
    let engine = Engine::shared().await;
    engine.execute_in(database.name(), sql).await
}

#[crdb_testkit::test]
async fn a_database_without_migrations_is_empty(database: Database) {
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(ask(&database, tables).await.unwrap().as_deref(), Some("0"));
    let own = database.name().rsplit('_').next().unwrap();
    assert!(database.url().contains(own));
}

#[crdb_testkit::test(
    migrations = "tests/attribute/schema",
    fixtures("tests/attribute/accounts.sql")
)]
async fn migrations_run_in_the_order_of_their_numbers(database: Database) -> Result<(), Error> {
    let sum = ask(
        &database,
        "SELECT sum(balance) FROM accounts WHERE note = ';'",
    )
    .await?;
    assert_eq!(sum.as_deref(), Some("150"));
    Ok(())
}

/// Both write the same key: in one database, one of them would fail.
mod parallel {
    use super::*;

    #[crdb_testkit::test(migrations = "tests/attribute/schema")]
    async fn one(database: Database) {
        ask(&database, "INSERT INTO accounts (number) VALUES ('ACC-1')")
            .await
            .unwrap();
    }

    #[crdb_testkit::test(migrations = "tests/attribute/schema")]
    async fn another(database: Database) {
        ask(&database, "INSERT INTO accounts (number) VALUES ('ACC-1')")
            .await
            .unwrap();
    }
}

/// What a service's tests begin with.
struct Bank {
    database: Database,
}

impl FromDatabase for Bank {
    async fn from_database(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }
}

#[crdb_testkit::test(migrations = "tests/attribute/schema")]
async fn a_test_takes_what_can_be_made_of_its_database(bank: Bank, url: String, _again: Database) {
    assert_eq!(url, bank.database.url());
}

async fn migrate(database: &Database) -> Result<(), Error> {
    ask(
        database,
        "CREATE TABLE accounts (number TEXT, balance INT8, owner TEXT)",
    )
    .await?;
    Ok(())
}

#[crdb_testkit::test(migrate = migrate, fixtures("tests/attribute/accounts.sql"))]
async fn a_function_makes_the_tables_before_the_fixtures(database: Database) {
    let count = ask(&database, "SELECT count(*) FROM accounts")
        .await
        .unwrap();
    assert_eq!(count.as_deref(), Some("2"));
}

#[crdb_testkit::test(imitate = "v25.2", migrations = "tests/attribute/schema")]
async fn postgresql_answers_as_cockroachdb_where_asked(database: Database) {
    let engine = Engine::shared().await;
    let direct = engine.url(database.name());
    // The proxy has a port of its own.
    assert_eq!(
        direct == database.url(),
        engine.kind() == EngineKind::CockroachDb
    );
}

#[crdb_testkit::test]
#[should_panic(expected = "the test itself")]
async fn other_attributes_stay(_database: Database) {
    panic!("the test itself");
}

fn panics(case: TestCase) -> String {
    let run = || case.run(async |_| {});
    let payload = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    payload.downcast_ref::<String>().cloned().unwrap()
}

fn package() -> TestCase {
    TestCase::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_mistake_of_the_files_is_named() {
    let broken = panics(package().migrations("tests/attribute/broken"));
    assert!(
        broken.contains("broken/1_broken.sql:3: ") && broken.contains("two"),
        "{broken}"
    );
    let twice = panics(package().migrations("tests/attribute/twice"));
    assert!(twice.contains("01_b.sql and 1_a.sql"), "{twice}");
    let none = panics(package().migrations("src"));
    assert!(none.contains("no SQL file"), "{none}");
    let missing = panics(package().fixture("tests/attribute/missing.sql"));
    assert!(missing.contains("missing.sql"), "{missing}");
    let failed = panics(package().migrate_with(async |_: &Database| Err("no")));
    assert!(failed.ends_with("the migrations failed: no"), "{failed}");
}

#[test]
fn the_database_of_a_test_that_succeeds_is_dropped_and_of_one_that_fails_is_kept() {
    static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let note = async |database: Database| NAMES.lock().unwrap().push(database.name().to_owned());
    package().run(note);
    let failing = package().run(async |database: Database| {
        note(database).await;
        Err::<(), _>("on purpose")
    });
    failing.unwrap_err();
    let names = NAMES.lock().unwrap().clone();
    package().run(async |database: Database| {
        for (name, left) in names.iter().zip(["0", "1"]) {
            let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
            assert_eq!(ask(&database, &count).await.unwrap().as_deref(), Some(left));
        }
    });
}

//! Statements as a service writes them: values owned or borrowed, texts with names, one function for database and transaction.

use crdb_facade::prelude::*;
use crdb_testkit::Engine;

use super::{config, queries};

async fn open() -> (&'static Engine, crdb_testkit::Database, Database) {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let config = config(&database).build().unwrap();
    let opened = Database::builder(config).repository(queries()).open().await;
    let db = opened.unwrap();
    db.query("counters.create").execute().await.unwrap();
    (engine, database, db)
}

/// Works on a database and on a transaction.
async fn put(db: &impl Querier, name: &str, value: i64) -> Result<u64, Error> {
    db.query("counters.put")
        .bind("name", name)
        .bind("value", value)
        .execute()
        .await
}

#[tokio::test]
async fn values_are_owned_or_borrowed_and_outlive_their_statement() {
    let (_engine, _database, db) = open().await;
    put(&db, "a", 1).await.unwrap();
    // A temporary is moved in, so the query can be kept.
    let query = db
        .query("counters.get")
        .bind("name", String::from("A").to_lowercase());
    let value: i64 = query.fetch_one().await.unwrap().get("value").unwrap();
    assert_eq!(value, 1);
}

#[tokio::test]
async fn a_text_has_named_parameters_lists_and_optional_filters() {
    let (_engine, _database, db) = open().await;
    for (name, value) in [("a", 1), ("b", 2), ("c", 3)] {
        put(&db, name, value).await.unwrap();
    }
    let text = "SELECT name FROM counters \
                WHERE name = ANY(:names) AND (:least::INT8 IS NULL OR value >= :least) ORDER BY name";
    let names = async |least: Option<i64>| -> Vec<String> {
        let rows = db
            .sql(text)
            .bind("least", least)
            .bind("names", vec!["a", "c", "x"])
            .fetch_all()
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    };
    assert_eq!(names(None).await, ["a", "c"]);
    assert_eq!(names(Some(2)).await, ["c"]);

    let second: i64 = db
        .sql("SELECT $2::INT8 - $1::INT8")
        .bind("2", 5_i64)
        .bind("1", 3_i64)
        .fetch_one()
        .await
        .unwrap()
        .get(0)
        .unwrap();
    assert_eq!(second, 2);
}

/// Its derive comes from the prelude and names the facade alone.
#[derive(Debug, PartialEq, FromRow)]
struct Counter {
    name: String,
    #[row(rename = "value")]
    count: i64,
}

/// Works on a database and on a transaction.
async fn counters(db: &impl Querier) -> Result<Vec<Counter>, Error> {
    db.sql("SELECT value, name FROM counters ORDER BY name")
        .fetch_all_as()
        .await
}

#[tokio::test]
async fn rows_become_structs_and_tuples() {
    let (_engine, _database, db) = open().await;
    let counter = |name: &str, count| Counter {
        name: name.to_owned(),
        count,
    };
    put(&db, "a", 1).await.unwrap();
    put(&db, "b", 2).await.unwrap();
    let all = [counter("a", 1), counter("b", 2)];
    assert_eq!(counters(&db).await.unwrap(), all);
    let within = db.transact(async |tx| counters(tx).await).await.unwrap();
    assert_eq!(within, all);
    let text = "SELECT name, value FROM counters WHERE name = :name";
    let one: Counter = db.sql(text).bind("name", "b").fetch_one_as().await.unwrap();
    assert_eq!(one, counter("b", 2));
    let none = db
        .sql(text)
        .bind("name", "x")
        .fetch_optional_as::<Counter>();
    assert_eq!(none.await.unwrap(), None);
    let pair: (String, i64) = db.sql(text).bind("name", "a").fetch_one_as().await.unwrap();
    assert_eq!(pair, ("a".to_owned(), 1));
    let mut rows = db
        .sql("SELECT name, value FROM counters ORDER BY name")
        .fetch_stream_as::<Counter>()
        .await
        .unwrap();
    let first = std::future::poll_fn(|context| {
        futures_util::Stream::poll_next(std::pin::Pin::new(&mut rows), context)
    });
    assert_eq!(first.await.unwrap().unwrap(), counter("a", 1));
    let error = db
        .sql("SELECT name FROM counters LIMIT 1")
        .fetch_one_as::<Counter>();
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion);
    assert!(error.to_string().contains("(it has \"name\")"), "{error}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_named_before_anything_is_sent() {
    let (_engine, _database, db) = open().await;
    for (query, expected) in [
        (db.query("counters.get"), "`name` is missing"),
        (
            db.query("counters.get").bind("nam", "a"),
            "did you mean `name`?",
        ),
        (
            db.query("counters.get").bind("name", "a").bind("name", "b"),
            "`name` is given twice",
        ),
        (db.sql("SELECT :a"), "`a` is missing"),
        (db.sql("SELECT :a, $1").bind("a", 1), "not both"),
    ] {
        let error = query.fetch_all().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Arguments, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    let error = db
        .sql("SELECT :wanted::INT8")
        .bind("wanted", "text")
        .fetch_one()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
    assert!(error.to_string().contains("wanted"), "{error}");
}

#[tokio::test]
async fn a_function_over_either_runs_in_and_out_of_transactions() {
    let (_engine, _database, db) = open().await;
    put(&db, "a", 1).await.unwrap();
    // No type has to be written.
    let sum = db
        .transact(async |tx| {
            put(tx, "b", 2).await?;
            let undone = tx.savepoint(async |tx| {
                put(tx, "c", 4).await?;
                tx.sql("SELECT 1 / 0").fetch_one().await
            });
            assert!(undone.await.is_err());
            let row = tx.fetch_one("SELECT sum(value)::INT8 FROM counters", &[]);
            Ok(row.await?.get::<i64>(0)?)
        })
        .await
        .unwrap();
    assert_eq!(sum, 3);
}

#[tokio::test]
async fn an_error_type_of_ones_own_comes_back_as_it_is() {
    #[derive(Debug, PartialEq)]
    enum Refusal {
        TooMuch,
        Database(ErrorKind),
    }

    impl From<Error> for Refusal {
        fn from(error: Error) -> Self {
            Self::Database(error.kind())
        }
    }

    let (_engine, _database, db) = open().await;
    let options = db.transaction_options();
    let refused = db
        .transact_as(&options, async |tx| -> Result<(), Refusal> {
            put(tx, "a", 1).await?;
            Err(Refusal::TooMuch)
        })
        .await;
    assert_eq!(refused, Err(Refusal::TooMuch));
    let unknown = db
        .transact_as(&options, async |tx| -> Result<(), Refusal> {
            tx.query("counters.unknown").execute().await?;
            Ok(())
        })
        .await;
    assert_eq!(unknown, Err(Refusal::Database(ErrorKind::UnknownQuery)));
    let count: i64 = db
        .sql("SELECT count(*) FROM counters")
        .fetch_one()
        .await
        .unwrap()
        .get(0)
        .unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_connection_string_is_enough() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let db = Database::connect(database.url()).await.unwrap();
    let one: i64 = db
        .sql("SELECT 1::INT8")
        .fetch_one()
        .await
        .unwrap()
        .get(0)
        .unwrap();
    assert_eq!(one, 1);
    let error = Database::connect("mysql://app@db/bank").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
}

//! The bank's generated functions against a real server: what goes in comes out, with the right types.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod odd;

use std::path::Path;

use crdb_example_bank::generated::customers::{CreateParams, ImportParams};
use crdb_example_bank::generated::transfers::RecordParams;
use crdb_example_bank::generated::{AccountKind, accounts, customers, reports, transfers};
use crdb_facade::Database;
use crdb_facade::config::{Config, keys};
use crdb_testkit::Engine;
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use serde_json::json;

async fn bank(engine: &Engine) -> Database {
    let database = engine.create_database().await;
    let config = Config::builder()
        .set(keys::auth::URL, Some(database.url().into()))
        .set(
            keys::sql::DIRECTORY,
            Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql")),
        );
    let bank = Database::open(config.build().unwrap()).await.unwrap();
    for script in [crdb_example_bank::SCHEMA, crdb_example_bank::SAMPLE_DATA] {
        for statement in crdb_sql::dialect::split_statements(script) {
            bank.execute(statement.text, &[]).await.unwrap();
        }
    }
    bank
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_speaks_through_generated_functions() {
    let engine = Engine::shared().await;
    let bank = bank(engine).await;

    let total = accounts::total(&bank).await.unwrap();
    assert_eq!(
        total.total,
        Some(crdb_example_bank::SAMPLE_TOTAL.parse().unwrap())
    );
    assert_eq!(total.accounts, 500);

    let numbers: Vec<String> = accounts::numbers(&bank, 2).await.unwrap();
    let account = accounts::get(&bank, &numbers[0]).await.unwrap();
    assert_eq!(account.number, numbers[0]);
    assert!(AccountKind::ALL.contains(&account.kind));
    assert_eq!(account.closed_at, None);

    // JSON and UUID in both directions, an optional row, a scalar.
    let preferences = json!({"newsletter": true, "tags": ["a", "ü"]});
    let params = CreateParams {
        name: "Grace",
        email: "grace@bank.example",
        country: "US",
        preferences: &preferences,
    };
    let id = customers::create(&bank, params).await.unwrap();
    let grace = customers::get(&bank, id).await.unwrap().unwrap();
    assert_eq!(
        (grace.name.as_str(), &grace.preferences),
        ("Grace", &preferences)
    );
    assert_eq!(customers::get(&bank, account.id).await.unwrap(), None);

    // NULL as an argument and as a result, and rows changed.
    let amount = Decimal::new(1_250, 2);
    for note in [None, Some("rent")] {
        let params = RecordParams {
            amount,
            note,
            from_number: &numbers[0],
            to_number: &numbers[1],
        };
        transfers::record(&bank, params).await.unwrap();
    }
    let params = transfers::LatestParams {
        number: &numbers[0],
        count: 2,
    };
    let latest = transfers::latest(&bank, params).await.unwrap();
    let notes: Vec<Option<&str>> = latest.iter().map(|row| row.note.as_deref()).collect();
    assert!(
        notes.contains(&None) && notes.contains(&Some("rent")),
        "{notes:?}"
    );
    let params = accounts::DepositParams {
        amount,
        number: "missing",
    };
    assert_eq!(accounts::deposit(&bank, params).await.unwrap(), 0);

    // A stream gives what the vector gives.
    let all = customers::by_country(&bank, "DE").await.unwrap();
    let stream = customers::by_country_stream(&bank, "DE").await.unwrap();
    let streamed: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(streamed, all);
    // So do rows that are read in place.
    let mut rows = customers::by_country_borrowed(&bank, "DE").await.unwrap();
    for owned in &all {
        let row = rows.try_next().await.unwrap().unwrap();
        assert_eq!((row.name, row.email), (&*owned.name, &*owned.email));
    }
    assert_eq!(rows.try_next().await.unwrap(), None);
    assert!(
        !reports::balances_by_country(&bank)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_writes_many_rows_with_few_statements() {
    let bank = bank(Engine::shared().await).await;
    let emails: Vec<String> = (0..2_500)
        .map(|n| format!("BATCH{n}@bank.example"))
        .collect();
    let items: Vec<ImportParams<'_>> = emails
        .iter()
        .map(|email| ImportParams {
            name: "Batch",
            email,
            country: "PT",
        })
        .collect();
    assert_eq!(customers::import(&bank, &items).await.unwrap(), 2_500);
    // They are known by now.
    assert_eq!(customers::import(&bank, &items).await.unwrap(), 0);
    assert_eq!(customers::import(&bank, &[]).await.unwrap(), 0);
    let portuguese = customers::by_country(&bank, "PT").await.unwrap();
    let imported = portuguese
        .iter()
        .filter(|row| row.email.starts_with("batch"));
    assert_eq!(imported.count(), 2_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_builder_narrows_and_orders() {
    use accounts::{Search, SearchSort};
    let bank = bank(Engine::shared().await).await;
    let everything = Search::new(1_000).fetch_all(&bank).await.unwrap();
    assert_eq!(everything.len(), 500);
    let least = Decimal::from(3_000);
    let rich = Search::new(10)
        .country("DE")
        .least(least)
        .sort(SearchSort::Balance)
        .descending(true)
        .fetch_all(&bank)
        .await
        .unwrap();
    assert_eq!(rich.len(), 10);
    assert!(rich.iter().all(|row| row.balance >= least));
    assert!(
        rich.windows(2)
            .all(|pair| pair[0].balance >= pair[1].balance)
    );
    let stream = Search::new(10)
        .sort(SearchSort::OpenedAt)
        .fetch_stream(&bank)
        .await
        .unwrap();
    let found: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(found.len(), 10);
    let search = Search::new(10).sort(SearchSort::OpenedAt);
    let mut rows = search.fetch_borrowed(&bank).await.unwrap();
    for owned in &found {
        let row = rows.try_next().await.unwrap().unwrap();
        assert_eq!(row.number, owned.number);
    }
}

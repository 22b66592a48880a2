//! The longest limits and the last times.

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crdb_data::{BatchStatement, ChangeEvent, Changes, Csv, Destination, Export, Load, Source};
use crdb_facade::ErrorKind;
use crdb_facade::exec::OwnedParameters;
use futures_util::{StreamExt as _, stream};

use crate::{cockroach, database};

const LONGEST: Duration = Duration::MAX;

/// `Duration::MAX` stands for *never* wherever a duration is taken.
#[tokio::test]
async fn each_limit_can_be_as_long_as_its_type() {
    let (_database, _proxy, db) = cockroach().await;
    db.execute("CREATE TABLE item (id INT8 PRIMARY KEY)", &[])
        .await
        .unwrap();
    let sets = stream::iter([OwnedParameters::new().with(1_i64)]);
    BatchStatement::new("INSERT INTO item VALUES ($1)")
        .chunk_timeout(LONGEST)
        .run(db.executor(), sets)
        .await
        .into_result()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("item.csv");
    Export::table("item", Csv::rfc4180())
        .timeout(LONGEST)
        .run(db.executor(), Destination::File(path.clone()))
        .await
        .unwrap();
    db.execute("DELETE FROM item", &[]).await.unwrap();
    let report = Load::into_table("item")
        .chunk_timeout(LONGEST)
        .run(db.executor(), Source::csv(&path))
        .await
        .unwrap();
    assert_eq!(report.rows, 1);
    let mut events = Changes::of(["item"])
        .resolved_every(LONGEST)
        .stream::<serde_json::Value, _>(db.executor());
    let event = tokio::time::timeout(Duration::from_secs(60), events.next()).await;
    let event = event.expect("the row that is there").unwrap().unwrap();
    assert!(matches!(event, ChangeEvent::Change(_)), "{event:?}");
}

/// A `SystemTime` that 64 bits of microseconds do not hold would arrive as another time.
#[tokio::test]
async fn a_time_that_no_timestamp_holds_is_refused() {
    let (_database, db) = database().await;
    db.execute(
        "CREATE TABLE item (at TIMESTAMPTZ, all_at TIMESTAMPTZ[])",
        &[],
    )
    .await
    .unwrap();
    let year = Duration::from_secs(31_556_952);
    let here = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for years in [293_000, 400_000, 585_000, 590_000, 2_000_000_000] {
        for far in [
            UNIX_EPOCH.checked_add(year * years),
            UNIX_EPOCH.checked_sub(year * years),
        ] {
            let far = far.unwrap();
            let (some, list): (Option<SystemTime>, _) = (Some(far), vec![here, far]);
            let insert = "INSERT INTO item (at) VALUES ($1)";
            for error in [
                db.execute(insert, &[&far]).await.unwrap_err(),
                db.execute(insert, &[&some]).await.unwrap_err(),
                db.execute("INSERT INTO item (all_at) VALUES ($1)", &[&list])
                    .await
                    .unwrap_err(),
                db.transact(async |tx| tx.execute(insert, &[&far]).await)
                    .await
                    .unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
                assert!(error.to_string().contains("no room for"), "{error}");
            }
            let sets = stream::iter([
                OwnedParameters::new().with(here),
                OwnedParameters::new().with(far),
            ]);
            let batch = BatchStatement::new(insert).run(db.executor(), sets).await;
            let error = batch.into_result().unwrap_err();
            let chain = std::iter::successors(Some(&error as &(dyn Error + 'static)), |cause| {
                (*cause).source()
            });
            let chain: Vec<String> = chain.map(ToString::to_string).collect();
            assert!(chain.concat().contains("no room for"), "{chain:?}");
        }
    }
    db.execute(
        "INSERT INTO item VALUES ($1, $2)",
        &[&here, &vec![Some(here), None]],
    )
    .await
    .unwrap();
}

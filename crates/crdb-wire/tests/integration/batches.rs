//! Many statements in one round trip.

use crdb_testkit::{Engine, EngineKind};
use crdb_wire::{Batch, BatchAnswer, Cleanliness, Session, StatementAnswer, TransactionStatus};

use crate::bed::{one, postgresql, quirky, session, soon};

async fn table(session: &Session) -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let name = format!("batch_{}", RandomState::new().hash_one(0));
    session
        .simple(format!("CREATE TABLE {name} (id INT8 PRIMARY KEY, v TEXT)").as_str())
        .await
        .unwrap();
    name
}

async fn count(session: &Session, table: &str) -> i64 {
    one(session, &format!("SELECT count(*)::INT8 FROM {table}")).await
}

/// What each statement's answer is, in one letter.
fn letters(answer: &BatchAnswer) -> String {
    answer
        .statements()
        .iter()
        .map(|statement| match statement {
            StatementAnswer::Done { .. } => 'd',
            StatementAnswer::Failed(_) => 'f',
            StatementAnswer::NotRun => 'n',
            StatementAnswer::Unknown => 'u',
            _ => '?',
        })
        .collect()
}

/// An atomic batch takes effect wholly or not at all, and each statement has its own answer.
async fn is_atomic(session: &mut Session) {
    let table = table(session).await;
    let insert = format!("INSERT INTO {table} VALUES ($1, $2)");
    let select = format!("SELECT id, v FROM {table} WHERE id < $1 ORDER BY id");
    let before = session.cleanliness();
    let mut batch = Batch::new();
    batch
        .push(&insert, &[&1_i64, &"a"])
        .push(&insert, &[&2_i64, &None::<&str>])
        .push(&select, &[&10_i64])
        .push("", &[]);
    let answer = session.batch(&batch).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
    assert_eq!(letters(&answer), "dddd");
    let statements = answer.into_result().unwrap();
    assert_eq!(statements[1].rows_affected(), 1);
    let rows = statements[2].rows();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].get::<i64>("id").unwrap(), 1);
    assert_eq!(rows[1].get::<Option<&str>>("v").unwrap(), None);
    assert!(statements[3].rows().is_empty());

    for (at, expected) in [(0, "fnn"), (1, "dfn"), (2, "ddf")] {
        let mut batch = Batch::new();
        for place in 0..3 {
            let id: &'static i64 = [&1, &20, &21, &22][if place == at { 0 } else { place + 1 }];
            batch.push(&insert, &[id, &"b"]);
        }
        let answer = session.batch(&batch).await.unwrap();
        assert!(!answer.is_success());
        assert_eq!(letters(&answer), expected);
        assert_eq!(answer.answer().error().unwrap().sqlstate(), "23505");
        let error = answer.into_result().unwrap_err();
        assert_eq!(error.sqlstate(), Some("23505"), "{error}");
        assert_eq!(count(session, &table).await, 2, "{expected}");
        assert_eq!(session.cleanliness(), before);
    }

    // Within a transaction it is a part of that.
    session.simple("BEGIN").await.unwrap();
    let mut batch = Batch::new();
    batch.push(&insert, &[&3_i64, &"c"]);
    let answer = session.batch(&batch).await.unwrap();
    assert_eq!(
        answer.answer().status(),
        Some(TransactionStatus::InTransaction)
    );
    session.simple("ROLLBACK").await.unwrap();
    assert_eq!(count(session, &table).await, 2);

    // The caller's mistakes are found before anything is sent.
    for (text, values) in [
        (
            insert.as_str(),
            &[&4_i64 as &(dyn postgres_types::ToSql + Sync)][..],
        ),
        ("COMMIT", &[]),
        ("SAVEPOINT x", &[]),
        ("CALL p()", &[]),
    ] {
        let mut batch = Batch::new();
        batch.push(&insert, &[&5_i64, &"e"]).push(text, values);
        drop(session.batch(&batch).await.unwrap_err());
        assert_eq!(count(session, &table).await, 2, "{text}");
    }
}

#[tokio::test]
async fn a_batch_is_atomic() {
    let mut session = session(Engine::shared().await).await;
    is_atomic(&mut session).await;
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_batch_is_atomic_on_cockroachdb_with_one_sync() {
    let (proxy, mut session) = quirky().await;
    is_atomic(&mut session).await;
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
    drop(proxy);
}

#[tokio::test]
async fn a_batch_is_atomic_where_cockroachdb_takes_each_statement_by_itself() {
    const OFF: &str = "SET enable_implicit_transaction_for_batch_statements = off";
    let (proxy, mut session) = quirky().await;
    // A release without the setting takes each statement by itself.
    if proxy.try_require("the setting", OFF).await.is_err() {
        is_atomic(&mut session).await;
        assert_eq!(session.cleanliness(), Cleanliness::Clean);
        return;
    }
    // Known from asking: the setting is the session's ground state.
    session.begin_ground();
    session.execute(OFF, &[]).await.unwrap();
    session.mark_ground();
    is_atomic(&mut session).await;
    assert_eq!(session.cleanliness(), Cleanliness::Clean);

    // Changed behind the answer.
    let (_proxy, mut session) = quirky().await;
    is_atomic(&mut session).await;
    session.execute(OFF, &[]).await.unwrap();
    is_atomic(&mut session).await;
}

#[tokio::test]
async fn a_failure_at_the_end_of_a_batch_is_its_failure() {
    let mut session = session(postgresql().await).await;
    let name = table(&session).await;
    session
        .simple(
            format!("ALTER TABLE {name} ADD CONSTRAINT u_{name} UNIQUE (v) DEFERRABLE INITIALLY DEFERRED")
                .as_str(),
        )
        .await
        .unwrap();
    let insert = format!("INSERT INTO {name} VALUES ($1, 'same')");
    let mut batch = Batch::new();
    batch.push(&insert, &[&1_i64]).push(&insert, &[&2_i64]);
    let answer = session.batch(&batch).await.unwrap();
    assert_eq!(letters(&answer), "dd");
    assert!(!answer.is_success());
    assert_eq!(answer.into_result().unwrap_err().sqlstate(), Some("23505"));
    assert_eq!(count(&session, &name).await, 0);
}

#[tokio::test]
async fn what_runs_in_no_transaction_does_not_hide_in_a_batch() {
    let mut session = session(postgresql().await).await;
    let name = table(&session).await;
    let vacuum = format!("VACUUM {name}");
    let insert = format!("INSERT INTO {name} VALUES (1, 'a')");
    let mut batch = Batch::new();
    batch.push(&vacuum, &[]).push(&insert, &[]);
    let answer = session.batch(&batch).await.unwrap();
    assert_eq!(letters(&answer), "fn");
    assert_eq!(answer.into_result().unwrap_err().sqlstate(), Some("25001"));
    assert_eq!(session.cleanliness(), Cleanliness::Clean);

    let create = format!("CREATE TABLE {name}_b (a INT8)");
    let mut batch = Batch::new();
    batch.push(&create, &[]).push(&insert, &[]);
    assert!(session.batch(&batch).await.unwrap().is_success());
    assert_eq!(count(&session, &name).await, 1);
}

#[tokio::test]
async fn a_stale_plan_is_prepared_anew() {
    let mut session = session(postgresql().await).await;
    let name = table(&session).await;
    let select = format!("SELECT * FROM {name}");
    let insert = format!("INSERT INTO {name} (id) VALUES ($1)");
    let mut batch = Batch::new();
    batch.push(&insert, &[&1_i64]).push(&select, &[]);
    assert!(session.batch(&batch).await.unwrap().is_success());
    session
        .simple(format!("ALTER TABLE {name} ADD COLUMN w INT8").as_str())
        .await
        .unwrap();
    let mut batch = Batch::new();
    batch.push(&insert, &[&2_i64]).push(&select, &[]);
    let answer = session.batch(&batch).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
    assert_eq!(answer.statements()[1].rows()[0].len(), 3);
    assert_eq!(count(&session, &name).await, 2);
    session.simple("DEALLOCATE ALL").await.unwrap();
    let mut batch = Batch::new();
    batch.push(&insert, &[&3_i64]);
    assert!(session.batch(&batch).await.unwrap().is_success());
    session.reset(soon()).await.unwrap();
}

#[tokio::test]
async fn statements_that_stand_for_themselves_fail_for_themselves() {
    let engine = Engine::shared().await;
    let session = session(engine).await;
    let name = table(&session).await;
    let insert = format!("INSERT INTO {name} VALUES ($1, 'a') RETURNING id");
    let mut batch = Batch::new();
    for id in [&1_i64, &2, &1, &3] {
        batch.push(&insert, &[id]);
    }
    let answers = session.batch_each(&batch).await.unwrap();
    let told: Vec<_> = answers
        .iter()
        .map(|answer| match answer {
            Ok(rows) => rows[0].get::<i64>(0).unwrap().to_string(),
            Err(error) => error.sqlstate().unwrap().to_owned(),
        })
        .collect();
    assert_eq!(told, ["1", "2", "23505", "3"]);
    assert_eq!(count(&session, &name).await, 3);
    if engine.kind() == EngineKind::PostgreSql {
        // A transaction that one of them begins is the next ones'.
        let mut batch = Batch::new();
        let delete = format!("DELETE FROM {name}");
        batch
            .push("BEGIN", &[])
            .push(&delete, &[])
            .push("ROLLBACK", &[]);
        let answers = session.batch_each(&batch).await.unwrap();
        let statuses: Vec<_> = answers
            .iter()
            .map(|answer| answer.as_ref().unwrap().answer().status().unwrap())
            .collect();
        assert_eq!(
            statuses,
            [
                TransactionStatus::InTransaction,
                TransactionStatus::InTransaction,
                TransactionStatus::Idle
            ]
        );
    }
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test]
async fn a_large_batch_neither_blocks_nor_mixes_answers_up() {
    let mut session = session(Engine::shared().await).await;
    let numbers: Vec<i64> = (0..3_000).collect();
    let mut batch = Batch::new();
    for number in &numbers {
        batch.push("SELECT $1::INT8, repeat('x', 1000)", &[number]);
    }
    let answers = session.batch(&batch).await.unwrap().into_result().unwrap();
    for (answer, number) in answers.iter().zip(&numbers) {
        assert_eq!(answer.rows()[0].get::<i64>(0).unwrap(), *number);
    }
    let answers = session.batch_each(&batch).await.unwrap();
    for (answer, number) in answers.iter().zip(&numbers) {
        assert_eq!(answer.as_ref().unwrap()[0].get::<i64>(0).unwrap(), *number);
    }
}

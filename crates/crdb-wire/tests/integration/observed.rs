//! What an observer gets of batches and COPY: one end for each beginning.

use std::sync::{Arc, Mutex};

use crdb_testkit::Engine;
use crdb_wire::{
    Batch, BatchBegin, BatchEnd, Config, CopyBegin, CopyEnd, CopyFormat, Ended, FanOut,
    Notification, Observer, Outcome, PartialObserver, ServerError, Session, Token,
};

use crate::bed::session_with;

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn word(outcome: &Outcome<'_>) -> String {
    match outcome {
        Outcome::Done => "ok".to_owned(),
        Outcome::Failed(failure) => {
            format!(
                "{} {}",
                failure.kind.as_str(),
                failure.sqlstate.unwrap_or("-")
            )
        }
        _ => "dropped".to_owned(),
    }
}

fn number(token: Token) -> usize {
    *token.unwrap().downcast::<usize>().unwrap()
}

impl Observer for Recorder {
    fn begin_batch(&self, event: &BatchBegin<'_>) -> Token {
        assert!(!event.peer.is_empty());
        Some(Box::new(event.statements))
    }

    fn end_batch(&self, token: Token, event: &BatchEnd<'_>) {
        assert_eq!(number(token), event.statements);
        let kind = if event.atomic { "atomic" } else { "each" };
        self.note(format!(
            "batch {kind} of {}: {}",
            event.statements,
            word(&event.outcome)
        ));
    }

    fn begin_copy(&self, event: &CopyBegin<'_>) -> Token {
        assert!(!format!("{event:?}").contains(event.text));
        Some(Box::new(event.text.len()))
    }

    fn end_copy(&self, token: Token, event: &CopyEnd<'_>) {
        assert!(number(token) > 0);
        self.note(format!(
            "copy {}: {} rows={} bytes>0={}",
            event.direction.as_str(),
            word(&event.outcome),
            event.rows,
            event.bytes > 0
        ));
    }

    fn notice(&self, _: &ServerError) {}

    fn notification(&self, _: &Notification<'_>) {}

    fn ended(&self, _: &Ended<'_>) {}
}

struct Idle;

impl PartialObserver for Idle {}

async fn observed(engine: &Engine) -> (Session, Arc<Recorder>, String) {
    let recorder = Arc::new(Recorder::default());
    let observers: [Arc<dyn Observer>; 2] = [Arc::new(Idle), recorder.clone()];
    let config = Config::default().observer(Arc::new(FanOut::new(observers)));
    let session = session_with(engine, config).await;
    let number = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    let table = format!("observed_{number}");
    let create = format!("CREATE TABLE {table} (id INT8 PRIMARY KEY)");
    session.simple(create.as_str()).await.unwrap();
    (session, recorder, table)
}

#[tokio::test]
async fn batches_end_as_they_are_answered() {
    let engine = Engine::shared().await;
    let (mut session, recorder, table) = observed(engine).await;
    let insert = format!("INSERT INTO {table} VALUES ($1)");
    let mut batch = Batch::new();
    batch.push(&insert, &[&1_i64]).push(&insert, &[&2_i64]);
    assert!(session.batch(&batch).await.unwrap().is_success());
    assert!(!session.batch(&batch).await.unwrap().is_success());
    session.batch_each(&batch).await.unwrap();
    let mut wrong = Batch::new();
    wrong.push("SELECT nothing", &[]);
    session.batch(&wrong).await.unwrap_err();
    assert_eq!(
        recorder.take(),
        [
            "batch atomic of 2: ok",
            "batch atomic of 2: server 23505",
            "batch each of 2: server 23505",
            "batch atomic of 1: server 42703",
        ]
    );
}

#[tokio::test]
async fn copies_end_with_their_answer_or_when_they_are_given_up() {
    let engine = Engine::shared().await;
    let (mut session, recorder, table) = observed(engine).await;
    let copy_in = format!("COPY {table} FROM STDIN");
    for _ in 0..2 {
        let mut copy = session
            .copy_in(copy_in.as_str(), CopyFormat::Text)
            .await
            .unwrap();
        copy.send(&(1_i64,)).await.unwrap();
        drop(copy.finish().await);
    }
    let copy = session.copy_in(copy_in.as_str(), CopyFormat::Text);
    copy.await.unwrap().abort().await.unwrap();
    let copy_out = format!("COPY {table} TO STDOUT");
    let ways_out = match session.copy_out(copy_out.as_str()).await {
        Ok(mut copy) => {
            while copy.next_data().await.unwrap().is_some() {}
            drop(session.copy_out(copy_out.as_str()).await.unwrap());
            ["ok rows=1 bytes>0=true", "dropped rows=0 bytes>0=false"].as_slice()
        }
        // CockroachDB before v23.1.
        Err(_) => &["server 42601 rows=0 bytes>0=false"],
    };
    let ways_in = [
        "ok rows=1 bytes>0=true",
        "server 23505 rows=0 bytes>0=true",
        "dropped rows=0 bytes>0=true",
    ];
    let told = |way: &str, ends: &[&str]| -> Vec<String> {
        ends.iter()
            .map(|end| format!("copy {way}: {end}"))
            .collect()
    };
    assert_eq!(
        recorder.take(),
        [told("in", &ways_in), told("out", ways_out)].concat()
    );
}

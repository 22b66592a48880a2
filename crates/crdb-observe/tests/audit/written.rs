//! What is written, and what a check says of it.

use std::fs;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crdb_observe::audit::{
    AuditConfig, AuditLog, DamageKind, Durability, ErrorKind, FailureMode, MacKey, Verifier,
};

use super::{config, record, signer, verifier};

/// Longer than anything here takes on a slow machine.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn entries_are_numbered_chained_and_checkpointed() {
    let directory = tempfile::tempdir().unwrap();
    let log = AuditLog::open(config(directory.path())).unwrap();
    for number in 0..10 {
        let receipt = log.append(record(number)).await.unwrap();
        assert_eq!(receipt.number(), Some(number));
    }
    log.close().await.unwrap();
    let found = verifier().verify(directory.path()).unwrap();
    assert!(found.is_intact(), "{found:?}");
    assert_eq!((found.first, found.entries, found.checkpoints), (0, 10, 1));
    let kind = log.append(record(0)).await.unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Closed);
}

#[tokio::test]
async fn a_log_goes_on_over_restarts_and_files() {
    let directory = tempfile::tempdir().unwrap();
    for start in 0..3 {
        let log = AuditLog::open(config(directory.path()).file_size(0)).unwrap();
        for number in 0..50 {
            let receipt = log.append(record(number)).await.unwrap();
            assert_eq!(receipt.number(), Some(start * 50 + number));
        }
        log.close().await.unwrap();
    }
    let found = verifier().verify(directory.path()).unwrap();
    assert!(found.is_intact(), "{found:?}");
    assert_eq!(found.entries, 150);
    assert!(found.files > 3, "{found:?}");

    // Old files may be moved away.
    let mut files: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .filter(|path| !path.ends_with("checkpoints.jsonl"))
        .collect();
    files.sort();
    fs::remove_file(&files[0]).unwrap();
    let found = verifier().verify(directory.path()).unwrap();
    assert!(found.is_intact(), "{found:?}");
    assert_eq!(found.first + found.entries, 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_append_at_the_same_time_each_get_a_number() {
    for durability in [Durability::Synced, Durability::Written(LONG)] {
        let directory = tempfile::tempdir().unwrap();
        let config = config(directory.path()).queue(4).durability(durability);
        // New files and checkpoints are the thread's, and come in between.
        let log = AuditLog::open(config.file_size(4 << 10).checkpoints(7, LONG)).unwrap();
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let log = log.clone();
                tokio::spawn(async move { log.append(record(number)).await.unwrap().number() })
            })
            .collect();
        let mut numbers = Vec::new();
        for task in tasks {
            numbers.push(task.await.unwrap().unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..200).collect::<Vec<_>>(), "{durability:?}");
        log.close().await.unwrap();
        let found = verifier().verify(directory.path()).unwrap();
        assert!(found.is_intact() && found.entries == 200, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_is_signed_while_callers_submit_without_a_pause() {
    for durability in [Durability::Synced, Durability::Written(LONG)] {
        let directory = tempfile::tempdir().unwrap();
        let log = AuditLog::open(config(directory.path()).durability(durability)).unwrap();
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..8 {
            let log = log.clone();
            callers.spawn(async move {
                // Without waiting for a receipt: there is always an entry that waits.
                while let Ok(submitted) = log.submit(record(caller)).await {
                    drop(submitted);
                }
            });
        }
        let (mut last, mut checkpoints) = (0, 0);
        while checkpoints < 5 {
            let signed = tokio::time::timeout(LONG, log.checkpoint()).await;
            let size = signed
                .expect("the log serves only those who submit")
                .unwrap()
                .size();
            assert!(size >= last);
            checkpoints += u32::from(size > last);
            last = size;
        }
        log.close().await.unwrap();
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
    }
}

/// The thread writes it, or the next caller that waits for a receipt.
#[tokio::test]
async fn an_entry_whose_caller_does_not_wait_is_written() {
    for durability in [Durability::Synced, Durability::Written(LONG)] {
        let directory = tempfile::tempdir().unwrap();
        let log = AuditLog::open(config(directory.path()).durability(durability)).unwrap();
        let is_written = async |entries: u64| {
            while verifier().verify(directory.path()).unwrap().entries < entries {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // Once while the thread sleeps, and once when entries were written just before.
        for number in 0..2 {
            drop(log.submit(record(number)).await.unwrap());
            tokio::time::timeout(LONG, is_written(number + 1))
                .await
                .unwrap();
        }
        drop(log.submit(record(2)).await.unwrap());
        let receipt = log.append(record(3)).await.unwrap();
        assert_eq!(receipt.number(), Some(3), "{durability:?}");
        drop(log.submit(record(4)).await.unwrap());
        log.close().await.unwrap();
        assert_eq!(verifier().verify(directory.path()).unwrap().entries, 5);
        let error = log.submit(record(5)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
}

#[tokio::test]
async fn a_second_process_and_a_wrong_key_are_turned_away() {
    let directory = tempfile::tempdir().unwrap();
    let log = AuditLog::open(config(directory.path())).unwrap();
    let error = AuditLog::open(config(directory.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    log.append(record(0)).await.unwrap();
    log.close().await.unwrap();
    drop(log);

    let other = || AuditConfig::new(directory.path(), MacKey::new(&[1; 32]).unwrap(), signer());
    let error = AuditLog::open(other()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.to_string().contains(":1: "), "{error}");
}

#[tokio::test]
async fn an_entry_is_proven_with_the_public_key_alone() {
    let directory = tempfile::tempdir().unwrap();
    let log = AuditLog::open(config(directory.path()).file_size(0)).unwrap();
    for number in 0..77 {
        log.append(record(number)).await.unwrap();
    }
    let note = log.checkpoint().await.unwrap().note().to_owned();
    log.append(record(77)).await.unwrap();

    let checkpoint = signer().verifier_key().open(&note).unwrap();
    assert_eq!(checkpoint.size(), 77);
    for number in [0, 41, 76] {
        let (line, proof) = Verifier::prove(directory.path(), number, &checkpoint).unwrap();
        assert!(line.contains(&format!("ACC-{number:06}")), "{line}");
        assert!(proof.path().len() <= 7);
        assert!(proof.proves(line.as_bytes(), checkpoint.root()));
        let forged = line.replace("accounts.withdraw", "accounts.balance.");
        assert!(!proof.proves(forged.as_bytes(), checkpoint.root()));
    }
    let error = Verifier::prove(directory.path(), 77, &checkpoint).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchEntry);
}

#[tokio::test]
async fn checkpoints_come_by_number_and_by_time_and_are_published() {
    let directory = tempfile::tempdir().unwrap();
    let published = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&published);
    let config = config(directory.path())
        .checkpoints(3, Duration::from_millis(50))
        .durability(Durability::Written(Duration::from_millis(10)))
        .publish(move |checkpoint| seen.lock().unwrap().push(checkpoint.size()));
    let log = AuditLog::open(config).unwrap();
    for number in 0..3 {
        log.append(record(number)).await.unwrap();
    }
    log.append(record(3)).await.unwrap();
    // The fourth is covered once its time has come, without another entry.
    let covered = async {
        while published.lock().unwrap().last() != Some(&4) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), covered)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_log_that_is_rewritten_does_not_fit_a_checkpoint_kept_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let log = AuditLog::open(config(directory.path())).unwrap();
    for number in 0..5 {
        log.append(record(number)).await.unwrap();
    }
    let kept = log.checkpoint().await.unwrap().note().to_owned();
    log.close().await.unwrap();

    // With both keys another log can be written; the checkpoint that was kept tells.
    let forged = tempfile::tempdir().unwrap();
    let log = AuditLog::open(config(forged.path())).unwrap();
    for number in 0..6 {
        log.append(record(number + 1)).await.unwrap();
    }
    log.close().await.unwrap();
    assert!(verifier().verify(forged.path()).unwrap().is_intact());
    let found = verifier()
        .checkpoint(kept.clone())
        .verify(forged.path())
        .unwrap();
    assert_eq!(found.damage.unwrap().kind, DamageKind::Checkpoint);
    let found = verifier()
        .checkpoint(kept)
        .verify(directory.path())
        .unwrap();
    assert!(found.is_intact());
}

#[test]
fn what_is_written_refused_and_lost_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = crdb_observe::Metrics::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let count = |outcome: &str| {
        let series = format!("crdb_audit_append_seconds_count{{outcome=\"{outcome}\"}} ");
        let text = metrics.render();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&series))
            .unwrap();
        line.parse::<u64>().unwrap()
    };
    // More than an entry may have.
    let endless = || record(0).parameter("essay", "x".repeat(2 << 20));
    assert_eq!(
        (count("written"), count("lost"), count("refused")),
        (0, 0, 0)
    );
    for mode in [FailureMode::Closed, FailureMode::Open] {
        let config = config(&directory.path().join(format!("{mode:?}"))).failure_mode(mode);
        let log = AuditLog::open(config).unwrap();
        metrics.watch_audit(&log);
        runtime.block_on(async {
            for number in 0..3 {
                log.append(record(number)).await.unwrap();
            }
            assert_eq!(
                log.append(endless()).await.is_ok(),
                mode == FailureMode::Open
            );
            log.checkpoint().await.unwrap();
            log.close().await.unwrap();
        });
    }
    assert_eq!(
        (count("written"), count("lost"), count("refused")),
        (6, 1, 1)
    );
    let text = metrics.render();
    assert!(text.contains("crdb_audit_waiting 0\n"), "{text}");
    // Of each log, one that was asked for, and one behind the gap that its end adds.
    assert!(
        text.contains("crdb_audit_checkpoints_total{outcome=\"ok\"} 4\n"),
        "{text}"
    );
}

#[tokio::test]
async fn an_entry_that_is_too_long_is_refused_alone() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path()).durability(Durability::Written(LONG));
    let log = AuditLog::open(config).unwrap();
    // Queued together, so that they share a batch where the log's thread does not come first.
    let before = log.submit(record(0)).await.unwrap();
    let long = record(1).parameter("note", "x".repeat(1 << 20));
    let long = log.submit(long).await.unwrap();
    let after = log.submit(record(2)).await.unwrap();
    assert_eq!(before.await.unwrap().number(), Some(0));
    let error = long.await.unwrap_err().to_string();
    assert!(error.contains("1048448 bytes"), "{error}");
    assert!(after.await.unwrap().number().is_some());
    log.append(record(3)).await.unwrap();
    log.close().await.unwrap();
    let found = verifier().verify(directory.path()).unwrap();
    assert!(found.is_intact(), "{found:?}");
    // Three entries, and the one that says that one is missing.
    assert_eq!(found.entries, 4);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_caller_that_writes_its_entry_does_not_wake_itself() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(directory.path()).durability(Durability::Written(LONG));
    let log = AuditLog::open(config).unwrap();
    let (mut ready, mut woken) = (0, 0);
    for number in 0..100 {
        let count = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut receipt = pin!(log.submit(record(number)).await.unwrap());
        match receipt.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(receipt) => {
                assert_eq!(receipt.unwrap().number(), Some(number));
                ready += 1;
                woken += count.0.load(Ordering::SeqCst);
            }
            // The log's thread is writing it.
            Poll::Pending => assert_eq!(receipt.await.unwrap().number(), Some(number)),
        }
    }
    assert!(ready > 0);
    // The thread may answer between the two looks at the answer.
    assert!(ready > 2 * woken, "{woken} of {ready} were woken");
}

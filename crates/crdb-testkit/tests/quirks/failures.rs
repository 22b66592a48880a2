//! Failures on demand and at random.

use crdb_testkit::{Cut, Injection, QuirksOptions, QuirksProxy, RandomInjections};

use crate::raw::{Raw, query, run, session, sync};

/// Both protocols ask the same.
fn ask(sql: &str, extended: bool) -> Vec<u8> {
    if extended {
        [run(sql), sync()].concat()
    } else {
        query(sql)
    }
}

const INSERT: &str = "INSERT INTO tr SELECT count(*), 1, 'a' FROM tr";

async fn count(raw: &mut Raw) -> usize {
    raw.query("SELECT count(*) FROM tr").await[1]
        .trim_start_matches("DataRow ")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_retry_error_in_a_statement_fails_the_transaction() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for extended in [false, true] {
        raw.query("BEGIN").await;
        raw.query(INSERT).await;
        proxy.inject(Injection::RetryStatement);
        let answer = raw.exchange(&ask(INSERT, extended)).await;
        let [.., error, ready] = answer.as_slice() else {
            panic!("{answer:?}")
        };
        assert!(
            error.starts_with("ErrorResponse ERROR 40001 'restart transaction: Transaction"),
            "{answer:?}"
        );
        assert_eq!(ready, "ReadyForQuery E");
        assert_eq!(
            raw.query("COMMIT").await,
            ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
        );
        // Outside a transaction nothing is open afterwards.
        proxy.inject(Injection::RetryStatement);
        let answer = raw.exchange(&ask(INSERT, extended)).await;
        assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
        assert!(answer[answer.len() - 2].contains(" 40001 "), "{answer:?}");
    }
    assert_eq!(count(&mut raw).await, 0);
    assert_eq!(proxy.counts().retries, 4);
}

#[tokio::test]
async fn a_retry_error_at_commit_ends_the_transaction() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for extended in [false, true] {
        raw.query("BEGIN").await;
        raw.query(INSERT).await;
        proxy.inject(Injection::RetryCommit);
        let answer = raw.exchange(&ask("COMMIT", extended)).await;
        assert!(
            answer[answer.len() - 2].contains("40001 'restart transaction: Transaction"),
            "{answer:?}"
        );
        assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
    }
    assert_eq!(count(&mut raw).await, 0);
}

#[tokio::test]
async fn a_transaction_that_writes_too_much_is_past_its_deadline_each_time() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    proxy.limit_commits(Some(1));
    for extended in [false, true] {
        for _ in 0..2 {
            raw.query("BEGIN").await;
            raw.query(INSERT).await;
            raw.query(INSERT).await;
            let answer = raw.exchange(&ask("COMMIT", extended)).await;
            let error = &answer[answer.len() - 2];
            assert!(
                error.contains(" 40001 ") && error.contains("RETRY_COMMIT_DEADLINE_EXCEEDED"),
                "{answer:?}"
            );
            assert_eq!(answer.last().unwrap(), "ReadyForQuery I");
        }
        raw.query("BEGIN").await;
        raw.query(INSERT).await;
        raw.exchange(&ask("COMMIT", extended)).await;
    }
    assert_eq!(count(&mut raw).await, 2);
    proxy.limit_commits(None);
    raw.query("BEGIN").await;
    raw.query(INSERT).await;
    raw.query(INSERT).await;
    raw.query("COMMIT").await;
    assert_eq!(count(&mut raw).await, 4);
}

#[tokio::test]
async fn a_retry_error_at_release_can_be_rolled_back_to_the_savepoint() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for extended in [false, true] {
        raw.query("BEGIN").await;
        raw.query("SAVEPOINT cockroach_restart").await;
        raw.query(INSERT).await;
        proxy.inject(Injection::RetryCommit);
        let answer = raw
            .exchange(&ask("RELEASE SAVEPOINT cockroach_restart", extended))
            .await;
        assert!(answer[answer.len() - 2].contains(" 40001 "), "{answer:?}");
        assert_eq!(answer.last().unwrap(), "ReadyForQuery E");
        raw.query("ROLLBACK TO SAVEPOINT cockroach_restart").await;
        raw.query(INSERT).await;
        let answer = raw
            .exchange(&ask("RELEASE SAVEPOINT cockroach_restart", extended))
            .await;
        assert_eq!(answer.last().unwrap(), "ReadyForQuery T");
        raw.query("COMMIT").await;
    }
    assert_eq!(count(&mut raw).await, 2);
}

#[tokio::test]
async fn an_ambiguous_commit_has_happened_or_not() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let mut expected = 0;
    for extended in [false, true] {
        for committed in [false, true] {
            for begin in [
                None,
                Some("BEGIN"),
                Some("BEGIN; SAVEPOINT cockroach_restart"),
            ] {
                let end = match begin {
                    None => INSERT,
                    Some(begin) => {
                        raw.query(begin).await;
                        raw.query(INSERT).await;
                        if begin == "BEGIN" {
                            "COMMIT"
                        } else {
                            "RELEASE SAVEPOINT cockroach_restart"
                        }
                    }
                };
                proxy.inject(Injection::AmbiguousCommit { committed });
                let answer = raw.exchange(&ask(end, extended)).await;
                let why = format!("{extended} {committed} {begin:?}: {answer:?}");
                assert!(
                    answer[answer.len() - 2].contains("40003 'result is ambiguous: "),
                    "{why}"
                );
                if end.starts_with("RELEASE") {
                    assert_eq!(answer.last().unwrap(), "ReadyForQuery E", "{why}");
                    assert_eq!(
                        raw.query("ROLLBACK").await,
                        ["CommandComplete 'ROLLBACK'", "ReadyForQuery I"]
                    );
                } else {
                    assert_eq!(answer.last().unwrap(), "ReadyForQuery I", "{why}");
                }
                expected += usize::from(committed);
                assert_eq!(count(&mut raw).await, expected, "{why}");
            }
        }
    }
}

async fn begin_and_insert(proxy: &QuirksProxy, database: &str) -> Raw {
    let mut raw = Raw::connect(proxy.port(), database).await;
    raw.query("BEGIN").await;
    raw.query(INSERT).await;
    raw
}

#[tokio::test]
async fn a_cut_around_a_commit_is_before_after_or_within_its_answer() {
    let (proxy, database, mut witness) = session(QuirksOptions::default()).await;
    let mut expected = 0;
    for extended in [false, true] {
        for (injection, commits) in [
            (Injection::CutBeforeCommit { cut: Cut::Reset }, false),
            (Injection::CutBeforeCommit { cut: Cut::Close }, false),
            (Injection::CutAfterCommit { cut: Cut::Reset }, true),
            (Injection::CutAfterCommit { cut: Cut::Close }, true),
        ] {
            let mut raw = begin_and_insert(&proxy, database.name()).await;
            proxy.inject(injection);
            let answer = raw.exchange(&ask("COMMIT", extended)).await;
            let why = format!("{injection:?} {extended}: {answer:?}");
            assert!(
                matches!(answer.as_slice(), [end] if end == "reset" || end == "closed"),
                "{why}"
            );
            expected += usize::from(commits);
            assert_eq!(count(&mut witness).await, expected, "{why}");
        }
    }
    // CommandComplete 'COMMIT' is 12 bytes long, ReadyForQuery 6.
    let whole = ["CommandComplete 'COMMIT'", "ReadyForQuery I"];
    for bytes in 0..=18 {
        let mut raw = begin_and_insert(&proxy, database.name()).await;
        proxy.inject(Injection::CutCommitReply {
            bytes,
            cut: Cut::Close,
        });
        raw.send(&query("COMMIT")).await;
        let answer = raw.answers(2).await;
        let complete = usize::from(bytes >= 12) + usize::from(bytes >= 18);
        assert_eq!(answer[..answer.len() - 1], whole[..complete], "{bytes}");
        expected += 1;
        assert_eq!(count(&mut witness).await, expected, "{bytes}");
    }
}

#[tokio::test]
async fn a_cut_statement_has_no_effect() {
    let (proxy, database, mut witness) = session(QuirksOptions::default()).await;
    for extended in [false, true] {
        let mut raw = begin_and_insert(&proxy, database.name()).await;
        proxy.inject(Injection::CutStatement { cut: Cut::Reset });
        assert_eq!(raw.exchange(&ask(INSERT, extended)).await, ["reset"]);
    }
    proxy
        .wait_for(|counts| counts.open == 1 && counts.cuts == 2)
        .await
        .unwrap();
    assert_eq!(count(&mut witness).await, 0);
}

#[tokio::test]
async fn random_failures_are_the_same_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
        proxy.inject_at_random(
            RandomInjections::seeded(seed)
                .retry_statement(0.3)
                .retry_commit(0.3),
        );
        let mut seen = String::new();
        for _ in 0..40 {
            raw.query("BEGIN").await;
            let failed = raw.query("SELECT 1").await.last().unwrap() == "ReadyForQuery E";
            let committed = raw.query("COMMIT").await[0] == "CommandComplete 'COMMIT'";
            seen.push(if failed {
                'f'
            } else if committed {
                'c'
            } else {
                'r'
            });
        }
        let counts = proxy.counts();
        assert_eq!(counts.statements, 40);
        assert_eq!(
            seen.matches('f').count() + seen.matches('r').count(),
            usize::try_from(counts.retries).unwrap()
        );
        assert!(
            seen.contains('f') && seen.contains('r') && seen.contains('c'),
            "{seen}"
        );
        proxy.stop_injecting();
        assert_eq!(raw.query("SELECT 1").await.len(), 4);
        runs.push(seen);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn a_cancelled_statement_of_its_own_may_have_been_committed() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    let mut expected = 0;
    for extended in [false, true] {
        for committed in [false, true] {
            proxy.inject(Injection::CancelAutocommit { committed });
            // In a transaction it waits.
            raw.query("BEGIN").await;
            assert_eq!(raw.query(INSERT).await[0], "CommandComplete 'INSERT 0 1'");
            raw.query("ROLLBACK").await;
            let answer = raw.exchange(&ask(INSERT, extended)).await;
            assert_eq!(
                answer[answer.len() - 2..],
                [
                    "ErrorResponse ERROR 57014 'query execution canceled'",
                    "ReadyForQuery I"
                ]
            );
            expected += usize::from(committed);
            assert_eq!(count(&mut raw).await, expected, "{extended} {committed}");
        }
    }
    assert_eq!(proxy.counts().cancelled, 4);
}

#[tokio::test]
async fn a_statement_of_its_own_that_timed_out_may_have_been_committed() {
    let (proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET statement_timeout = 100").await;
    let slow = "INSERT INTO tr SELECT count(*), 1, 'a' FROM tr, pg_sleep(0.4)";
    for (probability, grows) in [(0.0, 0), (1.0, 1)] {
        proxy.inject_at_random(RandomInjections::seeded(1).committed_when_cancelled(probability));
        for extended in [false, true] {
            let before = count(&mut raw).await;
            let answer = raw.exchange(&ask(slow, extended)).await;
            assert_eq!(
                answer[answer.len() - 2..],
                [
                    "ErrorResponse ERROR 57014 'query execution canceled due to statement timeout'",
                    "ReadyForQuery I"
                ]
            );
            assert_eq!(count(&mut raw).await, before + grows, "{extended}");
            // In a transaction it is certain.
            raw.query("BEGIN").await;
            raw.exchange(&ask(slow, extended)).await;
            raw.query("COMMIT").await;
            assert_eq!(count(&mut raw).await, before + grows, "{extended}");
        }
    }
    assert_eq!(
        raw.query("SHOW statement_timeout").await[1],
        "DataRow 100ms"
    );
}

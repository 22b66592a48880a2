//! Every mutation of a log is noticed, and the first bad entry is named.
//!
//! With `CRDB_TEST_LONG` set it is 10,000 mutations.

use std::fs;
use std::path::{Path, PathBuf};

use crdb_observe::audit::{AuditLog, DamageKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{config, record, verifier};

const ENTRIES: u64 = 60;

/// What an attacker without the keys may do to the lines of one file. The numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Mutation {
    /// Flips one bit of a line.
    Edit {
        line: usize,
        bit: usize,
    },
    /// Gives an entry another time.
    Restamp {
        line: usize,
    },
    Delete {
        line: usize,
        count: usize,
    },
    /// Swaps two lines that are not the same.
    Swap {
        line: usize,
        with: usize,
    },
    /// Writes a line once more.
    Repeat {
        line: usize,
        at: usize,
    },
    /// Cuts off everything from a line on, and the files behind.
    Truncate {
        line: usize,
    },
    /// Removes a whole file that is not the first.
    Remove,
}

fn mutations() -> impl Strategy<Value = (usize, Mutation)> {
    let n = any::<usize>;
    let mutation = prop_oneof![
        (n(), n()).prop_map(|(line, bit)| Mutation::Edit { line, bit }),
        n().prop_map(|line| Mutation::Restamp { line }),
        (n(), 0..3_usize).prop_map(|(line, count)| Mutation::Delete { line, count }),
        (n(), n()).prop_map(|(line, with)| Mutation::Swap { line, with }),
        (n(), n()).prop_map(|(line, at)| Mutation::Repeat { line, at }),
        n().prop_map(|line| Mutation::Truncate { line }),
        Just(Mutation::Remove),
    ];
    (n(), mutation)
}

/// A log of a few files, closed, and so with a checkpoint over all of it.
fn written() -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let note = runtime.block_on(async {
        let log = AuditLog::open(config(directory.path()).file_size(0)).unwrap();
        for number in 0..ENTRIES {
            log.append(record(number)).await.unwrap();
        }
        let note = log.checkpoint().await.unwrap().note().to_owned();
        log.close().await.unwrap();
        note
    });
    (directory, note)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with("audit-")
        })
        .collect();
    files.sort();
    files
}

/// Carries out a mutation in a copy; `None` when it would change nothing. Gives the place of the first line that is changed: the
/// file, and the line from 1.
fn mutate(directory: &Path, file: usize, mutation: &Mutation) -> Option<(PathBuf, u64)> {
    let files = files(directory);
    let file = &files[file % files.len()];
    let text = fs::read_to_string(file).unwrap();
    let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    let count = lines.len();
    let first = match *mutation {
        Mutation::Edit { line, bit } => {
            let line = line % count;
            let bit = bit % (lines[line].len() * 8);
            lines[line][bit / 8] ^= 1 << (bit % 8);
            line
        }
        Mutation::Restamp { line } => {
            let line = 1 + line % (count - 1);
            let before = String::from_utf8(lines[line].clone()).unwrap();
            let at = before.find("\"time\":\"").unwrap() + 8;
            let mut after = before.into_bytes();
            after[at + 3] = if after[at + 3] == b'9' { b'8' } else { b'9' };
            lines[line] = after;
            line
        }
        Mutation::Delete { line, count: many } => {
            let line = line % count;
            let end = (line + 1 + many).min(count);
            lines.drain(line..end);
            line
        }
        Mutation::Swap { line, with } => {
            let (line, with) = (line % count, with % count);
            if line == with {
                return None;
            }
            lines.swap(line, with);
            line.min(with)
        }
        Mutation::Repeat { line, at } => {
            let (line, at) = (line % count, at % (count + 1));
            let again = lines[line].clone();
            lines.insert(at, again);
            // A line behind itself is the same line; the first that is wrong is the second of them.
            if at == line { line + 1 } else { at }
        }
        Mutation::Truncate { line } => {
            let line = 1 + line % (count - 1);
            lines.truncate(line);
            for later in files.iter().skip_while(|other| *other != file).skip(1) {
                fs::remove_file(later).unwrap();
            }
            line
        }
        Mutation::Remove => {
            if file == &files[0] {
                return None;
            }
            fs::remove_file(file).unwrap();
            return Some((file.clone(), 1));
        }
    };
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(&line);
        bytes.push(b'\n');
    }
    fs::write(file, bytes).unwrap();
    Some((file.clone(), first as u64 + 1))
}

#[test]
fn the_first_bad_entry_of_a_mutated_log_is_named() {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let cases = if long { 10_000 } else { 300 };
    let (original, _) = written();
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&mutations(), |(file, mutation)| {
            let copy = tempfile::tempdir().unwrap();
            for entry in fs::read_dir(original.path()).unwrap() {
                let path = entry.unwrap().path();
                fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
            }
            let Some((file, line)) = mutate(copy.path(), file, &mutation) else {
                return Ok(());
            };
            let found = verifier().verify(copy.path()).unwrap();
            let Some(damage) = found.damage else {
                return Err(TestCaseError::fail(format!("not noticed: {found:?}")));
            };
            let exact = damage.file == file && damage.line == line;
            match mutation {
                // What is gone shows at what follows it, or at the end.
                Mutation::Delete { .. } | Mutation::Truncate { .. } | Mutation::Remove => {
                    prop_assert!(
                        exact || damage.file > file || damage.kind == DamageKind::Truncated,
                        "{damage}, expected {}:{line}",
                        file.display()
                    );
                    prop_assert!(damage.kind != DamageKind::Checkpoint, "{damage}");
                }
                // A line end may be what was changed: then it is the same line, or the one behind it.
                Mutation::Edit { .. } => prop_assert!(
                    damage.file == file && (damage.line == line || damage.line == line + 1),
                    "{damage}, expected {}:{line}",
                    file.display()
                ),
                _ => prop_assert!(exact, "{damage}, expected {}:{line}", file.display()),
            }
            Ok(())
        })
        .unwrap();
    println!("row R13: done {cases} mutations and kills");
}

#[test]
fn a_truncated_log_shows_by_a_checkpoint_that_was_kept() {
    let (directory, kept) = written();
    let files = files(directory.path());
    let last = files.last().unwrap();
    let text = fs::read_to_string(last).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.pop();
    fs::write(last, lines.join("\n") + "\n").unwrap();
    // The attacker removes the checkpoints beside the log, too.
    fs::remove_file(directory.path().join("checkpoints.jsonl")).unwrap();
    fs::remove_file(directory.path().join("checkpoint")).unwrap();
    assert!(verifier().verify(directory.path()).unwrap().is_intact());

    let found = verifier()
        .checkpoint(kept)
        .verify(directory.path())
        .unwrap();
    let damage = found.damage.unwrap();
    assert_eq!(damage.kind, DamageKind::Truncated);
    assert_eq!(damage.entry, ENTRIES - 1);
}

#[test]
fn a_log_that_was_damaged_is_not_gone_on_with() {
    let (directory, _) = written();
    let last = files(directory.path()).pop().unwrap();
    let text = fs::read_to_string(&last).unwrap();
    fs::write(&last, text.replace("withdraw", "wIthdraw")).unwrap();
    let error = AuditLog::open(config(directory.path())).unwrap_err();
    assert_eq!(error.kind(), crdb_observe::audit::ErrorKind::Damaged);
    assert!(
        error.to_string().contains(last.to_str().unwrap()),
        "{error}"
    );
}

#[test]
fn what_is_no_log_is_told_as_damage_and_does_not_panic() {
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    runner
        .run(&proptest::collection::vec(any::<u8>(), 1..400), |bytes| {
            let directory = tempfile::tempdir().unwrap();
            let file = directory.path().join("audit-00000000000000000000.jsonl");
            fs::write(file, bytes).unwrap();
            prop_assert!(!verifier().verify(directory.path()).unwrap().is_intact());
            prop_assert!(AuditLog::open(config(directory.path())).is_err());
            Ok(())
        })
        .unwrap();
}

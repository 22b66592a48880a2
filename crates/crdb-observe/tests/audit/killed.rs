//! What was acknowledged survives the end of the process, and a full disk is reported.
//!
//! The tests run themselves again as processes of their own, which know by a variable what to do. With `CRDB_TEST_LONG` set it is 1,000 kills.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crdb_observe::audit::{AuditLog, ErrorKind, FailureMode};

use super::{config, record, verifier};

/// Where the process that is run again keeps its log.
const DIRECTORY: &str = "CRDB_AUDIT_TEST_DIRECTORY";

/// In what mode that process opens its log.
const MODE: &str = "CRDB_AUDIT_TEST_MODE";

/// Runs a test again in a process of its own.
fn again(test: &str, directory: &Path, mode: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(DIRECTORY, directory)
        .env(MODE, mode)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn nothing_that_was_acknowledged_is_lost_by_a_kill() {
    match std::env::var_os(DIRECTORY) {
        Some(directory) => append_for_ever(Path::new(&directory)),
        None => kill_again_and_again("killed::nothing_that_was_acknowledged_is_lost_by_a_kill"),
    }
}

fn kill_again_and_again(test: &str) {
    let long = std::env::var_os("CRDB_TEST_LONG").is_some();
    let kills: u64 = if long { 1_000 } else { 15 };
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = None;
    for kill in 0..kills {
        let mut child = again(test, directory.path(), "closed");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Somewhere in the work of the next entries: another number of them each time.
        let mut wanted = 1 + kill % 17;
        for line in lines {
            let line = line.unwrap();
            if let Some(number) = line.strip_prefix("acknowledged ") {
                let number: u64 = number.parse().unwrap();
                assert!(acknowledged < Some(number), "{number} was given twice");
                acknowledged = Some(number);
                wanted -= 1;
                if wanted == 0 {
                    child.kill().unwrap();
                    // What is still in the pipe was acknowledged before the kill, and is read to the end.
                    wanted = u64::MAX;
                }
            }
        }
        child.wait().unwrap();
        let found = verifier().verify(directory.path()).unwrap();
        assert!(found.is_intact(), "after {kill} kills: {found:?}");
        let last = acknowledged.unwrap();
        assert!(
            found.entries > last,
            "entry {last} was acknowledged: {found:?}"
        );
    }
    println!("row R13: done {kills} mutations and kills");
}

fn append_for_ever(directory: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let config = config(directory).file_size(0);
        let log = AuditLog::open(config).unwrap();
        for number in 0..u64::MAX {
            let receipt = log.append(record(number)).await.unwrap();
            let mut output = std::io::stdout().lock();
            writeln!(output, "acknowledged {}", receipt.number().unwrap()).unwrap();
            output.flush().unwrap();
        }
    });
}

#[test]
fn a_full_disk_stops_the_calls_or_leaves_a_gap_that_is_told() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        let open = std::env::var_os(MODE).unwrap() == "open";
        let mode = if open {
            FailureMode::Open
        } else {
            FailureMode::Closed
        };
        return fill_the_disk(Path::new(&directory), mode);
    }
    for mode in ["closed", "open"] {
        let directory = tempfile::tempdir().unwrap();
        let test = "killed::a_full_disk_stops_the_calls_or_leaves_a_gap_that_is_told";
        let child = again(test, directory.path(), mode);
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{mode}: {text}");
        assert!(text.contains("1 passed"), "{mode}: {text}");
        let found = verifier().verify(directory.path()).unwrap();
        assert!(found.is_intact(), "{found:?}");
    }
}

fn fill_the_disk(directory: &Path, mode: FailureMode) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let log = AuditLog::open(config(directory).failure_mode(mode)).unwrap();
        limit_files(4_000);
        let mut written = 0_u64;
        let mut refused = 0_u64;
        for number in 0..40 {
            match (log.append(record(number)).await, mode) {
                (Ok(receipt), _) if receipt.number().is_some() => written += 1,
                (Ok(_), FailureMode::Open) => refused += 1,
                (Err(error), FailureMode::Closed) => {
                    assert_eq!(error.kind(), ErrorKind::Io);
                    refused += 1;
                }
                (other, _) => unreachable!("{other:?}"),
            }
        }
        assert!(
            written > 0 && refused > 0,
            "{written} written, {refused} refused"
        );
        limit_files(u64::MAX);
        let receipt = log.append(record(40)).await.unwrap();
        // The gap has a number of its own.
        assert_eq!(receipt.number(), Some(written + 1));
        log.close().await.unwrap();
        let text = std::fs::read_to_string(directory.join("audit-00000000000000000000.jsonl"));
        assert!(text.unwrap().contains(&format!("\"lost\":{refused}")));
    });
}

/// Files of this process may grow to so many bytes; a write beyond fails as on a full disk.
fn limit_files(bytes: u64) {
    #[expect(unsafe_code, reason = "std sets no limits")]
    // SAFETY: signal and the two functions on limits are given numbers, and a struct of this frame that outlives the calls.
    let done = unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let mut limit = std::mem::zeroed::<libc::rlimit>();
        libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit);
        limit.rlim_cur = bytes.min(limit.rlim_max);
        libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit)
    };
    assert_eq!(done, 0);
}

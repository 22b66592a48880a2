//! Nothing outlives the process that owns an engine, whichever way that process ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crdb_testkit::{Engine, EngineChoice, EngineOptions};

const END: &str = "CRDB_TESTKIT_OWNER_ENDS_BY";

/// Runs the test `name`, and this very test a second time in a process of its own, which owns an engine and ends in the
/// way `end`; `check` looks at what it leaves.
fn owned(name: &str, end: &str, check: impl FnOnce(Owner)) {
    match std::env::var(END) {
        Ok(end) => tokio::runtime::Runtime::new().unwrap().block_on(own(&end)),
        Err(_) => check(Owner::start(name, end)),
    }
}

/// What the other process does.
async fn own(end: &str) {
    let options = EngineOptions::default().choice(EngineChoice::Postgres);
    let engine = if end == "exit" {
        Engine::shared().await
    } else {
        &Engine::start(options).await
    };
    println!(
        "\nowns {}",
        engine.ca_cert_path().parent().unwrap().display()
    );
    match end {
        "exit" => {}
        "panic" => panic!("as asked for"),
        _ => std::future::pending().await,
    }
}

struct Owner {
    child: Child,
    directory: PathBuf,
}

impl Owner {
    fn start(name: &str, end: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture", "--test-threads=1"])
            .env(END, end)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let directory = loop {
            let mut line = String::new();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the owner ended without an engine"
            );
            if let Some(directory) = line.trim().strip_prefix("owns ") {
                break PathBuf::from(directory);
            }
        };
        std::thread::spawn(move || output.read_to_end(&mut Vec::new()));
        Self { child, directory }
    }

    fn signal(&self, signal: i32) {
        let status = Command::new("kill")
            .args([format!("-{signal}"), self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Waits for the owner's end.
    ///
    /// A shell without job control starts what it runs in the background deaf to Ctrl-C, and children inherit that.
    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() >= deadline {
                self.child.kill().unwrap();
                panic!("the owner does not end: was this test started where SIGINT is ignored?");
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Waits for the owner's end, then for the end of all that it owned.
    fn assert_nothing_is_left(mut self) {
        self.wait();
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let processes = processes_of(&self.directory);
            if processes.is_empty() && !self.directory.exists() {
                return;
            }
            let exists = self.directory.exists();
            assert!(
                Instant::now() < deadline,
                "left: {processes:?}, directory: {exists}"
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// The processes whose command line or working directory names `directory`.
fn processes_of(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let works_there = std::fs::read_link(entry.path().join("cwd"))
            .is_ok_and(|cwd| cwd.starts_with(directory));
        if works_there || command.contains(&*directory.to_string_lossy()) {
            found.push(command);
        }
    }
    found
}

#[test]
fn sigkill_leaves_nothing() {
    owned("sigkill_leaves_nothing", "signal", |owner| {
        assert!(
            processes_of(&owner.directory).len() > 3,
            "the server's processes can be seen while it runs"
        );
        owner.signal(9);
        owner.assert_nothing_is_left();
    });
}

#[test]
fn sigterm_leaves_nothing() {
    owned("sigterm_leaves_nothing", "signal", |owner| {
        owner.signal(15);
        owner.assert_nothing_is_left();
    });
}

#[test]
fn ctrl_c_leaves_nothing() {
    owned("ctrl_c_leaves_nothing", "signal", |owner| {
        owner.signal(2);
        owner.assert_nothing_is_left();
    });
}

#[test]
fn a_panic_leaves_nothing() {
    owned(
        "a_panic_leaves_nothing",
        "panic",
        Owner::assert_nothing_is_left,
    );
}

/// The shared engine has no destructor; an exit handler stops it before the process is gone.
#[test]
fn the_shared_engine_is_gone_when_the_process_is() {
    owned(
        "the_shared_engine_is_gone_when_the_process_is",
        "exit",
        |mut owner| {
            owner.wait();
            assert!(!owner.directory.exists());
            assert_eq!(processes_of(&owner.directory), Vec::<String>::new());
        },
    );
}

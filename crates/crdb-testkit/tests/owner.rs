//! Nothing outlives the process that owns an engine, whichever way that process ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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

/// Wherever `initdb` is: it starts servers of its own, which write on when it alone is killed.
#[test]
fn sigkill_during_initdb_leaves_nothing() {
    const NAME: &str = "sigkill_during_initdb_leaves_nothing";
    if std::env::var_os(END).is_some() {
        return owned(NAME, "signal", |_| {});
    }
    let place = Place::new(0o755);
    // Outside of Cargo's target directory nothing is kept, so that each start runs initdb.
    let program = place.0.join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let temporary = place.0.join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    // How many files initdb has made when it is killed: its servers begin after a few, and make most of them.
    for made in [0, 1, 5, 20, 50, 100, 200, 300, 500, 700] {
        let mut owner = Command::new(&program)
            .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
            .env(END, "signal")
            .env("TMPDIR", &temporary)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("initdb has come that far", || {
            entries(&temporary)
                .iter()
                .any(|directory| files(&directory.join("data")) >= made)
        });
        owner.kill().unwrap();
        owner.wait().unwrap();
        wait_until("all is gone", || {
            entries(&temporary).is_empty() && processes_of(&temporary).is_empty()
        });
    }
}

/// PostgreSQL does not run as root, and what it does run as may not enter everywhere.
#[test]
fn a_directory_that_the_server_may_not_enter_is_named() {
    const NAME: &str = "a_directory_that_the_server_may_not_enter_is_named";
    if std::env::var_os(END).is_some() {
        let options = EngineOptions::default().choice(EngineChoice::Postgres);
        let started = tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(Engine::try_start(options));
        println!("\nfailed: {}", started.unwrap_err());
        return;
    }
    let place = Place::new(0o700);
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("not run: without root the server runs as this user, who may enter");
        return;
    }
    let temporary = place.0.join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
        .env(END, "error")
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&output.stdout);
    let reason = format!(
        "these may not enter {}; set TMPDIR to a directory that everyone may enter",
        place.0.display()
    );
    assert!(output.contains(&reason), "{output}");
    assert!(entries(&temporary).is_empty());
}

/// A directory of this mode, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(mode: u32) -> Self {
        let path = std::env::temp_dir().join(format!("owner-{:016x}", rand::random::<u64>()));
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.flatten().map(|entry| entry.path()).collect()
}

/// The number of files below a directory, which may be changing.
fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => 1,
        })
        .sum()
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(
            Instant::now() < deadline,
            "it does not come to pass that {what}"
        );
        std::thread::park_timeout(Duration::from_millis(2));
    }
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

//! `cargo xtask demo` runs to its end, and leaves nothing behind wherever it is ended.
#![cfg(feature = "stack")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long to wait before looking again whether something has happened.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A demo with a temporary directory of its own, so that one can see what it leaves there.
struct Demo {
    temporary: tempfile::TempDir,
    child: Child,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        // The server that the demo starts as somebody else has to get through.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(temporary.path(), mode).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("demo")
            .args(arguments)
            .env("TMPDIR", temporary.path())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { temporary, child }
    }

    /// Reads the output up to a line that begins like this.
    fn read_until(&mut self, start: &str) {
        let output = self.child.stdout.as_mut().unwrap();
        let mut lines = BufReader::with_capacity(1, output).lines();
        assert!(
            lines.any(|line| line.unwrap().starts_with(start)),
            "the demo never says {start:?}"
        );
    }

    fn signal(&self, signal: libc::c_int) {
        let process = libc::pid_t::try_from(self.child.id()).unwrap();
        #[expect(unsafe_code, reason = "std sends no signals")]
        // SAFETY: kill takes two numbers and touches no memory of ours.
        let answer = unsafe { libc::kill(process, signal) };
        assert_eq!(answer, 0);
    }

    /// Waits for the end, then until nothing is left.
    fn end(mut self) -> (ExitStatus, String) {
        // Keeps reading, so that the demo is never held up by a full pipe.
        let mut output = self.child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || std::io::read_to_string(&mut output).unwrap());
        let status = self.child.wait().unwrap();
        let text = reading.join().unwrap();
        let path = self.temporary.path();
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            let (files, processes) = (files(path), processes(path));
            if files.is_empty() && processes.is_empty() {
                return (status, text);
            }
            assert!(
                Instant::now() < patience,
                "left behind: files {files:?}, processes {processes:?}"
            );
            std::thread::park_timeout(LOOK_AGAIN);
        }
    }
}

/// What lies in the directory.
fn files(directory: &Path) -> Vec<String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect()
}

/// Processes whose command line or working directory names the directory.
fn processes(directory: &Path) -> Vec<String> {
    let name = directory.display().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let process = entry.unwrap().path();
        let command = fs::read(process.join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let place = fs::read_link(process.join("cwd")).unwrap_or_default();
        if command.contains(&name) || place.starts_with(directory) {
            found.push(command);
        }
    }
    found
}

#[test]
fn it_runs_to_its_end() {
    let (status, text) = Demo::start(&["--transfers", "100"]).end();
    assert!(status.success(), "{text}");
    assert!(
        text.contains("1371235.00 in all accounts, as before"),
        "{text}"
    );
    assert!(text.contains("tried again: "), "{text}");
    assert!(text.contains("== Try next"), "{text}");
}

#[test]
fn a_signal_ends_it_at_any_point_and_nothing_stays() {
    let endless = ["--transfers", "100000"];
    for (point, signal, code) in [
        ("", libc::SIGTERM, Some(143)),
        ("== The server", libc::SIGINT, Some(130)),
        ("== Schema", libc::SIGTERM, Some(143)),
        ("== Named queries", libc::SIGHUP, Some(129)),
        ("== Transfers", libc::SIGINT, Some(130)),
        ("== Transfers", libc::SIGKILL, None),
    ] {
        let mut demo = Demo::start(&endless);
        if point.is_empty() {
            // As soon as there is something to leave behind.
            while files(demo.temporary.path()).is_empty() {
                std::thread::park_timeout(LOOK_AGAIN);
            }
        } else {
            demo.read_until(point);
        }
        demo.signal(signal);
        let (status, text) = demo.end();
        assert_eq!(status.code(), code, "{point} {signal}: {text}");
    }
}

#[test]
fn a_server_that_is_not_there_is_an_error() {
    let url = "postgresql://nobody:secret@127.0.0.1:1/none?sslmode=disable";
    let (status, text) = Demo::start(&["--engine", url]).end();
    assert_eq!(status.code(), Some(1), "{text}");
    let (status, _) = Demo::start(&["--engine", "oracle"]).end();
    assert_eq!(status.code(), Some(1));
}

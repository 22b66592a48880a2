//! A started command, and what it leaves behind.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long to wait before looking again whether something has happened.
pub(crate) const RECHECK_INTERVAL: Duration = Duration::from_millis(20);

/// A command with a temporary directory of its own, so that what it leaves there can be seen.
pub(crate) struct Started {
    pub(crate) temporary: tempfile::TempDir,
    child: Child,
}

impl Started {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        // The server runs as another user, who has to reach its directory.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(temporary.path(), mode).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_xtask"))
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

    /// Reads the output up to a line that begins like this, and returns the line.
    pub(crate) fn read_until(&mut self, start: &str) -> String {
        let output = self.child.stdout.as_mut().unwrap();
        let mut lines = BufReader::with_capacity(1, output).lines();
        lines
            .find_map(|line| Some(line.unwrap()).filter(|line| line.starts_with(start)))
            .unwrap_or_else(|| panic!("the command never says {start:?}"))
    }

    pub(crate) fn signal(&self, signal: libc::c_int) {
        let process = libc::pid_t::try_from(self.child.id()).unwrap();
        #[expect(unsafe_code, reason = "std sends no signals")]
        // SAFETY: kill takes two numbers and touches no memory of ours.
        let answer = unsafe { libc::kill(process, signal) };
        assert_eq!(answer, 0);
    }

    /// Waits for the end, then until nothing is left.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        // Keeps reading, so that the command is never held up by a full pipe.
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
            std::thread::park_timeout(RECHECK_INTERVAL);
        }
    }
}

/// The entries of the directory.
pub(crate) fn files(directory: &Path) -> Vec<String> {
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

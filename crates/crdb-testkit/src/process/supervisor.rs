//! A server process that is stopped when its owner is gone.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Account, Keeper};
use crate::error::{Error, ErrorKind};

/// Runs the program as a child of this shell, so that the shell can wait for it even where no process reaps orphans, and so
/// that its process id cannot be given to another process meanwhile. When the pipe closes: the signal, then SIGKILL.
const SCRIPT: &str = r#"
signal=$1
shift
"$@" </dev/null >&2 &
server=$!
# An owner that is gone already must not end this shell, and leave the server.
trap '' PIPE
echo "crdb-testkit: process $server" >&2
exec 2>/dev/null
read -r _
# What the program has started must not go on writing without it. This shell is of the same group, which is its own.
if [ "$signal" = KILL ]; then kill -s KILL 0; fi
kill -s "$signal" "$server"
# A stopped process ends only after it goes on.
kill -s CONT "$server"
turns=0
while kill -0 "$server"; do
    turns=$((turns + 1))
    if [ "$turns" -ge 400 ]; then kill -s KILL "$server"; wait "$server"; fi
    sleep 0.02
done
"#;

const KEPT_LOG_LINES: usize = 200;

/// What to run and how to stop it.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(OsString, OsString)>,
    pub(crate) account: Option<Account>,
    /// The signal that asks it to end, without `SIG`. SIGKILL follows after eight seconds.
    pub(crate) stop_signal: &'static str,
}

/// A running program. Dropping it stops the program and waits for its end.
pub(crate) struct Supervised {
    name: String,
    process_id: u32,
    pipe: Option<ChildStdin>,
    child: Child,
    log: Arc<Log>,
    /// How many lines have been waited for.
    waited: Mutex<u64>,
}

impl Supervised {
    /// Starts `program` in `keeper`'s directory with an environment of its own.
    pub(crate) fn start(keeper: &Keeper, program: &Program) -> Result<Self, Error> {
        Self::start_by(SCRIPT, keeper, program)
    }

    fn start_by(script: &str, keeper: &Keeper, program: &Program) -> Result<Self, Error> {
        let name = program
            .path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", script, "crdb-testkit-supervisor", program.stop_signal])
            .arg(&program.path)
            .args(&program.arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", keeper.directory())
            .env("LC_ALL", "C")
            .envs(
                program
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .current_dir(keeper.directory())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(keeper.hold()?)
            .stderr(Stdio::piped());
        if let Some(account) = program.account {
            command.uid(account.uid).gid(account.gid);
        }
        let mut child = command.spawn().map_err(|source| {
            let reason = match (source.kind(), program.account) {
                (io::ErrorKind::PermissionDenied, Some(account)) => {
                    closed_to(account, keeper.directory())
                }
                _ => None,
            };
            let message = format!("cannot start {name}{}", reason.unwrap_or_default());
            Error::new(ErrorKind::Start, message).with_source(source)
        })?;
        // The command still holds the keeper's pipe.
        drop(command);
        let pipe = child.stdin.take();
        let log = Arc::new(Log::default());
        if let Some(stderr) = child.stderr.take() {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                    log.push(String::from_utf8_lossy(&line).into_owned());
                }
                log.end();
            });
        }
        let mut started = Self {
            name,
            process_id: 0,
            pipe,
            child,
            log,
            waited: Mutex::new(0),
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        // The program may have written before the shell announces it, and those lines are still to be waited for.
        let announced = started.wait_from(&mut 0, deadline, |line| {
            line.strip_prefix("crdb-testkit: process ")
        })?;
        started.process_id = announced.trim().parse().unwrap_or(0);
        Ok(started)
    }

    /// Waits for a line of the program's output that `wanted` accepts, and gives what it returned.
    pub(crate) fn wait_for_line(
        &self,
        deadline: Instant,
        wanted: impl Fn(&str) -> Option<&str>,
    ) -> Result<String, Error> {
        let mut waited = self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait_from(&mut waited, deadline, wanted)
    }

    /// As [`wait_for_line`](Self::wait_for_line), past the first `waited` lines, which it counts on.
    fn wait_from(
        &self,
        waited: &mut u64,
        deadline: Instant,
        wanted: impl Fn(&str) -> Option<&str>,
    ) -> Result<String, Error> {
        loop {
            match self.log.next(waited, deadline) {
                Next::Line(line) => {
                    if let Some(found) = wanted(&line) {
                        return Ok(found.to_owned());
                    }
                }
                Next::End => {
                    let message = format!(
                        "{} ended before it was ready; its last words:\n{}",
                        self.name, self.log
                    );
                    return Err(Error::new(ErrorKind::Start, message));
                }
                Next::Late => {
                    let message = format!(
                        "{} was not ready in time; its last words:\n{}",
                        self.name, self.log
                    );
                    return Err(Error::new(ErrorKind::Timeout, message));
                }
            }
        }
    }

    /// Waits until the program has closed its output, which is its end.
    pub(crate) fn wait_for_end(&self, deadline: Instant) -> Result<(), Error> {
        match self.wait_for_line(deadline, |_| None) {
            Err(error) if error.kind() == ErrorKind::Start => Ok(()),
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    /// The last lines that the program wrote.
    pub(crate) fn log(&self) -> String {
        self.log.to_string()
    }

    /// Sends `signal` to the program, not to its supervisor.
    pub(crate) fn signal(&self, signal: libc::c_int) -> Result<(), Error> {
        let failed = || {
            Error::new(
                ErrorKind::Io,
                format!("cannot send signal {signal} to {}", self.name),
            )
        };
        let process_id = libc::pid_t::try_from(self.process_id)
            .map_err(|source| failed().with_source(source))?;
        if process_id <= 0 {
            return Err(failed());
        }
        #[allow(
            unsafe_code,
            reason = "std cannot signal a process that is not its own child"
        )]
        // SAFETY: kill(2) touches no memory of ours. The id is a child of our supervisor, which has not waited for it
        // yet, so it cannot have passed to another process; it is positive, so it names no group.
        let answer = unsafe { libc::kill(process_id, signal) };
        if answer == 0 {
            Ok(())
        } else {
            Err(failed().with_source(std::io::Error::last_os_error()))
        }
    }
}

/// Says which directory above `directory` an account may not enter, where there is one: the program runs as that account,
/// because it refuses to run as root.
fn closed_to(account: Account, directory: &Path) -> Option<String> {
    let closed = directory.ancestors().skip(1).find(|above| {
        std::fs::metadata(above).is_ok_and(|metadata| {
            let class = if metadata.uid() == account.uid {
                0o100
            } else if metadata.gid() == account.gid {
                0o010
            } else {
                0o001
            };
            metadata.mode() & class == 0
        })
    })?;
    let Account { uid, gid } = account;
    Some(format!(
        ": it runs as user {uid} and group {gid}, not as root, and these may not enter {}; set TMPDIR to a directory \
         that everyone may enter, such as /tmp",
        closed.display()
    ))
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Err(error) = self.child.wait() {
            tracing::warn!(program = %self.name, %error, "cannot wait for a program's end");
        }
    }
}

impl fmt::Debug for Supervised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervised")
            .field("name", &self.name)
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

/// The last lines that a program wrote: a server that runs for days writes more than memory holds.
#[derive(Default)]
struct Log {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Default)]
struct Written {
    kept: VecDeque<String>,
    /// How many there have been, those included that are not kept.
    lines: u64,
    ended: bool,
}

/// What comes after a line.
enum Next {
    Line(String),
    End,
    Late,
}

impl Log {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: String) {
        let mut written = self.written();
        if written.kept.len() == KEPT_LOG_LINES {
            written.kept.pop_front();
        }
        written.kept.push_back(line);
        written.lines += 1;
        drop(written);
        self.changed.notify_all();
    }

    fn end(&self) {
        self.written().ended = true;
        self.changed.notify_all();
    }

    /// Waits for the line after so many, or for the oldest one after them that is kept, and counts it.
    fn next(&self, waited: &mut u64, deadline: Instant) -> Next {
        let mut written = self.written();
        loop {
            let kept = u64::try_from(written.kept.len()).unwrap_or(u64::MAX);
            let oldest = written.lines.saturating_sub(kept);
            *waited = (*waited).max(oldest);
            let index = usize::try_from(*waited - oldest).unwrap_or(usize::MAX);
            if let Some(line) = written.kept.get(index) {
                *waited += 1;
                return Next::Line(line.clone());
            }
            if written.ended {
                return Next::End;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Late;
            }
            written = self
                .changed
                .wait_timeout(written, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.written().kept {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_last_lines_and_gives_each_once() {
        let log = Log::default();
        let mut waited = 0;
        let mut next = |log: &Log| log.next(&mut waited, Instant::now());
        log.push("first".to_owned());
        assert!(matches!(next(&log), Next::Line(line) if line == "first"));
        assert!(matches!(next(&log), Next::Late));
        for number in 0..1_000 {
            log.push(number.to_string());
        }
        assert_eq!(log.written().kept.len(), KEPT_LOG_LINES);
        for number in 800..1_000 {
            assert!(matches!(next(&log), Next::Line(line) if line == number.to_string()));
        }
        log.end();
        assert!(matches!(next(&log), Next::End));
    }

    #[test]
    fn a_line_that_the_program_wrote_before_it_was_announced_is_waited_for() {
        let keeper = Keeper::new("supervisor", None).unwrap();
        let program = Program {
            path: "/bin/sh".into(),
            arguments: vec![
                "-c".into(),
                "echo ready >&2; touch written; exec sleep 600".into(),
            ],
            environment: Vec::new(),
            account: None,
            stop_signal: "TERM",
        };
        let announcement = "echo \"crdb-testkit: process";
        assert!(SCRIPT.contains(announcement));
        let late = format!("until [ -e written ]; do sleep 0.01; done; {announcement}");
        let script = SCRIPT.replace(announcement, &late);
        let server = Supervised::start_by(&script, &keeper, &program).unwrap();
        let ready = |line: &str| line.contains("ready").then_some(());
        let deadline = Instant::now() + Duration::from_secs(10);
        server
            .wait_for_line(deadline, |line| ready(line).map(|()| line))
            .unwrap();
    }
}

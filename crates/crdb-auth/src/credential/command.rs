//! A command that prints a password or token.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::child::Child;
use super::password::{COMMAND_TIMEOUT, without_newline};
use crate::error::{Error, ErrorKind};
use crate::file_name::shown_secret;
use crate::secret::Secret;

/// More than any password or token.
const MAX_OUTPUT: usize = 64 * 1024;

/// A command that prints a password or token, run without a shell.
///
/// At most 64 KiB, without the newline at the end; printing nothing is a mistake. It runs in a process group of its own, which
/// is killed when the command exits, when its time is up, and when the login is given up: what it starts in the background
/// ends too, unless it leaves the group, as daemons do.
#[derive(Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    timeout: Duration,
    pub(super) valid_for: Option<Duration>,
}

impl Command {
    /// A program, looked for in `PATH` unless it is a path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            timeout: COMMAND_TIMEOUT,
            valid_for: None,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// How long it may run before it is killed. Default 5 s, and never beyond the connect
    /// deadline.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long its output may be used again.
    #[must_use]
    pub fn valid_for(mut self, life: Duration) -> Self {
        self.valid_for = Some(life);
        self
    }

    /// The program as messages show it: one that is nowhere in `PATH` may be the secret itself.
    fn shown_program(&self) -> String {
        let is_word = Path::new(&self.program).components().count() == 1;
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let is_found = is_word
            && std::env::split_paths(&paths)
                .any(|directory| directory.join(&self.program).is_file());
        match is_found {
            true => format!("{:?}", self.program.to_string_lossy()),
            false => shown_secret(&self.program).to_string(),
        }
    }

    /// Its standard output. It counts as ended when it exits, also where a child of it goes on and holds its standard output;
    /// then, or when the future is dropped, its process group is killed.
    pub(super) async fn run(&self) -> Result<Secret, Error> {
        let failed_of = |name: &str, what: String| {
            Error::new(
                ErrorKind::Credential,
                format!("the command {name} for the password {what}"),
            )
        };
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments);
        let child = Child::start(command).map_err(|error| {
            let program = self.shown_program();
            failed_of(&program, format!("could not be started: {error}")).with_source(error)
        })?;
        // It is the name of a program now.
        let name = format!("{:?}", self.program.to_string_lossy());
        let failed = |what: String| failed_of(&name, what);
        let finished = timeout(self.timeout, child.finish(MAX_OUTPUT))
            .await
            .map_err(|_| failed(format!("did not end within {:?}", self.timeout)))?
            .map_err(|error| failed(format!("failed: {error}")).with_source(error))?
            .ok_or_else(|| {
                failed(format!(
                    "printed more than {MAX_OUTPUT} bytes, which is no password or token; run it by hand to see what it prints"
                ))
            })?;
        if !finished.status.success() {
            return Err(failed(format!(
                "failed with {}; run it by hand to see why",
                finished.status
            )));
        }
        let password = without_newline(finished.output.expose());
        if password.is_empty() {
            return Err(failed("printed nothing".to_owned()));
        }
        Ok(Secret::new(password.to_vec()))
    }
}

impl fmt::Debug for Command {
    /// Without the arguments, which may hold secrets, and without what is no name of a program.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &self.shown_program())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn failures_say_which_command_and_how() {
        let run = |command: Command| async move { command.run().await.unwrap_err().to_string() };
        assert!(run(Command::new("false")).await.contains("exit status: 1"));
        assert!(run(Command::new("true")).await.contains("printed nothing"));
        assert!(
            run(Command::new("/no/such/program"))
                .await
                .contains("could not be started")
        );
        let slow = Command::new("sleep")
            .arg("60")
            .timeout(Duration::from_millis(20));
        assert!(run(slow).await.contains("did not end"));
    }

    fn shell(script: &str) -> Command {
        Command::new("sh")
            .arg("-c")
            .arg(script)
            .timeout(Duration::from_secs(60))
    }

    #[tokio::test]
    async fn a_child_that_keeps_standard_output_open_is_not_waited_for() {
        let start = std::time::Instant::now();
        let output = shell("sleep 600 & printf secret").run().await.unwrap();
        assert_eq!(output.expose(), b"secret");
        assert!(start.elapsed() < Duration::from_secs(50), "a hang");
        // Printed before the exit, and read after it.
        let long = "head -c 65536 /dev/zero | tr '\\0' x; sleep 600 &";
        assert_eq!(shell(long).run().await.unwrap().expose().len(), 65_536);
        // In a session of its own it survives the end of the group.
        let directory = tempfile::tempdir().unwrap();
        let left = directory.path().join("left").display().to_string();
        let daemon = format!(
            "setsid sh -c ': >\"$0\"; exec sleep 20' '{left}' & \
             until [ -e '{left}' ]; do sleep 0.01; done; printf secret"
        );
        assert_eq!(shell(&daemon).run().await.unwrap().expose(), b"secret");
    }

    #[tokio::test]
    async fn what_cannot_be_a_password_is_refused() {
        let run = |script: &'static str| async move {
            shell(script).run().await.unwrap_err().to_string()
        };
        assert!(run("echo").await.contains("printed nothing"));
        assert!(run("printf '\\r\\n'").await.contains("printed nothing"));
        for long in [
            "head -c 65537 /dev/zero",
            "yes",
            "head -c 65537 /dev/zero; sleep 600",
        ] {
            let error = run(long).await;
            assert!(error.contains("more than 65536 bytes"), "{error}");
        }
    }

    /// The processes hold a FIFO open for writing: its end is read when the last of them is gone.
    #[tokio::test]
    async fn no_process_is_left() {
        use std::io::{BufRead, Read};

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let started = format!(
            "exec 3>'{}'; echo started >&3; sleep 600 & ",
            path.display()
        );
        for (end, finishes) in [("printf secret", true), ("sleep 600", false)] {
            let command = shell(&format!("{started}{end}"));
            let login = tokio::spawn(async move { command.run().await.map(drop) });
            let path = path.clone();
            let opened = tokio::task::spawn_blocking(move || {
                let mut fifo = std::io::BufReader::new(std::fs::File::open(path).unwrap());
                let mut line = String::new();
                fifo.read_line(&mut line).unwrap();
                fifo
            });
            let mut fifo = opened.await.unwrap();
            if finishes {
                login.await.unwrap().unwrap();
            } else {
                login.abort();
                assert!(login.await.unwrap_err().is_cancelled());
            }
            let gone = tokio::task::spawn_blocking(move || fifo.read_to_end(&mut Vec::new()));
            let gone = timeout(Duration::from_secs(60), gone).await;
            assert_eq!(gone.expect("a process is left").unwrap().unwrap(), 0);
        }
    }
}

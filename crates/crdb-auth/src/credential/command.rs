//! A command that prints a password or token.

use std::ffi::OsString;
use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::password::COMMAND_TIMEOUT;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// More than any password or token.
const MAX_OUTPUT: u64 = 64 * 1024;

/// A command that prints a password or token, run without a shell.
#[derive(Clone)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    timeout: Duration,
    pub(super) good_for: Option<Duration>,
}

impl Command {
    /// A program, looked for in `PATH` unless it is a path.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            timeout: COMMAND_TIMEOUT,
            good_for: None,
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
    pub fn good_for(mut self, life: Duration) -> Self {
        self.good_for = Some(life);
        self
    }

    /// Its standard output. Standard error is not read: it may tell secrets. Dropping the future
    /// kills the command.
    pub(super) async fn run(&self) -> Result<Secret, Error> {
        let name = self.program.to_string_lossy();
        let failed = |what: String| {
            Error::new(
                ErrorKind::Credential,
                format!("the command {name:?} for the password {what}"),
            )
        };
        let mut child = tokio::process::Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("could not be started: {error}")).with_source(error))?;
        let work = async {
            let mut output = Vec::new();
            if let Some(stdout) = child.stdout.take() {
                stdout.take(MAX_OUTPUT).read_to_end(&mut output).await?;
            }
            Ok::<_, std::io::Error>((Secret::new(output), child.wait().await?))
        };
        let (output, status) = timeout(self.timeout, work)
            .await
            .map_err(|_| failed(format!("did not end within {:?}", self.timeout)))?
            .map_err(|error| failed(format!("failed: {error}")).with_source(error))?;
        if !status.success() {
            return Err(failed(format!(
                "failed with {status}; run it by hand to see why"
            )));
        }
        if output.expose().is_empty() {
            return Err(failed("printed nothing".to_owned()));
        }
        Ok(output)
    }
}

impl fmt::Debug for Command {
    /// Without the arguments, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("program", &self.program)
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
}

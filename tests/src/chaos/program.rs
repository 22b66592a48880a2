//! A program that is run for its output, and ends with its parent.

use anyhow::Context as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

/// Runs the program in a process group of its own, with both outputs as one. When the pipe closes, which it does however its
/// owner ends, everything in the group is killed.
const SCRIPT: &str = r#"
exec 3<&0 </dev/null
{ read -r _; kill -s KILL 0; } <&3 3<&- >/dev/null 2>&1 &
exec 3<&- 2>&1
"$@" &
wait "$!"
"#;

/// The directory of the workspace that this program was built in.
///
/// # Errors
/// Never, as the package is in a directory of the workspace.
pub fn workspace() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("the tests have no workspace")
}

/// The cargo that runs this program, or the one on PATH.
#[must_use]
pub fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A running program. Dropping it kills the program and what it has started in its process group.
#[derive(Debug)]
pub struct Program {
    child: Child,
    pipe: Option<ChildStdin>,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Program {
    /// Starts `words`, with more in its environment, on the Tokio runtime that calls this.
    ///
    /// # Errors
    /// When there is no shell to start it.
    pub fn start(
        words: &[String],
        directory: &Path,
        environment: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "chaos-program"])
            .args(words)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", words.join(" ")))?;
        let pipe = child.stdin.take();
        let output = child.stdout.take().context("a program without output")?;
        let (sender, lines) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            // A receiver that is gone has dropped the program.
            while let Ok(1..) = output.read_until(b'\n', &mut line).await {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                if sender.send(text).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, pipe, lines })
    }

    /// The next line of its output; `None` when it has closed it, which is its end.
    ///
    /// Dropping the future loses no line.
    pub async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// Waits for its end. What it has left running is killed.
    ///
    /// Dropping the future kills the program.
    ///
    /// # Errors
    /// When the system does not tell.
    pub async fn end(mut self) -> anyhow::Result<ExitStatus> {
        // `Child::wait` would close the pipe first, which would kill what is waited for.
        let pipe = self.pipe.take();
        let status = self.child.wait().await;
        drop(pipe);
        status.context("waiting for a program's end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Program {
        let words = ["sh", "-c", script].map(str::to_owned);
        Program::start(&words, Path::new("."), &[("GREETING", "hello".to_owned())]).unwrap()
    }

    #[tokio::test]
    async fn its_lines_are_heard_and_its_status_known() {
        let mut program = shell("echo $GREETING; echo error >&2; exit 7");
        assert_eq!(program.line().await.as_deref(), Some("hello"));
        assert_eq!(program.line().await.as_deref(), Some("error"));
        assert_eq!(program.line().await, None);
        assert_eq!(program.end().await.unwrap().code(), Some(7));
    }

    /// Only Linux shows in `/proc` whether a process has gone.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn dropping_it_ends_what_it_has_started() {
        let mut program = shell("sleep 1000 & echo $!; wait");
        let child = program.line().await.unwrap();
        drop(program);
        let gone = async {
            loop {
                let state = std::fs::read_to_string(format!("/proc/{child}/stat"));
                // No parent may be there to reap it.
                if state.is_err() || state.is_ok_and(|state| state.contains(") Z ")) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let patience = std::time::Duration::from_secs(10);
        tokio::time::timeout(patience, gone).await.unwrap();
    }
}

//! A child process in a process group of its own, which ends with it.

use std::io;
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncReadExt;
use tokio::process::{Child as TokioChild, ChildStdout, Command};
use zeroize::Zeroizing;

use crate::secret::Secret;

const CHUNK: usize = 4096;

/// A running command. Dropping it kills every process of its group, and the runtime collects the command itself.
///
/// A process that leaves the group (`setsid`), as a daemon does, goes on.
pub(super) struct Child {
    child: TokioChild,
    #[cfg(unix)]
    group: Option<rustix::process::Pid>,
}

/// What a command has left.
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) output: Secret,
}

impl Child {
    /// Starts the command. It reads nothing, and its standard error, which may tell secrets, is not read.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        Ok(Self {
            #[cfg(unix)]
            group: child
                .id()
                .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())),
            child,
        })
    }

    /// Waits for the exit of the command, which may leave children that hold its standard output, then ends the group.
    /// `None` where it prints more than `limit` bytes.
    pub(super) async fn finish(mut self, limit: usize) -> io::Result<Option<Finished>> {
        let mut output = Output::up_to(limit);
        let mut stdout = self.child.stdout.take();
        let mut chunk = Zeroizing::new([0_u8; CHUNK]);
        let status = loop {
            let Some(open) = &mut stdout else {
                break self.child.wait().await?;
            };
            tokio::select! {
                status = self.child.wait() => break status?,
                read = open.read(chunk.as_mut()) => match read? {
                    0 => stdout = None,
                    read => if !output.add(chunk.as_slice(), read) {
                        return Ok(None);
                    },
                },
            }
        };
        // At once: while a process of the group lives, its number is no other's.
        self.end_group();
        if let Some(stdout) = stdout
            && !rest(stdout, &mut output).await?
        {
            return Ok(None);
        }
        Ok(Some(Finished {
            status,
            output: output.secret(),
        }))
    }

    #[cfg(unix)]
    fn end_group(&mut self) {
        if let Some(group) = self.group.take() {
            // An error says that no process is left.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn end_group(&mut self) {}
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end_group();
    }
}

/// What was printed and not read before the exit. Another process may hold the pipe open, so its end is not waited for. The
/// pipe is asked directly: the runtime may not know yet that there is something to read.
#[cfg(unix)]
#[expect(
    clippy::unused_async,
    reason = "elsewhere the end of the pipe is waited for"
)]
async fn rest(stdout: ChildStdout, output: &mut Output) -> io::Result<bool> {
    use std::io::Read;
    use std::os::fd::AsFd;

    // The runtime has made the pipe non-blocking, and a copy of the descriptor shares that.
    let mut pipe = std::fs::File::from(stdout.as_fd().try_clone_to_owned()?);
    let mut chunk = Zeroizing::new([0_u8; CHUNK]);
    loop {
        match pipe.read(chunk.as_mut()) {
            Ok(0) => return Ok(true),
            Ok(read) if !output.add(chunk.as_slice(), read) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) => return Err(error),
        }
    }
}

#[cfg(not(unix))]
async fn rest(mut stdout: ChildStdout, output: &mut Output) -> io::Result<bool> {
    let mut chunk = Zeroizing::new([0_u8; CHUNK]);
    loop {
        match stdout.read(chunk.as_mut()).await? {
            0 => return Ok(true),
            read if !output.add(chunk.as_slice(), read) => return Ok(false),
            _ => {}
        }
    }
}

/// Bytes that never move, so that none is left behind in memory that was given back.
struct Output {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
}

impl Output {
    fn up_to(limit: usize) -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(limit)),
            limit,
        }
    }

    /// The first `read` bytes of the chunk; false where they are too many.
    fn add(&mut self, chunk: &[u8], read: usize) -> bool {
        let chunk = chunk.get(..read).unwrap_or(chunk);
        let fits = self.bytes.len() + chunk.len() <= self.limit;
        if fits {
            self.bytes.extend_from_slice(chunk);
        }
        fits
    }

    fn secret(mut self) -> Secret {
        Secret::new(std::mem::take(&mut self.bytes))
    }
}

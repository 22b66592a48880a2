//! One server process of an engine, and what a test can do to it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::options::EngineKind;
use crate::error::{Error, ErrorKind};
use crate::process::{Keeper, Program, Supervised};

/// How long a node may take to end or to come back: CockroachDB's drain waits up to 10 s for transactions, and as long again
/// to hand over its leases.
const NODE_TIMEOUT: Duration = Duration::from_secs(60);

/// A server process that listens on a port of the loopback interface.
pub struct Node {
    kind: EngineKind,
    host: String,
    port: u16,
    ours: Mutex<Option<Ours>>,
    /// Whether what it stores ends with its process.
    forgets: bool,
}

/// What makes a node one that the test kit runs.
struct Ours {
    // Before the keeper: a server ends before its directory goes.
    process: Option<Supervised>,
    program: Program,
    keeper: Arc<Keeper>,
}

impl Node {
    pub(super) fn external(kind: EngineKind, host: String, port: u16) -> Self {
        Self {
            kind,
            host,
            port,
            ours: Mutex::new(None),
            forgets: false,
        }
    }

    pub(super) fn started(
        kind: EngineKind,
        port: u16,
        process: Supervised,
        program: Program,
        keeper: Arc<Keeper>,
    ) -> Self {
        let ours = Ours {
            process: Some(process),
            program,
            keeper,
        };
        Self {
            kind,
            host: "localhost".to_owned(),
            port,
            ours: Mutex::new(Some(ours)),
            forgets: false,
        }
    }

    /// The same node, which keeps its data in memory.
    pub(super) fn forgetful(mut self) -> Self {
        self.forgets = true;
        self
    }

    /// The host name to connect to.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Asks the node to shut down in an orderly way and returns at once: CockroachDB drains (SIGTERM), PostgreSQL ends
    /// its sessions with 57P01 (SIGINT, its fast shutdown).
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the node is not ours (`CRDB_TEST_URL`) or does not run.
    pub fn shut_down(&self) -> Result<(), Error> {
        self.signal(match self.kind {
            EngineKind::CockroachDb => libc::SIGTERM,
            EngineKind::PostgreSql => libc::SIGINT,
        })
    }

    /// Ends the node at once, without a word to its sessions where the server allows that: CockroachDB by SIGKILL,
    /// PostgreSQL by SIGQUIT (its immediate shutdown, because a killed postmaster leaves its backends running).
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the node is not ours (`CRDB_TEST_URL`) or does not run.
    pub fn kill(&self) -> Result<(), Error> {
        self.signal(match self.kind {
            EngineKind::CockroachDb => libc::SIGKILL,
            EngineKind::PostgreSql => libc::SIGQUIT,
        })
    }

    /// Stops the node's main process in its tracks (SIGSTOP): it accepts connections in the kernel and answers nothing.
    /// PostgreSQL's existing sessions are processes of their own and go on.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the node is not ours (`CRDB_TEST_URL`) or does not run.
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(libc::SIGSTOP)
    }

    /// Lets a [paused](Self::pause) node go on.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the node is not ours (`CRDB_TEST_URL`) or does not run.
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(libc::SIGCONT)
    }

    /// Whether [`restart`](Self::restart) can bring the node back with its data: it is ours, and keeps them on disk. A
    /// CockroachDB of one node is in memory.
    #[must_use]
    pub fn can_restart(&self) -> bool {
        !self.forgets && self.lock().is_some()
    }

    /// Waits until the node has ended and starts it again on the same port, with its data. Blocks the calling thread: call
    /// it through `spawn_blocking` where other tasks must go on.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the node is not ours (`CRDB_TEST_URL`) or keeps its data in memory,
    /// [`ErrorKind::Timeout`] when it neither ends nor comes back in 60 s, [`ErrorKind::Start`] when it cannot be started
    /// again.
    pub fn restart(&self) -> Result<(), Error> {
        if self.forgets {
            let message = format!(
                "the node at {}:{} keeps its data in memory and would come back empty; ask for `Nodes::Three`",
                self.host, self.port
            );
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        let mut ours = self.lock();
        let ours = ours.as_mut().ok_or_else(|| self.not_ours())?;
        let deadline = Instant::now() + NODE_TIMEOUT;
        if let Some(old) = ours.process.take() {
            old.wait_for_end(deadline)?;
        }
        let new = Supervised::start(&ours.keeper, &ours.program)?;
        new.wait_for_line(deadline, ready_line(self.kind))?;
        ours.process = Some(new);
        Ok(())
    }

    /// Waits until a node that was just started takes connections.
    pub(super) fn wait_until_ready(&self, deadline: Instant) -> Result<(), Error> {
        self.with_process(|process| process.wait_for_line(deadline, ready_line(self.kind)))?
            .map(|_| ())
    }

    /// The last lines that the node logged; empty for a server that is not ours.
    #[must_use]
    pub fn log(&self) -> String {
        self.with_process(Supervised::log).unwrap_or_default()
    }

    /// Stops the process, if it is ours, waits for its end, and gives up the directory.
    pub(super) fn end(&self) {
        drop(self.lock().take());
    }

    fn signal(&self, signal: libc::c_int) -> Result<(), Error> {
        self.with_process(|process| process.signal(signal))?
    }

    fn with_process<T>(&self, act: impl FnOnce(&Supervised) -> T) -> Result<T, Error> {
        let ours = self.lock();
        let process = ours.as_ref().and_then(|ours| ours.process.as_ref());
        process.map(act).ok_or_else(|| self.not_ours())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Ours>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn not_ours(&self) -> Error {
        let message = format!(
            "{}:{} is not a running process of this test kit; where CRDB_TEST_URL names it, unset that",
            self.host, self.port
        );
        Error::new(ErrorKind::Unavailable, message)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// The line by which a server says that it takes connections.
pub(super) fn ready_line(kind: EngineKind) -> impl Fn(&str) -> Option<&str> {
    move |line| {
        let found = match kind {
            EngineKind::CockroachDb => {
                line.starts_with("CockroachDB ") && line.contains(" starting at ")
            }
            EngineKind::PostgreSql => {
                line.contains("database system is ready to accept connections")
            }
        };
        found.then_some(line)
    }
}

/// A port of the loopback interface that was free a moment ago. Another process may take it before the server does:
/// callers try again with another one.
pub(crate) fn free_port() -> Result<u16, Error> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| {
            Error::new(ErrorKind::Io, "no free port on 127.0.0.1").with_source(source)
        })
}

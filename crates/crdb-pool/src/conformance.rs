//! What the pool relies on in a connector, as checks for any connector.
//!
//! Write a [`Subject`] for your connector and a live server, and run it in a test:
//!
//! ```
//! # use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};
//! use crdb_pool::conformance::{self, Subject};
//! # #[derive(Clone)] struct Counter;
//! # #[derive(Debug)] struct Gone;
//! # impl std::fmt::Display for Gone {
//! #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("gone") }
//! # }
//! # impl std::error::Error for Gone {}
//! # #[derive(Default)] struct Session { soiled: bool, severed: bool, busy: bool }
//! # impl Connector for Counter {
//! #     type Session = Session;
//! #     type Error = Gone;
//! #     async fn connect(&self, node: &NodeAddress) -> Result<Session, Gone> {
//! #         if node.port() == 1 { Ok(Session::default()) } else { Err(Gone) }
//! #     }
//! #     async fn check(&self, s: &mut Session) -> Result<(), Gone> { if s.severed { Err(Gone) } else { Ok(()) } }
//! #     fn condition(&self, s: &mut Session) -> Condition {
//! #         if s.severed || s.busy { Condition::Broken }
//! #         else if s.soiled { Condition::NeedsReset } else { Condition::Clean }
//! #     }
//! #     async fn reset(&self, s: &mut Session) -> Result<(), Gone> { s.soiled = false; Ok(()) }
//! #     fn classify(&self, _: &Gone) -> ErrorClass { ErrorClass::Dead }
//! # }
//!
//! struct MySubject;
//!
//! impl Subject for MySubject {
//!     type Connector = Counter;
//!
//!     fn connector(&self) -> Counter {
//!         Counter
//!     }
//!     fn node(&self) -> NodeAddress {
//!         NodeAddress::new("localhost", 1)
//!     }
//!     fn dead_node(&self) -> NodeAddress {
//!         NodeAddress::new("localhost", 2)
//!     }
//!     async fn soil(&self, session: &mut Session) {
//!         session.soiled = true; // for a database: SET search_path, BEGIN, CREATE TEMP TABLE ..
//!     }
//!     async fn is_soiled(&self, session: &mut Session) -> bool {
//!         session.soiled
//!     }
//!     async fn interrupt(&self, session: &mut Session) {
//!         session.busy = true; // begin a long statement, poll its future once, and drop it
//!     }
//!     async fn sever(&self, session: &mut Session) {
//!         session.severed = true; // pg_terminate_backend, from another session
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), conformance::Violations> {
//! conformance::run(&MySubject).await
//! # }
//! ```

use std::fmt;
use std::time::Duration;

use crate::{AcquireOptions, Condition, Connector, ErrorClass, NodeAddress, Pool};

/// How long each step may take.
const BOUND: Duration = Duration::from_secs(10);

/// A connector, with a live server, and the means to make its sessions suffer.
pub trait Subject: Send + Sync {
    /// The connector that is checked.
    type Connector: Connector;

    /// Makes the connector. Called several times; all of them reach the same server.
    fn connector(&self) -> Self::Connector;

    /// A node that works.
    fn node(&self) -> NodeAddress;

    /// A node that refuses connections: a port of this machine without a listener will do.
    fn dead_node(&self) -> NodeAddress;

    /// Does to a session what the next borrower would notice, and finishes doing it.
    fn soil(&self, session: &mut SessionOf<Self>) -> impl Future<Output = ()> + Send;

    /// Whether the session shows what [`soil`](Self::soil) did.
    fn is_soiled(&self, session: &mut SessionOf<Self>) -> impl Future<Output = bool> + Send;

    /// Begins an operation on the session and drops its future before it is done.
    fn interrupt(&self, session: &mut SessionOf<Self>) -> impl Future<Output = ()> + Send;

    /// Ends the session from the server's side.
    fn sever(&self, session: &mut SessionOf<Self>) -> impl Future<Output = ()> + Send;
}

/// A subject's session.
pub type SessionOf<S> = <<S as Subject>::Connector as Connector>::Session;

/// What a connector does that the pool relies on its not doing.
#[derive(Clone, Debug)]
pub struct Violations(Vec<&'static str>);

impl Violations {
    /// Each broken promise.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the connector breaks {} promises: {}",
            self.0.len(),
            self.0.join("; ")
        )
    }
}

impl std::error::Error for Violations {}

/// Puts a connector through every check. Must be called from within a tokio runtime.
///
/// # Errors
///
/// Every promise that the connector broke.
///
/// # Cancel safety
///
/// Dropping the future ends the checks; the sessions opened for them are closed.
pub async fn run<S: Subject>(subject: &S) -> Result<(), Violations> {
    let mut violations = Violations(Vec::new());
    for violation in [
        fresh(subject).await,
        soiled(subject).await,
        interrupted(subject).await,
        severed(subject).await,
        refused(subject).await,
        pooled(subject).await,
    ] {
        violations.0.extend(violation.err());
    }
    if violations.0.is_empty() {
        Ok(())
    } else {
        Err(violations)
    }
}

type Checked = Result<(), &'static str>;

fn require(holds: bool, promise: &'static str) -> Checked {
    if holds { Ok(()) } else { Err(promise) }
}

async fn bounded<T>(
    work: impl Future<Output = T>,
    promise: &'static str,
) -> Result<T, &'static str> {
    tokio::time::timeout(BOUND, work)
        .await
        .map_err(|_elapsed| promise)
}

async fn connect<S: Subject>(subject: &S) -> Result<(S::Connector, SessionOf<S>), &'static str> {
    const PROMISE: &str = "`connect` to a node that works gives a session within 10 s";
    let connector = subject.connector();
    let session = bounded(connector.connect(&subject.node()), PROMISE).await?;
    Ok((connector, session.map_err(|_error| PROMISE)?))
}

/// A new session is clean, answers a check, and is clean still.
async fn fresh<S: Subject>(subject: &S) -> Checked {
    let (connector, mut session) = connect(subject).await?;
    let clean = |session: &mut SessionOf<S>| connector.condition(session) == Condition::Clean;
    require(clean(&mut session), "a new session's `condition` is clean")?;
    for _ in 0..3 {
        const CHECK: &str = "`check` of a session that works succeeds within 10 s";
        let checked = bounded(connector.check(&mut session), CHECK).await?;
        require(checked.is_ok(), CHECK)?;
        require(clean(&mut session), "a session is clean after a `check`")?;
        connector.lend(&mut session);
        require(
            clean(&mut session),
            "a session that was not used after `lend` is clean",
        )?;
    }
    const RESET: &str = "`reset` of a clean session succeeds within 10 s";
    let reset = bounded(connector.reset(&mut session), RESET).await?;
    require(reset.is_ok() && clean(&mut session), RESET)
}

/// What a borrower leaves behind is seen, and a reset removes it.
async fn soiled<S: Subject>(subject: &S) -> Checked {
    let (connector, mut session) = connect(subject).await?;
    connector.lend(&mut session);
    bounded(subject.soil(&mut session), "`soil` ends within 10 s").await?;
    let condition = connector.condition(&mut session);
    require(
        condition != Condition::Clean,
        "a session that was changed is not called clean",
    )?;
    if condition != Condition::NeedsReset {
        return Ok(());
    }
    const RESET: &str = "`reset` of a changed session ends within 10 s";
    let reset = bounded(connector.reset(&mut session), RESET).await?;
    if reset.is_err() || connector.condition(&mut session) != Condition::Clean {
        return Ok(()); // The pool destroys it.
    }
    connector.lend(&mut session);
    let soiled = bounded(
        subject.is_soiled(&mut session),
        "`is_soiled` ends within 10 s",
    )
    .await?;
    require(
        !soiled,
        "a session that is clean after a `reset` shows nothing of what was done to it",
    )
}

/// A session that was dropped in the middle of an operation does not go on as it is.
async fn interrupted<S: Subject>(subject: &S) -> Checked {
    let (connector, mut session) = connect(subject).await?;
    connector.lend(&mut session);
    bounded(
        subject.interrupt(&mut session),
        "`interrupt` ends within 10 s",
    )
    .await?;
    require(
        connector.condition(&mut session) != Condition::Clean,
        "a session whose operation was dropped unfinished is not called clean",
    )
}

/// A session that the server ended fails its check, and its error speaks against the node.
async fn severed<S: Subject>(subject: &S) -> Checked {
    let (connector, mut session) = connect(subject).await?;
    bounded(subject.sever(&mut session), "`sever` ends within 10 s").await?;
    const CHECK: &str = "`check` of a session that the server has ended fails within 10 s";
    let Err(error) = bounded(connector.check(&mut session), CHECK).await? else {
        return Err(CHECK);
    };
    require(
        connector.classify(&error) != ErrorClass::Harmless,
        "the error of a session that the server has ended is not classified as harmless",
    )?;
    require(
        connector.condition(&mut session) != Condition::Clean,
        "a session that failed its `check` is not called clean",
    )
}

/// A node that refuses is distinguished from one that does not accept us.
async fn refused<S: Subject>(subject: &S) -> Checked {
    const PROMISE: &str = "`connect` to a node that refuses connections fails within 10 s";
    let connector = subject.connector();
    let Err(error) = bounded(connector.connect(&subject.dead_node()), PROMISE).await? else {
        return Err(PROMISE);
    };
    require(
        connector.classify(&error) == ErrorClass::Dead,
        "the error of a node that refuses connections is classified as dead",
    )
}

/// All of it together: the next borrower gets a session that shows nothing of what the last one did.
async fn pooled<S: Subject>(subject: &S) -> Checked {
    const GET: &str = "a pool of one session lends one again after the last one was changed, interrupted or severed";
    let pool = Pool::builder(subject.connector())
        .nodes([subject.node()])
        .max_size(1)
        .build();
    let pool = pool.map_err(|_error| "the checks run within a tokio runtime")?;
    for step in 0..6 {
        let deadline = Some((tokio::time::Instant::now() + BOUND).into_std());
        let lease = pool
            .acquire_with(AcquireOptions {
                deadline,
                avoid: None,
            })
            .await;
        let mut lease = lease.map_err(|_error| GET)?;
        require(
            !bounded(
                subject.is_soiled(&mut lease),
                "`is_soiled` ends within 10 s",
            )
            .await?,
            "the next borrower sees nothing of what the last one did",
        )?;
        match step % 3 {
            0 => subject.soil(&mut lease).await,
            1 => subject.interrupt(&mut lease).await,
            _ => subject.sever(&mut lease).await,
        }
    }
    let closed = pool.close(BOUND).await;
    require(closed.is_ok(), "a pool closes within 10 s")
}

/// A port of this machine without a listener, for [`Subject::dead_node`].
///
/// # Errors
///
/// When the operating system gives no port.
pub fn port_without_listener() -> std::io::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

//! What the pool has to know about the sessions that it keeps.

use std::error::Error as StdError;

use crate::node::NodeAddress;

/// Opens, inspects and cleans sessions; the only thing the pool knows about them.
///
/// The pool bounds every asynchronous method in time and drops its future when the bound has passed, or when the pool
/// closes. A session whose `check` or `reset` was dropped or failed is destroyed, never lent again. Methods may be called
/// concurrently for different sessions, never for the same one.
///
/// # Examples
///
/// ```
/// use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};
/// use tokio::net::TcpStream;
///
/// struct Tcp;
///
/// impl Connector for Tcp {
///     type Session = TcpStream;
///     type Error = std::io::Error;
///
///     async fn connect(&self, node: &NodeAddress) -> Result<TcpStream, std::io::Error> {
///         TcpStream::connect((node.host(), node.port())).await
///     }
///     async fn check(&self, session: &mut TcpStream) -> Result<(), std::io::Error> {
///         session.writable().await
///     }
///     fn condition(&self, session: &mut TcpStream) -> Condition {
///         match session.try_read(&mut [0; 1]) {
///             Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Condition::Clean,
///             _ => Condition::Broken, // closed by the peer, or something unread is left
///         }
///     }
///     async fn reset(&self, _session: &mut TcpStream) -> Result<(), std::io::Error> {
///         Ok(())
///     }
///     fn classify(&self, _error: &std::io::Error) -> ErrorClass {
///         ErrorClass::Dead
///     }
/// }
/// ```
pub trait Connector: Send + Sync + 'static {
    /// A live session.
    type Session: Send + 'static;
    /// Why a session could not be opened, checked or reset.
    type Error: StdError + Send + Sync + 'static;

    /// Opens a session on `node`. Bounded by [`connect_timeout`](crate::ConfigBuilder::connect_timeout).
    fn connect(
        &self,
        node: &NodeAddress,
    ) -> impl Future<Output = Result<Self::Session, Self::Error>> + Send;

    /// Proves with a round trip that the session still works. Bounded by
    /// [`check_timeout`](crate::ConfigBuilder::check_timeout); not called for a session that was used a moment ago. Called for
    /// a session just opened where the pool asks whether its node is well.
    fn check(
        &self,
        session: &mut Self::Session,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Says without I/O what state the session is in.
    ///
    /// Asked when a session is returned, again just before it is lent, and now and then while it is idle, so it must be
    /// cheap and must not block. A session that it calls [`Condition::Clean`] goes to the next borrower as it is.
    fn condition(&self, session: &mut Self::Session) -> Condition;

    /// Told just before the session is handed out: the place to start watching what the borrower changes.
    fn lend(&self, _session: &mut Self::Session) {}

    /// Told as soon as a borrower has returned the session, before anything else: the place to cut off what the borrower
    /// may still hold of it, such as a handle that cancels.
    fn take_back(&self, _session: &mut Self::Session) {}

    /// Told that the session as it is now is in its ground state: after the `after_connect` hook has run, when the session
    /// was opened and again after each reset. From here on [`condition`](Self::condition) is about what changes after this.
    ///
    /// A connector that sees what is done to its sessions must forget what the hook has done. Where a hook's settings leave
    /// the session in need of a reset even so, it is not lent, and the error that callers get names the hook.
    fn mark_clean(&self, _session: &mut Self::Session) {}

    /// Makes a session as good as new: ends what is open, undoes what was changed. Bounded by
    /// [`reset_timeout`](crate::ConfigBuilder::reset_timeout). The pool runs the `after_connect` hook afterwards, asks for
    /// the [`condition`](Self::condition) again, and destroys what is not clean then.
    ///
    /// With [`reset_always`](crate::ConfigBuilder::reset_always) it is called for sessions that are clean as well, and must
    /// undo what the connector cannot see.
    fn reset(
        &self,
        session: &mut Self::Session,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Says what an error means for the node that it came from.
    fn classify(&self, error: &Self::Error) -> ErrorClass;
}

/// What state a session is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// The next borrower can have it as it is.
    Clean,
    /// It works, but the last borrower left something behind.
    NeedsReset,
    /// It cannot be used again: closed, dropped in the middle of an operation, half-read.
    Broken,
    /// Its server has said that it is shutting down (SQLSTATE 57P01). The pool destroys the session and looks at the node;
    /// see [`ErrorClass::Draining`].
    Draining,
}

/// What an error says about the node that it came from.
///
/// It means more where it comes from an attempt to connect than where it comes from a session that was open. Servers,
/// balancers and administrators end sessions of nodes that are well: by time-outs, by `pg_terminate_backend`, when they are
/// restarted themselves. So the end of a session is a sign, which makes the pool look: it opens a session on the node and
/// checks it. A node leaves rotation only for attempts to connect that fail and for checks that are not answered, and as
/// draining once such an attempt confirms what a session heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The server says that it is shutting down (57P01). From a session it makes the pool look at the node at once; the node
    /// leaves rotation when that attempt fails too.
    Draining,
    /// The node is alive and refuses more sessions (53300). No new ones are opened there for 100 ms, and for up to 5 s while
    /// it goes on.
    Overloaded,
    /// The node does not accept who we are. Waiting does not help, so callers who depend on it get the error at once. The next
    /// login is tried after 1 s, and the pause grows to a minute, since accounts are locked after a number of failed logins.
    Authentication,
    /// The session, the node, or the way to it does not work: refused, reset, timed out. From an attempt to connect it
    /// [counts](crate::ConfigBuilder::failures_to_open) towards taking the node out of rotation; from a session it makes the
    /// pool look at the node.
    Dead,
    /// Says nothing about the node: a statement that the server refused, above all a serialization failure; a request that
    /// the client refused to send; a statement that the caller abandoned.
    Harmless,
}

impl ErrorClass {
    /// A short name for labels and fields. It stays the same from release to release.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::Overloaded => "overloaded",
            Self::Authentication => "authentication",
            Self::Dead => "dead",
            Self::Harmless => "harmless",
        }
    }
}

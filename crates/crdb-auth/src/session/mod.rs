//! A session: the client, what is known of its server, and what has happened on it.

mod call;
mod cancel;
mod replay;
mod reset;
mod state;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

pub use call::{Call, OwnedCall};
pub use cancel::CancelHandle;
pub use reset::Renewal;

use crate::canceller::Canceller;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::facts::{Engine, ServerFacts};
use crate::stream::{AuthenticatedStream, GOODBYE};
use crate::tap::{DirtyReason, Ended, Tap};
use replay::{Replay, Slot};
use state::State;

/// Whether the session may be lent again as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cleanliness {
    /// Like new, as far as the wire tells; no round trip is needed.
    ///
    /// What no tag shows stays unseen: `SELECT set_config(..)` of a parameter that the server
    /// does not report, a temporary table made by `SELECT .. INTO`. A service that does such things
    /// resets always.
    Clean,
    /// Something may be left behind: [`reset`](Session::reset) it.
    Dirty(DirtyReason),
    /// A call was begun and not finished, the end of a reply is still to come, or a cancel is on
    /// its way: [`reset`](Session::reset) it, or drop it.
    Unfinished,
    /// Nothing more can come of it: drop it.
    Broken,
}

/// An authenticated session with a `tokio_postgres::Client` on it.
///
/// Dropping it ends the session on the server and the task that drives the connection: with a
/// goodbye (bounded to one second) when idle, at once otherwise.
pub struct Session {
    driven: Driven,
    state: Arc<State>,
    tap: Tap,
    facts: ServerFacts,
    endpoint: Endpoint,
    canceller: Canceller,
    tls: bool,
}

/// A client, and the task that moves its bytes. The task stops when this is dropped.
struct Driven {
    client: Client,
    slot: Slot,
    task: Option<JoinHandle<()>>,
    runtime: Handle,
}

impl Driven {
    /// Lets the task go on for so long at most: it ends once the client is gone and it has told the server so.
    fn say_goodbye(&mut self, within: Duration) {
        if let Some(mut task) = self.task.take() {
            drop(self.runtime.spawn(async move {
                if timeout(within, &mut task).await.is_err() {
                    task.abort();
                }
            }));
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Puts a client on the stream in the slot.
async fn drive(
    slot: Slot,
    facts: &ServerFacts,
    tap: &Tap,
    endpoint: &Endpoint,
) -> Result<Driven, Error> {
    // Everything that this configuration could say has been said already.
    let mut replayed = tokio_postgres::Config::new();
    replayed
        .user("replayed")
        .ssl_mode(tokio_postgres::config::SslMode::Disable)
        .channel_binding(tokio_postgres::config::ChannelBinding::Disable);
    let replay = Replay::new(slot.clone(), facts, tap.clone());
    let (client, connection) = replayed.connect_raw(replay, NoTls).await.map_err(|error| {
        Error::protocol(format!("starting the session with {endpoint}: {error}")).with_source(error)
    })?;
    let runtime = Handle::current();
    let task = runtime.spawn(async {
        // How it ended is at the tap.
        drop(connection.await);
    });
    Ok(Driven {
        client,
        slot,
        task: Some(task),
        runtime,
    })
}

impl Session {
    pub(crate) async fn start(stream: AuthenticatedStream) -> Result<Self, Error> {
        let facts = stream.facts().clone();
        let endpoint = stream.endpoint().clone();
        let canceller = stream.canceller();
        let tls = stream.is_tls();
        let tap = Tap::new(facts.shared_parameters());
        let driven = drive(Slot::new(stream), &facts, &tap, &endpoint).await?;
        Ok(Self {
            driven,
            state: Arc::default(),
            tap,
            facts,
            endpoint,
            canceller,
            tls,
        })
    }

    /// The client, for anything. What is done with it is not tracked, so the session counts as
    /// dirty until it is [`reset`](Self::reset); [`begin_call`](Self::begin_call) is the tracked
    /// way.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.state.touch();
        &self.driven.client
    }

    /// As [`client`](Self::client), for what needs it exclusively:
    /// `tokio_postgres::Client::transaction`.
    #[must_use]
    pub fn client_mut(&mut self) -> &mut Client {
        self.state.touch();
        &mut self.driven.client
    }

    /// Begins one tracked call. While it is open, and for good if it is dropped unfinished, the
    /// session is [`Cleanliness::Unfinished`].
    pub fn begin_call(&self) -> Call<'_> {
        Call::new(&self.driven.client, self.begin_owned_call())
    }

    /// As [`begin_call`](Self::begin_call), for callers that keep the session elsewhere, such as
    /// a stream of rows that owns it.
    pub fn begin_owned_call(&self) -> OwnedCall {
        OwnedCall::new(Arc::clone(&self.state), self.tap.clone())
    }

    /// The client for a call begun on this session. For a call of another session it counts as
    /// raw access.
    #[must_use]
    pub fn client_for(&self, call: &OwnedCall) -> &Client {
        if !call.is_of(&self.state) {
            self.state.touch();
        }
        &self.driven.client
    }

    /// What the wire told.
    #[must_use]
    pub fn tap(&self) -> &Tap {
        &self.tap
    }

    /// What the server told about itself during startup.
    #[must_use]
    pub fn facts(&self) -> &ServerFacts {
        &self.facts
    }

    /// Where the session is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether TLS protects it.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Nothing more can come of this session, as far as is known without asking.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.driven.client.is_closed() || self.tap.is_ended()
    }

    /// Why the session ended, when it did: [`ErrorKind::Draining`] when the server said 57P01,
    /// even unasked.
    #[must_use]
    pub fn end(&self) -> Option<Error> {
        let attempt = format!("using the session with {}", self.endpoint);
        Some(match self.tap.ended() {
            Some(Ended::Told(error)) => Error::from_server(&attempt, error),
            Some(Ended::Closed) => {
                Error::from_io(&attempt, std::io::ErrorKind::UnexpectedEof.into())
            }
            Some(Ended::Garbage) => {
                Error::protocol(format!("{attempt}: what came was not the protocol"))
            }
            None if self.driven.client.is_closed() => Error::new(
                ErrorKind::Closed,
                format!("{attempt}: the connection is closed"),
            ),
            None => return None,
        })
    }

    /// Forgets what was seen, so that [`cleanliness`](Self::cleanliness) is about what follows.
    /// To be called when the session is lent, after it was found clean.
    pub fn start_borrow(&self) {
        self.state.start_borrow();
        self.tap.start_borrow();
    }

    /// Takes the session as it is now for its ground state: what was done on it so far, by a hook that prepares it, does not
    /// make it dirty, and neither do the parameters that it has set. A [`reset`](Self::reset) does not return to this: it
    /// returns to the state after the login, and the session must be prepared again.
    ///
    /// An open transaction and an unfinished call are seen all the same.
    pub fn mark_clean(&self) {
        self.state.start_borrow();
        self.tap.rebase();
    }

    /// Makes the session count as dirty, as [`client`](Self::client) does: the next [`reset`](Self::reset) resets it, whatever
    /// was seen.
    pub fn mark_dirty(&self) {
        self.state.touch();
    }

    /// Ends a borrow: [`CancelHandle`]s taken in it send nothing any more. Whether the session may
    /// be lent again as it is. No I/O.
    ///
    /// To be called when the session is given back. A cancel that has begun makes it
    /// [`Cleanliness::Unfinished`].
    #[must_use]
    pub fn end_borrow(&self) -> Cleanliness {
        self.state.end_borrow();
        self.cleanliness()
    }

    /// Whether the session may be lent again as it is. No I/O.
    #[must_use]
    pub fn cleanliness(&self) -> Cleanliness {
        // First of all: what a call or a cancel that has ended by now has left is seen below.
        let unfinished = self.state.is_unfinished();
        let seen = self.tap.glance();
        if seen.ended || self.driven.client.is_closed() || self.state.is_doomed() {
            return Cleanliness::Broken;
        }
        if unfinished || seen.replying {
            return Cleanliness::Unfinished;
        }
        if self.cancel_may_come() {
            return Cleanliness::Broken;
        }
        if self.state.is_touched() {
            return Cleanliness::Dirty(DirtyReason::RawAccess);
        }
        if self.state.was_cancelled() {
            return Cleanliness::Dirty(DirtyReason::Cancelled);
        }
        seen.dirty_reason
            .map_or(Cleanliness::Clean, Cleanliness::Dirty)
    }

    /// A cancel was sent that may hit a statement still to come.
    ///
    /// PostgreSQL closes the connection of a cancel request when it has signalled the session. CockroachDB closes it first
    /// and looks at the request then, perhaps on another node (`pkg/sql/pgwire/pre_serve.go`, `readCancelKeyAndCloseConn`):
    /// there a request is known to be spent only by the statement that it has ended.
    fn cancel_may_come(&self) -> bool {
        self.facts.engine() == Engine::CockroachDb
            && self.state.cancels_sent() > self.tap.cancelled()
    }

    /// A handle that can cancel what this session runs, from another task.
    #[must_use]
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle::new(self.canceller.clone(), Arc::clone(&self.state))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        match self.cleanliness() {
            Cleanliness::Clean | Cleanliness::Dirty(_) => self.driven.say_goodbye(GOODBYE),
            Cleanliness::Unfinished | Cleanliness::Broken => {}
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("endpoint", &self.endpoint)
            .field("tls", &self.tls)
            .field("facts", &self.facts)
            .field("tap", &self.tap)
            .field("cleanliness", &self.cleanliness())
            .finish_non_exhaustive()
    }
}

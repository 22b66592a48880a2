//! A proxy that does to bytes what bad networks do.

mod connection;
mod listener;
mod settings;
mod wire;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::listener::PortHolder;
pub use self::settings::{Accept, Counts, Cut, Direction, Link};
use self::settings::{Ending, Settings};
pub use self::wire::{Piece, Wire};
use crate::error::{Error, ErrorKind};

/// How long [`FaultProxy::wait_for`] waits before it gives up.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A TCP proxy below TLS: it forwards bytes that it does not understand, and spoils that on request.
///
/// Everything can be switched while connections are open. Nothing is random: the same calls do the same to the same
/// bytes. Untouched, it forwards everything at once.
///
/// It runs on the Tokio runtime that started it. Dropping it closes its port and all its connections.
///
/// ```no_run
/// # async fn example() -> Result<(), crdb_testkit::Error> {
/// use crdb_testkit::{Cut, Direction, Engine, FaultProxy};
///
/// let engine = Engine::shared().await;
/// let proxy = FaultProxy::start(engine.host(), engine.port())?;
/// // .. connect to localhost:proxy.port() ..
/// proxy.cut_after(Direction::ToClient, 17, Cut::Reset); // the server's next 17 bytes arrive, then a reset
/// proxy.heal().await;                                   // new connections are fine again
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    settings: watch::Sender<Settings>,
    counts: watch::Sender<Counts>,
    wire: Wire,
    /// The last change of [`Settings::accept`] that the listener has made.
    applied: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards every connection to `host`:`port`, which need not be up yet.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot listen.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn start(host: &str, port: u16) -> Result<Self, Error> {
        let holder = PortHolder::new()?;
        let listener = holder.listen()?;
        let settings = watch::Sender::new(Settings::default());
        let counts = watch::Sender::new(Counts::default());
        let (apply, applied) = watch::channel(0);
        let wire = Wire::default();
        let upstream = (host.to_owned(), port);
        let port = holder.port();
        let gate = listener::Gate {
            holder,
            upstream,
            settings: settings.subscribe(),
            counts: counts.clone(),
            wire: wire.clone(),
            apply,
        };
        let task = tokio::spawn(gate.serve(listener));
        Ok(Self {
            port,
            settings,
            counts,
            wire,
            applied,
            task,
        })
    }

    /// The host to connect to: `localhost`, so that the engine's certificate fits.
    #[must_use]
    pub fn host(&self) -> &'static str {
        "localhost"
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Says what happens to connections from now on: it holds when the call returns. Dropping the future leaves open
    /// when it begins to hold.
    pub async fn set_accept(&self, accept: Accept) {
        self.settings
            .send_modify(|settings| settings.set_accept(accept));
        self.wait_until_applied().await;
    }

    /// Says how bytes travel in `direction`, on open connections and new ones.
    pub fn set_link(&self, direction: Direction, link: Link) {
        self.settings
            .send_modify(|settings| settings.path_mut(direction).link = link);
    }

    /// Lets `bytes` more bytes pass in `direction` and then ends the connection by `cut`. Each connection counts for
    /// itself, from this call on, or from its beginning when it is opened later. With `bytes` 0, open connections end
    /// at once and new ones as soon as they are accepted.
    ///
    /// The bytes have been handed to the receiver's side when the cut happens. A cut replaces an earlier one of the
    /// same direction.
    pub fn cut_after(&self, direction: Direction, bytes: u64, cut: Cut) {
        self.settings.send_modify(|settings| {
            settings
                .path_mut(direction)
                .set_ending(Ending { bytes, cut });
        });
    }

    /// Ends all open connections by `cut`, and leaves the proxy as it is for new ones.
    pub fn cut_now(&self, cut: Cut) {
        self.settings
            .send_modify(|settings| settings.cut_open_connections(cut));
    }

    /// Takes back everything that was set: new connections are accepted, bytes flow at once, stalled connections go on.
    /// What has ended stays ended. Dropping the future leaves open when new connections are accepted again.
    pub async fn heal(&self) {
        self.settings.send_modify(Settings::heal);
        self.wait_until_applied().await;
    }

    /// From now on keeps the latest `pieces` pieces of what passes, in both directions and of all connections, and shows
    /// them. A piece is what was handed on together, of which at most 512 bytes are kept.
    #[must_use]
    pub fn record(&self, pieces: usize) -> Wire {
        self.wire.keep(pieces);
        self.wire.clone()
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        *self.counts.borrow()
    }

    /// Waits until `reached` holds of the counts, and gives them. Dropping the future changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] after 10 s.
    pub async fn wait_for(
        &self,
        mut reached: impl FnMut(&Counts) -> bool,
    ) -> Result<Counts, Error> {
        let mut counts = self.counts.subscribe();
        let waiting = counts.wait_for(|counts| reached(counts));
        match tokio::time::timeout(WAIT_TIMEOUT, waiting).await {
            Ok(Ok(counts)) => Ok(*counts),
            _ => Err(Error::new(
                ErrorKind::Timeout,
                format!(
                    "what was waited for did not happen in {WAIT_TIMEOUT:?}: {:?}",
                    self.counts()
                ),
            )),
        }
    }
}

impl FaultProxy {
    async fn wait_until_applied(&self) {
        let number = self.settings.borrow().accept_number;
        // An error means that the proxy's task is gone, with its runtime: no connection is accepted any more.
        drop(
            self.applied
                .clone()
                .wait_for(|applied| *applied >= number)
                .await,
        );
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

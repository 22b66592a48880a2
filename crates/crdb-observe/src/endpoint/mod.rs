//! A small HTTP endpoint for operators: `/metrics`, `/health` and `/ready`.
//!
//! ```
//! use std::sync::Arc;
//! use crdb_observe::Metrics;
//! use crdb_observe::endpoint::{Endpoint, Readiness};
//!
//! # async fn example() -> Result<(), crdb_observe::endpoint::Error> {
//! let readiness = Arc::new(Readiness::new());
//! let schema = readiness.gate("schema", "migrations have not run yet");
//! let endpoint = Endpoint::builder()
//!     .metrics(Arc::new(Metrics::new()))
//!     .readiness(readiness.clone())
//!     .start()
//!     .await?;
//! println!("serving http://{}/metrics", endpoint.address());
//! // .. migrate ..
//! schema.open();
//! // On SIGTERM, before anything else is stopped:
//! readiness.drain();
//! # Ok(()) }
//! ```
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | 200 with the text of [`Metrics::render`]; 404 without metrics |
//! | `/health` | 200 while the process can answer: for liveness probes |
//! | `/ready` | 200, or 503 with what is not ready, both as JSON: for readiness probes and load balancers |
//! | `/profile` | 200 with a `ProfileReport` as JSON, with `?format=text` as text for people; 404 without a profile (feature `profile`) |
//! | `/` | 200 with this list |
//!
//! It is for probes and scrapes, not for the internet: no TLS, no login. It listens on loopback by default. GET and HEAD are
//! all it answers; each connection carries one request.
//!
//! # Limits
//! A request's head has 8 KiB at most and arrives within 5 s; an answer is taken within 10 s; 64 connections are served at a
//! time, further ones wait in the kernel's queue. A connection that exceeds a limit is closed.

mod error;
mod readiness;
mod request;
mod response;
mod server;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use crate::Metrics;

pub use error::Error;
pub use readiness::{CheckResult, Gate, Readiness, ReadinessReport};

/// The port for Prometheus exporters that OpenTelemetry's specification names.
const PORT: u16 = 9464;

/// Serves the paths of this [module](self) until it is dropped.
pub struct Endpoint {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Endpoint {
    /// An endpoint on `127.0.0.1:9464`, with nothing but `/health` and `/ready`.
    pub fn builder() -> EndpointBuilder {
        EndpointBuilder {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            routes: Routes::default(),
        }
    }

    /// Where it listens: with the port that was chosen where 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What is served.
#[derive(Clone, Default)]
struct Routes {
    metrics: Option<Arc<Metrics>>,
    readiness: Arc<Readiness>,
    #[cfg(feature = "profile")]
    profile: Option<Arc<crate::profile::Profile>>,
}

/// Starts an [`Endpoint`]. Made by [`Endpoint::builder`].
#[must_use = "nothing listens until start"]
pub struct EndpointBuilder {
    listen: SocketAddr,
    routes: Routes,
}

impl EndpointBuilder {
    /// Sets where to listen. Port 0 takes any free port. Default: `127.0.0.1:9464`, which other machines cannot reach.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Serves these metrics.
    pub fn metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.routes.metrics = Some(metrics);
        self
    }

    /// Serves this profile.
    #[cfg(feature = "profile")]
    pub fn profile(mut self, profile: Arc<crate::profile::Profile>) -> Self {
        self.routes.profile = Some(profile);
        self
    }

    /// Answers `/ready` by these checks. Default: always ready.
    pub fn readiness(mut self, readiness: Arc<Readiness>) -> Self {
        self.routes.readiness = readiness;
        self
    }

    /// Binds the address and serves it on a task of the current tokio runtime.
    ///
    /// # Errors
    /// The address cannot be bound: another program has the port, or no interface has the address.
    ///
    /// # Panics
    /// Outside a tokio runtime whose I/O and time are enabled.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn start(self) -> Result<Endpoint, Error> {
        let listen = self.listen;
        let failed = |source| Error::new(listen, source);
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let serving = tokio::spawn(server::serve(listener, self.routes));
        Ok(Endpoint {
            address,
            accepting: serving.abort_handle(),
        })
    }
}

impl fmt::Debug for EndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBuilder")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

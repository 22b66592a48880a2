//! The pool as its users see it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use crate::config::{Config, ConfigBuilder};
use crate::connector::Connector;
use crate::core::{Random, Request};
use crate::error::{Error, ErrorKind, Unreturned};
use crate::hooks::{HookFuture, Hooks};
use crate::lease::Lease;
use crate::node::{NodeAddress, NodeId};
use crate::observer::Observer;
use crate::shell::{self, Core, Inner, now};
use crate::status::Status;
use crate::topology::{DynTopology, Topology};

/// A pool of sessions to the nodes of a cluster. Cloning it is cheap and gives another handle to the same pool.
///
/// When the last handle is dropped the pool closes by itself: idle sessions at once, lent ones as they are returned.
pub struct Pool<C: Connector> {
    owner: Arc<Owner<C>>,
}

/// Closes the pool when the last handle is gone. Leases and tasks hold the inner part only.
struct Owner<C: Connector>(Arc<Inner<C>>);

/// What a caller may ask for besides a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcquireOptions {
    /// When to give up; by default [`Config::acquire_timeout`](ConfigBuilder::acquire_timeout) from now.
    pub deadline: Option<Instant>,
    /// A node that should be passed over where another one has, or can open, a session: the node that just failed.
    pub avoid: Option<NodeId>,
}

impl<C: Connector> Pool<C> {
    /// Begins a pool of the sessions that `connector` opens.
    pub fn builder(connector: C) -> PoolBuilder<C> {
        PoolBuilder {
            connector,
            config: Config::builder(),
            hooks: Hooks::default(),
            observer: None,
            nodes: Vec::new(),
            topology: None,
        }
    }

    /// Gets a session that works, waiting until one comes free. Callers are served in the order in which they came.
    ///
    /// While every node refuses our credentials, callers get an error at once, unless a session that was opened before can
    /// still come free: then they wait for that one, and get the error when the last one is lost.
    ///
    /// # Errors
    ///
    /// [`Timeout`](ErrorKind::Timeout), [`TooManyWaiters`](ErrorKind::TooManyWaiters),
    /// [`Authentication`](ErrorKind::Authentication), [`Closed`](ErrorKind::Closed).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives up the place in the queue. A session that had been granted already goes to the next caller;
    /// one that was being checked is closed, and its slot is free again.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<Lease<C>, Error>> + Send + use<'_, C> {
        self.acquire_at(AcquireOptions::default(), Location::caller())
    }

    /// As [`acquire`](Self::acquire), with a deadline or a node to avoid.
    ///
    /// # Errors
    ///
    /// As [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_with(
        &self,
        options: AcquireOptions,
    ) -> impl Future<Output = Result<Lease<C>, Error>> + Send + use<'_, C> {
        self.acquire_at(options, Location::caller())
    }

    fn acquire_at(
        &self,
        options: AcquireOptions,
        place: &'static Location<'static>,
    ) -> impl Future<Output = Result<Lease<C>, Error>> + Send + use<'_, C> {
        shell::acquire(
            &self.owner.0,
            Request {
                avoid: options.avoid,
                place,
            },
            options.deadline,
        )
    }

    /// The pool at this moment.
    #[must_use]
    pub fn status(&self) -> Status {
        self.owner.0.lock().status(now())
    }

    /// The settings that the pool was built with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.owner.0.config
    }

    /// The connector.
    #[must_use]
    pub fn connector(&self) -> &C {
        &self.owner.0.connector
    }

    /// Whether a hook runs before each loan, which may set a session up for its borrower.
    #[must_use]
    pub fn has_before_acquire(&self) -> bool {
        self.owner.0.hooks.before_acquire.is_some()
    }

    /// Changes how many sessions there may be. Surplus ones are closed, idle ones at once, lent ones as they are returned.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when `max_size` is 0 or below `min_size`.
    pub fn resize(&self, min_size: u32, max_size: u32) -> Result<(), Error> {
        if max_size == 0 || min_size > max_size {
            let message = format!(
                "cannot resize to {min_size}..{max_size}: max_size must be at least 1 and min_size"
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let at = now();
        self.owner
            .0
            .decide(|core, fx| core.resize(min_size, max_size, at, fx));
        Ok(())
    }

    /// Replaces the list of nodes. Nodes that stay keep their sessions; a new one gets its share bit by bit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when the list is empty.
    pub fn set_nodes(&self, nodes: impl IntoIterator<Item = NodeAddress>) -> Result<(), Error> {
        let nodes: Vec<_> = nodes.into_iter().collect();
        if nodes.is_empty() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a pool needs at least one node",
            ));
        }
        let at = now();
        self.owner
            .0
            .decide(|core, fx| core.set_nodes(nodes, at, fx));
        Ok(())
    }

    /// Closes the pool: callers that wait or come get an error, idle sessions are closed, and the call waits until the others
    /// have been returned, for as long as `timeout` at most. It may be called again to wait for longer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreturned`], listing the leases that are still out, with the place that borrowed each. They are closed
    /// when they are returned.
    ///
    /// # Cancel safety
    ///
    /// The pool is closed from the first poll on; dropping the future only stops the waiting.
    pub async fn close(&self, timeout: Duration) -> Result<(), Error> {
        let inner = &self.owner.0;
        inner.close();
        let quiet = async {
            loop {
                let mut notified = std::pin::pin!(inner.quiet.notified());
                notified.as_mut().enable();
                if inner.lock().is_quiet() {
                    return;
                }
                notified.await;
            }
        };
        if tokio::time::timeout(timeout, quiet).await.is_ok() {
            return Ok(());
        }
        let at = now();
        let core = inner.lock();
        let unreturned: Vec<_> = core
            .unreturned()
            .filter_map(|(borrow, address)| {
                Some(Unreturned {
                    node: (**address?).clone(),
                    held: at.saturating_duration_since(borrow.since),
                    borrowed_at: borrow.place,
                })
            })
            .collect();
        let message = format!(
            "the pool is closed, but {} sessions were not returned within {timeout:?}",
            unreturned.len()
        );
        Err(Error::new(ErrorKind::Unreturned, message).with_unreturned(unreturned))
    }
}

impl<C: Connector> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self {
            owner: self.owner.clone(),
        }
    }
}

impl<C: Connector> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl<C: Connector> Drop for Owner<C> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Collects what a pool needs. Made by [`Pool::builder`].
#[must_use]
pub struct PoolBuilder<C: Connector> {
    connector: C,
    config: ConfigBuilder,
    hooks: Hooks<C>,
    observer: Option<Arc<dyn Observer>>,
    nodes: Vec<NodeAddress>,
    topology: Option<Box<dyn DynTopology>>,
}

impl<C: Connector> PoolBuilder<C> {
    /// The nodes, when they do not change by themselves. [`Pool::set_nodes`] can replace them.
    pub fn nodes(mut self, nodes: impl IntoIterator<Item = NodeAddress>) -> Self {
        self.nodes = nodes.into_iter().collect();
        self
    }

    /// Where the list of nodes comes from, now and later. [`nodes`](Self::nodes), if given, are used until it has answered.
    pub fn topology(mut self, topology: impl Topology) -> Self {
        self.topology = Some(Box::new(topology));
        self
    }

    /// All settings at once.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config.into();
        self
    }

    /// Changes settings: `.configure(|config| config.max_size(20).min_size(2))`.
    pub fn configure(mut self, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        self.config = change(self.config);
        self
    }

    /// Short for the setting of the same name; see [`ConfigBuilder::max_size`].
    pub fn max_size(self, max_size: u32) -> Self {
        self.configure(|config| config.max_size(max_size))
    }

    /// Short for the setting of the same name; see [`ConfigBuilder::acquire_timeout`].
    pub fn acquire_timeout(self, timeout: Duration) -> Self {
        self.configure(|config| config.acquire_timeout(timeout))
    }

    /// Sets the observer. Without one, the pool itself logs what an operator should see.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Runs after a session was opened, within [`connect_timeout`](ConfigBuilder::connect_timeout), and again after each
    /// reset, within [`reset_timeout`](ConfigBuilder::reset_timeout). What it sets is the session's ground state, which every
    /// borrower finds. An error means that the session could not be opened or reset; it is closed.
    ///
    /// ```
    /// # use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress, Pool};
    /// # struct Door;
    /// # impl Connector for Door {
    /// #     type Session = Vec<&'static str>;
    /// #     type Error = std::io::Error;
    /// #     async fn connect(&self, _: &NodeAddress) -> Result<Self::Session, std::io::Error> { Ok(Vec::new()) }
    /// #     async fn check(&self, _: &mut Self::Session) -> Result<(), std::io::Error> { Ok(()) }
    /// #     fn condition(&self, _: &mut Self::Session) -> Condition { Condition::Clean }
    /// #     async fn reset(&self, s: &mut Self::Session) -> Result<(), std::io::Error> { s.clear(); Ok(()) }
    /// #     fn classify(&self, _: &std::io::Error) -> ErrorClass { ErrorClass::Dead }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), crdb_pool::Error> {
    /// let pool = Pool::builder(Door)
    ///     .nodes([NodeAddress::new("crdb-1", 26257)])
    ///     .after_connect(|session, _node| {
    ///         Box::pin(async {
    ///             session.push("SET search_path = bank"); // a statement, with a real session
    ///             Ok(())
    ///         })
    ///     })
    ///     .build()?;
    /// assert_eq!(*pool.acquire().await?, ["SET search_path = bank"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn after_connect<F>(mut self, hook: F) -> Self
    where
        F: for<'a> Fn(&'a mut C::Session, &'a NodeAddress) -> HookFuture<'a>
            + Send
            + Sync
            + 'static,
    {
        self.hooks.after_connect = Some(Box::new(hook));
        self
    }

    /// Runs before a session is lent, within [`check_timeout`](ConfigBuilder::check_timeout). After an error the session is
    /// closed and the caller gets another one.
    pub fn before_acquire<F>(mut self, hook: F) -> Self
    where
        F: for<'a> Fn(&'a mut C::Session, &'a NodeAddress) -> HookFuture<'a>
            + Send
            + Sync
            + 'static,
    {
        self.hooks.before_acquire = Some(Box::new(hook));
        self
    }

    /// Runs in the background after a session was returned and found or made clean, within
    /// [`reset_timeout`](ConfigBuilder::reset_timeout). What it leaves behind is reset; after an error the session is closed.
    pub fn after_release<F>(mut self, hook: F) -> Self
    where
        F: for<'a> Fn(&'a mut C::Session, &'a NodeAddress) -> HookFuture<'a>
            + Send
            + Sync
            + 'static,
    {
        self.hooks.after_release = Some(Box::new(hook));
        self
    }

    /// Builds the pool. Opens nothing by itself unless `min_size` says so, and then in the background.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when settings contradict each other, no nodes are given, or this is not called from
    /// within a tokio runtime.
    pub fn build(self) -> Result<Pool<C>, Error> {
        let config = self.config.build()?;
        if self.nodes.is_empty() && self.topology.is_none() {
            return Err(Error::new(
                ErrorKind::Configuration,
                "a pool needs nodes, or a topology that names them",
            ));
        }
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(
                ErrorKind::Configuration,
                "a pool must be built from within a tokio runtime",
            )
            .with_source(Some(Arc::new(error)))
        })?;
        let random = Random::seeded(config.seed.unwrap_or_else(rand::random));
        let core = Core::<C>::new(config.clone(), random);
        let inner = Arc::new(Inner::new(
            self.connector,
            config,
            self.hooks,
            self.observer,
            runtime.clone(),
            core,
        ));
        if !self.nodes.is_empty() {
            let at = now();
            inner.decide(|core, fx| core.set_nodes(self.nodes, at, fx));
        }
        let maintain = shell::maintain(Arc::downgrade(&inner), inner.wake_maintenance.clone());
        shell::spawn(&runtime, maintain);
        if let Some(topology) = self.topology {
            shell::spawn(&runtime, shell::refresh(Arc::downgrade(&inner), topology));
        }
        Ok(Pool {
            owner: Arc::new(Owner(inner)),
        })
    }
}

impl<C: Connector> fmt::Debug for PoolBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("config", &self.config)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

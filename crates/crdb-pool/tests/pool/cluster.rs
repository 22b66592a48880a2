//! A cluster without sockets: nodes that connect, refuse, hang, drain or reject credentials as a test tells them to.

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_pool::{Condition, ConfigBuilder, Connector, ErrorClass, NodeAddress, Pool};

/// How a node behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Up,
    /// Sessions are cut, connections refused.
    Killed,
    /// Nothing answers, nothing is closed.
    Blackholed,
    /// Sessions are told to leave; connections are closed.
    Draining,
    /// Sessions work, new ones are rejected.
    WrongPassword,
    /// Sessions work, new ones are refused for their number.
    Full,
    /// Clients are let in, and nothing is answered after that.
    Mute,
}

/// How sessions end by themselves on a node that is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is closed: an idle time-out, a balancer.
    Closed,
    /// The server says 57P01: an administrator, a function that raises it.
    Told,
    /// Something on the way has forgotten the connection: nothing is answered.
    Forgotten,
}

#[derive(Debug)]
pub(crate) struct Node {
    behaviour: Mutex<Behaviour>,
    /// Sessions up to this number have ended like that.
    ended: Mutex<Option<(u64, End)>>,
    /// Rises when sessions are cut: those of an earlier life are dead.
    life: AtomicU32,
    /// Its sessions need a reset, until one of them has had one.
    pub(crate) changed: AtomicBool,
    pub(crate) connects: AtomicU32,
    pub(crate) connecting: AtomicU32,
    pub(crate) most_connecting: AtomicU32,
    pub(crate) open: AtomicU32,
    pub(crate) most_open: AtomicU32,
    pub(crate) checks: AtomicU32,
    pub(crate) resets: AtomicU32,
}

/// Shared between the test and the connector.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: HashMap<u16, Node>,
    connect_time: Mutex<Duration>,
    next_session: AtomicU64,
}

/// The connector's handle.
#[derive(Clone, Debug)]
pub(crate) struct Handle(pub Arc<Cluster>);

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: u64,
    pub(crate) port: u16,
    life: u32,
    pub(crate) dirty: bool,
    pub(crate) unfinished: bool,
    pub(crate) lent: u32,
    /// What a hook has set, gone with each reset.
    pub(crate) setting: Option<u32>,
    cluster: Arc<Cluster>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Refused,
    Cut,
    Draining,
    WrongPassword,
    Full,
    /// The server refused a statement.
    Statement,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Cut => "connection reset",
            Self::Draining => "server is shutting down",
            Self::WrongPassword => "password authentication failed",
            Self::Full => "too many connections",
            Self::Statement => "relation does not exist",
        })
    }
}

impl std::error::Error for Failure {}

impl Cluster {
    pub(crate) fn start(ports: impl IntoIterator<Item = u16>) -> Handle {
        let node = || Node {
            behaviour: Mutex::new(Behaviour::Up),
            ended: Mutex::new(None),
            life: AtomicU32::new(0),
            changed: AtomicBool::new(false),
            connects: AtomicU32::new(0),
            connecting: AtomicU32::new(0),
            most_connecting: AtomicU32::new(0),
            open: AtomicU32::new(0),
            most_open: AtomicU32::new(0),
            checks: AtomicU32::new(0),
            resets: AtomicU32::new(0),
        };
        Handle(Arc::new(Self {
            nodes: ports.into_iter().map(|port| (port, node())).collect(),
            connect_time: Mutex::new(Duration::from_millis(5)),
            next_session: AtomicU64::new(0),
        }))
    }
}

impl Handle {
    pub(crate) fn node(&self, port: u16) -> &Node {
        &self.0.nodes[&port]
    }

    pub(crate) fn addresses(&self) -> Vec<NodeAddress> {
        let mut ports: Vec<_> = self.0.nodes.keys().copied().collect();
        ports.sort_unstable();
        ports
            .into_iter()
            .map(|port| NodeAddress::new("cluster", port))
            .collect()
    }

    pub(crate) fn set(&self, port: u16, behaviour: Behaviour) {
        let node = self.node(port);
        *node.behaviour.lock().unwrap() = behaviour;
        if matches!(behaviour, Behaviour::Killed) {
            node.life.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Ends the sessions that are open on a node, which goes on working.
    pub(crate) fn end_sessions(&self, port: u16, how: End) {
        let last = self.0.next_session.load(Ordering::SeqCst);
        *self.node(port).ended.lock().unwrap() = Some((last, how));
    }

    pub(crate) fn set_connect_time(&self, connect_time: Duration) {
        *self.0.connect_time.lock().unwrap() = connect_time;
    }

    pub(crate) fn connects(&self) -> u32 {
        self.0
            .nodes
            .values()
            .map(|node| node.connects.load(Ordering::SeqCst))
            .sum()
    }

    pub(crate) fn open(&self) -> u32 {
        self.0
            .nodes
            .values()
            .map(|node| node.open.load(Ordering::SeqCst))
            .sum()
    }
}

impl Node {
    fn behaviour(&self) -> Behaviour {
        *self.behaviour.lock().unwrap()
    }
}

impl Session {
    /// Whether its node has cut it.
    pub(crate) fn is_cut(&self) -> bool {
        self.cluster.nodes[&self.port].life.load(Ordering::SeqCst) != self.life
    }

    /// A statement: an error, or for ever, as the node behaves.
    pub(crate) async fn work(&mut self, time: Duration) -> Result<(), Failure> {
        self.unfinished = true;
        tokio::time::sleep(time).await;
        self.round_trip().await?;
        self.unfinished = false;
        Ok(())
    }

    fn end(&self) -> Option<End> {
        let ended = *self.cluster.nodes[&self.port].ended.lock().unwrap();
        ended
            .filter(|(last, _)| self.id < *last)
            .map(|(_, how)| how)
    }

    async fn round_trip(&self) -> Result<(), Failure> {
        let node = &self.cluster.nodes[&self.port];
        match self.end() {
            Some(End::Closed) => return Err(Failure::Cut),
            Some(End::Told) => return Err(Failure::Draining),
            Some(End::Forgotten) => pending().await,
            None => {}
        }
        if node.life.load(Ordering::SeqCst) != self.life {
            return Err(Failure::Cut);
        }
        match node.behaviour() {
            Behaviour::Up | Behaviour::WrongPassword | Behaviour::Full => Ok(()),
            Behaviour::Killed => Err(Failure::Cut),
            Behaviour::Blackholed | Behaviour::Mute => pending().await,
            Behaviour::Draining => Err(Failure::Draining),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.cluster.nodes[&self.port]
            .open
            .fetch_sub(1, Ordering::SeqCst);
    }
}

struct Connecting<'a>(&'a Node);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connector for Handle {
    type Session = Session;
    type Error = Failure;

    async fn connect(&self, address: &NodeAddress) -> Result<Session, Failure> {
        let node = self.node(address.port());
        node.connects.fetch_add(1, Ordering::SeqCst);
        let connecting = node.connecting.fetch_add(1, Ordering::SeqCst) + 1;
        node.most_connecting.fetch_max(connecting, Ordering::SeqCst);
        let _connecting = Connecting(node);
        let time = *self.0.connect_time.lock().unwrap();
        let life = node.life.load(Ordering::SeqCst);
        if !time.is_zero() && node.behaviour() != Behaviour::Killed {
            tokio::time::sleep(time).await;
        }
        match node.behaviour() {
            Behaviour::Up | Behaviour::Mute => {}
            Behaviour::Killed => return Err(Failure::Refused),
            Behaviour::Blackholed => pending().await,
            Behaviour::Draining => return Err(Failure::Draining),
            Behaviour::WrongPassword => return Err(Failure::WrongPassword),
            Behaviour::Full => return Err(Failure::Full),
        }
        let open = node.open.fetch_add(1, Ordering::SeqCst) + 1;
        node.most_open.fetch_max(open, Ordering::SeqCst);
        Ok(Session {
            id: self.0.next_session.fetch_add(1, Ordering::SeqCst),
            port: address.port(),
            life,
            dirty: false,
            unfinished: false,
            lent: 0,
            setting: None,
            cluster: self.0.clone(),
        })
    }

    async fn check(&self, session: &mut Session) -> Result<(), Failure> {
        self.node(session.port)
            .checks
            .fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
        session.round_trip().await
    }

    fn condition(&self, session: &mut Session) -> Condition {
        let node = self.node(session.port);
        if node.behaviour() == Behaviour::Draining || session.end() == Some(End::Told) {
            Condition::Draining
        } else if session.end() == Some(End::Closed) || session.unfinished || session.is_cut() {
            Condition::Broken
        } else if session.dirty || node.changed.load(Ordering::SeqCst) {
            Condition::NeedsReset
        } else {
            Condition::Clean
        }
    }

    fn lend(&self, session: &mut Session) {
        session.lent += 1;
    }

    async fn reset(&self, session: &mut Session) -> Result<(), Failure> {
        self.node(session.port)
            .resets
            .fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(2)).await;
        session.round_trip().await?;
        session.dirty = false;
        session.setting = None;
        self.node(session.port)
            .changed
            .store(false, Ordering::SeqCst);
        Ok(())
    }

    fn mark_clean(&self, session: &mut Session) {
        session.dirty = false;
    }

    fn classify(&self, error: &Failure) -> ErrorClass {
        match error {
            Failure::Refused | Failure::Cut => ErrorClass::Dead,
            Failure::Draining => ErrorClass::Draining,
            Failure::WrongPassword => ErrorClass::Authentication,
            Failure::Full => ErrorClass::Overloaded,
            Failure::Statement => ErrorClass::Harmless,
        }
    }
}

/// A pool over all nodes of a cluster.
pub(crate) fn pool(
    cluster: &Handle,
    configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> Pool<Handle> {
    Pool::builder(cluster.clone())
        .nodes(cluster.addresses())
        .configure(configure)
        .build()
        .unwrap()
}

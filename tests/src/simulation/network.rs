//! The simulated network: what is dialled, and what becomes of it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crdb_auth::{DialFuture, DialledStream, Dialler, Endpoint};
use parking_lot::Mutex;
use tokio::time::{Instant, sleep, sleep_until};

use super::link::{End, Fate, Links, Side};
use super::world::World;

/// The bytes of a connection among which its fate is decided.
const LIFE: u64 = 4_000;

/// Takes the server's end of a connection.
type Accept = Box<dyn Fn(usize, End) + Send + Sync>;

/// The network between the client and the nodes of a cluster.
pub(super) struct Network {
    world: Arc<World>,
    nodes: Mutex<Vec<Node>>,
    links: Arc<Links>,
    accept: Accept,
}

#[derive(Clone, Copy, Default)]
struct Node {
    /// Nothing listens.
    down: bool,
    /// Nothing passes before this time.
    cut_off_until: Option<Instant>,
}

impl Network {
    pub(super) fn new(
        world: &Arc<World>,
        links: &Arc<Links>,
        accept: impl Fn(usize, End) + Send + Sync + 'static,
    ) -> Self {
        Self {
            world: Arc::clone(world),
            nodes: Mutex::new(vec![Node::default(); world.setting.nodes]),
            links: Arc::clone(links),
            accept: Box::new(accept),
        }
    }

    /// The name that a node is dialled by.
    pub(super) fn name_of(node: usize) -> String {
        format!("node-{node}")
    }

    /// The node's process disappears: its connections are reset, and nothing listens.
    pub(super) fn take_down(&self, node: usize) {
        if let Some(node) = self.nodes.lock().get_mut(node) {
            node.down = true;
        }
        for link in self.links.to(node) {
            link.reset();
        }
    }

    pub(super) fn bring_up(&self, node: usize) {
        if let Some(node) = self.nodes.lock().get_mut(node) {
            node.down = false;
        }
    }

    /// Nothing passes to and from the node for so long; then everything arrives.
    pub(super) fn cut_off(&self, node: usize, how_long: Duration) {
        let until = Instant::now() + how_long;
        if let Some(node) = self.nodes.lock().get_mut(node) {
            node.cut_off_until = Some(until);
        }
        for link in self.links.to(node) {
            link.hold_until(until);
        }
    }

    /// The connections to the node are as if its machine had lost its power.
    pub(super) fn darken(&self, node: usize) {
        for link in self.links.to(node) {
            link.darken();
        }
    }

    /// The connections to the node are reset.
    pub(super) fn reset(&self, node: usize) {
        for link in self.links.to(node) {
            link.reset();
        }
    }

    fn fate(&self) -> Fate {
        let world = &self.world;
        let faults = &world.setting.faults;
        if world.fails(faults.cuts) {
            Fate::Cut(world.below(LIFE))
        } else if world.fails(faults.half_closes) {
            let side = world.pick(Side::Client, &[Side::Server]);
            Fate::HalfClosed(world.below(LIFE), side)
        } else if world.fails(faults.black_holes) {
            Fate::BlackHole(world.below(LIFE))
        } else {
            Fate::Whole
        }
    }

    async fn connect(&self, node: usize) -> io::Result<End> {
        let world = &self.world;
        sleep(world.millis(2 * world.setting.delay)).await;
        if let Some(until) = self.state(node).cut_off_until {
            sleep_until(until).await;
        }
        if world.fails(world.setting.faults.unanswered_dials) {
            world.count("unanswered dials");
            world.note(format_args!("dial to node {node}: no answer"));
            std::future::pending::<()>().await;
        }
        if self.state(node).down || world.fails(world.setting.faults.refused) {
            world.count("refused dials");
            world.note(format_args!("dial to node {node}: refused"));
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (client, server) = self.links.open(node, self.fate());
        (self.accept)(node, server);
        Ok(client)
    }

    fn state(&self, node: usize) -> Node {
        self.nodes.lock().get(node).copied().unwrap_or_default()
    }
}

impl Dialler for Network {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> DialFuture<'a> {
        Box::pin(async move {
            let name = endpoint.host.strip_prefix("node-");
            let Some(node) = name.and_then(|number| number.parse().ok()) else {
                return Err(io::ErrorKind::NotFound.into());
            };
            Ok(DialledStream::new(self.connect(node).await?))
        })
    }
}

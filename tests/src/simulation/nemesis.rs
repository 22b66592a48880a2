//! Breaks nodes and heals them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::network::Network;
use super::server::Cluster;
use super::world::World;

/// The longest time between two acts, and the longest that a node stays broken, in milliseconds.
const PAUSE: u64 = 600;
const BROKEN: u64 = 2_000;

/// What is done to a node.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// It drains and comes back.
    Drain,
    /// It drains, and its process ends before its sessions do.
    DrainAndKill,
    /// Its process is killed and started again.
    Kill,
    /// Nothing passes for a while; then everything arrives.
    CutOff,
    /// Its connections go dark.
    Darken,
    /// Its connections are reset.
    Reset,
    /// One of its sessions is ended.
    Terminate,
}

/// Breaks and heals until it is dropped.
pub(super) async fn rage(world: Arc<World>, network: Arc<Network>, cluster: Arc<Cluster>) {
    if !world.setting.faults.nemesis {
        return std::future::pending().await;
    }
    loop {
        sleep(world.millis(PAUSE)).await;
        let node = usize::try_from(world.below(world.setting.nodes as u64)).unwrap_or_default();
        let act = world.pick(
            Act::Drain,
            &[
                Act::DrainAndKill,
                Act::Kill,
                Act::CutOff,
                Act::Darken,
                Act::Reset,
                Act::Terminate,
            ],
        );
        world.note(format_args!("nemesis: {act:?} node {node}"));
        world.count("acts of the nemesis");
        let how_long = world.millis(BROKEN);
        match act {
            Act::Drain => {
                cluster.drain(node);
                sleep(how_long).await;
            }
            Act::DrainAndKill => {
                cluster.drain(node);
                sleep(how_long / 2).await;
                network.take_down(node);
                sleep(how_long / 2).await;
            }
            Act::Kill => {
                network.take_down(node);
                sleep(how_long).await;
            }
            Act::CutOff => network.cut_off(node, how_long),
            Act::Darken => network.darken(node),
            Act::Reset => network.reset(node),
            Act::Terminate => cluster.terminate_one(node),
        }
        world.note(format_args!("nemesis: node {node} is whole"));
        cluster.return_to_work(node);
        network.bring_up(node);
        sleep(Duration::from_millis(1)).await;
    }
}

/// Brings every node back.
pub(super) fn heal(world: &World, network: &Network, cluster: &Cluster) {
    for node in 0..world.setting.nodes {
        cluster.return_to_work(node);
        network.bring_up(node);
    }
}

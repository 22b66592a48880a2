//! Nodes by name: every address of a name is a node.

use std::time::Duration;

use super::{Topology, TopologyError};
use crate::node::{Locality, NodeAddress};

/// Looks names up (A and AAAA records) with the operating system's resolver and makes each address a node.
///
/// The nodes keep the name, so that certificates are verified against it, and carry the address to connect to in
/// [`NodeAddress::ip`]. An address that disappears from the answer leaves the pool: its sessions are closed as they are
/// returned.
#[derive(Clone, Debug)]
pub struct DnsTopology {
    names: Vec<(String, u16, Locality)>,
    refresh_after: Duration,
}

impl DnsTopology {
    /// Looks up one name, every 30 s.
    pub fn new(name: impl Into<String>, port: u16) -> Self {
        Self {
            names: vec![(name.into(), port, Locality::default())],
            refresh_after: Duration::from_secs(30),
        }
    }

    /// Adds a name, and says where the nodes behind it stand: one name for each region is usual.
    #[must_use]
    pub fn and(
        mut self,
        name: impl Into<String>,
        port: u16,
        locality: impl Into<Locality>,
    ) -> Self {
        self.names.push((name.into(), port, locality.into()));
        self
    }

    /// Says where the nodes behind the first name stand.
    #[must_use]
    pub fn with_locality(mut self, locality: impl Into<Locality>) -> Self {
        if let Some(first) = self.names.first_mut() {
            first.2 = locality.into();
        }
        self
    }

    /// Changes how often the names are looked up.
    #[must_use]
    pub fn with_refresh_after(mut self, refresh_after: Duration) -> Self {
        self.refresh_after = refresh_after;
        self
    }
}

impl Topology for DnsTopology {
    /// Fails only when no name at all could be looked up: a region whose name server is away must not hide the others.
    async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
        let mut nodes: Vec<NodeAddress> = Vec::new();
        let mut failure = None;
        for (name, port, locality) in &self.names {
            match tokio::net::lookup_host((name.as_str(), *port)).await {
                Ok(addresses) => {
                    for address in addresses {
                        let node = NodeAddress::new(name.as_str(), *port).with_ip(address.ip());
                        if !nodes.iter().any(|known| known.same_node(&node)) {
                            nodes.push(node.with_locality(locality.clone()));
                        }
                    }
                }
                Err(error) => failure = Some(format!("could not look up {name}: {error}")),
            }
        }
        match failure {
            Some(failure) if nodes.is_empty() => Err(failure.into()),
            _ => Ok(nodes),
        }
    }

    fn refresh_after(&self) -> Duration {
        self.refresh_after
    }
}

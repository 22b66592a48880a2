//! Nodes by name: every address of a name is a node.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::{Topology, TopologyError};
use crate::node::{Locality, NodeAddress};

/// How long the names may take, all together. What comes later is used the next time.
const PATIENCE: Duration = Duration::from_secs(5);
/// After this a lookup that has not ended is given up, and the name is looked up again.
const GIVE_UP: Duration = Duration::from_secs(60);

/// Looks names up (A and AAAA records) with the operating system's resolver and makes each address a node.
///
/// The nodes keep the name, so that certificates are verified against it, and carry the address to connect to in
/// [`NodeAddress::ip`]. An address that disappears from the answer leaves the pool: its sessions are closed as they are
/// returned.
///
/// Each name counts on its own. While the lookup of one fails or takes longer than 5 s, the addresses of its last answer stay;
/// a name that never had an answer adds none.
#[derive(Clone)]
pub struct DnsTopology {
    names: Vec<Name>,
    refresh_after: Duration,
    /// By the position of the name.
    answers: Arc<Mutex<Vec<Answers>>>,
}

#[derive(Clone, Debug)]
struct Name {
    host: String,
    port: u16,
    locality: Locality,
}

type Lookup = JoinHandle<io::Result<Vec<IpAddr>>>;

/// What is known about a name.
#[derive(Default)]
struct Answers {
    last: Vec<IpAddr>,
    /// The lookup that is under way, and since when. A resolver that hangs keeps a thread, not one more with every refresh.
    lookup: Option<(Lookup, Instant)>,
}

impl DnsTopology {
    /// Looks up one name, every 30 s.
    pub fn new(name: impl Into<String>, port: u16) -> Self {
        Self {
            names: vec![Name {
                host: name.into(),
                port,
                locality: Locality::default(),
            }],
            refresh_after: Duration::from_secs(30),
            answers: Arc::default(),
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
        self.names.push(Name {
            host: name.into(),
            port,
            locality: locality.into(),
        });
        self.answers = Arc::default();
        self
    }

    /// Says where the nodes behind the first name stand.
    #[must_use]
    pub fn with_locality(mut self, locality: impl Into<Locality>) -> Self {
        if let Some(first) = self.names.first_mut() {
            first.locality = locality.into();
        }
        self
    }

    /// Changes how often the names are looked up.
    #[must_use]
    pub fn with_refresh_after(mut self, refresh_after: Duration) -> Self {
        self.refresh_after = refresh_after;
        self
    }

    /// The nodes of every name that has, or once had, an answer of `resolve`.
    async fn nodes_by(
        &self,
        resolve: impl Fn(&Name) -> Lookup,
    ) -> Result<Vec<NodeAddress>, TopologyError> {
        let mut answers = self.answers.lock().await;
        answers.resize_with(self.names.len(), Answers::default);
        let now = Instant::now();
        for (name, answers) in self.names.iter().zip(answers.iter_mut()) {
            answers
                .lookup
                .take_if(|(_, since)| now.duration_since(*since) >= GIVE_UP);
            answers.lookup.get_or_insert_with(|| (resolve(name), now));
        }
        let deadline = now + PATIENCE;
        let mut nodes: Vec<NodeAddress> = Vec::new();
        let mut failures = Vec::new();
        for (name, answers) in self.names.iter().zip(answers.iter_mut()) {
            if let Err(failure) = answers.update(deadline).await {
                tracing::warn!(name = name.host, error = %failure, "could not look up a name of nodes");
                failures.push(format!("could not look up {}: {failure}", name.host));
            }
            for address in &answers.last {
                let node = NodeAddress::new(name.host.as_str(), name.port).with_ip(*address);
                if !nodes.iter().any(|known| known.same_node(&node)) {
                    nodes.push(node.with_locality(name.locality.clone()));
                }
            }
        }
        if nodes.is_empty() && !failures.is_empty() {
            return Err(failures.join("; ").into());
        }
        Ok(nodes)
    }
}

impl Answers {
    /// Takes over what the lookup says. After an error the last answer is still there.
    async fn update(&mut self, deadline: Instant) -> Result<(), String> {
        let Some((lookup, _)) = &mut self.lookup else {
            return Ok(());
        };
        let Ok(ended) = timeout_at(deadline, lookup).await else {
            return Err(format!("no answer within {PATIENCE:?}"));
        };
        self.lookup = None;
        match ended {
            Ok(Ok(addresses)) if addresses.is_empty() => Err("it has no address".to_owned()),
            Ok(Ok(addresses)) => {
                self.last = addresses;
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Topology for DnsTopology {
    /// Fails only when no name has, or ever had, an answer: a region whose name server is away must not hide the others.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: lookups that are under way are waited for the next time.
    async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
        self.nodes_by(|name| {
            let (host, port) = (name.host.clone(), name.port);
            tokio::spawn(async move {
                let addresses = tokio::net::lookup_host((host, port)).await?;
                Ok(addresses.map(|address| address.ip()).collect())
            })
        })
        .await
    }

    fn refresh_after(&self) -> Duration {
        self.refresh_after
    }
}

impl fmt::Debug for DnsTopology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DnsTopology")
            .field("names", &self.names)
            .field("refresh_after", &self.refresh_after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// What a name server says to a name: addresses, a failure, or nothing.
    #[derive(Clone)]
    enum Says {
        Addresses(Vec<[u8; 4]>),
        Failure,
        Nothing,
    }

    #[derive(Default)]
    struct Server {
        says: Mutex<HashMap<&'static str, Says>>,
        asked: AtomicU32,
    }

    impl Server {
        fn set(&self, name: &'static str, says: Says) {
            self.says.lock().unwrap().insert(name, says);
        }

        fn ask(&self, name: &Name) -> Lookup {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let says = self.says.lock().unwrap()[name.host.as_str()].clone();
            tokio::spawn(async move {
                match says {
                    Says::Addresses(list) => Ok(list.into_iter().map(IpAddr::from).collect()),
                    Says::Failure => Err(io::Error::other("server failure")),
                    Says::Nothing => std::future::pending().await,
                }
            })
        }
    }

    async fn addresses(topology: &DnsTopology, server: &Server) -> Vec<String> {
        let nodes = topology.nodes_by(|name| server.ask(name)).await.unwrap();
        nodes.iter().map(ToString::to_string).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_fails_keeps_its_last_answer() {
        let server = Server::default();
        let topology = DnsTopology::new("eu", 1).and("us", 2, "region=us");
        server.set("eu", Says::Addresses(vec![[10, 0, 0, 1]]));
        server.set("us", Says::Addresses(vec![[10, 1, 0, 1], [10, 1, 0, 2]]));
        let both = ["eu:1 (10.0.0.1)", "us:2 (10.1.0.1)", "us:2 (10.1.0.2)"];
        assert_eq!(addresses(&topology, &server).await, both);
        for trouble in [Says::Failure, Says::Addresses(Vec::new()), Says::Nothing] {
            server.set("us", trouble);
            for _ in 0..3 {
                assert_eq!(addresses(&topology, &server).await, both);
            }
        }
        // The other name's news comes through meanwhile.
        server.set("eu", Says::Addresses(vec![[10, 0, 0, 9]]));
        let news = ["eu:1 (10.0.0.9)", "us:2 (10.1.0.1)", "us:2 (10.1.0.2)"];
        assert_eq!(addresses(&topology, &server).await, news);
        // A lookup that hangs is given up in the end.
        tokio::time::sleep(GIVE_UP).await;
        server.set("eu", Says::Failure);
        server.set("us", Says::Addresses(vec![[10, 1, 0, 3]]));
        let news = ["eu:1 (10.0.0.9)", "us:2 (10.1.0.3)"];
        assert_eq!(addresses(&topology, &server).await, news);
    }

    #[tokio::test(start_paused = true)]
    async fn a_resolver_that_hangs_is_asked_once() {
        let server = Server::default();
        let topology = DnsTopology::new("eu", 1);
        server.set("eu", Says::Nothing);
        for _ in 0..10 {
            let error = topology
                .nodes_by(|name| server.ask(name))
                .await
                .unwrap_err();
            assert!(error.to_string().contains("no answer within 5s"), "{error}");
        }
        assert_eq!(server.asked.load(Ordering::Relaxed), 1);
    }
}

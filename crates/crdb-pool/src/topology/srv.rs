//! Nodes by service: every target of a name's SRV records is a node.

mod message;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use self::message::{Answer, LARGEST_DATAGRAM, Question};
use super::{Topology, TopologyError};
use crate::node::{Locality, NodeAddress};

/// How long a name server may take before the next one is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// Where the system says which name servers to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";
const DNS_PORT: u16 = 53;

/// Looks up SRV records (RFC 2782), such as `_cockroachdb._tcp.db.example.org`, and makes each target a node, with the port
/// that its record names.
///
/// The targets with the lowest priority number are the nodes; those with higher ones are reserves, which are not used. Weights
/// are not looked at: the pool balances by load. The connector looks up the target's address when it opens a session.
///
/// The name servers are those of `/etc/resolv.conf`, read again each time, unless
/// [`with_name_servers`](Self::with_name_servers) names others. They are asked in order, by UDP, and by TCP where the answer
/// does not fit; each has 2 s. The name is taken as it is, without the system's search domains.
#[derive(Clone, Debug)]
pub struct SrvTopology {
    name: String,
    servers: Option<Vec<SocketAddr>>,
    locality: Locality,
    refresh_after: Duration,
}

impl SrvTopology {
    /// Looks up the records of this name, every 30 s.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            servers: None,
            locality: Locality::default(),
            refresh_after: Duration::from_secs(30),
        }
    }

    /// Asks these name servers instead of the system's.
    #[must_use]
    pub fn with_name_servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = Some(servers.into_iter().collect());
        self
    }

    /// Says where the nodes stand.
    #[must_use]
    pub fn with_locality(mut self, locality: impl Into<Locality>) -> Self {
        self.locality = locality.into();
        self
    }

    /// Changes how often the records are looked up.
    #[must_use]
    pub fn with_refresh_after(mut self, refresh_after: Duration) -> Self {
        self.refresh_after = refresh_after;
        self
    }

    async fn servers(&self) -> Vec<SocketAddr> {
        match &self.servers {
            Some(servers) => servers.clone(),
            None => {
                // Files may be slow: not on the async thread.
                let read = || std::fs::read_to_string(RESOLV_CONF).unwrap_or_default();
                let text = tokio::task::spawn_blocking(read).await;
                system_servers(&text.unwrap_or_default())
            }
        }
    }
}

/// The name servers of a `resolv.conf`; this machine where it names none, as resolv.conf(5) says.
fn system_servers(text: &str) -> Vec<SocketAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words
            .next()
            .filter(|word| *word == "nameserver")
            .and(words.next())?;
        let address: IpAddr = address.parse().ok()?;
        Some(SocketAddr::new(address, DNS_PORT))
    };
    let servers: Vec<_> = text.lines().filter_map(address).collect();
    if servers.is_empty() {
        vec![SocketAddr::from((Ipv4Addr::LOCALHOST, DNS_PORT))]
    } else {
        servers
    }
}

impl Topology for SrvTopology {
    async fn nodes(&self) -> Result<Vec<NodeAddress>, TopologyError> {
        let mut failure = None;
        for server in self.servers().await {
            let asked = tokio::time::timeout(PATIENCE, ask(server, &self.name)).await;
            let reason = match asked {
                Ok(Ok(records)) => {
                    let first = records.iter().map(|record| record.priority).min();
                    let nodes = records
                        .iter()
                        .filter(|record| Some(record.priority) == first)
                        .map(|record| {
                            NodeAddress::new(record.target.as_str(), record.port)
                                .with_locality(self.locality.clone())
                        });
                    return Ok(nodes.collect());
                }
                Ok(Err(error)) => error.to_string(),
                Err(_elapsed) => format!("no answer within {PATIENCE:?}"),
            };
            failure = Some(format!("{server} says: {reason}"));
        }
        let reason = failure.unwrap_or_else(|| "no name server is known".to_owned());
        Err(format!(
            "could not look up the SRV records of {}: {reason}",
            self.name
        )
        .into())
    }

    fn refresh_after(&self) -> Duration {
        self.refresh_after
    }
}

async fn ask(server: SocketAddr, name: &str) -> Result<Vec<message::Record>, TopologyError> {
    let question = Question::new(rand::random(), name)?;
    let mut buffer = vec![0; LARGEST_DATAGRAM];
    let local: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(local).await?;
    // A connected socket takes datagrams from this server only.
    socket.connect(server).await?;
    socket.send(question.as_bytes()).await?;
    loop {
        let length = socket.recv(&mut buffer).await?;
        match question.read(&buffer[..length])? {
            Answer::Records(records) => return Ok(records),
            Answer::Truncated => return ask_at_length(server, &question).await,
            // Late, or forged: the right one may still come.
            Answer::ToAnotherQuestion => {}
        }
    }
}

async fn ask_at_length(
    server: SocketAddr,
    question: &Question,
) -> Result<Vec<message::Record>, TopologyError> {
    let mut stream = TcpStream::connect(server).await?;
    let bytes = question.as_bytes();
    stream.write_u16(u16::try_from(bytes.len())?).await?;
    stream.write_all(bytes).await?;
    let mut answer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut answer).await?;
    match question.read(&answer)? {
        Answer::Records(records) => Ok(records),
        Answer::Truncated | Answer::ToAnotherQuestion => {
            Err("the answer does not fit the question".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read_as_the_system_does() {
        let text =
            "# nameserver 9.9.9.9\nsearch example.org\nnameserver 10.0.0.2\nnameserver fe80::1\n";
        let read: Vec<_> = system_servers(text).iter().map(SocketAddr::ip).collect();
        let expected: Vec<IpAddr> = vec![
            Ipv4Addr::new(10, 0, 0, 2).into(),
            "fe80::1".parse().unwrap(),
        ];
        assert_eq!(read, expected);
        assert_eq!(system_servers("")[0].ip(), Ipv4Addr::LOCALHOST);
    }
}

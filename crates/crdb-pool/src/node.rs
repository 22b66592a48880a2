//! Which server a session belongs to.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// Names a node for as long as the pool lives.
///
/// The pool hands these out itself; they say nothing about the server's own numbering (CockroachDB's node id travels with
/// the session, which this crate does not look into). A node that leaves the topology and comes back later gets a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u64);

impl NodeId {
    /// The id of this number, for callers that carried it as a number.
    #[must_use]
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number behind the id: dense, counted from 0 in the order in which the pool met its nodes.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}", self.0)
    }
}

/// Where a node listens, and where it stands.
///
/// Two addresses are the same node when host, port and IP address agree; the locality may change while the pool runs. Hosts
/// compare as DNS compares names ([RFC 4343](https://www.rfc-editor.org/rfc/rfc4343)): without regard to the case of ASCII
/// letters, and with or without the dot at the end.
#[derive(Clone, Debug)]
pub struct NodeAddress {
    host: Arc<str>,
    port: u16,
    ip: Option<IpAddr>,
    locality: Locality,
}

impl NodeAddress {
    /// A node known by name or by a literal address. The host is kept as it is written.
    pub fn new(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            ip: None,
            locality: Locality::default(),
        }
    }

    /// Pins the name to one of its addresses: connect to `ip`, but verify the server as `host`.
    ///
    /// [`DnsTopology`](crate::DnsTopology) fills this in, because one name stands for several nodes there.
    #[must_use]
    pub fn with_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// Says where the node stands; see [`Locality`].
    #[must_use]
    pub fn with_locality(mut self, locality: impl Into<Locality>) -> Self {
        self.locality = locality.into();
        self
    }

    /// The name that the server's certificate must carry.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to connect to when the name must not be resolved again.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Where the node stands. Empty when unknown.
    #[must_use]
    pub fn locality(&self) -> &Locality {
        &self.locality
    }

    pub(crate) fn same_node(&self, other: &Self) -> bool {
        self.port == other.port
            && self.ip == other.ip
            && without_dot(&self.host).eq_ignore_ascii_case(without_dot(&other.host))
    }
}

/// A host name without the dot that marks it as complete.
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

impl PartialEq for NodeAddress {
    fn eq(&self, other: &Self) -> bool {
        self.same_node(other) && self.locality == other.locality
    }
}

impl Eq for NodeAddress {}

impl Hash for NodeAddress {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let host = without_dot(&self.host);
        host.bytes()
            .for_each(|byte| byte.to_ascii_lowercase().hash(state));
        host.len().hash(state);
        self.port.hash(state);
        self.ip.hash(state);
        self.locality.hash(state);
    }
}

impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)?;
        } else {
            write!(f, "{}:{}", self.host, self.port)?;
        }
        match self.ip {
            Some(ip) => write!(f, " ({ip})"),
            None => Ok(()),
        }
    }
}

impl<H: Into<Arc<str>>> From<(H, u16)> for NodeAddress {
    fn from((host, port): (H, u16)) -> Self {
        Self::new(host, port)
    }
}

/// A place, from the widest tier to the narrowest, in the form that `cockroach start --locality` takes:
/// `region=eu-west1,zone=b`.
///
/// How near two places are is the number of leading tiers that they share, which is CockroachDB's own measure.
///
/// ```
/// use crdb_pool::Locality;
///
/// let here = Locality::from("region=eu-west1,zone=b");
/// assert_eq!(here.shared_tiers(&Locality::from("region=eu-west1,zone=c")), 1);
/// assert_eq!(here.shared_tiers(&Locality::from("region=us-east1,zone=b")), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Locality(Arc<[String]>);

impl Locality {
    /// The tiers, widest first, each as `key=value`.
    pub fn tiers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many leading tiers both places have in common.
    #[must_use]
    pub fn shared_tiers(&self, other: &Self) -> usize {
        self.0
            .iter()
            .zip(other.0.iter())
            .take_while(|(mine, theirs)| mine == theirs)
            .count()
    }
}

impl From<String> for Locality {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Locality {
    fn from(text: &str) -> Self {
        Self(
            text.split(',')
                .map(str::trim)
                .filter(|tier| !tier.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }
}

impl fmt::Display for Locality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn hosts_compare_as_dns_compares_names() {
        let address = |host: &str| NodeAddress::new(host, 26257);
        let same = [
            "n1.example.org",
            "N1.example.org",
            "n1.EXAMPLE.org.",
            "N1.Example.Org.",
        ];
        let distinct: HashSet<_> = same.map(address).into_iter().collect();
        assert_eq!(distinct.len(), 1);
        for (one, other) in [
            (address("n1"), address("n2")),
            (address("n1"), NodeAddress::new("n1", 26258)),
            (address("n1"), address("n1").with_ip([127, 0, 0, 1].into())),
            (address("n1"), address("n1..")),
            (address("stra\u{df}e"), address("STRASSE")),
            (address("\u{e4}"), address("\u{c4}")),
        ] {
            assert!(!one.same_node(&other), "{one} and {other}");
            assert_ne!(one, other);
        }
        assert!(address("FE80::1").same_node(&address("fe80::1")));
    }
}

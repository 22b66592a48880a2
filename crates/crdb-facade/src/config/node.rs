//! The address of a node.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use figment::value::{Dict, Value};

use super::setting::sealed::Form;
use super::setting::{Element, scalar};

/// CockroachDB's port for SQL.
const DEFAULT_PORT: u16 = 26257;

/// A node: `host`, `host:port`, `[::1]:26257`, or the directory of a Unix socket, `/run/postgresql:5432`. Without a port, CockroachDB's 26257.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    host: String,
    port: u16,
    ip: Option<IpAddr>,
    locality: Option<String>,
}

impl Node {
    /// `host` is a name or an address, without brackets.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            ip: None,
            locality: None,
        }
    }

    /// Connects to this address instead of resolving the host, which stays the name that the server's certificate must
    /// carry: libpq's `hostaddr`.
    #[must_use]
    pub fn with_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip);
        self
    }

    /// Says where the node stands, as `cockroach start --locality` has it: `region=eu-west1,zone=b`.
    #[must_use]
    pub fn with_locality(mut self, locality: impl Into<String>) -> Self {
        self.locality = Some(locality.into());
        self
    }

    /// A name or an address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address to connect to instead of resolving the host.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Where it stands, if that is known.
    #[must_use]
    pub fn locality(&self) -> Option<&str> {
        self.locality.as_deref()
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The text is not `host`, `host:port` or `[address]:port`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseNodeError;

impl fmt::Display for ParseNodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected host, host:port or [address]:port")
    }
}

impl std::error::Error for ParseNodeError {}

impl FromStr for Node {
    type Err = ParseNodeError;

    fn from_str(text: &str) -> Result<Self, ParseNodeError> {
        let text = text.trim();
        let (host, port) = if text.starts_with('/') {
            // The directory of a Unix socket.
            text.rsplit_once(':')
                .map_or((text, None), |(path, port)| (path, Some(port)))
        } else if let Some(bracketed) = text.strip_prefix('[') {
            let (host, rest) = bracketed.split_once(']').ok_or(ParseNodeError)?;
            host.parse::<std::net::Ipv6Addr>()
                .map_err(|_| ParseNodeError)?;
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(ParseNodeError),
            }
        } else if text.parse::<std::net::Ipv6Addr>().is_ok() {
            (text, None)
        } else {
            let (host, port) = text
                .split_once(':')
                .map_or((text, None), |(host, port)| (host, Some(port)));
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if host.is_empty() || !host.chars().all(is_name) {
                return Err(ParseNodeError);
            }
            (host, port)
        };
        let port = port.map_or(Ok(DEFAULT_PORT), |port| {
            port.parse::<u16>()
                .ok()
                .filter(|port| *port != 0)
                .ok_or(ParseNodeError)
        })?;
        Ok(Self::new(host, port))
    }
}

impl Form for Node {
    const EXPECTED: &'static str =
        "host, host:port, [address]:port, or a table of address, ip and locality";

    fn read(value: &Value) -> Option<Self> {
        let Value::Dict(_, table) = value else {
            return scalar(value)?.parse().ok();
        };
        if table
            .keys()
            .any(|name| !["address", "ip", "locality"].contains(&name.as_str()))
        {
            return None;
        }
        let mut node: Self = scalar(table.get("address")?)?.parse().ok()?;
        if let Some(ip) = table.get("ip") {
            node.ip = Some(scalar(ip)?.parse().ok()?);
        }
        if let Some(locality) = table.get("locality") {
            node.locality = Some(scalar(locality)?);
        }
        Some(node)
    }

    fn write(&self) -> String {
        let mut text = self.to_string();
        if let Some(ip) = self.ip {
            text = format!("{text} at {ip}");
        }
        if let Some(locality) = &self.locality {
            text = format!("{text} ({locality})");
        }
        text
    }

    fn value(&self) -> Value {
        let mut table = Dict::from([("address".to_owned(), Value::from(self.to_string()))]);
        if let Some(ip) = self.ip {
            table.insert("ip".to_owned(), Value::from(ip.to_string()));
        }
        if let Some(locality) = &self.locality {
            table.insert("locality".to_owned(), Value::from(locality.as_str()));
        }
        Value::from(table)
    }
}

impl Element for Node {
    const EXPECTED_LIST: &'static str =
        "a list of nodes, each as host, host:port or [address]:port";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_addresses() {
        for (text, expected) in [
            ("localhost", Some(Node::new("localhost", 26257))),
            ("db-1.example:5432", Some(Node::new("db-1.example", 5432))),
            ("127.0.0.1:1", Some(Node::new("127.0.0.1", 1))),
            ("[::1]:26258", Some(Node::new("::1", 26258))),
            ("[::1]", Some(Node::new("::1", 26257))),
            ("::1", Some(Node::new("::1", 26257))),
            ("", None),
            (":26257", None),
            ("host:", None),
            ("host:0", None),
            ("host:65536", None),
            ("host:1:2", None),
            (
                "/run/postgresql:5432",
                Some(Node::new("/run/postgresql", 5432)),
            ),
            ("[::1", None),
            ("[host]:1", None),
            ("[::1]1", None),
            ("postgresql://host:26257/db", None),
            ("user@host", None),
        ] {
            assert_eq!(text.parse::<Node>().ok(), expected, "{text:?}");
            if let Some(node) = expected {
                assert_eq!(node.to_string().parse(), Ok(node));
            }
        }
    }
}

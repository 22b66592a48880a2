//! Where a server listens.

use std::fmt;

/// A host (name, IP address, or on Unix the absolute path of a socket directory) and a port.
///
/// The host is also the name that the server's certificate is checked against. With
/// [`address`](Self::address) the connection goes elsewhere (a tunnel, a balancer, a fixed IP)
/// while the name checked stays, as libpq's `hostaddr` does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Endpoint {
    /// Name, IP address (v6 without brackets), or directory of a Unix socket.
    pub host: String,
    /// TCP port; with a Unix socket, the number in the socket's file name.
    pub port: u16,
    /// Where to connect to instead of resolving `host`.
    pub address: Option<std::net::IpAddr>,
}

impl Endpoint {
    /// CockroachDB's usual SQL port.
    pub const COCKROACHDB_PORT: u16 = 26257;
    /// PostgreSQL's usual port, and libpq's default.
    pub const POSTGRESQL_PORT: u16 = 5432;

    /// An endpoint reached by resolving `host`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            address: None,
        }
    }

    /// Connects to `address`; `host` stays the name that the certificate is checked against.
    #[must_use]
    pub fn at(mut self, address: std::net::IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The path of the socket file, when `host` is a directory.
    pub(crate) fn unix_path(&self) -> Option<String> {
        self.host
            .starts_with('/')
            .then(|| format!("{}/.s.PGSQL.{}", self.host.trim_end_matches('/'), self.port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.unix_path() {
            return f.write_str(&path);
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)?;
        } else {
            write!(f, "{}:{}", self.host, self.port)?;
        }
        match self.address {
            Some(address) => write!(f, " (at {address})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_one_would_type_it() {
        assert_eq!(Endpoint::new("db", 26257).to_string(), "db:26257");
        assert_eq!(Endpoint::new("::1", 1).to_string(), "[::1]:1");
        assert_eq!(
            Endpoint::new("/run/pg/", 5432).to_string(),
            "/run/pg/.s.PGSQL.5432"
        );
    }
}

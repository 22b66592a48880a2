//! Where a server listens.

use std::fmt;

use crate::error::Error;

/// A host (name, IP address, or on Unix the absolute path of a socket directory) and a port.
///
/// The host is also the name that the server's certificate is checked against. With
/// [`address`](Self::address) the connection goes elsewhere (a tunnel, a balancer, a fixed IP)
/// while the name checked stays, as libpq's `hostaddr` does.
///
/// Nothing connects to a host that cannot be one, such as a whole URL or `user:password@host`; it does not print either,
/// because a password may be in it. [`ConnectionString`](crate::ConnectionString) reads URLs.
#[derive(Clone, PartialEq, Eq, Hash)]
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

    /// What is wrong with a host that cannot be one. Nothing is looked up or sent before this is asked.
    pub(crate) fn mistake(&self) -> Option<Error> {
        if is_host(&self.host) {
            return None;
        }
        let what = if self.host.contains("://") {
            "a URL stands where a host is expected: ConnectionString reads URLs"
        } else if self.host.is_empty() {
            "the host is empty"
        } else {
            "the host has characters that no host has; it is not shown, because a password may be in it. User, password and \
             port have places of their own"
        };
        Some(Error::config(format!("connecting to {self}: {what}")))
    }

    fn shown_host(&self) -> &str {
        if is_host(&self.host) {
            &self.host
        } else {
            "(not a host)"
        }
    }

    /// The path of the socket file, when `host` is a directory.
    pub(crate) fn unix_path(&self) -> Option<String> {
        self.host
            .starts_with('/')
            .then(|| format!("{}/.s.PGSQL.{}", self.host.trim_end_matches('/'), self.port))
    }
}

/// Whether it can be a host: a name of letters, digits, `-`, `_` and `.`, an IP address, or the absolute path of a socket's
/// directory. International names are written in ASCII (`xn--..`).
pub(crate) fn is_host(text: &str) -> bool {
    if text.starts_with('/') {
        return !text.contains('\0');
    }
    let is_name = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    // An IPv6 address may have a zone behind a '%' (RFC 4007, 11).
    let (address, zone) = text.split_once('%').unwrap_or((text, ""));
    let is_ipv6 = address.parse::<std::net::Ipv6Addr>().is_ok() && is_name(zone);
    !text.is_empty() && (is_name(text) || is_ipv6)
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("host", &self.shown_host())
            .field("port", &self.port)
            .field("address", &self.address)
            .finish()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.unix_path() {
            return f.write_str(&path);
        }
        let host = self.shown_host();
        if host.contains(':') {
            write!(f, "[{host}]:{}", self.port)?;
        } else {
            write!(f, "{host}:{}", self.port)?;
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
    fn what_cannot_be_a_host_does_not_print() {
        for host in [
            "db",
            "db-1.example.com.",
            "my_db",
            "127.1",
            "::1",
            "fe80::1%eth0",
            "/run/pg",
            "xn--bcher-kva.example",
        ] {
            assert!(is_host(host), "{host}");
            assert!(Endpoint::new(host, 1).mistake().is_none(), "{host}");
        }
        for host in [
            "",
            "q@db1",
            "app:hunter2@db1",
            "db1:26257",
            "hunter 2",
            "hunter#2",
            "hunter?2",
            "hunter\\2",
            "hunter%2",
            "'hunter2'",
            "\"hunter2\"",
            "hünter2",
            "@abstract",
            "hunter2/x",
            "postgresql://app:hunter2@db1/bank",
        ] {
            assert!(!is_host(host), "{host}");
            let endpoint = Endpoint::new(host, 26257);
            let error = endpoint.mistake().unwrap();
            let shown = format!("{endpoint} {endpoint:?} {error} {error:?}");
            assert!(error.is_config() && !shown.contains("nter"), "{shown}");
        }
    }

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

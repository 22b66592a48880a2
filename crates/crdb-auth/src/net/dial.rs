//! Resolves a host and races its addresses, in the manner of RFC 8305.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep_until};

use super::{Dialler, Socket, SocketOptions, Transport};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};

/// How long an attempt has the field for itself before the next address is tried as well
/// (RFC 8305, section 5: "Connection Attempt Delay").
const HEAD_START: Duration = Duration::from_millis(250);

/// The address that a connection ended up at; a cancel must go to the same one.
#[derive(Clone)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(String),
    /// Wherever the dialler connects to.
    Dialled(Arc<dyn Dialler>),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix(path) => f.write_str(path),
            Self::Dialled(_) => f.write_str("the configured dialler"),
        }
    }
}

/// Resolves the endpoint's host, unless a dialler connects to it.
pub(crate) async fn resolve(
    endpoint: &Endpoint,
    dialler: Option<&Arc<dyn Dialler>>,
) -> Result<Vec<Peer>, Error> {
    if let Some(mistake) = endpoint.mistake() {
        return Err(mistake);
    }
    if let Some(dialler) = dialler {
        return Ok(vec![Peer::Dialled(Arc::clone(dialler))]);
    }
    #[cfg(unix)]
    if let Some(path) = endpoint.unix_path() {
        return Ok(vec![Peer::Unix(path)]);
    }
    if let Some(address) = endpoint.address {
        return Ok(vec![Peer::Tcp(SocketAddr::new(address, endpoint.port))]);
    }
    let found = lookup_host((endpoint.host.as_str(), endpoint.port))
        .await
        .map_err(|error| {
            Error::new(
                ErrorKind::Resolve,
                format!(
                    "resolving {:?}: {error}; check the name, and the resolver of this machine",
                    endpoint.host
                ),
            )
            .with_source(error)
        })?;
    let addresses = interleave(found.collect());
    if addresses.is_empty() {
        return Err(Error::new(
            ErrorKind::Resolve,
            format!("resolving {:?}: the name has no address", endpoint.host),
        ));
    }
    Ok(addresses.into_iter().map(Peer::Tcp).collect())
}

/// Connects to the endpoint, racing its addresses.
///
/// Dropping the future closes every attempt.
pub(crate) async fn dial(
    endpoint: &Endpoint,
    options: SocketOptions,
    dialler: Option<&Arc<dyn Dialler>>,
    resolved: impl FnOnce(),
) -> Result<(Transport, Peer), Error> {
    let peers = resolve(endpoint, dialler).await?;
    resolved();
    let mut waiting = peers.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure: Option<Error> = None;
    loop {
        if let Some(peer) = waiting.next() {
            attempts.push(async move {
                let result = dial_peer(endpoint, &peer, options).await;
                result.map(|transport| (transport, peer))
            });
        }
        let head_start = Instant::now() + HEAD_START;
        loop {
            tokio::select! {
                biased;
                ended = attempts.next() => match ended {
                    Some(Ok(connected)) => return Ok(connected),
                    // The first failure is the preferred address's, and tells most.
                    Some(Err(error)) => {
                        failure.get_or_insert(error);
                        if waiting.len() > 0 {
                            break;
                        }
                    }
                    None => {
                        return Err(failure.unwrap_or_else(|| {
                            Error::new(ErrorKind::Resolve, format!("{endpoint} has no address"))
                        }));
                    }
                },
                () = sleep_until(head_start), if waiting.len() > 0 => break,
            }
        }
    }
}

/// Connects to one address.
pub(crate) async fn dial_peer(
    endpoint: &Endpoint,
    peer: &Peer,
    options: SocketOptions,
) -> Result<Transport, Error> {
    match peer {
        Peer::Dialled(dialler) => dialler
            .dial(endpoint)
            .await
            .map(|stream| Transport::Clear(Socket::Dialled(stream)))
            .map_err(|error| Error::from_io(&format!("connecting to {endpoint} by {peer}"), error)),
        Peer::Tcp(address) => {
            let connected = TcpStream::connect(address).await.and_then(|stream| {
                options.apply(&stream)?;
                Ok(Transport::Clear(Socket::Tcp(stream)))
            });
            connected.map_err(|error| {
                Error::from_io(&format!("connecting to {endpoint} at {address}"), error)
            })
        }
        #[cfg(unix)]
        Peer::Unix(path) => tokio::net::UnixStream::connect(path)
            .await
            .map(|stream| Transport::Clear(Socket::Unix(stream)))
            .map_err(|error| Error::from_io(&format!("connecting to {endpoint}"), error)),
    }
}

/// Alternates between the families, beginning with the one that the resolver prefers.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first() else {
        return addresses;
    };
    let preferred = first.is_ipv6();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for address in addresses {
        if address.is_ipv6() == preferred {
            left.push(address);
        } else {
            right.push(address);
        }
    }
    let mut right = right.into_iter();
    let mut out = Vec::new();
    for address in left {
        out.push(address);
        out.extend(right.next());
    }
    out.extend(right);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_alternate_and_none_is_lost() {
        let parse = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|text| text.parse().unwrap()).collect()
        };
        assert_eq!(
            interleave(parse(&[
                "[::1]:1",
                "[::2]:1",
                "1.1.1.1:1",
                "2.2.2.2:1",
                "3.3.3.3:1"
            ])),
            parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"])
        );
        assert_eq!(interleave(Vec::new()), Vec::new());
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_and_says_where() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let endpoint = Endpoint::new("127.0.0.1", port);
        let error = dial(&endpoint, SocketOptions::default(), None, || {})
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.to_string().contains(&port.to_string()), "{error}");
    }
}

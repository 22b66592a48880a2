//! A health check from inside the container, which has no shell and no curl.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the service may take to answer.
const WITHIN: Duration = Duration::from_secs(3);

/// Asks the service that listens at this address for its readiness.
///
/// # Errors
/// It does not answer within 3 s, or is not ready; the error then holds its answer.
pub fn check(listen: SocketAddr) -> io::Result<()> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let mut connection = TcpStream::connect_timeout(&address, WITHIN)?;
    connection.set_read_timeout(Some(WITHIN))?;
    connection.set_write_timeout(Some(WITHIN))?;
    connection.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.take(4096).read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.1 204 ") {
        return Ok(());
    }
    let body = answer.rsplit("\r\n\r\n").next().unwrap_or_default();
    let status = answer.lines().next().unwrap_or_default();
    Err(io::Error::other(format!("{status}: {}", body.trim_end())))
}

/// A wildcard address is listened at, but not connected to.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

//! SSLRequest and the TLS handshake.

use rustls::CertificateError;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::ALPN;
use super::{TlsClient, TlsNegotiation};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::net::Transport;

/// SSLRequest: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// How the server answered.
pub(crate) enum Negotiated {
    /// TLS is established.
    Tls(Transport),
    /// The server has no TLS; the connection can go on without.
    Without(Transport),
}

/// Asks the server for TLS and performs the handshake. Unix sockets never have TLS.
///
/// Exactly one byte is read before the handshake, so that bytes which a man in the middle has put
/// behind the answer cannot pass for the server's (CVE-2021-23222).
pub(crate) async fn negotiate(
    client: &TlsClient,
    endpoint: &Endpoint,
    transport: Transport,
) -> Result<Negotiated, Error> {
    let Transport::Tcp(mut stream) = transport else {
        return Ok(Negotiated::Without(transport));
    };
    if client.negotiation() == TlsNegotiation::Direct {
        return direct(client, endpoint, stream).await;
    }
    let attempt = || format!("asking {endpoint} for TLS");
    stream
        .write_all(&SSL_REQUEST)
        .await
        .map_err(|error| Error::from_io(&attempt(), error))?;
    let mut answer = [0];
    stream
        .read_exact(&mut answer)
        .await
        .map_err(|error| Error::from_io(&attempt(), error))?;
    match answer[0] {
        b'S' => {
            let tls = handshake(client, endpoint, stream).await?;
            Ok(Negotiated::Tls(Transport::Tls(Box::new(tls))))
        }
        b'N' => Ok(Negotiated::Without(Transport::Tcp(stream))),
        // The text of an error before TLS may come from anyone, so it is not shown
        // (CVE-2024-10977).
        b'E' => Err(Error::new(
            ErrorKind::TlsUnavailable,
            format!(
                "{}: the server answered with an error; it may be too old for TLS or overloaded",
                attempt()
            ),
        )),
        other => Err(Error::protocol(format!(
            "{}: the answer was the byte {other:#04x}; is this the SQL port?",
            attempt()
        ))),
    }
}

async fn direct(
    client: &TlsClient,
    endpoint: &Endpoint,
    stream: TcpStream,
) -> Result<Negotiated, Error> {
    let tls = handshake(client, endpoint, stream).await?;
    // Without the name, bytes meant for another protocol on the same certificate could be
    // answered (ALPACA); libpq demands it as well.
    if tls.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Err(Error::new(
            ErrorKind::Tls,
            format!(
                "TLS handshake with {endpoint}: the server did not agree on the protocol name \
                 postgresql (ALPN); direct TLS needs PostgreSQL 17 or later"
            ),
        ));
    }
    Ok(Negotiated::Tls(Transport::Tls(Box::new(tls))))
}

async fn handshake(
    client: &TlsClient,
    endpoint: &Endpoint,
    stream: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
    // A trailing dot makes a name absolute for the resolver; certificates never have it.
    let host = endpoint.host.trim_end_matches('.').to_owned();
    let name = ServerName::try_from(host).map_err(|error| {
        Error::new(
            ErrorKind::TlsHostName,
            format!(
                "TLS with {endpoint}: {:?} is neither a DNS name nor an IP address that a \
                 certificate could be for",
                endpoint.host
            ),
        )
        .with_source(error)
    })?;
    client
        .handshake(name, stream)
        .await
        .map_err(|error| Error::from_io(&format!("TLS handshake with {endpoint}"), error))
}

/// The failure of a read or write in which rustls has its say.
pub(crate) fn tls_error(attempt: &str, error: std::io::Error) -> Error {
    let Some(cause) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    else {
        return Error::new(ErrorKind::Tls, format!("{attempt}: {error}")).with_source(error);
    };
    let (kind, advice) = match cause {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => (
                ErrorKind::TlsUntrusted,
                "; configure the root certificate of the cluster's authority (ca.crt)",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (
                    ErrorKind::TlsHostName,
                    "; connect by a name in the certificate, or have one issued for this name",
                )
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                ErrorKind::TlsCertificate,
                "; renew the server's certificate, and check the clocks",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                (ErrorKind::TlsCertificate, "; check the clocks")
            }
            _ => (ErrorKind::TlsCertificate, ""),
        },
        // The server's word for what it did not like about us.
        rustls::Error::AlertReceived(_) => (
            ErrorKind::Tls,
            "; the server refused the handshake, perhaps for want of a client certificate that \
             it accepts",
        ),
        _ => (ErrorKind::Tls, ""),
    };
    Error::new(kind, format!("{attempt}: {cause}{advice}")).with_source(error)
}

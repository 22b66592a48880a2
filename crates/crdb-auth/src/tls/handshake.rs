//! SSLRequest and the TLS handshake.

use rustls::AlertDescription;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::client::ALPN;
use super::refusal::Refusal;
use super::verifier::server_name;
use super::{TlsClient, TlsNegotiation};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::net::{Socket, Transport};
use crate::server_error::ServerError;

/// SSLRequest: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// More than the longest error that a server sends in answer to an SSLRequest.
const MAX_ERROR_IN_CLEAR: usize = 8_192;

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
    let mut stream = match transport {
        Transport::Clear(socket) if !socket.is_unix() => socket,
        transport => return Ok(Negotiated::Without(transport)),
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
        b'N' => Ok(Negotiated::Without(Transport::Clear(stream))),
        b'E' => Err(refused_in_clear(&attempt(), &mut stream).await),
        other => Err(Error::protocol(format!(
            "{}: the answer was the byte {other:#04x}; is this the SQL port?",
            attempt()
        ))),
    }
}

/// The error of a server in answer to an SSLRequest.
///
/// A CockroachDB node that drains, or has too many connections, says so here. The text is not shown, because an attacker may
/// have written it (CVE-2024-10977); of the codes only those count that say no more than a closed connection would.
async fn refused_in_clear(attempt: &str, stream: &mut Socket) -> Error {
    let kind = match error_in_clear(stream).await.map(|error| error.kind()) {
        Some(kind @ (ErrorKind::Draining | ErrorKind::TooManyConnections)) => kind,
        _ => ErrorKind::TlsUnavailable,
    };
    let words = match kind {
        ErrorKind::Draining => {
            "the server shuts down or starts, says its answer without TLS; try another node"
        }
        ErrorKind::TooManyConnections => {
            "the server has too many connections, says its answer without TLS; use fewer, or another node"
        }
        _ => {
            "the server answered with an error, which is not shown because it came without TLS; it may be too old for TLS"
        }
    };
    Error::new(kind, format!("{attempt}: {words}"))
}

/// What follows the type byte of an ErrorResponse, if it is short enough for one.
async fn error_in_clear(stream: &mut Socket) -> Option<ServerError> {
    let length = stream.read_u32().await.ok()?;
    let length = usize::try_from(length).ok()?.checked_sub(4)?;
    if length > MAX_ERROR_IN_CLEAR {
        return None;
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(ServerError::parse(&body))
}

async fn direct(
    client: &TlsClient,
    endpoint: &Endpoint,
    stream: Socket,
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
    stream: Socket,
) -> Result<tokio_rustls::client::TlsStream<Socket>, Error> {
    let reached = stream.peer_ip();
    let name = server_name(&endpoint.host, reached, client.checks_name()).ok_or_else(|| {
        Error::new(
            ErrorKind::TlsHostName,
            format!(
                "TLS with {endpoint}: {:?} is neither a DNS name nor an IP address that a \
                 certificate could be for",
                endpoint.host
            ),
        )
    })?;
    client
        .handshake(name, stream)
        .await
        .map_err(|error| Error::from_io(&format!("TLS handshake with {endpoint}"), error))
}

/// The failure of a read or write in which rustls has its say.
///
/// The words are this crate's own: those of rustls are meant for its users, and print types and numbers.
pub(crate) fn tls_error(attempt: &str, cause: &rustls::Error) -> Error {
    use rustls::Error as Cause;
    if let Some(refusal) = Refusal::find(cause) {
        return Error::new(refusal.kind, format!("{attempt}: {refusal}"));
    }
    let (kind, words) = match cause {
        // What is wrong with the certificate itself is a refusal; here the signature of the handshake is.
        Cause::InvalidCertificate(_) => (
            ErrorKind::TlsUntrusted,
            "the server did not prove that it holds the key of its certificate; is the key on the server the certificate's own?"
                .to_owned(),
        ),
        Cause::NoCertificatesPresented => (
            ErrorKind::Tls,
            "the server sent no certificate; configure one on the server".to_owned(),
        ),
        Cause::AlertReceived(alert) => (ErrorKind::Tls, refused_by_server(*alert)),
        Cause::PeerIncompatible(_) => (
            ErrorKind::Tls,
            "the server has no version of TLS (1.2 or 1.3), cipher or key exchange that is accepted here; update its TLS \
             configuration"
                .to_owned(),
        ),
        Cause::InvalidMessage(_)
        | Cause::InappropriateMessage { .. }
        | Cause::InappropriateHandshakeMessage { .. } => (
            ErrorKind::Tls,
            "the server's answer is not TLS; is this the SQL port, with no proxy in between that changes it?"
                .to_owned(),
        ),
        Cause::PeerMisbehaved(_) => (
            ErrorKind::Tls,
            "the server breaks the rules of TLS; is there a proxy in between that changes what it passes on?"
                .to_owned(),
        ),
        Cause::DecryptError | Cause::PeerSentOversizedRecord => (
            ErrorKind::Tls,
            "what came from the server was damaged on the way, or changed".to_owned(),
        ),
        Cause::NoApplicationProtocol => (
            ErrorKind::Tls,
            "the server does not agree on the protocol name postgresql (ALPN); direct TLS needs PostgreSQL 17 or later"
                .to_owned(),
        ),
        _ => (
            ErrorKind::Tls,
            "TLS failed on this side; the log of target rustls at level debug says where".to_owned(),
        ),
    };
    Error::new(kind, format!("{attempt}: {words}"))
}

/// Why the server ended the handshake (RFC 8446, 6.2).
fn refused_by_server(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let words = match alert {
        Alert::CertificateRequired => {
            "the server demands a client certificate and none is configured"
        }
        Alert::UnknownCA => {
            "the server does not accept the client certificate: it does not know the authority that issued it"
        }
        Alert::CertificateExpired => {
            "the server does not accept the client certificate: it has expired"
        }
        Alert::CertificateRevoked => {
            "the server does not accept the client certificate: it is revoked"
        }
        Alert::BadCertificate | Alert::UnsupportedCertificate | Alert::CertificateUnknown => {
            "the server does not accept the client certificate; its log says why"
        }
        Alert::AccessDenied => "the server denies access to the holder of the client certificate",
        Alert::HandshakeFailure => {
            "the server refused the handshake: no cipher or key exchange in common, or it demands a client certificate"
        }
        Alert::ProtocolVersion => {
            "the server accepts neither TLS 1.2 nor TLS 1.3, or not the version that is required here"
        }
        Alert::InsufficientSecurity => "the server demands stronger ciphers than this client has",
        Alert::UnrecognisedName => {
            "the server does not know the host name that was asked for (SNI)"
        }
        Alert::NoApplicationProtocol => {
            "the server does not know the protocol name postgresql (ALPN): it is for another protocol"
        }
        Alert::DecryptError => {
            "the server could not verify the handshake: is the client key that of the client certificate?"
        }
        Alert::InternalError => "the server failed in the handshake; its log says why",
        other => {
            return format!(
                "the server ended the handshake with TLS alert {}; its log says why",
                u8::from(other)
            );
        }
    };
    words.to_owned()
}

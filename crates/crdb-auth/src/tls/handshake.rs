//! SSLRequest and the TLS handshake.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::verifier::WithoutName;
use super::{RootCertificates, SslMode, TlsConfig};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::net::Transport;

/// SSLRequest: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// TLS made ready once, used by every connection of a connector.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
}

impl TlsClient {
    /// Loads the roots and builds rustls' configuration. Blocking: reads files.
    pub(crate) fn load(config: &TlsConfig) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mode = config.effective_mode();
        let roots = if mode >= SslMode::VerifyCa {
            let roots = config
                .roots
                .clone()
                .unwrap_or_else(RootCertificates::system);
            Some(roots.load()?)
        } else {
            None
        };
        let failed = |error: rustls::Error| {
            Error::new(ErrorKind::Tls, format!("preparing TLS: {error}")).with_source(error)
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        let builder = match roots {
            Some(roots) if mode == SslMode::VerifyFull => builder.with_root_certificates(roots),
            roots => {
                let verifier: Arc<dyn ServerCertVerifier> =
                    Arc::new(WithoutName { roots, provider });
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier)
            }
        };
        let mut rustls = builder.with_no_client_auth();
        rustls.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(Self {
            connector: TlsConnector::from(Arc::new(rustls)),
        })
    }

    async fn handshake(
        &self,
        endpoint: &Endpoint,
        stream: tokio::net::TcpStream,
    ) -> Result<Transport, Error> {
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|error| {
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
        self.connector
            .connect(name, stream)
            .await
            .map(|stream| Transport::Tls(Box::new(stream)))
            .map_err(|error| tls_error(endpoint, error))
    }
}

/// How the server answered an SSLRequest.
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
        b'S' => client
            .handshake(endpoint, stream)
            .await
            .map(Negotiated::Tls),
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

fn tls_error(endpoint: &Endpoint, error: std::io::Error) -> Error {
    let attempt = format!("TLS handshake with {endpoint}");
    let Some(cause) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    else {
        return Error::from_io(&attempt, error);
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
        _ => (ErrorKind::Tls, ""),
    };
    Error::new(kind, format!("{attempt}: {cause}{advice}")).with_source(error)
}

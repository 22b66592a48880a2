//! rustls, configured.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::verifier::WithoutName;
use super::{SslMode, TlsConfig, TlsNegotiation, TlsVersion};
use crate::error::{Error, ErrorKind};

/// The ALPN name registered for the protocol.
pub(super) const ALPN: &[u8] = b"postgresql";

/// TLS made ready once, used by every connection of a connector.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
    negotiation: TlsNegotiation,
}

impl TlsClient {
    /// Loads the certificates and builds rustls' configuration. Blocking: reads files.
    pub(crate) fn load(config: &TlsConfig) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions: &[_] = match config.oldest() {
            TlsVersion::Tls12 => &[&TLS13, &TLS12],
            TlsVersion::Tls13 => &[&TLS13],
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|_| {
                Error::new(
                    ErrorKind::Tls,
                    "preparing TLS: the TLS library has none of the versions that are permitted",
                )
            })?;
        let roots = config
            .effective_roots()
            .map(|roots| roots.load())
            .transpose()?;
        let builder = match roots {
            Some(roots) if config.effective_mode() == SslMode::VerifyFull => {
                builder.with_root_certificates(roots)
            }
            roots => {
                let verifier: Arc<dyn ServerCertVerifier> =
                    Arc::new(WithoutName { roots, provider });
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(verifier)
            }
        };
        let mut rustls = match config.certificate() {
            Some(certificate) => {
                let (chain, key) = certificate.load()?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| certificate.unusable(&error))?
            }
            None => builder.with_no_client_auth(),
        };
        rustls.alpn_protocols = vec![ALPN.to_vec()];
        rustls.enable_sni = config.sends_sni();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(rustls)),
            negotiation: config.negotiates(),
        })
    }

    pub(super) fn negotiation(&self) -> TlsNegotiation {
        self.negotiation
    }

    pub(super) async fn handshake(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(name, stream).await
    }
}

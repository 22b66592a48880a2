//! rustls, configured.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::verifier::{Checks, Verifier};
use super::{SslMode, TlsConfig, TlsNegotiation, TlsVersion, X509};
use crate::error::{Error, ErrorKind};
use crate::net::Socket;

/// The ALPN name registered for the protocol.
pub(super) const ALPN: &[u8] = b"postgresql";

/// TLS made ready once, used by every connection of a connector.
#[derive(Clone)]
pub(crate) struct TlsClient {
    connector: TlsConnector,
    negotiation: TlsNegotiation,
    with_name: bool,
    /// When the client certificate ends.
    certificate_ends: Option<SystemTime>,
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
        let with_name = config.effective_mode() == SslMode::VerifyFull;
        let checks = match config.effective_roots() {
            Some(roots) => Some(Checks {
                trust: roots.load()?,
                with_name,
                revocation: match config.revocation() {
                    Some(lists) => lists.load()?,
                    None => Vec::new(),
                },
            }),
            None => None,
        };
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { checks, provider }));
        let mut certificate_ends = None;
        let mut rustls = match config.certificate() {
            Some(certificate) => {
                let (chain, key) = certificate.load()?;
                let own = chain.first().and_then(|own| X509::read(own));
                certificate_ends = own.map(|own| own.not_after);
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
            with_name,
            certificate_ends,
        })
    }

    pub(super) fn certificate_ends(&self) -> Option<SystemTime> {
        self.certificate_ends
    }

    pub(super) fn negotiation(&self) -> TlsNegotiation {
        self.negotiation
    }

    /// Whether the certificate must be for the name of the host.
    pub(super) fn checks_name(&self) -> bool {
        self.with_name
    }

    pub(super) async fn handshake(
        &self,
        name: ServerName<'static>,
        stream: Socket,
    ) -> std::io::Result<TlsStream<Socket>> {
        self.connector.connect(name, stream).await
    }
}

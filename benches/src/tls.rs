//! TLS, for a server that is run elsewhere and wants it: every client is then measured with TLS, else none.

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use crdb_testkit::Engine;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::{
    Socket,
    tls::{ChannelBinding, MakeTlsConnect, TlsConnect},
};

use crate::case::MeasureError;

/// The files that a client needs, which verifies the server's name and certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate of the authority that signed the server's.
    pub root: PathBuf,
    /// The client's own certificate and its key.
    pub client: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// What the URL of a server that is run elsewhere names; `None` where it names nothing, and for servers of the test kit.
    #[must_use]
    pub fn of(engine: &Engine) -> Option<Self> {
        let administrator = engine.administrator();
        let client = administrator
            .certificate_path()
            .zip(administrator.key_path())
            .map(|(certificate, key)| (certificate.to_owned(), key.to_owned()));
        engine
            .try_ca_cert_path()
            .filter(|_| engine.try_login(crdb_testkit::Login::Scram).is_none())
            .map(|root| Self {
                root: root.to_owned(),
                client,
            })
    }

    /// The variables that configure libpq's programs.
    #[must_use]
    pub fn environment(tls: Option<&Self>) -> Vec<(&'static str, PathBuf)> {
        let Some(tls) = tls else {
            return vec![("PGSSLMODE", "disable".into())];
        };
        let mut variables = vec![
            ("PGSSLMODE", "verify-full".into()),
            ("PGSSLROOTCERT", tls.root.clone()),
        ];
        if let Some((certificate, key)) = &tls.client {
            variables.push(("PGSSLCERT", certificate.clone()));
            variables.push(("PGSSLKEY", key.clone()));
        }
        variables
    }

    /// The keys of crdb-facade's configuration, and their values.
    #[must_use]
    pub fn settings(tls: Option<&Self>) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let Some(tls) = tls else {
            return vec![("auth.tls.mode", "disable".to_owned())];
        };
        let mut settings = vec![("auth.tls.root_certificates", text(&tls.root))];
        if let Some((certificate, key)) = &tls.client {
            settings.push(("auth.tls.client_certificate", text(certificate)));
            settings.push(("auth.tls.client_key", text(key)));
        }
        settings
    }
}

/// TLS for tokio-postgres, by rustls.
#[derive(Debug, Clone)]
pub struct Rustls(Arc<ClientConfig>);

impl Rustls {
    /// Reads the files.
    ///
    /// # Errors
    /// Where they cannot be read, or are no certificates.
    pub fn new(tls: &Tls) -> Result<Self, MeasureError> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&tls.root)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match &tls.client {
            Some((certificate, key)) => config.with_client_auth_cert(
                CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?,
                PrivateKeyDer::from_pem_file(key)?,
            )?,
            None => config.with_no_client_auth(),
        };
        Ok(Self(Arc::new(config)))
    }
}

impl MakeTlsConnect<Socket> for Rustls {
    type Stream = Encrypted;
    type TlsConnect = Handshake;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, domain: &str) -> Result<Handshake, Self::Error> {
        Ok(Handshake {
            connector: tokio_rustls::TlsConnector::from(Arc::clone(&self.0)),
            name: ServerName::try_from(domain.to_owned())?,
        })
    }
}

/// A handshake that is to be made.
pub struct Handshake {
    connector: tokio_rustls::TlsConnector,
    name: ServerName<'static>,
}

impl TlsConnect<Socket> for Handshake {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        Box::pin(async move {
            let stream = self.connector.connect(self.name, socket).await?;
            Ok(Encrypted(stream))
        })
    }
}

/// An encrypted connection. It binds no login to itself, as CockroachDB cannot either.
#[derive(Debug)]
pub struct Encrypted(tokio_rustls::client::TlsStream<Socket>);

impl tokio_postgres::tls::TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Connects the bare driver, with TLS where there is one.
///
/// # Errors
/// Where the server refuses.
pub async fn connect(
    config: &tokio_postgres::Config,
    tls: Option<&Rustls>,
) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    match tls {
        Some(tls) => {
            let (client, connection) = config.connect(tls.clone()).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        None => {
            let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

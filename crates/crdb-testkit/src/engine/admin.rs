//! The test kit's own connection to a server, for what has to be set up before a test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use tokio_rustls::TlsConnector;

use super::login::Credentials;
use crate::error::{Error, ErrorKind};

/// SSLRequest: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// How long one login or one statement of ours may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(30);

/// A statement that is to be cancelled, and ends where it is not: long after a request has reached a slow machine's server.
const CANCELABLE: &str = "SELECT pg_sleep(10)";

/// How long before another cancel request: the one before may have come too early.
const CANCEL_AGAIN: Duration = Duration::from_millis(50);

/// Where to connect, and as whom.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) ca_certificate: Option<&'a Path>,
    pub(crate) credentials: &'a Credentials,
    pub(crate) database: &'a str,
}

impl Target<'_> {
    /// Runs statements one after the other on a connection of its own, and gives the first column of the last row. All of
    /// them together may take [`STEP_TIMEOUT`].
    pub(crate) async fn run(&self, statements: &[&str]) -> Result<Option<String>, Error> {
        self.in_time(async {
            let client = self.connect().await?;
            let mut answer = None;
            for sql in statements {
                answer = self.run_one(&client, sql).await?;
            }
            Ok(answer)
        })
        .await
    }

    /// Runs statements one after the other on a connection of its own, each within [`STEP_TIMEOUT`]. An error comes with the
    /// index of its statement.
    pub(crate) async fn run_each(&self, statements: &[&str]) -> Result<(), (usize, Error)> {
        let connected = self.in_time(self.connect()).await;
        let client = connected.map_err(|error| (0, error))?;
        for (index, sql) in statements.iter().enumerate() {
            let ran = self.in_time(self.run_one(&client, sql)).await;
            ran.map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// Whether a cancel request ends a statement: it is sent again and again while one runs that ends by itself.
    pub(crate) async fn takes_cancel_requests(&self) -> Result<bool, Error> {
        self.in_time(async {
            let client = self.connect().await?;
            let token = client.cancel_token();
            let mut running = std::pin::pin!(client.simple_query(CANCELABLE));
            loop {
                tokio::select! {
                    ended = &mut running => return match ended {
                        Ok(_) => Ok(false),
                        Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::QUERY_CANCELED) => Ok(true),
                        Err(source) => Err(Error::new(
                            ErrorKind::Database,
                            "running a statement that is to be cancelled",
                        )
                        .with_source(source)),
                    },
                    () = tokio::time::sleep(CANCEL_AGAIN) => {}
                }
                let Ok(stream) = TcpStream::connect((self.host, self.port)).await else {
                    continue;
                };
                // That a request is closed without an answer is what it looks like when it is taken.
                match self.ca_certificate {
                    Some(ca_certificate) => {
                        let stream = self.encrypt(stream, ca_certificate).await?;
                        drop(token.cancel_query_raw(stream, NoTls).await);
                    }
                    None => drop(token.cancel_query_raw(stream, NoTls).await),
                }
            }
        })
        .await
    }

    async fn run_one(&self, client: &Client, sql: &str) -> Result<Option<String>, Error> {
        let messages = client.simple_query(sql).await.map_err(|source| {
            let start: String = sql.chars().take(60).collect();
            let refused = format!("{} refused `{start}`", self.place());
            Error::new(ErrorKind::Database, refused).with_source(source)
        })?;
        Ok(messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // Boxed: with a connection in it, it would make every future that awaits it large.
        tokio::time::timeout(STEP_TIMEOUT, Box::pin(work))
            .await
            .map_err(|_| {
                Error::new(
                    ErrorKind::Timeout,
                    format!("{} did not answer in {STEP_TIMEOUT:?}", self.place()),
                )
            })?
    }

    async fn connect(&self) -> Result<Client, Error> {
        let refused = || {
            Error::new(
                ErrorKind::Database,
                format!("cannot log in at {}", self.place()),
            )
        };
        let stream = TcpStream::connect((self.host, self.port))
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Io, format!("cannot reach {}", self.place()))
                    .with_source(source)
            })?;
        let mut config = tokio_postgres::Config::new();
        config
            .user(&self.credentials.user)
            .dbname(self.database)
            .application_name("crdb-testkit")
            .ssl_mode(tokio_postgres::config::SslMode::Disable);
        if !self.credentials.password.is_empty() {
            config.password(&self.credentials.password);
        }
        let client = if let Some(ca_certificate) = self.ca_certificate {
            let stream = self.encrypt(stream, ca_certificate).await?;
            let (client, connection) = config
                .connect_raw(stream, NoTls)
                .await
                .map_err(|source| refused().with_source(source))?;
            tokio::spawn(connection);
            client
        } else {
            let (client, connection) = config
                .connect_raw(stream, NoTls)
                .await
                .map_err(|source| refused().with_source(source))?;
            tokio::spawn(connection);
            client
        };
        Ok(client)
    }

    async fn encrypt(
        &self,
        mut stream: TcpStream,
        ca_certificate: &Path,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Error> {
        let failed = |source: std::io::Error| {
            Error::new(ErrorKind::Io, format!("no TLS with {}", self.place())).with_source(source)
        };
        let connector =
            TlsConnector::from(Arc::new(client_config(ca_certificate, self.credentials)?));
        stream.write_all(&SSL_REQUEST).await.map_err(failed)?;
        let answer = stream.read_u8().await.map_err(failed)?;
        if answer != b'S' {
            return Err(Error::new(
                ErrorKind::Database,
                format!("{} offers no TLS", self.place()),
            ));
        }
        let name = ServerName::try_from(self.host.to_owned()).map_err(|source| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("`{}` is no host name", self.host),
            )
            .with_source(source)
        })?;
        connector.connect(name, stream).await.map_err(failed)
    }

    fn place(&self) -> String {
        format!("{}:{} as {}", self.host, self.port, self.credentials.user)
    }
}

/// A TLS client that trusts `ca_certificate` only, and shows the credentials' certificate where there is one.
fn client_config(
    ca_certificate: &Path,
    credentials: &Credentials,
) -> Result<rustls::ClientConfig, Error> {
    let unreadable = |path: &Path| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("no certificate in {}", path.display()),
        )
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca_certificate)
        .map_err(|source| unreadable(ca_certificate).with_source(source.to_string()))?
    {
        let certificate = certificate
            .map_err(|source| unreadable(ca_certificate).with_source(source.to_string()))?;
        roots
            .add(certificate)
            .map_err(|source| unreadable(ca_certificate).with_source(source))?;
    }
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|source| {
        Error::new(ErrorKind::InvalidInput, "no TLS version is left").with_source(source)
    })?
    .with_root_certificates(roots);
    let Some((certificate, key)) = &credentials.certificate else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|source| unreadable(certificate).with_source(source.to_string()))?;
    let key_der = PrivateKeyDer::from_pem_file(key)
        .map_err(|source| unreadable(key).with_source(source.to_string()))?;
    builder
        .with_client_auth_cert(chain, key_der)
        .map_err(|source| unreadable(certificate).with_source(source))
}

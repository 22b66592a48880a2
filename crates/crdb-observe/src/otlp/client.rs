//! HTTP on the threads that send.

use std::collections::HashMap;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{Error, failed};

/// Sends requests, one after another, blocking: each signal has a thread of its own.
#[derive(Clone, Debug)]
pub(super) struct Client(ureq::Agent);

/// Longer than any request. What is longer has no end that the clock could hold.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

impl Client {
    /// A client that trusts these certificates where the URL is one of https.
    pub(super) fn new(timeout: Duration, roots: Roots) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots.0)))
            .build();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout.min(FAR)))
            .tls_config(tls)
            // The exporter looks at the status itself, to know what to send again.
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self(config.into())
    }

    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, HttpError> {
        /// More than any answer of a collector needs.
        const LONGEST: u64 = 1 << 20;
        let response = self.0.run(request)?;
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(LONGEST).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }
}

impl HttpClient for Client {
    fn send_bytes<'a, 'f>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(ready(self.send(request.map(|body| body.to_vec()))))
    }
}

/// Where a collector takes one kind of telemetry. Not printed: the URL and the headers may hold what the collector is shown.
#[derive(Clone)]
pub(super) struct Destination {
    url: String,
    headers: HashMap<String, String>,
    client: Client,
}

impl Destination {
    /// # Errors
    /// The URL is none, or a header cannot be one.
    pub(super) fn new(
        url: String,
        headers: HashMap<String, String>,
        client: Client,
    ) -> Result<Self, Error> {
        let this = Self {
            url,
            headers,
            client,
        };
        match this.request(Vec::new()) {
            Ok(_) => Ok(this),
            Err(source) => Err(Error {
                attempt: "setting up OTLP",
                source,
            }),
        }
    }

    fn request(&self, message: Vec<u8>) -> Result<Request<Vec<u8>>, HttpError> {
        let mut request = Request::post(&self.url).header("content-type", "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        Ok(request.body(message)?)
    }

    /// Sends a message of OTLP, and gives the answer's body.
    ///
    /// # Errors
    /// The collector could not be reached, or did not take it.
    pub(super) fn post(&self, message: Vec<u8>) -> Result<Bytes, HttpError> {
        let response = self.client.send(self.request(message)?)?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(format!("the collector answered {}", response.status()).into())
    }
}

/// The certificates that a collector's has to come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Roots(Vec<Certificate<'static>>);

impl Roots {
    /// Those of these files; without any, those of the system.
    pub(super) fn read(files: &[PathBuf]) -> Result<Self, Error> {
        const ATTEMPT: &str = "reading the root certificates for OTLP";
        if files.is_empty() {
            let found = rustls_native_certs::load_native_certs().certs;
            let owned = found
                .iter()
                .map(|der| Certificate::from_der(der).to_owned());
            return Ok(Self(owned.collect()));
        }
        let mut roots = Vec::new();
        for file in files {
            let named = |error: &dyn std::fmt::Display| {
                failed(
                    ATTEMPT,
                    std::io::Error::other(format!("{}: {error}", file.display())),
                )
            };
            let before = roots.len();
            for item in parse_pem(&read(file).map_err(|error| named(&error))?) {
                if let PemItem::Certificate(certificate) = item.map_err(|error| named(&error))? {
                    roots.push(certificate);
                }
            }
            if roots.len() == before {
                return Err(named(&"there is no certificate in it"));
            }
        }
        Ok(Self(roots))
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    std::fs::read(file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_request_may_take_for_ever() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        let request = Request::post(format!("http://{address}/v1/traces"))
            .body(Vec::new())
            .unwrap();
        Client::new(Duration::MAX, Roots::default())
            .send(request)
            .unwrap_err();
    }
}

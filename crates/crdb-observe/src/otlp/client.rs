//! HTTP on the threads that send.

use std::collections::HashMap;
use std::fmt;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{Error, SETTING_UP, failed};

/// Sends requests, one after another, blocking: each signal has a thread of its own.
#[derive(Clone)]
pub(super) struct Client {
    agent: ureq::Agent,
    /// With the headers that code has set. Those of the environment, which a request has already, go before them.
    set_by_code: Arc<Request<()>>,
}

/// Longer than any request. What is longer has no end that the clock could hold.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

impl Client {
    /// A client that trusts these certificates where the URL is one of https.
    ///
    /// # Errors
    /// A header cannot be one.
    pub(super) fn new(
        timeout: Duration,
        roots: Roots,
        headers: &HashMap<String, String>,
    ) -> Result<Self, Error> {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::Specific(Arc::new(roots.0)))
            .build();
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout.min(FAR)))
            .tls_config(tls)
            // Who sends looks at the status itself, to know what to send again.
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        let mut set_by_code = Request::builder();
        for (name, value) in headers {
            set_by_code = set_by_code.header(name, value);
        }
        let set_by_code = set_by_code
            .body(())
            .map_err(|error| failed(SETTING_UP, error))?;
        Ok(Self {
            agent: config.into(),
            set_by_code: Arc::new(set_by_code),
        })
    }

    pub(super) fn send(&self, mut request: Request<&[u8]>) -> Result<Response<Bytes>, HttpError> {
        /// More than any answer of a collector needs.
        const LONGEST: u64 = 1 << 20;
        self.add_headers(&mut request);
        let response = self.agent.run(request)?;
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(LONGEST).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
    }

    /// Adds the headers that code has set, but those that a request has.
    fn add_headers<B>(&self, request: &mut Request<B>) {
        for (name, value) in self.set_by_code.headers() {
            request
                .headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
    }
}

impl fmt::Debug for Client {
    /// Without the headers, which hold what the collector is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
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
        let (parts, body) = request.into_parts();
        Box::pin(ready(self.send(Request::from_parts(parts, &body))))
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
    fn a_header_of_code_gives_way_to_the_same_one_of_a_request() {
        let by_code = [("Authorization", "of code"), ("X-Scope", "bank")];
        let by_code = by_code.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let client = Client::new(FAR, Roots::default(), &HashMap::from(by_code)).unwrap();
        let request = Request::builder().header("authorization", "of the environment");
        let mut request = request.body(()).unwrap();
        client.add_headers(&mut request);
        let found: Vec<_> = request.headers().iter().collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(request.headers()["authorization"], "of the environment");
        assert_eq!(request.headers()["x-scope"], "bank");
    }

    #[test]
    fn a_request_may_take_for_ever() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        let request = Request::post(format!("http://{address}/v1/traces"))
            .body([].as_slice())
            .unwrap();
        Client::new(Duration::MAX, Roots::default(), &HashMap::new())
            .unwrap()
            .send(request)
            .unwrap_err();
    }
}

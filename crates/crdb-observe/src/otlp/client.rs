//! HTTP on the threads that send.

use std::future::ready;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

/// Sends requests, one after another, blocking: each signal has a thread of its own.
#[derive(Clone, Debug)]
pub(super) struct Client(ureq::Agent);

/// Longer than any request. What is longer has no end that the clock could hold.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

impl Client {
    pub(super) fn new(timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout.min(FAR)))
            // The exporter looks at the status itself, to know what to send again.
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self(config.into())
    }

    pub(super) fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        /// More than any answer of a collector needs.
        const LONGEST: u64 = 1 << 20;
        let response = self.0.run(request.map(|body| body.to_vec()))?;
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
        Box::pin(ready(self.send(request)))
    }
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
            .body(Bytes::new())
            .unwrap();
        Client::new(Duration::MAX).send(request).unwrap_err();
    }
}

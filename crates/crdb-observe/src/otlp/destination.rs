//! Where this crate itself sends a kind of telemetry.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use opentelemetry_http::{Bytes, HttpError, Request, Response};

use super::client::Client;
use super::environment::{self, Signal};
use super::{Error, SETTING_UP, failed};

/// Where a collector takes one kind of telemetry. Not printed: the URL and the headers may hold what the collector is shown.
#[derive(Clone)]
pub(super) struct Destination {
    /// The request without its message.
    request: Arc<Request<()>>,
    client: Client,
}

/// How often a message is sent again at most, and how long the first pause is: those of `opentelemetry-otlp`. Each pause is twice as long as
/// the one before, and up to [`JITTER`] longer.
const RETRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(100);
const JITTER: u64 = 100;

/// Why a message did not arrive.
struct Missed {
    why: HttpError,
    /// Whether another time may do.
    may_pass: bool,
    /// How long the collector asks to wait.
    after: Option<Duration>,
}

impl Destination {
    /// # Errors
    /// The URL is not one of http or https, or a variable holds what cannot be a header.
    pub(super) fn new(signal: Signal, url: &str, client: Client) -> Result<Self, Error> {
        let mut request = Request::post(url)
            .header("content-type", "application/x-protobuf")
            .header(
                "user-agent",
                concat!("crdb-observe/", env!("CARGO_PKG_VERSION")),
            );
        for (name, value) in environment::headers(signal)? {
            request = request.header(name, value);
        }
        let request = request
            .body(())
            .map_err(|error| failed(SETTING_UP, error))?;
        let is_http = matches!(request.uri().scheme_str(), Some("http" | "https"));
        if !is_http || request.uri().host().is_none_or(str::is_empty) {
            // Not shown: it may hold a password.
            let wrong = "a collector's URL is not one of http:// or https:// with a host";
            return Err(failed(SETTING_UP, std::io::Error::other(wrong)));
        }
        Ok(Self {
            request: Arc::new(request),
            client,
        })
    }

    /// Sends a message of OTLP, and gives the answer's body.
    ///
    /// # Errors
    /// The collector could not be reached, or did not take it.
    pub(super) fn post(&self, message: &[u8]) -> Result<Bytes, HttpError> {
        self.attempt(message).map_err(|missed| missed.why)
    }

    /// As [`post`](Self::post), a few times where another time may do. No try begins later than `within`.
    #[expect(
        clippy::disallowed_methods,
        reason = "the thread that sends does nothing else"
    )]
    pub(super) fn post_again(&self, message: &[u8], within: Duration) -> Result<Bytes, HttpError> {
        let began = Instant::now();
        let mut tries = 0;
        loop {
            let missed = match self.attempt(message) {
                Ok(answer) => return Ok(answer),
                Err(missed) => missed,
            };
            let jitter = RandomState::new().hash_one(tries) % JITTER;
            let pause = PAUSE * 2_u32.pow(tries) + Duration::from_millis(jitter);
            let pause = missed.after.unwrap_or(pause);
            let in_time = began.elapsed().saturating_add(pause) < within;
            if !missed.may_pass || tries == RETRIES || !in_time {
                return Err(missed.why);
            }
            sleep(pause);
            tries += 1;
        }
    }

    fn attempt(&self, message: &[u8]) -> Result<Bytes, Missed> {
        let sent = self.client.send((*self.request).clone().map(|()| message));
        let response = sent.map_err(|why| Missed {
            why,
            may_pass: true,
            after: None,
        })?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        Err(Missed {
            why: format!("the collector answered {status}").into(),
            // As OTLP's specification lists them.
            may_pass: matches!(status.as_u16(), 429 | 502 | 503 | 504),
            after: seconds_to_wait(&response),
        })
    }
}

/// `Retry-After` in seconds. As a date, which collectors do not send, it is left to the pauses.
fn seconds_to_wait(response: &Response<Bytes>) -> Option<Duration> {
    let text = response.headers().get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::HashMap;

    use super::super::client::Roots;
    use super::*;

    #[test]
    fn a_collector_says_in_seconds_how_long_to_wait() {
        let of = |value: &str| {
            let answer = Response::builder().header("Retry-After", value);
            seconds_to_wait(&answer.body(Bytes::new()).unwrap())
        };
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of(" 0 "), Some(Duration::ZERO));
        for other in ["", "-1", "1.5", "soon", "Fri, 27 Nov 2026 09:00:00 GMT"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(seconds_to_wait(&Response::new(Bytes::new())), None);
    }

    #[test]
    fn a_url_that_is_none_of_http_is_refused_and_not_shown() {
        let client = Client::new(PAUSE, Roots::default(), &HashMap::new()).unwrap();
        for url in [
            "user:s3cret@collector:4318",
            "s3cret",
            "/s3cret",
            "ftp://s3cret/v1/traces",
            "http://s3cret:x y/",
            "",
        ] {
            let refused = Destination::new(Signal::Traces, url, client.clone()).err();
            let refused = refused.unwrap();
            let shown = format!("{refused} {refused:?}");
            assert!(shown.starts_with("setting up OTLP: "), "{shown}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        for url in ["http://collector:4318/v1/traces", "https://[::1]/v1/traces"] {
            assert!(Destination::new(Signal::Traces, url, client.clone()).is_ok());
        }
    }
}

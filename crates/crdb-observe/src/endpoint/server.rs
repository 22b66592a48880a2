//! Accepts connections, and answers one request on each.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Routes;
use super::request::{self, Refused, Request};
use super::response::{Response, Status};
use crate::Metrics;

/// How many connections are served at a time.
const MOST_CONNECTIONS: usize = 64;

/// How long a request's head may take.
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// How long an answer may take to be taken.
const WRITE_LIMIT: Duration = Duration::from_secs(10);

/// How long and how much is read after the answer, so that closing does not reset what the client has not read yet.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: u64 = 64 * 1024;

/// How long accepting pauses after it has failed, as it does when no file descriptor is left.
const PAUSE: Duration = Duration::from_millis(100);

const NO_PROFILE: &str = "no profile is recorded\n";

const PATHS: &str = "/metrics\n/health\n/ready\n/profile\n";

/// Accepts connections until it is dropped, which closes them.
pub(super) async fn serve(listener: TcpListener, routes: Routes) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = routes.clone();
                connections.spawn(async move {
                    answer(stream, &routes).await;
                    drop(place);
                });
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Answers one request. What goes wrong is the client's loss: there is no one else to tell.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, routes: &Routes) {
    let (response, is_head) = match timeout(HEAD_LIMIT, request::read(&mut stream)).await {
        Ok(Ok(request)) => (routes.respond(&request).await, request.is_head),
        Ok(Err(Refused::Answer(status))) => (Response::plain(status), false),
        Ok(Err(Refused::Gone)) => return,
        Err(_) => (Response::plain(Status::Slow), false),
    };
    if let Ok(Ok(())) = timeout(WRITE_LIMIT, response.write(&mut stream, is_head)).await {
        let mut rest = stream.take(LINGER_BYTES);
        let mut sink = tokio::io::sink();
        drop(timeout(LINGER, tokio::io::copy(&mut rest, &mut sink)).await);
    }
}

impl Routes {
    async fn respond(&self, request: &Request) -> Response {
        match request.path.as_str() {
            "/metrics" => match &self.metrics {
                Some(metrics) => Response::new(Status::Ok, Metrics::CONTENT_TYPE, metrics.render()),
                None => Response::text(Status::NotFound, "metrics are off\n"),
            },
            "/health" => Response::text(Status::Ok, "ok\n"),
            "/ready" => {
                let report = self.readiness.report().await;
                let status = if report.ready {
                    Status::Ok
                } else {
                    Status::Unready
                };
                // Names and texts are always JSON.
                let body = serde_json::to_string(&report).unwrap_or_default();
                Response::json(status, body + "\n")
            }
            "/profile" => self.profile(&request.query),
            "/" => Response::text(Status::Ok, PATHS),
            _ => Response::text(Status::NotFound, PATHS),
        }
    }

    #[cfg(feature = "profile")]
    fn profile(&self, query: &str) -> Response {
        let Some(profile) = &self.profile else {
            return Response::text(Status::NotFound, NO_PROFILE);
        };
        let report = profile.report();
        if query.split('&').any(|part| part == "format=text") {
            Response::text(Status::Ok, report.to_string())
        } else {
            Response::json(Status::Ok, report.to_json() + "\n")
        }
    }

    #[cfg(not(feature = "profile"))]
    #[allow(clippy::unused_self, reason = "with the feature it is used")]
    fn profile(&self, _: &str) -> Response {
        Response::text(Status::NotFound, NO_PROFILE)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpStream;

    use super::super::{Endpoint, Readiness};
    use super::*;

    /// For hangs only.
    const LONG: Duration = Duration::from_secs(60);

    async fn start(readiness: &Arc<Readiness>) -> Endpoint {
        let metrics = Arc::new(Metrics::new());
        metrics.set_build("1.2.3", "abc");
        Endpoint::builder()
            .listen(([127, 0, 0, 1], 0).into())
            .metrics(metrics)
            .readiness(Arc::clone(readiness))
            .start()
            .await
            .unwrap()
    }

    async fn send(address: SocketAddr, bytes: &[u8]) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        timeout(LONG, exchange).await.unwrap()
    }

    async fn get(address: SocketAddr, path: &str) -> (String, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = send(address, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let length = format!("Content-Length: {}", body.len());
        assert!(head.contains(&length), "{head}");
        (head.to_owned(), body.to_owned())
    }

    #[tokio::test]
    async fn each_path_has_its_answer() {
        let readiness = Arc::new(Readiness::new());
        let schema = readiness.gate("schema", "not migrated");
        let endpoint = start(&readiness).await;
        let address = endpoint.address();
        assert!(address.ip().is_loopback());

        let (head, body) = get(address, "/metrics").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(Metrics::CONTENT_TYPE), "{head}");
        assert!(body.contains("crdb_build_info"), "{body}");
        assert!(body.ends_with("# EOF\n"), "{body}");

        let (head, _) = get(address, "/health").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");

        let (head, body) = get(address, "/ready").await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        let expected =
            r#"{"ready":false,"checks":[{"name":"schema","ready":false,"reason":"not migrated"}]}"#;
        assert_eq!(body.trim(), expected);
        schema.open();
        let (head, _) = get(address, "/ready").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        readiness.drain();
        let (head, body) = get(address, "/ready").await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(body.contains("about to stop"), "{body}");
        let (head, _) = get(address, "/health").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");

        let (head, body) = get(address, "/nothing").await;
        assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
        assert!(body.contains("/metrics"), "{body}");
    }

    #[tokio::test]
    async fn a_head_has_no_body_and_other_methods_are_refused() {
        let endpoint = start(&Arc::new(Readiness::new())).await;
        let answer = send(
            endpoint.address(),
            b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        let answer = send(
            endpoint.address(),
            b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(answer.contains("Allow: GET, HEAD\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_bounded() {
        let endpoint = start(&Arc::new(Readiness::new())).await;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}",
            "a".repeat(request::LONGEST_HEAD)
        );
        let answer = send(endpoint.address(), head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    /// The clock is paused: it jumps to the limit as soon as everything waits.
    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_come_is_answered_at_the_limit() {
        let (mut client, server) = tokio::io::duplex(1024);
        let answered = tokio::spawn(async move { answer(server, &Routes::default()).await });
        client.write_all(b"GET / HT").await.unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        answered.await.unwrap();
    }

    #[tokio::test]
    async fn connections_that_say_nothing_keep_no_more_than_their_places() {
        let endpoint = start(&Arc::new(Readiness::new())).await;
        let mut silent = Vec::new();
        for _ in 0..MOST_CONNECTIONS {
            silent.push(TcpStream::connect(endpoint.address()).await.unwrap());
        }
        // Served as soon as one of them has gone, or has reached its limit.
        silent.truncate(MOST_CONNECTIONS / 2);
        let (head, _) = get(endpoint.address(), "/health").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    }

    #[tokio::test]
    async fn an_address_in_use_is_said_and_a_dropped_endpoint_frees_it() {
        let endpoint = start(&Arc::new(Readiness::new())).await;
        let address = endpoint.address();
        let error = Endpoint::builder()
            .listen(address)
            .start()
            .await
            .unwrap_err();
        assert!(error.is_in_use(), "{error}");
        assert!(error.to_string().contains(&address.to_string()), "{error}");
        drop(endpoint);
        let freed = async {
            while Endpoint::builder().listen(address).start().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LONG, freed).await.unwrap();
    }
}

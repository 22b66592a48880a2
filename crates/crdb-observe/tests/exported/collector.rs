//! A small collector: takes OTLP over HTTP and decodes the protobuf that arrives.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

/// What has arrived.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) traces: Vec<ExportTraceServiceRequest>,
    pub(crate) metrics: Vec<ExportMetricsServiceRequest>,
    pub(crate) logs: Vec<ExportLogsServiceRequest>,
    /// The values of the header `authorization`.
    pub(crate) authorizations: Vec<String>,
}

pub(crate) struct Collector {
    port: u16,
    arrived: Arc<Mutex<Arrived>>,
    /// How many requests are still refused.
    #[allow(dead_code, reason = "as of `refuse`")]
    refused: Arc<AtomicUsize>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        Self::start_with(|stream| stream)
    }

    /// One that speaks through what `wrap` makes of a connection.
    pub(crate) fn start_with<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> S + Send + Sync + 'static,
    ) -> Self {
        let wrap = Arc::new(wrap);
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let arrived = Arc::new(Mutex::new(Arrived::default()));
        let shared = Arc::clone(&arrived);
        let refused = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&refused);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, arrived) = (stream.unwrap(), Arc::clone(&shared));
                let (wrap, refused) = (Arc::clone(&wrap), Arc::clone(&told));
                std::thread::spawn(move || serve(wrap(stream), &arrived, &refused));
            }
        });
        Self {
            port,
            arrived,
            refused,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers this many of the next requests with 503, and keeps nothing of them.
    #[allow(dead_code, reason = "some tests that share this have no use for it")]
    pub(crate) fn refuse(&self, requests: usize) {
        self.refused.store(requests, Ordering::SeqCst);
    }

    pub(crate) fn take(&self) -> Arrived {
        std::mem::take(&mut *self.arrived.lock().unwrap())
    }
}

/// Serves the requests of one connection. A request that is not as it should be ends the test's process loudly: the thread's panic shows,
/// and the client gets no answer.
fn serve(stream: impl Read + Write, arrived: &Mutex<Arrived>, refused: &AtomicUsize) {
    let mut requests = BufReader::new(stream);
    loop {
        let mut line = String::new();
        // A client that goes away may leave out the end of TLS.
        if !matches!(requests.read_line(&mut line), Ok(1..)) {
            return;
        }
        let path = line.strip_prefix("POST ").unwrap();
        let path = path.split(' ').next().unwrap().to_owned();
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut header = String::new();
            requests.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim_end().split_once(':') else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "content-type" => assert_eq!(value.trim(), "application/x-protobuf"),
                "authorization" => authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        requests.read_exact(&mut body).unwrap();
        let refuse = refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        });
        if refuse.is_ok() {
            let answers = requests.get_mut();
            answers
                .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
            answers.flush().unwrap();
            continue;
        }
        let mut arrived = arrived.lock().unwrap();
        arrived.authorizations.extend(authorization);
        match path.as_str() {
            "/v1/traces" => arrived.traces.push(decode(&body)),
            "/v1/metrics" => arrived.metrics.push(decode(&body)),
            "/v1/logs" => arrived.logs.push(decode(&body)),
            _ => panic!("no such signal: {path}"),
        }
        drop(arrived);
        let answers = requests.get_mut();
        answers
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        answers.flush().unwrap();
    }
}

/// Decodes a whole body.
fn decode<M: prost::Message + Default>(body: &[u8]) -> M {
    M::decode(body).unwrap()
}

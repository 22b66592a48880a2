//! The program as a process, and a client of it.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// For hangs only.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A process of the service. Dropping it kills it.
pub(crate) struct Replica {
    child: Child,
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Replica {
    /// Starts the program in a directory of its own, and waits until it listens.
    pub(crate) async fn start(
        directory: &Path,
        settings: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let file = directory.join("bank.yaml");
        std::fs::write(&file, settings).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_bank-service"))
            .arg(&file)
            .env("BANK_LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (found, listening) = tokio::sync::oneshot::channel();
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            let mut found = Some(found);
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let event: Value = serde_json::from_str(&line).unwrap_or_default();
                if event["message"] == "listening"
                    && let Some(found) = found.take()
                {
                    let address: SocketAddr = event["address"].as_str().unwrap().parse().unwrap();
                    let _ = found.send(address);
                }
                kept.lock().unwrap().push(line);
            }
        });
        let address = tokio::time::timeout(LIMIT, listening).await.unwrap();
        let address = address.unwrap_or_else(|_| panic!("it did not start: {lines:?}"));
        Self {
            child,
            address,
            lines,
        }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Where metrics are served, with a port that was chosen.
    pub(crate) fn endpoint(&self) -> SocketAddr {
        let lines = self.lines.lock().unwrap();
        let events = lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_default());
        let mut serving = events.filter(|event: &Value| {
            event["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("serving /metrics"))
        });
        serving.next().unwrap()["address"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Waits until the readiness probe gives this status.
    pub(crate) async fn until_ready(&self, wanted: u16) {
        let waiting = async {
            while status(self.address, "/ready").await != Some(wanted) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(LIMIT, waiting).await;
        assert!(
            waited.is_ok(),
            "/ready never gave {wanted}:\n{}",
            self.log()
        );
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end, which must come by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let ended = tokio::time::timeout(LIMIT, waiting).await;
        ended.unwrap_or_else(|_| panic!("it does not end"))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // One that has ended already is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn status(address: SocketAddr, path: &str) -> Option<u16> {
    request(address, "GET", path, None, "")
        .await
        .map(|(status, _)| status)
}

/// One request on a connection of its own: status and body, or `None` where no whole answer came.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: Option<&str>,
    body: &str,
) -> Option<(u16, String)> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    if let Some(key) = key {
        write!(text, "idempotency-key: {key}\r\n").unwrap();
    }
    text.push_str("\r\n");
    text.push_str(body);
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(text.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let length = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        // An answer that was cut off is none.
        if let Some((_, length)) = length
            && length.parse() != Ok(body.len())
        {
            return None;
        }
        Some((status, body.to_owned()))
    };
    tokio::time::timeout(LIMIT, exchange).await.unwrap()
}

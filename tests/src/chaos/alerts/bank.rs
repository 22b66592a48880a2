//! The demo: the service of the guide, as a program of its own, which Prometheus scrapes like any other.

use super::subject::Place;
use crate::chaos::program::{Program, cargo, workspace};
use anyhow::{Context as _, ensure};
use crdb_testkit::{Engine, Login};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// For hangs only: a start waits for the schema, and a build is before it.
const LONG: Duration = Duration::from_secs(60);

/// Between two calls of one client.
const PAUSE: Duration = Duration::from_millis(20);

/// Between two times that its sessions are ended.
const UNREST: Duration = Duration::from_millis(300);

/// How many clients call it.
const CLIENTS: usize = 4;

/// The bank with all that it has: lanes, a client certificate, an audit log, its endpoint.
pub(crate) struct Bank {
    /// Where it is scraped.
    pub(crate) endpoint: SocketAddr,
    /// Who calls it, and who disturbs it. They end with this.
    _callers: JoinSet<()>,
    _directory: TempDir,
}

impl Bank {
    /// Builds it, starts it, and calls it while its sessions are ended now and then, so that it has failures and retries to count.
    pub(crate) async fn start(engine: &Arc<Engine>) -> anyhow::Result<Self> {
        let place = Place::new(engine).await?;
        let directory = tempfile::tempdir()?;
        let file = |name: &str| directory.path().join(name);
        engine
            .authority()
            .client(Login::Certificate.user())?
            .write(directory.path(), "client")?;
        std::fs::write(file("key"), [42; 32])?;
        std::fs::write(file("seed"), [7; 32])?;
        let settings = serde_json::json!({
            "listen": "127.0.0.1:0",
            "audit": {
                "directory": file("audit"), "name": "bank.example/audit",
                "key_file": file("key"), "seed_file": file("seed"),
            },
            "database": {
                "auth": {
                    "url": place.url,
                    "tls": {"client_certificate": file("client.crt"), "client_key": file("client.key")},
                },
                "exec": {"lanes": 1},
                "observe": {
                    "endpoint": {"listen": "127.0.0.1:0"},
                    "profile": true,
                    "inspect": {"plans": true, "contention": true},
                },
            },
        });
        // JSON is YAML.
        std::fs::write(file("bank.yaml"), settings.to_string())?;
        let words = [
            built().await?.display().to_string(),
            file("bank.yaml").display().to_string(),
        ];
        let mut program = Program::start(&words, directory.path(), &[])?;
        let (api, endpoint) = timeout(LONG, addresses(&mut program))
            .await
            .context("the bank does not listen")??;
        let mut callers = JoinSet::new();
        // Its output is read, so that it never waits for that.
        callers.spawn(async move { while program.line().await.is_some() {} });
        for _ in 0..CLIENTS {
            callers.spawn(call(api));
        }
        callers.spawn(disturb(Arc::clone(engine), place.name));
        Ok(Self {
            endpoint,
            _callers: callers,
            _directory: directory,
        })
    }
}

/// The program, built as this one is.
async fn built() -> anyhow::Result<PathBuf> {
    let output = tokio::process::Command::new(cargo())
        .args(["build", "--quiet", "--package", "bank-service"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(workspace()?)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .context("cargo could not be started")?;
    ensure!(output.status.success(), "the bank does not compile");
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "bank-service")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .context("cargo names no program of the bank")
}

/// Where its API and its endpoint listen, as its log says.
async fn addresses(program: &mut Program) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let (mut api, mut endpoint) = (None, None);
    loop {
        let line = program.line().await.context("the bank has ended")?;
        let event: Value = serde_json::from_str(&line).unwrap_or_default();
        let address = || event["address"].as_str().and_then(|text| text.parse().ok());
        match event["message"].as_str() {
            Some("listening") => api = address(),
            Some("serving /metrics, /health and /ready") => endpoint = address(),
            _ => {}
        }
        if let (Some(api), Some(endpoint)) = (api, endpoint) {
            return Ok((api, endpoint));
        }
    }
}

/// Asks for accounts, and makes the same customer again and again, which is refused.
async fn call(api: SocketAddr) {
    const CUSTOMER: &str = r#"{"name":"Ada","email":"ada@example.com","country":"GB"}"#;
    loop {
        for request in [
            "GET /accounts HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n".to_owned(),
            format!(
                "POST /customers HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-type: application/json\r\n\
                 content-length: {}\r\n\r\n{CUSTOMER}",
                CUSTOMER.len()
            ),
        ] {
            // What comes of a call is the metrics' to tell.
            drop(timeout(LONG, exchange(api, &request)).await);
        }
        sleep(PAUSE).await;
    }
}

async fn exchange(api: SocketAddr, request: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map(drop)
}

/// Ends its sessions on the server.
async fn disturb(engine: Arc<Engine>, database: String) {
    let end = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
    );
    loop {
        sleep(UNREST).await;
        drop(engine.execute(&end).await);
    }
}

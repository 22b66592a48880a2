//! Debian's Prometheus, in compressed time.

use super::picture::Series;
use super::rules;
use crate::chaos::program::Program;
use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// For hangs only.
const LONG: Duration = Duration::from_secs(60);

/// How often it looks again.
const PAUSE: Duration = Duration::from_millis(100);

/// The programs, and where they come from.
const MISSING: &str =
    "there is no prometheus or promtool: `cargo xtask setup --alerts` installs them";

/// A running Prometheus, which scrapes what its configuration names. Dropping it stops it.
pub(crate) struct Prometheus {
    address: SocketAddr,
    directory: tempfile::TempDir,
    jobs: BTreeMap<String, Vec<SocketAddr>>,
    /// Ends with this.
    _program: Program,
}

impl Prometheus {
    /// Starts it with the shipped rules, in compressed time.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir().context("a directory for Prometheus")?;
        let place = |name: &str| directory.path().join(name);
        for name in ["recording.yml", "alerts.yml"] {
            let text = rules::compress(&rules::read(name)?, rules::FASTER)?;
            std::fs::write(place(name), text)?;
        }
        std::fs::write(place("targets.json"), "[]")?;
        let config =
            "global: { scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms }
rule_files: [recording.yml, alerts.yml]
scrape_configs:
  - job_name: services
    file_sd_configs: [{ files: [targets.json], refresh_interval: 1s }]
";
        std::fs::write(place("prometheus.yml"), config)?;
        // It cannot tell which port it chose, so it gets one that was free a moment ago.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let words = [
            program("prometheus")?.display().to_string(),
            format!("--config.file={}", place("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", place("data").display()),
            format!("--web.listen-address={address}"),
            "--log.level=warn".to_owned(),
        ];
        let program = Program::start(&words, directory.path(), &[])?;
        let this = Self {
            address,
            directory,
            jobs: BTreeMap::new(),
            _program: program,
        };
        let ready = async {
            while !matches!(get(address, "/-/ready").await, Ok((200, _))) {
                sleep(PAUSE).await;
            }
        };
        timeout(LONG, ready)
            .await
            .context("Prometheus is not ready")?;
        Ok(this)
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Scrapes one more service.
    pub(crate) fn watch(&mut self, job: &str, service: SocketAddr) -> anyhow::Result<()> {
        self.jobs.entry(job.to_owned()).or_default().push(service);
        let targets: Vec<_> = self
            .jobs
            .iter()
            .map(|(job, services)| serde_json::json!({"labels": {"job": job}, "targets": services}))
            .collect();
        // Renamed, so that it never reads a half of it.
        let half = self.directory.path().join("targets.half");
        std::fs::write(&half, Value::from(targets).to_string())?;
        std::fs::rename(half, self.directory.path().join("targets.json"))?;
        Ok(())
    }

    /// Waits until every service has been scraped.
    pub(crate) async fn until_scraped(&self) -> anyhow::Result<()> {
        let services: usize = self.jobs.values().map(Vec::len).sum();
        let scraped = async {
            loop {
                let up = self.query("sum(up)").await?;
                let up = up.pointer("/result/0/value/1").and_then(Value::as_str);
                if up == Some(services.to_string().as_str()) {
                    return anyhow::Ok(());
                }
                sleep(PAUSE).await;
            }
        };
        timeout(LONG, scraped)
            .await
            .context("not every service could be scraped")?
    }

    /// The alerts that fire now, by job.
    pub(crate) async fn firing(&self) -> anyhow::Result<BTreeMap<String, BTreeSet<String>>> {
        let data = self.ask("/api/v1/alerts").await?;
        let mut firing = BTreeMap::<String, BTreeSet<String>>::new();
        for alert in data["alerts"].as_array().into_iter().flatten() {
            let label = |name| alert["labels"][name].as_str().map(str::to_owned);
            if let (Some(job), Some(name), Some("firing")) =
                (label("job"), label("alertname"), alert["state"].as_str())
            {
                firing.entry(job).or_default().insert(name);
            }
        }
        Ok(firing)
    }

    /// Evaluates an expression.
    pub(crate) async fn query(&self, expression: &str) -> anyhow::Result<Value> {
        let path = format!("/api/v1/query?query={}", encoded(expression));
        self.ask(&path).await
    }

    /// What an expression gave over a time, once a second: from and to in seconds since 1970.
    pub(crate) async fn range(
        &self,
        expression: &str,
        (from, to): (f64, f64),
    ) -> anyhow::Result<Vec<Series>> {
        let path = format!(
            "/api/v1/query_range?query={}&start={from:.3}&end={to:.3}&step=1",
            encoded(expression)
        );
        let data = self.ask(&path).await?;
        let results = data["result"].as_array().into_iter().flatten();
        Ok(results.map(series).collect())
    }

    /// The names of all series of a job.
    pub(crate) async fn names(&self, job: &str) -> anyhow::Result<BTreeSet<String>> {
        let selector = encoded(&format!("{{job=\"{job}\"}}"));
        let data = self
            .ask(&format!("/api/v1/label/__name__/values?match[]={selector}"))
            .await?;
        let names = data.as_array().into_iter().flatten();
        Ok(names
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect())
    }

    async fn ask(&self, path: &str) -> anyhow::Result<Value> {
        let (status, body) = get(self.address, path).await?;
        ensure!(
            status == 200,
            "Prometheus answers {status} to {path}: {body}"
        );
        let mut answer: Value = serde_json::from_str(&body)?;
        Ok(answer["data"].take())
    }
}

fn series(result: &Value) -> Series {
    let labels = result["metric"].as_object().into_iter().flatten();
    let points = result["values"].as_array().into_iter().flatten();
    Series {
        labels: labels
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
        points: points
            .filter_map(|point| {
                let value = point[1].as_str()?.parse().ok()?;
                Some((point[0].as_f64()?, value))
            })
            .collect(),
    }
}

/// Runs promtool in the directory of what is shipped.
pub(crate) async fn promtool(arguments: &[&str]) -> anyhow::Result<()> {
    let output = tokio::process::Command::new(program("promtool")?)
        .args(arguments)
        .current_dir(rules::directory()?)
        .output()
        .await?;
    if !output.status.success() {
        bail!(
            "promtool {}: {}{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|path| Path::is_file(path))
        .context(MISSING)
}

async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP")?;
        let status = head.split(' ').nth(1).context("no status")?.parse()?;
        anyhow::Ok((status, body.to_owned()))
    };
    timeout(LONG, exchange).await.context("no answer")?
}

/// Everything but letters and digits by its code.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

//! A container engine of our own: data, socket and networks apart from one that may run here.
#![allow(
    clippy::disallowed_methods,
    reason = "no async thread is blocked here; a condition is asked for again after a moment"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long the engine may take to start, and to end.
const LIMIT: Duration = Duration::from_secs(60);

/// A running `dockerd`. Dropping it ends it; its containers and networks have to be removed before.
pub(super) struct Daemon {
    child: Child,
    socket: PathBuf,
}

impl Daemon {
    /// Starts it, with everything that it writes in `directory`.
    ///
    /// It touches neither the bridge `docker0` nor the firewall: the containers are on an internal network and meet no one
    /// else. The storage driver copies files, so that it works inside of containers too.
    ///
    /// # Errors
    /// When it does not start; its log is in the error.
    pub(super) fn start(directory: &Path) -> Result<Self> {
        let socket = directory.join("docker.sock");
        let config = directory.join("daemon.json");
        std::fs::write(&config, "{}").context("writing the configuration of dockerd")?;
        let log_path = directory.join("dockerd.log");
        let log = std::fs::File::create(&log_path).context("creating the log of dockerd")?;
        let child = Command::new("dockerd")
            .arg("--data-root")
            .arg(directory.join("data"))
            .arg("--exec-root")
            .arg(directory.join("exec"))
            .arg("--pidfile")
            .arg(directory.join("pid"))
            .arg("--config-file")
            .arg(config)
            .arg("--host")
            .arg(format!("unix://{}", socket.display()))
            .args([
                "--storage-driver=vfs",
                "--bridge=none",
                "--iptables=false",
                "--ip6tables=false",
            ])
            .args(["--ip-forward=false", "--ip-masq=false", "--group="])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("dockerd could not be started")?;
        let mut daemon = Self { child, socket };
        let end = Instant::now() + LIMIT;
        while daemon.docker(&["version"]).is_err() {
            let ended = daemon.child.try_wait()?;
            if ended.is_some() || Instant::now() > end {
                let log = std::fs::read_to_string(&log_path).unwrap_or_default();
                let lines: Vec<&str> = log.lines().rev().take(5).collect();
                bail!("dockerd did not start: {}", lines.join("; "));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(daemon)
    }

    /// What clients find this engine by, as `DOCKER_HOST`.
    pub(super) fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Runs a command of `docker` against this engine, and gives what it prints.
    ///
    /// # Errors
    /// When it fails, with its words.
    pub(super) fn docker(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new("docker")
            .arg("--host")
            .arg(self.host())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .context("docker could not be started")?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(
            output.status.success(),
            "docker {}: {text} {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(text)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGTERM and not SIGKILL, so that it ends the containerd that it has started.
        let id = self.child.id().to_string();
        drop(Command::new("kill").args(["-TERM", &id]).status());
        let end = Instant::now() + LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > end {
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

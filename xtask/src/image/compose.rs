//! `deploy/compose/compose.yaml` at work: brought up as it is shipped, loaded, robbed of a node and a replica, taken down.

mod images;
mod tool;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::daemon::Daemon;
use super::traffic::{get, held, transfers, wait};
use super::trial::ensure_root;
use crate::artefact::{CRDB, Linking, Program};
use crate::setup;
use crate::workspace::succeed;
use images::Images;

/// What is brought up: all that is not one of these by itself is something that these depend on.
const SERVICES: [&str; 5] = ["bank1", "bank2", "prometheus", "blackbox", "collector"];

/// As the file publishes them, in the engine's own network.
const REPLICAS: [SocketAddr; 2] = [local(8081), local(8082)];
const PROMETHEUS: SocketAddr = local(9090);

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), port)
}

/// Runs the file with the image in the archive; says what held, and what could not be tried.
///
/// The ports that the file publishes may be taken on this machine: a process in a network of its own does it.
pub(super) fn run(root: &Path, target: &Path, archive: &Path) -> Result<()> {
    ensure_root("--compose")?;
    setup::prepare(setup::Purpose::Compose, "image");
    tool::compose(target)?;
    images::build(root)?;
    let place = target.join("image/build");
    let crdb = Program::build(root, target, &place, CRDB, Linking::Static)?;
    let own = std::env::current_exe().context("this program has no path")?;
    succeed(
        Command::new("unshare")
            .args([
                "--net",
                "sh",
                "-c",
                "ip link set lo up && exec \"$@\"",
                "sh",
            ])
            .arg(own)
            .args(["image", "--compose-here"])
            .args([archive, &crdb.path])
            .current_dir(root),
    )
}

/// The part in a network of its own, which cannot fetch anything.
pub(super) fn run_here(root: &Path, target: &Path, archive: &Path, crdb: &Path) -> Result<()> {
    let compose = tool::compose(target)?;
    let directory = tempfile::tempdir().context("no temporary directory")?;
    // The containers' users have to get to what is mounted.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711))?;
    let daemon = Daemon::start(directory.path())?;
    let load = archive.display().to_string();
    daemon.docker(&["load", "--input", &load])?;
    Images::new(&daemon, directory.path()).import(target)?;
    let trial = Trial {
        daemon: &daemon,
        compose,
        file: root.join("deploy/compose/compose.yaml"),
        directory: directory.path().to_owned(),
    };
    let result = trial.all(crdb);
    let removed = match result {
        Ok(()) => trial.down(),
        Err(_) => trial
            .compose(&["down", "--volumes", "--timeout", "0"])
            .map(drop),
    };
    result?;
    removed?;
    println!(
        "not tried here: CockroachDB itself and the collector (stand-ins, made of PostgreSQL behind the quirks proxy), Grafana (no image of it)"
    );
    Ok(())
}

struct Trial<'a> {
    daemon: &'a Daemon,
    compose: PathBuf,
    file: PathBuf,
    directory: PathBuf,
}

impl Trial<'_> {
    fn all(&self, crdb: &Path) -> Result<()> {
        let up: Vec<&str> = ["up", "--wait", "--wait-timeout", "180"]
            .into_iter()
            .chain(SERVICES)
            .collect();
        if let Err(error) = self.compose(&up) {
            let log = self.compose(&["logs", "--tail", "20"]).unwrap_or_default();
            return Err(error.context(log));
        }
        for replica in REPLICAS {
            let (status, body) = get(replica, "/ready")?;
            ensure!(status == 204, "{replica} is not ready: {status} {body}");
        }
        held("one command brings up three nodes with certificates and two ready replicas");
        self.watched()?;
        self.loaded()?;
        self.asked_by_the_program(crdb)
    }

    /// Prometheus scrapes and probes all that it is told to, and has read the rules; traces reach the collector.
    fn watched(&self) -> Result<()> {
        wait("Prometheus scrapes and probes", || {
            let targets = prometheus("/api/v1/targets")?;
            let targets = targets["activeTargets"].as_array().cloned();
            Ok(targets.is_some_and(|targets| {
                targets.len() == 7 && targets.iter().all(|target| target["health"] == "up")
            }))
        })?;
        wait("Prometheus has evaluated every rule", || {
            let rules = prometheus("/api/v1/rules")?;
            let groups = rules["groups"].as_array().cloned().unwrap_or_default();
            let rules: Vec<&Value> = groups
                .iter()
                .flat_map(|group| group["rules"].as_array().into_iter().flatten())
                .collect();
            if let Some(bad) = rules.iter().find(|rule| rule["health"] == "err") {
                bail!("{}: {}", bad["name"], bad["lastError"]);
            }
            Ok(rules.len() > 20 && rules.iter().all(|rule| rule["health"] == "ok"))
        })?;
        held(
            "Prometheus scrapes replicas and a node, probes the replicas, and evaluates all rules",
        );
        wait("traces, metrics and logs reach the collector", || {
            let log = self.compose(&["logs", "--no-log-prefix", "collector"])?;
            Ok(["/v1/traces", "/v1/metrics", "/v1/logs"]
                .iter()
                .all(|kind| log.contains(kind)))
        })?;
        held("traces, metrics and logs reach the collector");
        Ok(())
    }

    /// A node and a replica are killed under load.
    fn loaded(&self) -> Result<()> {
        let sql = |text: &str| {
            let execute = format!("--execute={text}");
            let words = [
                "sql",
                "--certs-dir=/certs",
                "--host=node1",
                "--database=bank",
            ];
            let mut command = vec!["exec", "--no-TTY", "node1", "cockroach"];
            command.extend(words);
            command.extend(["--format=tsv", &execute]);
            let answer = self.compose(&command)?;
            Ok(answer.lines().last().unwrap_or_default().trim().to_owned())
        };
        let what = "one of three nodes and one of two replicas were killed";
        transfers(REPLICAS, sql, what, || {
            self.compose(&["kill", "node3", "bank1"])?;
            Ok(())
        })?;
        wait("Prometheus sees that a node is out of rotation", || {
            let asked = "/api/v1/query?query=min(crdb_pool_node_in_rotation)";
            let answer = prometheus(asked)?;
            Ok(answer["result"][0]["value"][1] == "0")
        })?;
        held("Prometheus sees the lost node");
        Ok(())
    }

    /// The program `crdb`, alone in a container: it finds a node by DNS, and both show a certificate.
    fn asked_by_the_program(&self, crdb: &Path) -> Result<()> {
        let tree = images::with_program("crdb", crdb)?;
        let archive = self.directory.join("crdb.tar");
        fs::write(&archive, tree.tar()?)?;
        let archive = archive.display().to_string();
        self.daemon.docker(&["import", &archive, "crdb"])?;
        let place = self.directory.join("crdb");
        fs::create_dir(&place)?;
        let secrets = "/run/secrets/database";
        let settings = format!(
            "version: 1\nauth:\n  nodes: [node3, node2, node1]\n  user: bank\n  database: bank\n  tls:\n    \
             root_certificates: [{secrets}/ca.crt]\n    client_certificate: {secrets}/client.bank.crt\n    \
             client_key: {secrets}/client.bank.key\n"
        );
        let question = "SELECT count(*) AS transfers FROM transfers;\n";
        for (name, text) in [("crdb.yaml", settings.as_str()), ("question.sql", question)] {
            fs::write(place.join(name), text)?;
            chown(place.join(name), Some(65_532), Some(65_532))?;
        }
        let files = format!("{}:/work:ro", place.display());
        let certificates = format!("bank_bank-certificates:{secrets}:ro");
        let container = ["run", "--rm", "--network", "bank_database", "--read-only"];
        let confined = [
            "--user",
            "65532:65532",
            "--cap-drop",
            "ALL",
            "--workdir",
            "/work",
        ];
        let mounted = [
            "--volume",
            &files,
            "--volume",
            &certificates,
            "crdb",
            "/crdb",
        ];
        let asked = ["sql", "question.sql", "--format", "csv"];
        let command: Vec<&str> = [&container[..], &confined, &mounted, &asked].concat();
        let answer = self.daemon.docker(&command)?;
        ensure!(
            answer.lines().collect::<Vec<_>>() == ["transfers", "360"],
            "crdb answered: {answer}"
        );
        let doctor = ["doctor", "--set", "auth.nodes=node1,node2"];
        let command: Vec<&str> = [&container[..], &confined, &mounted, &doctor].concat();
        let answer = self.daemon.docker(&command)?;
        ensure!(
            answer.contains("TLSv1.3") || answer.contains("TLS 1.3"),
            "the doctor saw no TLS: {answer}"
        );
        held(
            "crdb, alone in a container, finds a node by DNS, logs in by certificate over TLS, and asks",
        );
        Ok(())
    }

    /// One command takes everything down, and leaves nothing.
    fn down(&self) -> Result<()> {
        self.compose(&["down", "--volumes"])?;
        for left in [
            &["ps", "--all", "--quiet"][..],
            &["volume", "ls", "--quiet"],
            &["network", "ls", "--quiet", "--filter", "type=custom"],
        ] {
            let found = self.daemon.docker(left)?;
            ensure!(found.is_empty(), "docker {}: {found}", left.join(" "));
        }
        held("one command takes it down: no container, no volume and no network is left");
        Ok(())
    }

    fn compose(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.compose)
            .arg("--file")
            .arg(&self.file)
            .args(arguments)
            .env("DOCKER_HOST", self.daemon.host())
            .output()
            .context("docker compose could not be started")?;
        ensure!(
            output.status.success(),
            "docker compose {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// What Prometheus answers. One that does not answer yet has nothing to say.
fn prometheus(path: &str) -> Result<Value> {
    let (status, body) = get(PROMETHEUS, path)?;
    ensure!(status == 200, "Prometheus: {status} {body}");
    let mut answer: Value = serde_json::from_str(&body)?;
    Ok(answer["data"].take())
}

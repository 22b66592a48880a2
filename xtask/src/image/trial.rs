//! The image at work: two containers and an engine on a private network.
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::daemon::Daemon;
use super::stand_in::{NAME, StandIn};
use super::traffic::{held, transfers, wait};
use crate::artefact::Linking;
use crate::setup;

/// The image's user.
const USER: u32 = 65_532;

/// An image with a static program is not larger.
const LARGEST: u64 = 24 << 20;

const PASSWORD: &str = "not-a-secret-only-for-this-trial";

/// Runs the image in the archive; says what held, and what could not be tried.
pub(super) fn run(archive: &Path, reference: &str, linking: Linking) -> Result<()> {
    ensure_root("--test")?;
    setup::prepare(setup::Purpose::Images, "image");
    let directory = tempfile::tempdir().context("no temporary directory")?;
    // The containers' users have to get to what is mounted.
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711))?;
    let daemon = Daemon::start(directory.path())?;
    let trial = Trial {
        daemon,
        directory: directory.path().to_owned(),
        reference: reference.to_owned(),
    };
    let result = trial.all(archive, linking);
    let removed = trial.remove();
    drop(trial);
    result?;
    removed?;
    println!(
        "not tried here: CockroachDB itself (PostgreSQL stands in), a registry, another architecture"
    );
    Ok(())
}

/// A container engine of our own needs root.
pub(super) fn ensure_root(option: &str) -> Result<()> {
    let root = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
    ensure!(
        root,
        "did not run: a container engine of its own needs root; run `sudo cargo xtask image {option}`"
    );
    Ok(())
}

struct Trial {
    daemon: Daemon,
    directory: PathBuf,
    reference: String,
}

impl Trial {
    fn all(&self, archive: &Path, linking: Linking) -> Result<()> {
        let archive = archive.display().to_string();
        self.daemon.docker(&["load", "--input", &archive])?;
        self.image(linking)?;
        self.daemon
            .docker(&["network", "create", "--internal", "bank"])?;
        self.engine()?;
        self.configuration()?;
        self.migrate()?;
        self.service("bank-1")?;
        self.service("bank-2")?;
        for name in ["bank-1", "bank-2"] {
            self.until_healthy(name)?;
            self.confinement(name)?;
        }
        held(
            "both containers are healthy by the image's own check; the engine was found by its name",
        );
        self.load_while_one_is_killed()?;
        self.drain()
    }

    fn image(&self, linking: Linking) -> Result<()> {
        let text = self.daemon.docker(&["image", "inspect", &self.reference])?;
        let image: Value = serde_json::from_str(&text)?;
        let image = &image[0];
        ensure!(
            image["Config"]["User"] == format!("{USER}:{USER}"),
            "the image runs as {}",
            image["Config"]["User"]
        );
        let size = image["Size"].as_u64().context("the image has no size")?;
        let mebibytes = size as f64 / f64::from(1 << 20);
        ensure!(
            linking == Linking::Shared || size <= LARGEST,
            "the image has {mebibytes:.1} MiB"
        );
        held(&format!(
            "the engine loads the image: {mebibytes:.1} MiB, user {USER}"
        ));
        Ok(())
    }

    fn engine(&self) -> Result<()> {
        let engine = StandIn::make(&self.directory, PASSWORD)?;
        let archive = engine.archive.display().to_string();
        self.daemon.docker(&["import", &archive, "engine"])?;
        let data = format!("{}:/data", engine.data.display());
        self.daemon.docker(&[
            "run",
            "--detach",
            "--name",
            "engine",
            "--network",
            "bank",
            "--user",
            &engine.user,
            "--volume",
            &data,
            "--tmpfs",
            "/tmp",
            "--entrypoint",
            &engine.entrypoint,
            "engine",
            "-D",
            "/data",
            "-k",
            "",
            "-c",
            "listen_addresses=*",
        ])?;
        let address = SocketAddr::new(self.address("engine")?.into(), 5432);
        wait("the engine listens", || {
            Ok(TcpStream::connect(address).is_ok())
        })
    }

    /// Files as an orchestrator mounts them: the configuration for all to read, the password for the image's user alone.
    fn configuration(&self) -> Result<()> {
        let settings = "\
listen: 127.0.0.1:1
migrate: command
drain: { unready: 1s, grace: 20s }
database:
  auth:
    nodes: ['engine:5432']
    user: bank
    database: postgres
    password_file: /run/secrets/bank-password
    tls: { mode: disable }
  pool: { max_size: 8 }
";
        fs::write(self.directory.join("bank.yaml"), settings)?;
        let secret = self.directory.join("bank-password");
        fs::write(&secret, PASSWORD)?;
        chown(&secret, Some(USER), Some(USER))?;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o400))?;
        Ok(())
    }

    /// `docker run` of the image, confined as the chart confines it.
    fn run(&self, how: &[&str], command: &[&str]) -> Result<String> {
        let mount = |name: &str, at: &str| {
            format!(
                "type=bind,source={},target={at},readonly",
                self.directory.join(name).display()
            )
        };
        let settings = mount("bank.yaml", "/etc/bank/bank.yaml");
        let secret = mount("bank-password", "/run/secrets/bank-password");
        let mut arguments = vec![
            "run",
            "--network",
            "bank",
            "--read-only",
            "--cap-drop",
            "ALL",
        ];
        arguments.extend(["--security-opt", "no-new-privileges", "--memory", "128m"]);
        arguments.extend(["--mount", &settings, "--mount", &secret]);
        arguments.extend(how);
        arguments.push(&self.reference);
        arguments.extend(command);
        self.daemon.docker(&arguments)
    }

    fn migrate(&self) -> Result<()> {
        self.run(&["--name", "migrate"], &["migrate", "/etc/bank/bank.yaml"])?;
        self.daemon.docker(&["rm", "migrate"])?;
        held("a container of the same image migrates, and ends with 0");
        Ok(())
    }

    fn service(&self, name: &str) -> Result<()> {
        self.run(
            &["--detach", "--name", name, "--health-interval", "1s"],
            &[],
        )?;
        Ok(())
    }

    fn until_healthy(&self, name: &str) -> Result<()> {
        let format = "{{.State.Health.Status}}";
        let asked = wait(&format!("{name} is healthy"), || {
            Ok(self.daemon.docker(&["inspect", "--format", format, name])? == "healthy")
        });
        match asked {
            Ok(()) => Ok(()),
            Err(error) => bail!("{error}; its log: {}", self.log(name)),
        }
    }

    /// What the kernel says of the process, and not what was asked for.
    fn confinement(&self, name: &str) -> Result<()> {
        let process = self.inspect(name, "{{.State.Pid}}")?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let field = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field));
            line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let user = USER.to_string();
        ensure!(
            field("Uid:") == Some([user.as_str(); 4].join(" ")),
            "{name} runs as {:?}",
            field("Uid:")
        );
        ensure!(
            field("CapEff:").as_deref() == Some("0000000000000000"),
            "{name} has capabilities"
        );
        ensure!(
            field("NoNewPrivs:").as_deref() == Some("1"),
            "{name} may gain privileges"
        );
        let mounts = fs::read_to_string(format!("/proc/{process}/mounts"))?;
        let options = mounts.lines().find_map(|line| {
            let mut words = line.split(' ');
            (words.nth(1) == Some("/")).then(|| words.nth(1).unwrap_or_default().to_owned())
        });
        ensure!(
            options.is_some_and(|options| options.split(',').any(|option| option == "ro")),
            "{name} may write its root file system"
        );
        held(&format!(
            "{name}: user {USER}, no capabilities, a root file system that cannot be written"
        ));
        Ok(())
    }

    fn load_while_one_is_killed(&self) -> Result<()> {
        let replicas = [
            self.service_address("bank-1")?,
            self.service_address("bank-2")?,
        ];
        let what = "one of two containers was killed";
        transfers(
            replicas,
            |text| self.sql(text),
            what,
            || {
                self.daemon
                    .docker(&["kill", "--signal", "KILL", "bank-1"])?;
                Ok(())
            },
        )
    }

    fn drain(&self) -> Result<()> {
        self.daemon.docker(&["stop", "--time", "40", "bank-2"])?;
        let code = self.inspect("bank-2", "{{.State.ExitCode}}")?;
        let log = self.log("bank-2");
        ensure!(
            code == "0" && log.contains("drained"),
            "the drain ended with {code}: {log}"
        );
        held("SIGTERM drains, and the program ends with 0");
        Ok(())
    }

    /// Asks the engine, from outside of the network's name service.
    fn sql(&self, text: &str) -> Result<String> {
        let address = self.address("engine")?.to_string();
        let output = Command::new("psql")
            .args([
                "--host",
                &address,
                "--username",
                NAME,
                "--dbname",
                "postgres",
            ])
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--command",
                text,
            ])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .context("psql could not be started")?;
        ensure!(
            output.status.success(),
            "psql: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn inspect(&self, name: &str, format: &str) -> Result<String> {
        self.daemon.docker(&["inspect", "--format", format, name])
    }

    fn address(&self, name: &str) -> Result<Ipv4Addr> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let text = self.inspect(name, format)?;
        text.parse()
            .with_context(|| format!("{name} has no address: {}", self.log(name)))
    }

    fn service_address(&self, name: &str) -> Result<SocketAddr> {
        Ok(SocketAddr::new(self.address(name)?.into(), 8080))
    }

    fn log(&self, name: &str) -> String {
        self.daemon
            .docker(&["logs", "--tail", "20", name])
            .unwrap_or_default()
    }

    /// Removes the containers and the network; the data goes with the directory.
    fn remove(&self) -> Result<()> {
        let all = self.daemon.docker(&["ps", "--all", "--quiet"])?;
        for container in all.split_whitespace() {
            self.daemon.docker(&["rm", "--force", container])?;
        }
        let networks =
            self.daemon
                .docker(&["network", "ls", "--quiet", "--filter", "type=custom"])?;
        for network in networks.split_whitespace() {
            self.daemon.docker(&["network", "rm", network])?;
        }
        Ok(())
    }
}

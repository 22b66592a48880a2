//! The image at work: two containers and an engine on a private network.
#![allow(
    clippy::disallowed_methods,
    reason = "no async thread is blocked here; a condition is asked for again after a moment"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::daemon::Daemon;
use super::program::Linking;
use super::stand_in::{NAME, StandIn};
use crate::setup;

/// The image's user.
const USER: u32 = 65_532;

/// An image with a static program is not larger.
const LARGEST: u64 = 24 << 20;

/// For hangs only.
const LIMIT: Duration = Duration::from_secs(90);

const PASSWORD: &str = "not-a-secret-only-for-this-trial";

/// Runs the image in the archive; says what held, and what could not be tried.
pub(super) fn run(archive: &Path, reference: &str, linking: Linking) -> Result<ExitCode> {
    let root = Command::new("id").arg("-u").output()?.stdout.trim_ascii() == b"0";
    ensure!(
        root,
        "did not run: a container engine of its own needs root; run `sudo cargo xtask image --test`"
    );
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
    Ok(ExitCode::SUCCESS)
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

    /// Transfers over both containers; one is killed. A client without an answer repeats its request at the other one.
    fn load_while_one_is_killed(&self) -> Result<()> {
        const CLIENTS: usize = 6;
        const EACH: usize = 60;
        let addresses = [
            self.service_address("bank-1")?,
            self.service_address("bank-2")?,
        ];
        let customer = json!({ "name": "Ada", "email": "ada@example.com", "country": "GB" });
        let (status, body) = post(addresses[1], "/customers", None, &customer)?;
        ensure!(status == 200, "a customer: {status} {body}");
        let customer: Value = serde_json::from_str(&body)?;
        for number in 0..8 {
            let account = json!({ "number": format!("A{number}"), "customer_id": customer["id"] });
            let (status, body) = post(addresses[1], "/accounts", None, &account)?;
            ensure!(status == 200, "an account: {status} {body}");
        }
        self.sql("UPDATE accounts SET balance = 1000")?;

        let done = AtomicUsize::new(0);
        let repeated = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let wrong = Mutex::new(Vec::new());
        std::thread::scope(|scope| -> Result<()> {
            for client in 0..CLIENTS {
                let (done, repeated, stop, wrong) = (&done, &repeated, &stop, &wrong);
                scope.spawn(move || {
                    for number in 0..EACH {
                        let key = format!("{client}-{number}");
                        let source = (client + number) % 8;
                        let target = (client * 3 + number * 5 + 1) % 8;
                        let order = json!({ "source": format!("A{source}"), "target": format!("A{target}"), "amount": 1 });
                        let mut attempt = client;
                        loop {
                            if stop.load(Ordering::Relaxed) {
                                return;
                            }
                            match post(addresses[attempt % 2], "/transfers", Some(&key), &order) {
                                Ok((200, _)) => break,
                                Ok((503, _)) | Err(_) => {}
                                Ok((status, body)) => {
                                    if let Ok(mut wrong) = wrong.lock() {
                                        wrong.push(format!("{status} {body}"));
                                    }
                                    return;
                                }
                            }
                            repeated.fetch_add(1, Ordering::Relaxed);
                            attempt += 1;
                            std::thread::sleep(Duration::from_millis(5));
                        }
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let worked = (|| {
                wait("a quarter of the transfers", || {
                    Ok(done.load(Ordering::Relaxed) * 4 >= CLIENTS * EACH)
                })?;
                self.daemon
                    .docker(&["kill", "--signal", "KILL", "bank-1"])?;
                wait("all transfers", || {
                    let failed = wrong.lock().is_ok_and(|wrong| !wrong.is_empty());
                    Ok(failed || done.load(Ordering::Relaxed) == CLIENTS * EACH)
                })
            })();
            stop.store(true, Ordering::Relaxed);
            worked
        })?;
        let wrong = wrong.into_inner().unwrap_or_default();
        ensure!(
            wrong.is_empty(),
            "transfers were refused: {}",
            wrong.join("; ")
        );
        let count = self.sql("SELECT count(*) FROM transfers")?;
        ensure!(
            count == (CLIENTS * EACH).to_string(),
            "{} transfers were acknowledged, {count} are there",
            CLIENTS * EACH
        );
        let broken = self.sql(
            "SELECT count(*) FROM accounts WHERE balance <> 1000 \
             + (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE target = number) \
             - (SELECT COALESCE(sum(amount), 0) FROM transfers WHERE source = number)",
        )?;
        ensure!(
            broken == "0",
            "{broken} balances are not what the transfers say"
        );
        held(&format!(
            "one of two containers was killed under load: {count} transfers acknowledged, each there once; {} were repeated",
            repeated.load(Ordering::Relaxed)
        ));
        Ok(())
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

fn held(what: &str) {
    println!("ok: {what}");
}

fn wait(what: &str, mut reached: impl FnMut() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + LIMIT;
    while !reached()? {
        ensure!(
            Instant::now() < end,
            "{what}: not within {} s",
            LIMIT.as_secs()
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// One request on a connection of its own: status and body of an answer that came whole.
fn post(address: SocketAddr, path: &str, key: Option<&str>, body: &Value) -> Result<(u16, String)> {
    let body = body.to_string();
    let key = key.map_or_else(String::new, |key| format!("idempotency-key: {key}\r\n"));
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-type: application/json\r\n{key}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, length)| length.parse::<usize>())
        .transpose()?;
    ensure!(
        length.is_none_or(|length| length == body.len()),
        "the answer was cut off"
    );
    Ok((status, body.to_owned()))
}

//! A Kerberos realm of the test's own.

mod configuration;
mod tools;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use self::configuration::{client_configuration, server_configuration};
use self::tools::Tools;
use crate::certificates::write_file;
use crate::engine::{Login, free_port};
use crate::error::{Error, ErrorKind};
use crate::process::{Keeper, Program, Supervised};

/// The name of every realm of the test kit.
const REALM: &str = "CRDB.TEST";

/// How long a KDC may take to start or to end.
const KDC_TIMEOUT: Duration = Duration::from_secs(30);

/// How often another port is tried when another process took the chosen one.
const PORT_ATTEMPTS: usize = 5;

/// How a [`Kdc`] is set up.
#[derive(Clone, Copy, Debug)]
pub struct KdcOptions {
    ticket_life: Duration,
    faked_clock: bool,
}

impl Default for KdcOptions {
    fn default() -> Self {
        Self {
            ticket_life: Duration::from_secs(3600),
            faked_clock: false,
        }
    }
}

/// Kerberos counts seconds in 32 bits.
const MOST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl KdcOptions {
    /// How long any ticket of the realm lives at most. Default: 1 h, at most ten years.
    #[must_use]
    pub fn ticket_life(mut self, life: Duration) -> Self {
        self.ticket_life = life.min(MOST_LIFE);
        self
    }

    /// Whether the KDC goes by the clock that `faketime` gives this process (`LD_PRELOAD` and the variables whose names begin
    /// with `FAKETIME`). Default: by the machine's.
    #[must_use]
    pub fn faked_clock(mut self, faked: bool) -> Self {
        self.faked_clock = faked;
        self
    }
}

/// MIT Kerberos' key distribution centre for the realm `CRDB.TEST`, in a temporary directory and on a free port of
/// 127.0.0.1.
///
/// It knows the service `postgres/localhost` and the principal `kerberos_user` from the start; give it to
/// [`EngineOptions::kerberos`](crate::EngineOptions::kerberos) to have PostgreSQL ask for tickets of it. Nothing outside its
/// directory is read or written: clients find the realm by [`config_path`](Self::config_path), most easily in a process of
/// their own with [`environment`](Self::environment).
///
/// Its methods block for some milliseconds, since they run Kerberos' own programs. Dropping it ends the KDC and removes the
/// directory; so does the end of the owning process, SIGKILL included.
pub struct Kdc {
    // Before the keeper: the server ends before its directory goes.
    server: Option<Supervised>,
    tools: Tools,
    faked_clock: bool,
    port: u16,
    /// Keeps the port from others while the KDC is stopped.
    place: Option<Socket>,
    keeper: Keeper,
}

impl Kdc {
    /// Starts a realm, or ends the test.
    ///
    /// Dropping the future stops what was started so far.
    ///
    /// # Panics
    /// With a message that starts with `did not run: ` when Kerberos' programs are not installed, and with the error
    /// otherwise.
    pub async fn start(options: KdcOptions) -> Self {
        match Self::try_start(options).await {
            Ok(kdc) => kdc,
            Err(error) => error.end_test(),
        }
    }

    /// Starts a realm.
    ///
    /// Dropping the future stops what was started so far.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when Kerberos' programs are not installed, [`ErrorKind::Start`] or
    /// [`ErrorKind::Timeout`] when the KDC does not come up.
    pub async fn try_start(options: KdcOptions) -> Result<Self, Error> {
        tokio::task::spawn_blocking(move || Self::launch(options))
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Start, "the thread that starts the KDC failed")
                    .with_source(source)
            })?
    }

    fn launch(options: KdcOptions) -> Result<Self, Error> {
        let tools = Tools::find()?;
        let keeper = Keeper::new("kdc", None)?;
        let mut kdc = Self {
            server: None,
            faked_clock: options.faked_clock,
            tools,
            port: 0,
            place: None,
            keeper,
        };
        let mut attempt = 1;
        loop {
            kdc.port = free_port()?;
            kdc.configure(options)?;
            if attempt == 1 {
                kdc.tools.create_database(kdc.directory())?;
            }
            match kdc.resume() {
                Err(error) if attempt < PORT_ATTEMPTS && error.to_string().contains("in use") => {
                    attempt += 1;
                }
                outcome => break outcome?,
            }
        }
        kdc.administer("addprinc -randkey postgres/localhost")?;
        kdc.add_principal(Login::Kerberos.user())?;
        for principal in ["postgres/localhost", Login::Kerberos.user()] {
            kdc.keytab(principal)?;
        }
        Ok(kdc)
    }

    fn configure(&self, options: KdcOptions) -> Result<(), Error> {
        let directory = self.directory();
        let server = server_configuration(directory, self.port, options.ticket_life);
        write_file(&directory.join("kdc.conf"), server.as_bytes(), 0o644)?;
        write_file(
            &self.config_path(),
            client_configuration(self.port, true).as_bytes(),
            0o644,
        )
    }

    /// The realm's name, `CRDB.TEST`.
    #[must_use]
    pub fn realm(&self) -> &'static str {
        REALM
    }

    /// The port of the KDC on 127.0.0.1, UDP and TCP.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The realm's directory: keytabs, caches and configurations go here, and go away with it.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.keeper.directory()
    }

    /// The `krb5.conf` by which clients find the realm. It corrects a wrong clock by the KDC's, as is usual.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.directory().join("krb5.conf")
    }

    /// A `krb5.conf` whose KDC is a port where no server answers.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be written.
    pub fn config_without_kdc(&self) -> Result<PathBuf, Error> {
        let path = self.directory().join("dead.conf");
        write_file(
            &path,
            client_configuration(free_port()?, true).as_bytes(),
            0o644,
        )?;
        Ok(path)
    }

    /// A `krb5.conf` that leaves a wrong clock wrong, so that skew shows.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be written.
    pub fn config_without_time_correction(&self) -> Result<PathBuf, Error> {
        let path = self.directory().join("skew.conf");
        write_file(
            &path,
            client_configuration(self.port, false).as_bytes(),
            0o644,
        )?;
        Ok(path)
    }

    /// The environment variables of a client process: which realm, and an own default ticket cache, empty at first.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let cache = self.directory().join("default.cache");
        vec![
            ("KRB5_CONFIG", self.config_path().display().to_string()),
            ("KRB5CCNAME", format!("FILE:{}", cache.display())),
            ("KRB5RCACHENAME", "none:".to_owned()),
        ]
    }

    /// Makes a principal with a random key; `name` without the realm.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the KDC refuses, for example because it exists.
    pub fn add_principal(&self, name: &str) -> Result<(), Error> {
        self.administer(&format!("addprinc -randkey +requires_preauth {name}"))
            .map(|_| ())
    }

    /// Gives a principal a new random key: keytabs made before are stale.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the KDC refuses, for example because there is no such principal.
    pub fn change_key(&self, name: &str) -> Result<(), Error> {
        self.administer(&format!("cpw -randkey {name}")).map(|_| ())
    }

    /// Writes the principal's present key into a keytab that only the owner can read, replacing an earlier one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the KDC refuses, for example because there is no such principal.
    pub fn keytab(&self, principal: &str) -> Result<PathBuf, Error> {
        let path = self.keytab_path(principal);
        let new = path.with_extension("new");
        self.administer(&format!(
            "ktadd -norandkey -k {} {principal}",
            new.display()
        ))?;
        std::fs::rename(&new, &path).map_err(|source| Error::io("replace", &path, source))?;
        Ok(path)
    }

    /// Where [`keytab`](Self::keytab) writes a principal's key.
    #[must_use]
    pub fn keytab_path(&self, principal: &str) -> PathBuf {
        self.directory()
            .join(format!("{}.keytab", principal.replace('/', "_")))
    }

    /// Gets a ticket for the principal with its keytab, as `kinit` does, into a cache of its own.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the KDC refuses.
    pub fn ticket_cache(&self, principal: &str, life: Duration) -> Result<PathBuf, Error> {
        let keytab = self.keytab(principal)?;
        let cache = self
            .directory()
            .join(format!("{}.cache", principal.replace('/', "_")));
        self.tools
            .get_ticket(self.directory(), principal, &keytab, &cache, life)?;
        Ok(cache)
    }

    /// Runs one command of `kadmin.local` and gives what it printed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it fails.
    pub fn administer(&self, command: &str) -> Result<String, Error> {
        self.tools.administer(self.directory(), command)
    }

    /// Ends the KDC, as if its machine were down; the directory stays, and so does its port: connecting to it is refused.
    pub fn stop(&mut self) {
        drop(self.server.take());
        self.place = keep(self.port).ok();
    }

    /// Starts it again after [`stop`](Self::stop), on the same port. Does nothing while it runs.
    ///
    /// # Errors
    /// [`ErrorKind::Start`] or [`ErrorKind::Timeout`] when it does not come up.
    pub fn resume(&mut self) -> Result<(), Error> {
        if self.server.is_some() {
            return Ok(());
        }
        drop(self.place.take());
        let mut environment = Tools::environment(self.directory());
        if self.faked_clock {
            let of_faketime = |name: &str| name == "LD_PRELOAD" || name.starts_with("FAKETIME");
            let ours = std::env::vars_os();
            environment.extend(ours.filter(|(name, _)| name.to_str().is_some_and(of_faketime)));
        }
        let program = Program {
            path: self.tools.kdc.clone(),
            arguments: vec!["-n".into(), "-r".into(), REALM.into()],
            environment,
            account: None,
            stop_signal: "TERM",
        };
        let server = Supervised::start(&self.keeper, &program)?;
        let ready = |line: &str| line.contains("commencing operation").then_some(());
        server.wait_for_line(Instant::now() + KDC_TIMEOUT, |line| {
            ready(line).map(|()| line)
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// The last lines that the KDC logged: who asked for what, and what it answered. All of them are in `kdc.log` in its
    /// directory.
    #[must_use]
    pub fn log(&self) -> String {
        self.server
            .as_ref()
            .map_or_else(String::new, Supervised::log)
    }
}

/// Takes a port without listening on it.
fn keep(port: u16) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // Connections of the KDC may still be in TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    Ok(socket)
}

impl fmt::Debug for Kdc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kdc")
            .field("realm", &REALM)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

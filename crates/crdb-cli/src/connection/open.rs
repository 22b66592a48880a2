//! Opens what the options name.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use crdb_facade::config::{ConfigBuilder, keys};
use crdb_facade::{Config, Database, DatabaseBuilder};

use super::Connection;
use crate::exit::{Exit, Usage};
use crate::guard::Guard;
use crate::script::Script;

/// What the server shows for sessions of this program, where the configuration says nothing.
const APPLICATION: &str = "crdb";

/// The files of a configuration that none is named for.
const FILES: [&str; 3] = ["crdb.yaml", "crdb.yml", "crdb.toml"];

const NOTHING: &str = "it is not said which database: there is neither a crdb.yaml here nor a variable CRDB_*; name it with \
    --url postgresql://USER@HOST/DATABASE, or start one with `crdb dev`";

/// Stands for a database that is not asked.
const ANY: &str = "postgresql://root@localhost/defaultdb";

/// How long sessions may take to end.
const CLOSING: Duration = Duration::from_secs(5);

impl Connection {
    /// The configuration: files, then `CRDB_*` variables, then the command line.
    ///
    /// # Errors
    /// Every mistake of every source.
    pub fn config(&self) -> Result<Config> {
        match self.of_a_program().build() {
            Err(_) if self.says_nothing() => Err(Usage::new(NOTHING).into()),
            built => Ok(built?),
        }
    }

    /// The configuration for what needs no database, so that it does not have to say which one.
    ///
    /// # Errors
    /// As [`config`](Self::config), but for the database that is missing.
    pub(crate) fn without_a_database(&self) -> Result<Config> {
        let any = || self.of_a_program().set_text("auth.url", ANY);
        self.config()
            .or_else(|error| any().build().map_err(|_| error))
    }

    /// This program serves nothing and sends nothing, whatever a service with the same configuration does.
    fn of_a_program(&self) -> ConfigBuilder {
        self.builder()
            .set(keys::observe::ENDPOINT_LISTEN, None)
            .set(keys::observe::OTLP_ENDPOINT, None)
            .set(keys::observe::LOG_FORMAT, None)
    }

    /// Whether there is no configuration at all.
    fn says_nothing(&self) -> bool {
        let is_ours = |name: std::ffi::OsString| name.to_string_lossy().starts_with("CRDB_");
        self.config.is_none()
            && self.url.is_none()
            && self.set.is_empty()
            && !FILES.iter().any(|file| Path::new(file).exists())
            && !std::env::vars_os().any(|(name, _)| is_ours(name))
    }

    /// The configuration as a service would have it.
    ///
    /// # Errors
    /// As [`config`](Self::config), and when it asks for what only a service can do.
    pub(crate) fn of_a_service(&self) -> Result<Config> {
        Ok(self.builder().build()?)
    }

    /// Where a service with this configuration listens for observers. Nowhere when the configuration is wrong: what is
    /// read there is read from the service.
    pub(crate) fn endpoint(&self) -> Option<SocketAddr> {
        let builder = || {
            self.builder()
                .set(keys::observe::OTLP_ENDPOINT, None)
                .set(keys::observe::LOG_FORMAT, None)
        };
        // A configuration that names no database may still say where the service is.
        let any = || builder().set_text("auth.url", ANY);
        let config = builder().build().or_else(|_| any().build()).ok()?;
        config.get(keys::observe::ENDPOINT_LISTEN)
    }

    fn builder(&self) -> ConfigBuilder {
        let builder = match &self.config {
            Some(file) => Config::builder().file(file),
            None => Config::builder().default_file(),
        };
        let mut builder = builder.environment();
        if let Some(url) = &self.url {
            builder = builder.argument("auth.url", url);
        }
        for (key, value) in &self.set {
            builder = builder.argument(key, value);
        }
        builder
    }

    /// The configuration, and what may be done with its database.
    ///
    /// # Errors
    /// As [`config`](Self::config), and when a reason cannot be audited.
    pub(crate) fn guarded(&self) -> Result<Guarded> {
        let config = self.config()?;
        let guard = Guard::of(&config, self.reason.as_deref())?;
        Ok(Guarded { config, guard })
    }
}

/// A configuration that is about to be used, and what may be done with its database.
pub(crate) struct Guarded {
    pub(crate) config: Config,
    pub(crate) guard: Guard,
}

impl Guarded {
    /// Opens the database, lets `work` use it, and closes it. On one that is only read, the server refuses writes too.
    ///
    /// # Errors
    /// As [`Database::open`], and as `work`.
    pub(crate) async fn read(
        &self,
        work: impl AsyncFnOnce(&Database) -> Result<Exit>,
    ) -> Result<Exit> {
        let database = self.open().await?;
        let done = work(&database).await;
        let closed = self.close(&database).await;
        let exit = done?;
        closed?;
        Ok(exit)
    }

    /// Opens the database. On one that is only read, the server refuses writes too.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub(crate) async fn open(&self) -> Result<Database> {
        Ok(self.database().open().await?)
    }

    /// Closes the database and the audit log.
    ///
    /// # Errors
    /// When the audit log cannot be written.
    pub(crate) async fn close(&self, database: &Database) -> Result<()> {
        // What ends too late is closed with the process.
        drop(database.close(CLOSING).await);
        self.guard.close().await
    }

    /// Refuses a script that has a statement which may not be run here, before the first one runs.
    ///
    /// # Errors
    /// [`Usage`](crate::exit::Usage) with the statement's place.
    pub(crate) fn check(&self, script: &Script<'_>) -> Result<()> {
        for piece in script.pieces() {
            self.guard
                .check(piece.text)
                .with_context(|| format!("{}:{}", script.name(), piece.line))?;
        }
        Ok(())
    }

    /// As [`read`](Self::read), for a command that writes; its name is what an audit log has of it.
    ///
    /// # Errors
    /// [`Usage`] where the database is only read; else as [`read`](Self::read).
    pub(crate) async fn write(
        &self,
        command: &str,
        work: impl AsyncFnOnce(&Database) -> Result<Exit>,
    ) -> Result<Exit> {
        self.guard.may_write(command)?;
        self.read(async |database| {
            self.guard
                .record(Some(command), command, work(database))
                .await
        })
        .await
    }

    fn database(&self) -> DatabaseBuilder {
        let named = self.config.get(keys::auth::APPLICATION_NAME).is_some();
        let read_only = self.guard.only_reads();
        Database::builder(self.config.clone()).configure_auth(move |mut auth| {
            if !named {
                auth = auth.application_name(APPLICATION);
            }
            if read_only {
                auth = auth.session_parameter("default_transaction_read_only", "on");
            }
            auth
        })
    }
}

/// Runs a future on a runtime of one thread.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?
        .block_on(future)
}

//! Opens what the options name.

use anyhow::{Context as _, Result};
use crdb_facade::config::{ConfigBuilder, keys};
use crdb_facade::{Config, Database, DatabaseBuilder};

use super::Connection;
use crate::guard::Guard;

/// What the server shows for sessions of this program, where the configuration says nothing.
const APPLICATION: &str = "crdb";

impl Connection {
    /// The configuration: files, then `CRDB_*` variables, then the command line.
    ///
    /// # Errors
    /// Every mistake of every source.
    pub fn config(&self) -> Result<Config> {
        Ok(self.builder().build()?)
    }

    fn builder(&self) -> ConfigBuilder {
        let builder = match &self.config {
            Some(file) => Config::builder().file(file),
            None => Config::builder().usual_file(),
        };
        let mut builder = builder.environment();
        if let Some(url) = &self.url {
            builder = builder.set_text("auth.url", url);
        }
        for (key, value) in &self.set {
            builder = builder.set_text(key, value);
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
    /// Opens the database. On one that is only read, the server refuses writes too.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub(crate) async fn open(&self) -> Result<Database> {
        let database = self.database().open().await?;
        Ok(database)
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

//! A server for the commands that need one: found or started, and what stands in front of it.

use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use crdb_facade::config::ConfigBuilder;
use crdb_testkit::{
    Database, Engine, EngineChoice, EngineKind, EngineOptions, ErrorKind, QuirksOptions,
    QuirksProxy, RandomInjections,
};

mod embedded;

use embedded::Embedded;

/// A server with a database of its own. Dropping it stops what was started; the fields go in their order.
#[derive(Debug)]
pub(crate) struct Server {
    /// Stands in front of PostgreSQL, and makes it behave as CockroachDB does.
    proxy: Option<QuirksProxy>,
    engine: Engine,
    embedded: Option<Embedded>,
    database: Database,
}

impl Server {
    /// Finds or starts the server that `choice` names. Dropping the future stops what was started.
    ///
    /// # Errors
    /// When there is none of that kind, or it does not start.
    pub(crate) async fn start(choice: &str) -> Result<Self> {
        let (engine, embedded) = if choice == "embedded" {
            Self::embedded().await?
        } else {
            let options = EngineOptions::default().choice(EngineChoice::from_str(choice)?);
            match Engine::try_start(options).await {
                Ok(engine) => (engine, None),
                Err(error) if choice == "auto" && error.kind() == ErrorKind::Unavailable => {
                    println!("No CRDB_TEST_URL, no cockroach, no PostgreSQL here.");
                    Self::embedded().await?
                }
                Err(error) => return Err(error.into()),
            }
        };
        let database = engine.try_create_database().await?;
        let proxy = match QuirksProxy::start(&engine, QuirksOptions::default()).await {
            Ok(proxy) => Some(proxy),
            // CockroachDB itself, or a server that is run elsewhere.
            Err(error) if error.kind() == ErrorKind::Unavailable => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            proxy,
            engine,
            embedded,
            database,
        })
    }

    async fn embedded() -> Result<(Engine, Option<Embedded>)> {
        let embedded = tokio::task::spawn_blocking(Embedded::start)
            .await
            .context("the thread that starts the embedded engine failed")??;
        let choice = EngineChoice::Url(embedded.url());
        let engine = Engine::try_start(EngineOptions::default().choice(choice)).await?;
        Ok((engine, Some(embedded)))
    }

    /// Which server, and why; and what stands in front of it.
    pub(crate) fn choice(&self) -> String {
        let server = match self.embedded {
            Some(_) => format!("{}, embedded as WebAssembly", self.engine.version()),
            None => self.engine.choice().to_owned(),
        };
        match (&self.proxy, self.engine.kind()) {
            (Some(_), _) => {
                format!(
                    "{server}\nA proxy in front of it gives it CockroachDB's habits and errors."
                )
            }
            (None, EngineKind::PostgreSql) => {
                format!("{server}\nIt is used as it is, without CockroachDB's habits.")
            }
            (None, _) => server,
        }
    }

    /// Lets the proxy fail statements and commits at random where the server cannot have conflicts by itself, and says
    /// so: a server with one session has no second one to conflict with.
    pub(crate) fn provoke_conflicts(&self) -> Option<&'static str> {
        let proxy = self.proxy.as_ref().filter(|_| self.embedded.is_some())?;
        let seed = rand::random();
        let conflicts = RandomInjections::seeded(seed)
            .retry_statement(0.05)
            .retry_commit(0.1);
        proxy.inject_at_random(conflicts);
        Some(
            "This server has one session at a time, so the conflicts are injected by the proxy: \
             5 % of the statements and 10 % of the commits answer 40001.",
        )
    }

    /// Ends what [`provoke_conflicts`](Self::provoke_conflicts) began.
    pub(crate) fn calm(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.stop_injecting();
        }
    }

    /// How many sessions it can have at the same time, up to `wanted`.
    pub(crate) fn sessions(&self, wanted: u32) -> u32 {
        if self.embedded.is_some() { 1 } else { wanted }
    }

    /// The host and the port where it can be reached.
    pub(crate) fn address(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (self.engine.host(), self.engine.port()),
        }
    }

    /// Where it can be reached: through the proxy, where one stands in front of it.
    pub(crate) fn url(&self) -> String {
        let url = self.database.url();
        let Some(proxy) = &self.proxy else {
            return url.to_owned();
        };
        // postgresql://USER:PASSWORD@HOST:PORT/DATABASE?..: the user and the password are the test kit's own and hold no '@' or '/'.
        let Some(at) = url.find('@') else {
            return url.to_owned();
        };
        let (login, rest) = url.split_at(at + 1);
        let path = rest.find('/').map_or("", |slash| &rest[slash..]);
        format!("{login}{}:{}{path}", proxy.host(), proxy.port())
    }

    /// Points a configuration at this server.
    pub(crate) fn configure(&self, config: ConfigBuilder) -> ConfigBuilder {
        let config = config.set_text("auth.url", self.database.url());
        match &self.proxy {
            Some(proxy) => {
                let node = format!("{}:{}", proxy.host(), proxy.port());
                config.set_text("auth.nodes", &node)
            }
            None => config,
        }
    }

    /// Removes the database where the server is run elsewhere; a server of ours goes with all that is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn clean_up(&self) -> Result<()> {
        if self.embedded.is_none() {
            self.engine.drop_database(&self.database).await?;
        }
        Ok(())
    }
}

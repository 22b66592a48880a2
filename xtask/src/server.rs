//! A server for the commands that need one: found or started, and what stands in front of it.

use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use crdb_cli::dev;
use crdb_facade::config::ConfigBuilder;
use crdb_testkit::{CockroachVersion, EngineChoice, Error, ErrorKind, RandomInjections};

mod embedded;

use embedded::Embedded;

/// A server with a database of its own. Dropping it stops what was started; the fields go in their order.
#[derive(Debug)]
pub(crate) struct Server {
    server: dev::Server,
    embedded: Option<Embedded>,
}

impl Server {
    /// Finds or starts the server that `choice` names, which may be `embedded`. Dropping the future stops what was started.
    ///
    /// # Errors
    /// When there is none of that kind, or it does not start.
    pub(crate) async fn start(choice: &str, imitate: CockroachVersion) -> Result<Self> {
        if choice == "embedded" {
            return Self::embedded(imitate).await;
        }
        match dev::Server::start(EngineChoice::from_str(choice)?, imitate).await {
            Ok(server) => Ok(Self {
                server,
                embedded: None,
            }),
            Err(error) if choice == "auto" && is_unavailable(&error) => {
                println!("No CRDB_TEST_URL, no cockroach, no PostgreSQL here.");
                Self::embedded(imitate).await
            }
            Err(error) => Err(error),
        }
    }

    async fn embedded(imitate: CockroachVersion) -> Result<Self> {
        let embedded = tokio::task::spawn_blocking(Embedded::start)
            .await
            .context("the thread that starts the embedded engine failed")??;
        let choice = EngineChoice::Url(embedded.url());
        Ok(Self {
            server: dev::Server::start(choice, imitate).await?,
            embedded: Some(embedded),
        })
    }

    /// Which server, and why; and what stands in front of it.
    pub(crate) fn choice(&self) -> String {
        match self.embedded {
            Some(_) => format!(
                "{}, embedded as WebAssembly{}",
                self.server.engine().version(),
                self.server.habits()
            ),
            None => self.server.choice(),
        }
    }

    /// The server without what only xtask can start.
    pub(crate) fn served(&self) -> &dev::Server {
        &self.server
    }

    /// Lets the proxy fail statements and commits at random where the server cannot have conflicts by itself, and says
    /// so: a server with one session has no second one to conflict with.
    pub(crate) fn provoke_conflicts(&self) -> Option<&'static str> {
        let proxy = self.server.proxy().filter(|_| self.embedded.is_some())?;
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
        if let Some(proxy) = self.server.proxy() {
            proxy.stop_injecting();
        }
    }

    /// How many sessions it can have at the same time, up to `wanted`.
    pub(crate) fn sessions(&self, wanted: u32) -> u32 {
        if self.embedded.is_some() { 1 } else { wanted }
    }

    /// The host and the port where it can be reached.
    pub(crate) fn address(&self) -> (&str, u16) {
        self.server.address()
    }

    /// Points a configuration at this server.
    pub(crate) fn configure(&self, config: ConfigBuilder) -> ConfigBuilder {
        self.server.configure(config)
    }

    /// Removes the database where the server is run elsewhere; a server of ours goes with all that is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn clean_up(&self) -> Result<()> {
        if self.embedded.is_none() {
            self.server.clean_up().await?;
        }
        Ok(())
    }
}

fn is_unavailable(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Error>()
        .is_some_and(|error| error.kind() == ErrorKind::Unavailable)
}

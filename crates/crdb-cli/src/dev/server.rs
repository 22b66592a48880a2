//! A server that was found or started, and what stands in front of it.

use anyhow::Result;
use crdb_facade::config::ConfigBuilder;
use crdb_testkit::{
    CockroachVersion, Database, Engine, EngineChoice, EngineKind, EngineOptions, ErrorKind,
    QuirksOptions, QuirksProxy,
};

/// A server with a database of its own. Dropping it stops what was started; the fields go in their order.
#[derive(Debug)]
pub struct Server {
    /// Stands in front of PostgreSQL, and makes it behave as CockroachDB does.
    proxy: Option<QuirksProxy>,
    engine: Engine,
    database: Database,
}

impl Server {
    /// Finds or starts the server that `choice` names. A PostgreSQL answers as the release `imitate` of CockroachDB. Dropping the
    /// future stops what was started.
    ///
    /// # Errors
    /// When there is none of that kind ([`ErrorKind::Unavailable`]), or it does not start.
    pub async fn start(choice: EngineChoice, imitate: CockroachVersion) -> Result<Self> {
        let options = EngineOptions::default().choice(choice);
        let engine = Engine::try_start(options).await?;
        let database = engine.try_create_database().await?;
        let options = QuirksOptions::default().version(imitate);
        let proxy = match QuirksProxy::start(&engine, options).await {
            Ok(proxy) => Some(proxy),
            // CockroachDB itself, or a server that is run elsewhere.
            Err(error) if error.kind() == ErrorKind::Unavailable => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            proxy,
            engine,
            database,
        })
    }

    /// The server itself.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What stands in front of it, if it is a PostgreSQL that was started here.
    #[must_use]
    pub fn proxy(&self) -> Option<&QuirksProxy> {
        self.proxy.as_ref()
    }

    /// Which server, and why; and what stands in front of it.
    #[must_use]
    pub fn choice(&self) -> String {
        format!("{}{}", self.engine.choice(), self.habits())
    }

    /// A line about what stands in front of a PostgreSQL, or that nothing does; empty for CockroachDB.
    #[must_use]
    pub fn habits(&self) -> String {
        match (&self.proxy, self.engine.kind()) {
            (Some(proxy), _) => format!(
                "\nA proxy in front of it answers as CockroachDB {} does, with its habits and errors.",
                proxy.version().series()
            ),
            (None, EngineKind::PostgreSql) => {
                "\nIt is used as it is, without CockroachDB's habits.".to_owned()
            }
            (None, _) => String::new(),
        }
    }

    /// The host and the port where it can be reached.
    #[must_use]
    pub fn address(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (self.engine.host(), self.engine.port()),
        }
    }

    /// Where it can be reached: through the proxy, where one stands in front of it.
    #[must_use]
    pub fn url(&self) -> String {
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
    #[must_use]
    pub fn configure(&self, config: ConfigBuilder) -> ConfigBuilder {
        let config = config.set_text("auth.url", self.database.url());
        match &self.proxy {
            Some(proxy) => {
                let node = format!("{}:{}", proxy.host(), proxy.port());
                config.set_text("auth.nodes", &node)
            }
            None => config,
        }
    }

    /// Removes the database where the server is run elsewhere; a server that was started here goes with all that is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn clean_up(&self) -> Result<()> {
        Ok(self.engine.drop_database(&self.database).await?)
    }
}

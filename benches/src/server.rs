//! The server that a row measures against, with one table that every client reads.

use std::{path::Path, str::FromStr as _, sync::Arc};

use crdb_testkit::{Database, Engine, EngineChoice, EngineOptions, Login};

use crate::{
    case::MeasureError,
    row::Settings,
    tls::{self, Rustls, Tls},
};

/// How many rows the table has.
pub const ROWS: i64 = 10_000;

/// What a client asks for when it asks for one row.
pub const POINT_SELECT: &str = "SELECT v FROM points WHERE id = $1";

/// What a client asks for when it asks for all rows.
pub const FETCH_ALL: &str = "SELECT id, v, label FROM points";

/// A server with a database of its own. Subjects hold it, so that it ends with the last of them.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    database: Database,
    tls: Option<Tls>,
}

impl Server {
    /// Starts a server, or takes the one that the settings name, and fills the table.
    ///
    /// # Errors
    /// Where there is no server, or it refuses.
    pub async fn start(settings: &Settings) -> Result<Arc<Self>, MeasureError> {
        Self::start_as(settings, EngineOptions::default()).await
    }

    /// As [`start`](Self::start), a server that takes this many connections. One that the settings name must do so already.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_for(
        settings: &Settings,
        connections: u32,
    ) -> Result<Arc<Self>, MeasureError> {
        let options = EngineOptions::default();
        let options = match settings.engine {
            Some(_) => options,
            None => options
                .choice(EngineChoice::Postgres)
                .setting("max_connections", connections.to_string()),
        };
        Self::start_as(settings, options).await
    }

    /// As [`start`](Self::start), with these options for a server that is started.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn start_as(
        settings: &Settings,
        options: EngineOptions,
    ) -> Result<Arc<Self>, MeasureError> {
        let options = match &settings.engine {
            Some(url) => options.choice(EngineChoice::from_str(url)?),
            None => options,
        };
        let engine = Engine::try_start(options).await?;
        let database = engine.try_create_database().await?;
        let server = Self {
            tls: Tls::of(&engine),
            engine,
            database,
        };
        let client = server.client().await?;
        client
            .batch_execute(&format!(
                "CREATE TABLE points (id BIGINT PRIMARY KEY, v BIGINT NOT NULL, label TEXT NOT NULL);
                 INSERT INTO points SELECT n, n * 7, 'point number ' || n::TEXT FROM generate_series(1, {ROWS}) AS g (n);"
            ))
            .await?;
        client.batch_execute("ANALYZE points").await?;
        Ok(Arc::new(server))
    }

    /// Which server this is, and why.
    #[must_use]
    pub fn choice(&self) -> &str {
        self.engine.choice()
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.engine.host()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.engine.port()
    }

    /// The server, if the test kit made its users.
    ///
    /// # Errors
    /// Where it is run elsewhere.
    pub fn ours(self: Arc<Self>) -> Result<Arc<Self>, MeasureError> {
        match self.engine.try_login(Login::Trust) {
            Some(_) => Ok(self),
            None => Err(
                "needs a server of its own, with the test kit's users: leave --engine out".into(),
            ),
        }
    }

    /// With what clients encrypt their sessions, if they do.
    #[must_use]
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// Whether clients encrypt their sessions, for tables.
    #[must_use]
    pub fn transport(&self) -> &'static str {
        match self.tls {
            Some(_) => "TLS verified in full",
            None => "no TLS",
        }
    }

    /// The user, who logs in by SCRAM.
    #[must_use]
    pub fn user(&self) -> &str {
        self.engine.user()
    }

    /// The user's password.
    #[must_use]
    pub fn password(&self) -> &str {
        self.engine.password()
    }

    /// A user whom the server lets in without being asked.
    #[must_use]
    pub fn trust_user(&self) -> &str {
        self.engine.login(Login::Trust).user()
    }

    /// The user who logs in by Kerberos, where the server was started with a realm.
    #[must_use]
    pub fn kerberos_user(&self) -> &str {
        self.engine.login(Login::Kerberos).user()
    }

    /// The certificate of the authority that signed the server's.
    #[must_use]
    pub fn ca_certificate(&self) -> &Path {
        self.engine.ca_cert_path()
    }

    /// The database with the table.
    #[must_use]
    pub fn database(&self) -> &str {
        self.database.name()
    }

    /// A connection of the bare driver.
    ///
    /// # Errors
    /// Where the server refuses.
    pub async fn client(&self) -> Result<tokio_postgres::Client, MeasureError> {
        let mut config = tokio_postgres::Config::new();
        config
            .host(self.host())
            .port(self.port())
            .user(self.user())
            .password(self.password())
            .dbname(self.database());
        let tls = self.tls().map(Rustls::new).transpose()?;
        Ok(tls::connect(&config, tls.as_ref()).await?)
    }
}

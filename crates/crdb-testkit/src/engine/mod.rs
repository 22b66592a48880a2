//! Engines: real servers for tests.

mod admin;
mod cockroach;
mod database;
mod external;
mod locate;
mod login;
mod node;
mod options;
mod postgres;
mod requirement;
mod selection;
mod shared;
mod template;
mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use self::selection::{URL_VARIABLE, select};
use self::tls::ServerTls;
use crate::certificates::{Authority, Identity};
use crate::error::{Error, ErrorKind};

pub(crate) use self::admin::Target;
pub(crate) use self::locate::find_program;
pub(crate) use self::node::free_port;

pub use self::database::Database;
pub use self::login::{Credentials, Login};
pub use self::node::Node;
pub use self::options::{EngineChoice, EngineKind, EngineOptions, Nodes};

/// What only a quirks proxy answers.
pub(crate) const ASKS_FOR_IMITATION: &str = "SHOW crdb_testkit_imitation";

/// How long a setting may take to reach all nodes of a cluster, and how often they are asked.
const RULES_TIMEOUT: Duration = Duration::from_secs(30);
const RULES_PAUSE: Duration = Duration::from_millis(100);

/// A server for tests: started by the test kit and stopped with it, or one that `CRDB_TEST_URL` names.
///
/// # Users
/// [`user`](Self::user) administers the server and logs in by SCRAM-SHA-256. An engine that the test kit starts also has
/// a user without special rights for each [`Login`]. It listens on the loopback interface only, takes TLS and plain
/// connections, and its certificate is good for `localhost`, `127.0.0.1` and `::1`.
///
/// # Lifetime
/// Dropping an engine stops its processes and removes its directory before the drop returns. The same happens, a
/// moment later, when the owning process ends in any other way: panic, Ctrl-C, SIGTERM, SIGKILL. Only what `initdb` makes is
/// kept, in Cargo's target directory when the program runs from there, to make the next start quick.
pub struct Engine {
    kind: EngineKind,
    choice: String,
    version: String,
    nodes: Vec<Node>,
    administrator: Credentials,
    /// Who the test kit itself logs in as.
    operator: Credentials,
    logins: Vec<(Login, Credentials)>,
    database: String,
    ca_certificate: Option<PathBuf>,
    tls: Option<ServerTls>,
    /// It is CockroachDB only as far as a quirks proxy goes.
    imitated: bool,
    /// Whether cancel requests have an effect, once a test has asked.
    cancels: tokio::sync::OnceCell<bool>,
}

/// A server that takes connections, before the test kit has talked to it.
struct Launched {
    kind: EngineKind,
    nodes: Vec<Node>,
    administrator: Credentials,
    /// Who the test kit itself logs in as, where it is not the administrator.
    operator: Option<Credentials>,
    /// Statements to run before anything else, each list in the database that comes with it.
    setup: Vec<(&'static str, Vec<String>)>,
    /// What comes after that, where the server's release knows it.
    optional: Vec<Optional>,
    logins: Vec<(Login, Credentials)>,
    database: String,
    ca_certificate: Option<PathBuf>,
    tls: Option<ServerTls>,
}

/// Statements, run in the engine's database, that some releases refuse.
#[derive(Debug)]
struct Optional {
    statements: Vec<String>,
    /// The way to log in that the engine does not have without them.
    without: Option<Login>,
}

impl Optional {
    /// A cluster setting of CockroachDB, and its value in SQL.
    fn setting(name: &str, value: &str) -> Self {
        Self {
            statements: vec![format!("SET CLUSTER SETTING {name} = {value}")],
            without: None,
        }
    }
}

impl Engine {
    /// Starts an engine, or ends the test.
    ///
    /// Dropping the future stops what was started so far.
    ///
    /// # Panics
    /// With a message that starts with `did not run: ` when no engine can be had, and with the error otherwise.
    pub async fn start(options: EngineOptions) -> Self {
        match Self::try_start(options).await {
            Ok(engine) => engine,
            Err(error) => error.end_test(),
        }
    }

    /// Starts an engine.
    ///
    /// Dropping the future stops what was started so far.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when no engine can be had here, [`ErrorKind::InvalidInput`] when the options or
    /// `CRDB_TEST_URL` make no sense, [`ErrorKind::Start`] or [`ErrorKind::Timeout`] when the server does not come up,
    /// [`ErrorKind::Database`] when it refuses what is asked of it.
    pub async fn try_start(options: EngineOptions) -> Result<Self, Error> {
        let selected = select(&options, std::env::var(URL_VARIABLE).ok())?;
        let reason = selected.reason();
        let launched = tokio::task::spawn_blocking(move || selected.launch(&options))
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Start, "the thread that starts engines failed")
                    .with_source(source)
            })??;
        Self::finish(launched, &reason).await
    }

    async fn finish(launched: Launched, reason: &str) -> Result<Self, Error> {
        let mut engine = Self {
            kind: launched.kind,
            choice: String::new(),
            version: String::new(),
            nodes: launched.nodes,
            operator: launched
                .operator
                .unwrap_or_else(|| launched.administrator.clone()),
            administrator: launched.administrator,
            logins: launched.logins,
            database: launched.database,
            ca_certificate: launched.ca_certificate,
            tls: launched.tls,
            imitated: false,
            cancels: tokio::sync::OnceCell::new(),
        };
        for (database, statements) in &launched.setup {
            let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
            engine.target(database).run(&statements).await?;
        }
        for optional in &launched.optional {
            engine.set_up_if_known(optional).await;
        }
        engine.wait_for_every_node().await?;
        let version = engine
            .execute("SELECT version()")
            .await?
            .unwrap_or_default();
        if version.starts_with("CockroachDB") {
            engine.kind = EngineKind::CockroachDb;
            engine.imitated = engine.execute(ASKS_FOR_IMITATION).await.is_ok();
        }
        engine.version = short_version(&version);
        engine.choice = format!("{} {}", engine.version, reason);
        tracing::debug!(choice = %engine.choice, "engine started");
        Ok(engine)
    }

    async fn set_up_if_known(&mut self, optional: &Optional) {
        let statements: Vec<&str> = optional.statements.iter().map(String::as_str).collect();
        if let Err(error) = self.target(&self.database).run(&statements).await {
            tracing::debug!(%error, "the engine goes on without");
            self.logins
                .retain(|(login, _)| Some(*login) != optional.without);
        }
    }

    /// Waits until the rules of who may log in how, which reach the nodes of a cluster one after the other, hold on each.
    async fn wait_for_every_node(&self) -> Result<(), Error> {
        let Some((_, trusted)) = self
            .logins
            .iter()
            .find(|(login, _)| *login == Login::Trust && self.nodes.len() > 1)
        else {
            return Ok(());
        };
        let deadline = tokio::time::Instant::now() + RULES_TIMEOUT;
        for node in &self.nodes {
            let target = Target {
                host: node.host(),
                port: node.port(),
                credentials: trusted,
                ..self.target(&self.database)
            };
            while let Err(error) = target.run(&["SELECT 1"]).await {
                if tokio::time::Instant::now() >= deadline {
                    return Err(error);
                }
                tokio::time::sleep(RULES_PAUSE).await;
            }
        }
        Ok(())
    }

    /// One line for people: which engine this is and why it was chosen.
    #[must_use]
    pub fn choice(&self) -> &str {
        &self.choice
    }

    /// Which product answers.
    #[must_use]
    pub fn kind(&self) -> EngineKind {
        self.kind
    }

    /// Product and version, for example `PostgreSQL 15.18` or `CockroachDB CCL v25.2.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The nodes, at least one; a server behind a URL counts as one.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The first node's host name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.nodes.first().map_or("localhost", Node::host)
    }

    /// The first node's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.nodes.first().map_or(0, Node::port)
    }

    /// The administrator's name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.administrator.user
    }

    /// The administrator's password; empty when `CRDB_TEST_URL` holds none.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.administrator.password
    }

    /// What the administrator logs in with.
    #[must_use]
    pub fn administrator(&self) -> &Credentials {
        &self.administrator
    }

    /// The database that is there from the start: `defaultdb` on CockroachDB, `postgres` on PostgreSQL, else the URL's.
    /// Tests that write want one of their own: [`create_database`](Self::create_database).
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The PEM file with the authority's certificate.
    ///
    /// # Panics
    /// With `did not run: ` when the server behind `CRDB_TEST_URL` is used without TLS.
    #[must_use]
    #[track_caller]
    pub fn ca_cert_path(&self) -> &Path {
        self.try_ca_cert_path().unwrap_or_else(|| {
            Error::needs_own_server("this one is used without TLS, as there is no sslrootcert=FILE")
                .end_test()
        })
    }

    /// The PEM file with the authority's certificate, where the engine has TLS.
    #[must_use]
    pub fn try_ca_cert_path(&self) -> Option<&Path> {
        self.ca_certificate.as_deref()
    }

    /// The authority that signed the engine's certificate, to sign further ones with: client certificates, or server
    /// certificates for another name.
    ///
    /// # Panics
    /// With `did not run: ` when the engine is a server behind `CRDB_TEST_URL`: its authority's key is not ours.
    #[must_use]
    #[track_caller]
    pub fn authority(&self) -> &Authority {
        match &self.tls {
            Some(tls) => &tls.authority,
            None => self.not_ours("the authority's key").end_test(),
        }
    }

    /// The engine's own server certificate, for what stands in front of it.
    ///
    /// # Panics
    /// With `did not run: ` when the engine is a server behind `CRDB_TEST_URL`.
    #[must_use]
    #[track_caller]
    pub fn server_identity(&self) -> &Identity {
        match &self.tls {
            Some(tls) => &tls.server,
            None => self.not_ours("the server's key").end_test(),
        }
    }

    /// The user who logs in by `login`.
    ///
    /// # Panics
    /// With `did not run: ` when the engine has no such user: MD5 on CockroachDB, any on a server behind a URL.
    #[must_use]
    #[track_caller]
    pub fn login(&self, login: Login) -> &Credentials {
        self.try_login(login).unwrap_or_else(|| {
            let message = format!("{} has no user for {login:?}", self.version);
            if self.logins.is_empty() {
                Error::needs_own_server(message).end_test()
            }
            Error::new(ErrorKind::Unavailable, message).end_test()
        })
    }

    /// The user who logs in by `login`, if there is one.
    #[must_use]
    pub fn try_login(&self, login: Login) -> Option<&Credentials> {
        self.logins
            .iter()
            .find(|(known, _)| *known == login)
            .map(|(_, credentials)| credentials)
    }

    /// A `postgresql://` URL of `database` for the administrator, with the password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.port(), database)
    }

    /// As [`url`](Self::url), through what listens at `port` in front of the engine.
    fn url_at(&self, port: u16, database: &str) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut url = format!("postgresql://{}", encode(&self.administrator.user));
        if !self.administrator.password.is_empty() {
            url.push(':');
            url.push_str(&encode(&self.administrator.password));
        }
        let host = if self.host().contains(':') {
            format!("[{}]", self.host())
        } else {
            self.host().to_owned()
        };
        url.push_str(&format!("@{host}:{port}/{}", encode(database)));
        match &self.ca_certificate {
            Some(path) => url.push_str(&format!(
                "?sslmode=verify-full&sslrootcert={}",
                encode(&path.to_string_lossy())
            )),
            None => url.push_str("?sslmode=disable"),
        }
        if let Some((certificate, key)) = &self.administrator.certificate {
            let (certificate, key) = (certificate.to_string_lossy(), key.to_string_lossy());
            url.push_str(&format!(
                "&sslcert={}&sslkey={}",
                encode(&certificate),
                encode(&key)
            ));
        }
        url
    }

    /// Makes a fresh database, or ends the test.
    ///
    /// Dropping the future may leave the database behind, unnamed, until the engine ends.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn create_database(&self) -> Database {
        match self.try_create_database().await {
            Ok(database) => database,
            Err(error) => error.end_test(),
        }
    }

    /// Makes a fresh database in which every user of the engine may create objects.
    ///
    /// Dropping the future may leave the database behind, unnamed, until the engine ends.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] when the server refuses, [`ErrorKind::Timeout`] when it does not answer.
    pub async fn try_create_database(&self) -> Result<Database, Error> {
        let name = format!("crdb_testkit_{:016x}", rand::random::<u64>());
        let create = format!("CREATE DATABASE {name}");
        let users: Vec<&str> = self
            .logins
            .iter()
            .map(|(_, credentials)| credentials.user())
            .collect();
        let grant = format!("GRANT CREATE ON DATABASE {name} TO {}", users.join(", "));
        let statements = [create.as_str(), grant.as_str()];
        let statements = if users.is_empty() {
            &statements[..1]
        } else {
            &statements[..]
        };
        self.target(&self.database).run(statements).await?;
        Ok(Database {
            url: self.url(&name),
            name,
        })
    }

    /// Drops a database with all that is in it, ending the sessions that use it where the server can do that.
    ///
    /// Dropping the future leaves open whether it is gone.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] when the server refuses, [`ErrorKind::Timeout`] when it does not answer.
    pub async fn drop_database(&self, database: &Database) -> Result<(), Error> {
        let how = match self.kind {
            EngineKind::CockroachDb => "CASCADE",
            EngineKind::PostgreSql => "WITH (FORCE)",
        };
        self.execute(&format!("DROP DATABASE IF EXISTS {} {how}", database.name))
            .await?;
        Ok(())
    }

    /// Runs `sql` as a superuser on a connection of its own, and gives the first column of its last row.
    ///
    /// Dropping the future leaves open whether the statement took effect.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] when the server refuses, [`ErrorKind::Timeout`] when it does not answer in 30 s.
    pub async fn execute(&self, sql: &str) -> Result<Option<String>, Error> {
        self.execute_in(&self.database, sql).await
    }

    /// As [`execute`](Self::execute), in another database.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn execute_in(&self, database: &str, sql: &str) -> Result<Option<String>, Error> {
        self.target(database).run(&[sql]).await
    }

    /// The database of this name, through what listens at `port` in front of the engine.
    pub(crate) fn database_at(&self, port: u16, name: &str) -> Database {
        Database {
            name: name.to_owned(),
            url: self.url_at(port, name),
        }
    }

    /// Whether the server is run elsewhere, and so outlives the test.
    pub(crate) fn is_external(&self) -> bool {
        self.logins.is_empty()
    }

    /// The administrator's way into a database, through what listens at `port` in front of the engine.
    pub(crate) fn administrator_at<'a>(&'a self, port: u16, database: &'a str) -> Target<'a> {
        Target {
            port,
            credentials: &self.administrator,
            ..self.target(database)
        }
    }

    fn target<'a>(&'a self, database: &'a str) -> Target<'a> {
        Target {
            host: self.host(),
            port: self.port(),
            ca_certificate: self.ca_certificate.as_deref(),
            credentials: &self.operator,
            database,
        }
    }

    fn not_ours(&self, what: &str) -> Error {
        Error::needs_own_server(format_args!("{what} of {} is not ours", self.version))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("choice", &self.choice)
            .field("nodes", &self.nodes)
            .finish_non_exhaustive()
    }
}

/// `CockroachDB CCL v25.2.1 (x86_64..)` and `PostgreSQL 15.18 (Debian ..) on ..` without what follows the version.
fn short_version(version: &str) -> String {
    version
        .split(" (")
        .next()
        .unwrap_or(version)
        .split(" on ")
        .next()
        .unwrap_or(version)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_short() {
        assert_eq!(
            short_version("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64"),
            "PostgreSQL 15.18"
        );
        assert_eq!(
            short_version("PostgreSQL 16.1 on x86_64-pc-linux-gnu"),
            "PostgreSQL 16.1"
        );
        assert_eq!(
            short_version("CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built"),
            "CockroachDB CCL v25.2.1"
        );
    }
}

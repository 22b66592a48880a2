//! Which engine to use and how to start it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::kerberos::Kdc;

/// Which engine a test or a program asks for.
///
/// Parsed from `auto`, `cockroach`, `postgres` or a `postgresql://` URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineChoice {
    /// The first that can be had: the server that `CRDB_TEST_URL` names, `cockroach` on `PATH`, PostgreSQL's own
    /// binaries.
    #[default]
    Auto,
    /// `cockroach` on `PATH`, or nothing.
    Cockroach,
    /// PostgreSQL's binaries, or nothing.
    Postgres,
    /// The server that this connection URL names; `CRDB_TEST_URL` is read the same way.
    ///
    /// Understood are `postgresql://user:password@host:port/database` and the parameters `sslmode` (`disable`,
    /// `require`, `verify-ca`, `verify-full`; all but the first verify in full), `sslrootcert`, `sslcert` and `sslkey`.
    Url(String),
}

impl FromStr for EngineChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "auto" => Ok(Self::Auto),
            "cockroach" => Ok(Self::Cockroach),
            "postgres" => Ok(Self::Postgres),
            url if url.starts_with("postgresql://") || url.starts_with("postgres://") => {
                Ok(Self::Url(url.to_owned()))
            }
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "an engine is `auto`, `cockroach`, `postgres` or a URL that starts with `postgresql://`",
            )),
        }
    }
}

/// How many nodes a CockroachDB engine has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nodes {
    /// One node.
    #[default]
    One,
    /// Three nodes that replicate to each other. PostgreSQL cannot do this: asking for it there is
    /// [`ErrorKind::Unavailable`].
    Three,
}

/// What to start. The default is [`EngineChoice::Auto`] with one node.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    choice: EngineChoice,
    nodes: Nodes,
    settings: Vec<(String, String)>,
    access_rules: Vec<String>,
    start_timeout: Duration,
    kerberos: Option<KerberosService>,
}

/// The service that an engine is in a Kerberos realm.
#[derive(Clone, Debug)]
pub(crate) struct KerberosService {
    pub(crate) realm: String,
    pub(crate) keytab: PathBuf,
    pub(crate) config: PathBuf,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            choice: EngineChoice::Auto,
            nodes: Nodes::One,
            settings: Vec::new(),
            access_rules: Vec::new(),
            start_timeout: Duration::from_secs(60),
            kerberos: None,
        }
    }
}

impl EngineOptions {
    /// Which engine. Default: [`EngineChoice::Auto`].
    #[must_use]
    pub fn choice(mut self, choice: EngineChoice) -> Self {
        self.choice = choice;
        self
    }

    /// How many nodes. Default: [`Nodes::One`].
    #[must_use]
    pub fn nodes(mut self, nodes: Nodes) -> Self {
        self.nodes = nodes;
        self
    }

    /// Sets one server setting: a line of `postgresql.conf`, or a cluster setting of CockroachDB. A server that is
    /// reached through a URL is not ours to configure: there it is [`ErrorKind::Unavailable`].
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Puts one line of `pg_hba.conf`, or of CockroachDB's setting that reads the same, before the ones that let in the
    /// user of each [`Login`](super::Login), and behind the one that lets in the administrator. A server that is reached
    /// through a URL is not ours to configure: there it is [`ErrorKind::Unavailable`].
    #[must_use]
    pub fn access_rule(mut self, rule: impl Into<String>) -> Self {
        self.access_rules.push(rule.into());
        self
    }

    pub(crate) fn access_rules(&self) -> &[String] {
        &self.access_rules
    }

    /// How long a start may take, everything included. Default: 60 s.
    #[must_use]
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Lets users log in by tickets of `kdc`'s realm, and makes one of them: [`Login::Kerberos`](super::Login::Kerberos).
    /// Roles that are granted `kerberos_users` log in the same way, each as the principal of its name; the service is
    /// `postgres/localhost`. CockroachDB wants a licence for this, and a server behind a URL is not ours to configure: there
    /// it is [`ErrorKind::Unavailable`].
    ///
    /// The realm must live as long as the engine.
    #[must_use]
    pub fn kerberos(mut self, kdc: &Kdc) -> Self {
        let keytab = kdc.keytab_path("postgres/localhost");
        self.kerberos = Some(KerberosService {
            realm: kdc.realm().to_owned(),
            keytab,
            config: kdc.config_path(),
        });
        self
    }

    pub(crate) fn kerberos_service(&self) -> Option<&KerberosService> {
        self.kerberos.as_ref()
    }

    pub(crate) fn chosen(&self) -> &EngineChoice {
        &self.choice
    }

    pub(crate) fn node_count(&self) -> Nodes {
        self.nodes
    }

    pub(crate) fn settings(&self) -> &[(String, String)] {
        &self.settings
    }

    /// Short enough to be added to an instant: 30 years where more was asked for.
    pub(crate) fn timeout(&self) -> Duration {
        const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        self.start_timeout.min(FAR)
    }
}

/// Which product answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EngineKind {
    /// CockroachDB.
    CockroachDb,
    /// PostgreSQL.
    PostgreSql,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CockroachDb => "CockroachDB",
            Self::PostgreSql => "PostgreSQL",
        })
    }
}

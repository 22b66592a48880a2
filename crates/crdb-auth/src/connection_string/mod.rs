//! Connection strings as libpq reads them.

mod apply;
mod foreign_options;
mod hosts;
mod key_value;
mod keywords;
mod scheme;
mod uri;

use std::fmt;
use std::str::FromStr;

use crate::config::ConfigBuilder;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::target::TargetSessionAttrs;
use scheme::Form;

/// A connection string, `key=value` or URI, read as libpq reads it, but for its defaults.
///
/// - TLS is verify-full against the system's roots unless the string says otherwise. With
///   `sslrootcert=FILE` that file is trusted instead, `sslrootcert=system` is the default spelled
///   out.
/// - Nothing is taken from `PG*` variables, `~/.pgpass`, `~/.postgresql` or service files:
///   `passfile`, `sslcert` and the like name what is to be used.
/// - The default host is `localhost` over TCP.
/// - `cockroachdb://` is read as `postgresql://` with the default port 26257.
/// - Options that this crate does not have and whose absence would weaken the connection
///   (`requirepeer`, `service`, ..) are an error.
///
/// An error names the option or the part of the URI and says how to correct it. It repeats no value,
/// because text that an unescaped `@`, `/` or space has cut out of a password looks like any other part.
/// A URI that libpq reads and that has a second `@` in front of the host, or one behind it in the path, is an
/// error as well: a piece of a password is never looked up as a host.
///
/// ```
/// use crdb_auth::ConnectionString;
///
/// let string: ConnectionString =
///     "postgresql://app:secret@db1:26257,db2/bank?sslrootcert=certs%2Fca.crt&connect_timeout=5".parse()?;
/// assert_eq!(string.endpoints()[1].to_string(), "db2:5432");
/// let config = string.config().application_name("ledger").build()?;
/// assert_eq!(config.database(), Some("bank"));
/// # Ok::<(), crdb_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct ConnectionString {
    endpoints: Vec<Endpoint>,
    config: ConfigBuilder,
    target: TargetSessionAttrs,
    shuffle: bool,
}

impl ConnectionString {
    /// The servers, in the order in which they are to be tried. At least one.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Everything else, to be completed by code and built.
    pub fn config(&self) -> ConfigBuilder {
        self.config.clone()
    }

    /// What kind of server is wanted.
    #[must_use]
    pub fn target_session_attrs(&self) -> TargetSessionAttrs {
        self.target
    }

    /// Whether the servers are to be tried in random order (`load_balance_hosts=random`).
    #[must_use]
    pub fn load_balance_hosts(&self) -> bool {
        self.shuffle
    }

    /// The keys and values, decoded, in the order they stand in; of a key given twice both.
    /// This is what libpq's `PQconninfoParse` gives. Beware: the password is among them.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for what libpq cannot read either.
    pub fn parse_pairs(text: &str) -> Result<Vec<(&'static str, String)>, Error> {
        if text.contains('\0') {
            return Err(Error::config("connection string: it contains a NUL"));
        }
        match Form::of(text) {
            Form::Uri { rest, default_port } => {
                let default_port =
                    (default_port != Endpoint::POSTGRESQL_PORT).then_some(default_port);
                uri::parse(rest, default_port)
            }
            Form::KeyValue => key_value::parse(text),
        }
    }
}

impl FromStr for ConnectionString {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(mistake) = scheme::mistake(text) {
            return Err(mistake);
        }
        let form = Form::of(text);
        if let Form::Uri { rest, .. } = form {
            uri::refuse_misplaced(rest)?;
        }
        let is_uri = form != Form::KeyValue;
        apply::apply(Self::parse_pairs(text)?, is_uri)
    }
}

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionString")
            .field("endpoints", &self.endpoints)
            .field("config", &self.config)
            .field("target_session_attrs", &self.target)
            .field("load_balance_hosts", &self.shuffle)
            .finish()
    }
}

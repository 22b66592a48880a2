//! Kerberos over GSSAPI, for PostgreSQL's and CockroachDB's `gss` login.
//!
//! The calls into the Kerberos library block, also on the network, and cannot be interrupted, so they run on threads of their
//! own, one at a time for each place, inside the connect deadline. The process environment is never changed: where a
//! principal has its own cache or keytab, the credential is acquired from exactly there.

mod acquire;
mod advice;
pub(crate) mod clock;
mod context;
mod exchange;
mod failure;
mod profile;
mod service_name;
mod tickets;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::authenticator::{AuthContext, AuthRequest, Authenticator, Exchange};
use crate::defaults;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::file_name::{shown_secret, shown_text};
use advice::Kdcs;
use exchange::KerberosExchange;
use failure::GssFailure;
use service_name::ServiceName;
use tickets::Tickets;

/// How to log in with Kerberos.
///
/// Mutual authentication is always required, credentials are not delegated unless
/// [asked](Self::delegate), and names are never looked up backwards: the service asked for is `service/host`, with the host as it stands in
/// the [`Endpoint`], in lower case.
///
/// ```
/// use crdb_auth::{Config, Kerberos};
///
/// let config = Config::builder()
///     .user("app")
///     .kerberos(Kerberos::keytab("/etc/app/app.keytab").principal("app@EXAMPLE.COM"))
///     .build()?;
/// # assert_eq!(config.user(), "app");
/// # Ok::<(), crdb_auth::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Kerberos {
    credentials: Credentials,
    principal: Option<String>,
    service: String,
    host: Option<String>,
    realm: Option<String>,
    without_tls: bool,
    delegate: bool,
}

/// Where the ticket comes from.
#[derive(Clone, PartialEq, Eq)]
enum Credentials {
    DefaultCache,
    Cache(String),
    Keytab(PathBuf),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DefaultCache => f.write_str("DefaultCache"),
            Self::Cache(name) => write!(f, "Cache({:?})", shown_text(name)),
            Self::Keytab(path) => write!(f, "Keytab({:?})", shown_secret(path)),
        }
    }
}

impl Kerberos {
    /// With the ticket of the process's default cache, as `kinit` leaves it (`KRB5CCNAME`, or what
    /// `krb5.conf` says). It is read for every login; renewing it is its owner's business.
    #[must_use]
    pub fn default_cache() -> Self {
        Self::with(Credentials::DefaultCache)
    }

    /// With the ticket of this cache: a path, or a name with its type such as `DIR:/run/app`.
    /// It is read for every login; renewing it is its owner's business.
    pub fn cache(name: impl Into<String>) -> Self {
        Self::with(Credentials::Cache(name.into()))
    }

    /// With the key in this file. The ticket is acquired at the first login (or by
    /// [`Connector::prepare`](crate::Connector::prepare)), held in memory, renewed in the
    /// background when a good half of its life is over, and acquired anew when the file is
    /// replaced, or when the library or the server calls it expired: that login is tried once more. The same modes are accepted as for [`Password::file`](crate::Password::file).
    pub fn keytab(path: impl Into<PathBuf>) -> Self {
        Self::with(Credentials::Keytab(path.into()))
    }

    fn with(credentials: Credentials) -> Self {
        Self {
            credentials,
            principal: None,
            service: defaults::KERBEROS_SERVICE.to_owned(),
            host: None,
            realm: None,
            without_tls: defaults::KERBEROS_PERMIT_WITHOUT_TLS,
            delegate: defaults::KERBEROS_DELEGATE,
        }
    }

    /// Who logs in, for example `app@EXAMPLE.COM`. Without it: the cache's principal, or the
    /// first of the keytab.
    #[must_use]
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.principal = Some(principal.into());
        self
    }

    /// The first part of the service's name; `postgres` without it, for both engines.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.service = service.into();
        self
    }

    /// The host in the service's name, where it is not the endpoint's: a balancer's name, say.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// The realm of the service; without it the default realm of `krb5.conf`.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Lets Kerberos happen without TLS, where the server asks for that. Who logs in is then as
    /// safe as ever, but what follows can be read and changed on the way. Default: refused.
    #[must_use]
    pub fn permit_without_tls(mut self, permit: bool) -> Self {
        self.without_tls = permit;
        self
    }

    /// Hands the server a ticket with which it can log in elsewhere as this client, until the ticket ends: only for
    /// servers that are to act in its name (foreign data wrappers). Needs a forwardable ticket; the login fails when
    /// there is none. Default: nothing is delegated.
    #[must_use]
    pub fn delegate(mut self, delegate: bool) -> Self {
        self.delegate = delegate;
        self
    }

    /// The name of the service that will be asked for at this endpoint.
    #[must_use]
    pub fn service_name(&self, endpoint: &Endpoint) -> String {
        ServiceName::new(self, endpoint).name().to_owned()
    }

    /// Whether a ticket that has expired is replaced by the next login.
    pub(crate) fn renews(&self) -> bool {
        matches!(self.credentials, Credentials::Keytab(_))
    }

    pub(crate) fn permits_without_tls(&self) -> bool {
        self.without_tls
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let cache = match &self.credentials {
            Credentials::Cache(name) => Some(name.as_str()),
            _ => None,
        };
        let texts = [
            Some(self.service.as_str()),
            self.principal.as_deref(),
            self.host.as_deref(),
            self.realm.as_deref(),
            cache,
        ];
        if texts
            .into_iter()
            .flatten()
            .any(|text| text.is_empty() || text.contains('\0'))
        {
            return Err(Error::config(
                "Kerberos: the service, principal, host, realm or cache is empty or contains a NUL",
            ));
        }
        Ok(())
    }
}

/// The built-in way for servers that ask for GSSAPI.
pub(crate) struct KerberosAuthenticator {
    settings: Kerberos,
    tickets: Arc<Tickets>,
}

impl KerberosAuthenticator {
    pub(crate) fn new(settings: Kerberos) -> Self {
        let tickets = Tickets::new(settings.credentials.clone(), settings.principal.clone());
        Self { settings, tickets }
    }

    /// Acquires the ticket ahead of the first login.
    pub(crate) async fn prepare(&self) -> Result<(), Error> {
        self.tickets.get().await.map(drop)
    }

    /// How long the ticket of a keytab still lives.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.tickets.left()
    }

    /// A login whose first token is begun now, so that it is there when the server asks for it.
    pub(crate) fn begin_ahead(&self, endpoint: &Endpoint) -> Box<dyn Exchange> {
        Box::new(self.exchange(endpoint).ahead())
    }

    fn exchange(&self, endpoint: &Endpoint) -> KerberosExchange {
        KerberosExchange::new(
            Arc::clone(&self.tickets),
            ServiceName::new(&self.settings, endpoint),
            self.settings.delegate,
        )
    }

    /// The library has not come back within the deadline: it waits for a KDC.
    pub(crate) async fn unanswered(&self, attempt: &str, within: Duration) -> Error {
        let kdcs = Kdcs::of(self.tickets.realm()).await.describe();
        Error::new(
            ErrorKind::KerberosKdcUnreachable,
            format!(
                "{attempt} with the ticket of {}: no answer within {within:?} from a KDC; asked were {kdcs}; check the \
                 network to them",
                self.tickets.describe()
            ),
        )
    }

    /// Whose ticket there is, and how long it still holds.
    pub(crate) async fn ticket(&self) -> Result<String, Error> {
        let credential = self.tickets.get().await?.credential;
        let read = tokio::task::spawn_blocking(move || {
            let name = credential.name()?.display_name()?;
            let left = credential.lifetime()?;
            Ok((String::from_utf8_lossy(&name).into_owned(), left))
        });
        let attempt = || format!("looking at the ticket of {}", self.tickets.describe());
        let (name, left) = read
            .await
            .map_err(|error| Error::new(ErrorKind::Kerberos, attempt()).with_source(error))?
            .map_err(|error| GssFailure::new(&error).into_error(&attempt()))?;
        Ok(format!("{name}, for another {left:?}"))
    }
}

impl Authenticator for KerberosAuthenticator {
    fn begin(
        &self,
        context: &AuthContext<'_>,
        request: &AuthRequest<'_>,
    ) -> Option<Box<dyn Exchange>> {
        matches!(request, AuthRequest::Gss)
            .then(|| Box::new(self.exchange(context.endpoint)) as Box<dyn Exchange>)
    }
}

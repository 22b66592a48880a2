//! The configuration of logins: user, credentials, TLS, limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::authenticator::{Authenticator, Exchange};
use crate::credential::Password;
use crate::defaults;
use crate::endpoint::Endpoint;
use crate::error::Error;
#[cfg(all(feature = "kerberos", unix))]
use crate::kerberos::KerberosAuthenticator;
use crate::net::{Dialler, SocketOptions};
use crate::observer::Observer;
#[cfg(all(feature = "kerberos", unix))]
use crate::policy::AuthMethod;
use crate::policy::{ChannelBinding, RequireAuth};
use crate::scram::IterationLimits;
use crate::shown;
use crate::tls::{SslMode, TlsConfig};

/// Everything about a login except the server. One configuration serves every node of a cluster.
///
/// Made by [`Config::builder`]. Secrets in it print as `***`, and names and options as [`shown`] has them.
#[derive(Clone)]
pub struct Config {
    pub(crate) user: String,
    pub(crate) database: Option<String>,
    pub(crate) application_name: Option<String>,
    pub(crate) options: Option<String>,
    pub(crate) session_parameters: Vec<(String, String)>,
    pub(crate) password: Option<Password>,
    jwt: bool,
    authenticator: Option<Arc<dyn Authenticator>>,
    #[cfg(all(feature = "kerberos", unix))]
    kerberos: Option<(crate::Kerberos, Arc<KerberosAuthenticator>)>,
    /// Kerberos was not asked for; it is there for a server that asks.
    #[cfg(all(feature = "kerberos", unix))]
    kerberos_implied: bool,
    pub(crate) require_auth: Option<RequireAuth>,
    pub(crate) channel_binding: ChannelBinding,
    pub(crate) tls: TlsConfig,
    pub(crate) connect_timeout: Duration,
    pub(crate) socket: SocketOptions,
    pub(crate) dialler: Option<Arc<dyn Dialler>>,
    pub(crate) iterations: IterationLimits,
    pub(crate) permit_cleartext_without_tls: bool,
    pub(crate) permit_md5: bool,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl Config {
    /// Starts from the defaults: verify-full against the system's roots, ten seconds to connect.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder {
            config: Self {
                user: String::new(),
                database: None,
                application_name: None,
                options: None,
                session_parameters: Vec::new(),
                password: None,
                jwt: false,
                authenticator: None,
                #[cfg(all(feature = "kerberos", unix))]
                kerberos: None,
                #[cfg(all(feature = "kerberos", unix))]
                kerberos_implied: false,
                require_auth: None,
                channel_binding: ChannelBinding::default(),
                tls: TlsConfig::default(),
                connect_timeout: defaults::CONNECT_TIMEOUT,
                socket: SocketOptions::default(),
                dialler: None,
                iterations: IterationLimits::default(),
                permit_cleartext_without_tls: defaults::PERMIT_CLEARTEXT_WITHOUT_TLS,
                permit_md5: defaults::PERMIT_MD5,
                observer: None,
            },
        }
    }

    /// The user who logs in.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database, when one was chosen; the server's choice otherwise.
    #[must_use]
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The authenticators to ask when the server wants something, in this order.
    pub(crate) fn authenticators(&self) -> impl Iterator<Item = &dyn Authenticator> {
        #[cfg(all(feature = "kerberos", unix))]
        let built_in = self
            .kerberos
            .as_ref()
            .map(|(_, kerberos)| kerberos.as_ref() as &dyn Authenticator);
        #[cfg(not(all(feature = "kerberos", unix)))]
        let built_in = None;
        self.authenticator.as_deref().into_iter().chain(built_in)
    }

    /// A Kerberos login that begins before the server has asked for it, where it is the only way that is configured and
    /// what it does may be sent.
    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn gss_ahead(&self, endpoint: &Endpoint, tls: bool) -> Option<Box<dyn Exchange>> {
        let (settings, kerberos) = self.kerberos.as_ref()?;
        let only = self.authenticator.is_none() && self.password.is_none();
        let permitted = self
            .require_auth
            .as_ref()
            .is_none_or(|require| require.permits(AuthMethod::Gss))
            && self.channel_binding != ChannelBinding::Require
            && (tls || settings.permits_without_tls());
        (only && permitted).then(|| kerberos.begin_ahead(endpoint))
    }

    #[cfg(not(all(feature = "kerberos", unix)))]
    pub(crate) fn gss_ahead(&self, _endpoint: &Endpoint, _tls: bool) -> Option<Box<dyn Exchange>> {
        None
    }

    /// Whether GSSAPI may happen without TLS.
    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn gss_without_tls(&self) -> bool {
        self.kerberos
            .as_ref()
            .is_some_and(|(settings, _)| settings.permits_without_tls())
    }

    /// Whether GSSAPI may happen without TLS.
    #[cfg(not(all(feature = "kerberos", unix)))]
    #[expect(clippy::unused_self, reason = "the feature's other half uses it")]
    pub(crate) fn gss_without_tls(&self) -> bool {
        false
    }

    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn kerberos(&self) -> Option<&(crate::Kerberos, Arc<KerberosAuthenticator>)> {
        self.kerberos.as_ref()
    }

    /// Whether Kerberos is configured on purpose and nothing else is.
    /// Whether a login for which the ticket has expired may succeed when it is tried again.
    pub(crate) fn renews_tickets(&self) -> bool {
        #[cfg(all(feature = "kerberos", unix))]
        return self
            .kerberos
            .as_ref()
            .is_some_and(|(settings, _)| settings.renews());
        #[cfg(not(all(feature = "kerberos", unix)))]
        return false;
    }

    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn is_kerberos_alone(&self) -> bool {
        !self.kerberos_implied && self.password.is_none() && self.authenticator.is_none()
    }

    /// Whether the password is a JWT.
    pub(crate) fn is_jwt(&self) -> bool {
        self.jwt
    }

    /// The `options` of the startup message: CockroachDB wants a JWT announced there.
    pub(crate) fn startup_options(&self) -> Option<String> {
        const ANNOUNCE_JWT: &str = "--crdb:jwt_auth_enabled=true";
        match (&self.options, self.jwt) {
            (options, false) => options.clone(),
            (None, true) => Some(ANNOUNCE_JWT.to_owned()),
            (Some(options), true) => Some(format!("{options} {ANNOUNCE_JWT}")),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self
            .session_parameters
            .iter()
            .map(|(name, value)| (name, shown::setting(name, value)))
            .collect();
        f.debug_struct("Config")
            .field("user", &shown::user(&self.user))
            .field("database", &self.database.as_deref().map(shown::database))
            .field(
                "application_name",
                &self
                    .application_name
                    .as_deref()
                    .map(shown::application_name),
            )
            .field("options", &self.options.as_deref().map(shown::options))
            .field("session_parameters", &parameters)
            .field("password", &self.password)
            .field("jwt", &self.jwt)
            .field("require_auth", &self.require_auth)
            .field("channel_binding", &self.channel_binding)
            .field("tls", &self.tls)
            .field("connect_timeout", &self.connect_timeout)
            .field("socket", &self.socket)
            .field("dialler", &self.dialler.is_some())
            .field("iterations", &self.iterations)
            .field(
                "permit_cleartext_without_tls",
                &self.permit_cleartext_without_tls,
            )
            .field("permit_md5", &self.permit_md5)
            .finish_non_exhaustive()
    }
}

/// Collects a [`Config`]; [`build`](Self::build) checks it.
#[derive(Debug, Clone)]
#[must_use = "nothing is configured until build"]
pub struct ConfigBuilder {
    config: Config,
}

impl ConfigBuilder {
    /// Sets the user who logs in. Required.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.config.user = user.into();
        self
    }

    /// Sets the database. Default: the server's: `defaultdb` on CockroachDB, the user's
    /// name on PostgreSQL.
    pub fn database(mut self, database: impl Into<String>) -> Self {
        self.config.database = Some(database.into());
        self
    }

    /// Sets the name of this client in the server's session list and logs.
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.config.application_name = Some(name.into());
        self
    }

    /// Sets command-line options for the server, for example `-c statement_timeout=5s`, in libpq's
    /// spelling.
    pub fn options(mut self, options: impl Into<String>) -> Self {
        self.config.options = Some(options.into());
        self
    }

    /// Adds a session variable that is set at login, for example `("statement_timeout", "5s")`. `RESET` and `DISCARD ALL` go
    /// back to its value.
    pub fn session_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config
            .session_parameters
            .push((name.into(), value.into()));
        self
    }

    /// Sets the password. It is sent in clear only inside TLS; with SCRAM only a proof of it is sent.
    pub fn password(mut self, password: impl Into<Password>) -> Self {
        self.config.password = Some(password.into());
        self.config.jwt = false;
        self
    }

    /// Sets a JSON Web Token, announced to CockroachDB with `--crdb:jwt_auth_enabled=true` and sent in
    /// clear inside TLS. It takes the place of a password.
    pub fn jwt(mut self, token: impl Into<Password>) -> Self {
        self.config.password = Some(token.into());
        self.config.jwt = true;
        self
    }

    /// Logs in by Kerberos where the server asks for it.
    #[cfg(all(feature = "kerberos", unix))]
    pub fn kerberos(mut self, kerberos: crate::Kerberos) -> Self {
        let authenticator = Arc::new(KerberosAuthenticator::new(kerberos.clone()));
        self.config.kerberos = Some((kerberos, authenticator));
        self.config.kerberos_implied = false;
        self
    }

    /// Kerberos for a server that asks for it, of a source that names no way of authentication.
    #[cfg(all(feature = "kerberos", unix))]
    pub(crate) fn kerberos_where_asked(self, kerberos: crate::Kerberos) -> Self {
        let mut builder = self.kerberos(kerberos);
        builder.config.kerberos_implied = true;
        builder
    }

    /// Sets a custom way of authentication, which is asked before the built-in ones.
    pub fn authenticator(mut self, authenticator: impl Authenticator) -> Self {
        self.config.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Sets the ways of authentication that the server may ask for. Default: all but MD5, and but a password in clear
    /// without TLS.
    pub fn require_auth(mut self, methods: RequireAuth) -> Self {
        self.config.require_auth = Some(methods);
        self
    }

    /// Sets whether SCRAM is bound to TLS. Default: where the server offers it.
    pub fn channel_binding(mut self, binding: ChannelBinding) -> Self {
        self.config.channel_binding = binding;
        self
    }

    /// Sets whether and how TLS is used. Default: verify-full against the system's roots.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = tls;
        self
    }

    /// Sets one deadline over name resolution, TCP, TLS and login together. Default: 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.config.connect_timeout = timeout;
        self
    }

    /// Sets TCP keepalive and user timeout. Default: see [`SocketOptions`].
    pub fn socket(mut self, options: SocketOptions) -> Self {
        self.config.socket = options;
        self
    }

    /// Sets what opens connections instead of TCP and Unix sockets. Default: nothing.
    pub fn dialler(mut self, dialler: Arc<dyn Dialler>) -> Self {
        self.config.dialler = Some(dialler);
        self
    }

    /// Sets which SCRAM iteration counts are accepted. Default: 4,096 to 500,000.
    pub fn scram_iterations(mut self, limits: IterationLimits) -> Self {
        self.config.iterations = limits;
        self
    }

    /// Permits sending the password in clear without TLS, where the server asks for that: it can be read on the way.
    /// Default: refused.
    pub fn permit_cleartext_without_tls(mut self, permit: bool) -> Self {
        self.config.permit_cleartext_without_tls = permit;
        self
    }

    /// Permits PostgreSQL's old MD5 login: an attacker who overhears it, or reads the server's table,
    /// can log in. Default: refused.
    pub fn permit_md5(mut self, permit: bool) -> Self {
        self.config.permit_md5 = permit;
        self
    }

    /// Sets the observer of connects, failures and cancels.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.config.observer = Some(observer);
        self
    }

    /// Checks and returns the configuration.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config): no user, a zero timeout, a NUL in a text, a connection string in the
    /// place of a name, or a startup parameter that has its own method.
    pub fn build(self) -> Result<Config, Error> {
        let config = self.config;
        if config.user.is_empty() {
            return Err(Error::config("the user is empty; set the user who logs in"));
        }
        let is_connection_string =
            |text: &str| text.contains("://") || (text.contains('@') && text.contains(':'));
        let names = [
            ("the user", Some(&config.user)),
            ("the database", config.database.as_ref()),
            ("the application name", config.application_name.as_ref()),
        ];
        for (what, name) in names {
            if name.is_some_and(|name| is_connection_string(name)) {
                return Err(Error::config(format!(
                    "{what} is a piece of a connection string, which is not shown, because a password may be in it; \
                     ConnectionString reads them"
                )));
            }
        }
        if config.connect_timeout.is_zero() {
            return Err(Error::config(
                "connect_timeout is zero, so that no connect could succeed; the default is 10 s",
            ));
        }
        config.tls.check()?;
        #[cfg(all(feature = "kerberos", unix))]
        if let Some((kerberos, _)) = &config.kerberos {
            kerberos.check()?;
        }
        if config.channel_binding == ChannelBinding::Require
            && config.tls.effective_mode() == SslMode::Disable
        {
            return Err(Error::config(
                "channel_binding=require cannot be met with sslmode=disable: it binds to TLS",
            ));
        }
        let texts = [
            Some(&config.user),
            config.database.as_ref(),
            config.application_name.as_ref(),
            config.options.as_ref(),
        ];
        let parameters = config
            .session_parameters
            .iter()
            .flat_map(|(name, value)| [name, value]);
        if texts
            .into_iter()
            .flatten()
            .chain(parameters)
            .any(|text| text.contains('\0'))
        {
            return Err(Error::config(
                "user, database, application_name, options or a session parameter contains a NUL",
            ));
        }
        for (name, _) in &config.session_parameters {
            let own = [
                "user",
                "database",
                "application_name",
                "options",
                "replication",
            ];
            if name.is_empty() || own.contains(&name.as_str()) {
                return Err(Error::config(format!(
                    "session parameter {name:?} cannot be set this way"
                )));
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_found_before_anything_is_attempted() {
        let bad = [
            Config::builder(),
            Config::builder().user("a\0b"),
            Config::builder().user("a").connect_timeout(Duration::ZERO),
            Config::builder().user("a").session_parameter("user", "b"),
            Config::builder().user("app:hunter2@db1"),
            Config::builder().user("postgresql://app:hunter2"),
            Config::builder()
                .user("a")
                .database("postgresql://app:hunter2@db1/bank"),
            Config::builder()
                .user("a")
                .application_name("app:hunter2@db1"),
        ];
        for builder in bad {
            let error = builder.build().unwrap_err();
            assert!(error.is_config());
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let config = Config::builder()
            .user("a")
            .password("hunter2")
            .build()
            .unwrap();
        let debug = format!("{config:?}");
        assert!(
            debug.contains("***") && !debug.contains("hunter2"),
            "{debug}"
        );
    }
}

//! `auth`: where the cluster is, who you are, and how you prove it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crdb_auth::{
    AuthMethod, ChannelBinding, RequireAuth, Secret, SslMode, TlsNegotiation, TlsVersion, defaults,
};
use figment::value::Value;

use super::section;
use crate::config::Node;
use crate::config::setting::sealed::Form;
use crate::config::setting::{scalar, words};

section! {
    /// A connection string as libpq reads it: another spelling of the keys below. Those that are set beside it, or in a
    /// stronger source, count more than what it says.
    URL: Option<Secret> = unset("auth.url");
    /// The nodes of the cluster, or one load balancer.
    NODES: Vec<Node> = default("auth.nodes", "localhost:26257"),
        only "a list of one node or more, each as host, host:port or [address]:port" |nodes| !nodes.is_empty();
    /// The SQL user.
    USER: String = required("auth.user");
    /// The database.
    DATABASE: String = default("auth.database", "defaultdb");
    /// The password itself. Better leave it out of files. Of `password`, `passfile`, `jwt` and their variants the one
    /// from the strongest source counts.
    PASSWORD: Option<Secret> = unset("auth.password");
    /// The variable of the environment that holds the password.
    PASSWORD_ENV: Option<String> = unset("auth.password_env");
    /// The file that holds the password; one newline at its end is not part of it.
    PASSWORD_FILE: Option<PathBuf> = unset("auth.password_file");
    /// The program, and its arguments, that prints the password.
    PASSWORD_COMMAND: Option<Vec<String>> = unset("auth.password_command"),
        only "a list: a program and its arguments" |command| command.as_ref().is_none_or(|parts| !parts.is_empty());
    /// A password file in libpq's format, readable by this user only.
    PASSFILE: Option<PathBuf> = unset("auth.passfile");
    /// A JSON Web Token to log in with, instead of a password.
    JWT: Option<Secret> = unset("auth.jwt");
    /// The variable of the environment that holds the token.
    JWT_ENV: Option<String> = unset("auth.jwt_env");
    /// The file that holds the token; it is read again for each login.
    JWT_FILE: Option<PathBuf> = unset("auth.jwt_file");
    /// The program, and its arguments, that prints the token.
    JWT_COMMAND: Option<Vec<String>> = unset("auth.jwt_command"),
        only "a list: a program and its arguments" |command| command.as_ref().is_none_or(|parts| !parts.is_empty());
    /// What the server may ask for, as libpq's `require_auth`.
    REQUIRE_AUTH: Option<RequireAuth> = unset("auth.require_auth");
    /// Whether SCRAM is bound to the TLS channel; CockroachDB cannot, so `require` fails there.
    CHANNEL_BINDING: ChannelBinding = of_layer("auth.channel_binding", ChannelBinding::default);
    /// The name that the server shows for these sessions.
    APPLICATION_NAME: Option<String> = unset("auth.application_name");
    /// Command-line options for the server, in libpq's spelling.
    OPTIONS: Option<String> = unset("auth.options");
    /// A keytab to log in with by Kerberos (feature `kerberos`), readable by this user only.
    KERBEROS_KEYTAB: Option<PathBuf> = unset("auth.kerberos.keytab");
    /// A ticket cache to log in with by Kerberos; `default` for the process's own.
    KERBEROS_CACHE: Option<String> = unset("auth.kerberos.cache");
    /// Who logs in by Kerberos, such as `app@EXAMPLE.COM`, where it is not the cache's or the keytab's first.
    KERBEROS_PRINCIPAL: Option<String> = unset("auth.kerberos.principal");
    /// The first part of the name of the service that a ticket is asked for.
    KERBEROS_SERVICE: String = of_layer("auth.kerberos.service", || defaults::KERBEROS_SERVICE.to_owned());
    /// The host in that name, where it is not the node's.
    KERBEROS_HOST: Option<String> = unset("auth.kerberos.host");
    /// The realm of the service, where it is not the default realm.
    KERBEROS_REALM: Option<String> = unset("auth.kerberos.realm");
    /// Lets Kerberos happen without TLS: what follows the login can then be read and changed on the way.
    KERBEROS_PERMIT_WITHOUT_TLS: bool = of_layer("auth.kerberos.permit_without_tls", || defaults::KERBEROS_PERMIT_WITHOUT_TLS);
    /// Hands the server a ticket with which it can log in elsewhere in this name; needs a forwardable one.
    KERBEROS_DELEGATE: bool = of_layer("auth.kerberos.delegate", || defaults::KERBEROS_DELEGATE);
    /// How long opening a session may take: name look-up, TCP, TLS and login together.
    CONNECT_TIMEOUT: Duration = of_layer("auth.connect_timeout", || defaults::CONNECT_TIMEOUT),
        only "a duration above zero, like 10s" |timeout| !timeout.is_zero();
    /// Whether opening the database logs in once and asks whether it exists, so that mistakes show at the start.
    CHECK_AT_OPEN: bool = default("auth.check_at_open", "true");
    /// Silence before the first TCP keepalive probe; `none`: no probes.
    KEEPALIVE_IDLE: Option<Duration> = of_layer("auth.keepalive.idle", || defaults::KEEPALIVE_IDLE);
    /// Time between keepalive probes.
    KEEPALIVE_INTERVAL: Duration = of_layer("auth.keepalive.interval", || defaults::KEEPALIVE_INTERVAL);
    /// Unanswered keepalive probes after which a connection is dead.
    KEEPALIVE_RETRIES: u32 = of_layer("auth.keepalive.retries", || defaults::KEEPALIVE_RETRIES);
    /// How long sent data may stay unacknowledged (Linux); `none`: the kernel's limit.
    TCP_USER_TIMEOUT: Option<Duration> = of_layer("auth.tcp_user_timeout", || defaults::TCP_USER_TIMEOUT);
    /// The lowest SCRAM iteration count that is accepted.
    SCRAM_MIN_ITERATIONS: u32 = of_layer("auth.scram.min_iterations", || defaults::SCRAM_MIN_ITERATIONS),
        only "a whole number above 0" |count| *count > 0;
    /// The highest SCRAM iteration count that is accepted.
    SCRAM_MAX_ITERATIONS: u32 = of_layer("auth.scram.max_iterations", || defaults::SCRAM_MAX_ITERATIONS);
    /// Lets the password be sent in clear without TLS: everyone on the way can read it.
    PERMIT_CLEARTEXT_WITHOUT_TLS: bool = of_layer("auth.permit_cleartext_without_tls", || defaults::PERMIT_CLEARTEXT_WITHOUT_TLS);
    /// Lets PostgreSQL's old MD5 login happen.
    PERMIT_MD5: bool = of_layer("auth.permit_md5", || defaults::PERMIT_MD5);
    /// Whether TLS is used and what it must hold, as libpq's `sslmode`.
    TLS_MODE: SslMode = of_layer("auth.tls.mode", SslMode::default);
    /// The authorities to trust: PEM files, and `system` for the system's.
    TLS_ROOT_CERTIFICATES: Vec<PathBuf> = default("auth.tls.root_certificates", "system"),
        only "a list of one path or more, or `system`" |paths| !paths.is_empty();
    /// Certificate revocation lists: PEM files, and directories of them. Needs verify-ca or verify-full.
    TLS_REVOCATION_LISTS: Option<Vec<PathBuf>> = unset("auth.tls.revocation_lists");
    /// A PEM file with the certificate to present, and those between it and the root.
    TLS_CLIENT_CERTIFICATE: Option<PathBuf> = unset("auth.tls.client_certificate");
    /// A PEM file with its key, readable by this user only. Both are read again when they change.
    TLS_CLIENT_KEY: Option<PathBuf> = unset("auth.tls.client_key");
    /// How TLS begins; `direct` is for PostgreSQL 17 and balancers.
    TLS_NEGOTIATION: TlsNegotiation = of_layer("auth.tls.negotiation", TlsNegotiation::default);
    /// The oldest TLS version that is accepted.
    TLS_MIN_VERSION: TlsVersion = of_layer("auth.tls.min_version", TlsVersion::default);
    /// Whether the host name is sent in clear at the start of TLS, which CockroachDB Cloud routes by.
    TLS_SNI: bool = default("auth.tls.sni", "true");
    /// Session variables to set at login, each by its name.
    SESSION: BTreeMap<String, String> = unset("auth.session");
}

words!(SslMode, "disable, allow, prefer, require, verify-ca or verify-full", {
    "disable" => SslMode::Disable,
    "allow" => SslMode::Allow,
    "prefer" => SslMode::Prefer,
    "require" => SslMode::Require,
    "verify-ca" => SslMode::VerifyCa,
    "verify-full" => SslMode::VerifyFull,
});

words!(ChannelBinding, "disable, prefer or require", {
    "disable" => ChannelBinding::Disable,
    "prefer" => ChannelBinding::Prefer,
    "require" => ChannelBinding::Require,
});

words!(TlsNegotiation, "postgres or direct", {
    "postgres" => TlsNegotiation::Postgres,
    "direct" => TlsNegotiation::Direct,
});

words!(TlsVersion, "1.2 or 1.3", {
    "1.2" => TlsVersion::Tls12,
    "1.3" => TlsVersion::Tls13,
});

impl Form for RequireAuth {
    const EXPECTED: &'static str = "methods out of password, md5, gss, sspi, scram-sha-256, custom and none; \
                                    with `!` before each, all but these";
    const NONE_IS_A_WORD: bool = false;

    fn read(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Array(_, items) => items
                .iter()
                .map(scalar)
                .collect::<Option<Vec<_>>>()?
                .join(","),
            other => scalar(other)?,
        };
        text.parse().ok()
    }

    /// What it permits, however it was said.
    fn write(&self) -> String {
        use AuthMethod as Method;
        let all = [
            Method::Password,
            Method::Md5,
            Method::Gss,
            Method::Sspi,
            Method::ScramSha256,
            Method::Custom,
            Method::None,
        ];
        let permitted = all
            .into_iter()
            .filter(|method| self.permits(*method))
            .map(AuthMethod::as_str);
        permitted.collect::<Vec<_>>().join(", ")
    }
}

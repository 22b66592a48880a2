//! From keys and values to a configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::keywords::{KEYWORDS, Meaning};
use super::{ConnectionString, hosts};
use crate::config::{Config, ConfigBuilder};
use crate::credential::Password;
use crate::error::Error;
use crate::net::SocketOptions;
use crate::policy::{ChannelBinding, RequireAuth};
use crate::target::TargetSessionAttrs;
use crate::tls::{
    ClientCertificate, RevocationLists, RootCertificates, SslMode, TlsConfig, TlsNegotiation,
    TlsVersion,
};

/// The values by key: the last of each, and only those that are not empty, which libpq takes for
/// not given.
struct Values(BTreeMap<&'static str, String>);

impl Values {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// libpq's integers: white space around them is allowed.
    fn integer(&self, key: &str) -> Result<Option<i32>, Error> {
        self.get(key)
            .map(|text| {
                text.trim().parse().map_err(|_| {
                    Error::config(format!(
                        "connection string: the value of {key} is not a whole number"
                    ))
                })
            })
            .transpose()
    }

    /// One of the named choices. The error lists them and does not repeat the value.
    fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let found = choices.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            Error::config(format!(
                "connection string: the value of {key} is none of {}",
                names.join(", ")
            ))
        })
    }
}

/// `is_uri` only chooses the words of an error.
pub(super) fn apply(
    pairs: Vec<(&'static str, String)>,
    is_uri: bool,
) -> Result<ConnectionString, Error> {
    for (word, _) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let refused = KEYWORDS
            .iter()
            .any(|(known, meaning)| known == word && *meaning == Meaning::Refused);
        if refused {
            return Err(Error::config(format!(
                "connection string: {word} is not supported, and ignoring it could weaken the \
                 connection"
            )));
        }
    }
    let mut values: BTreeMap<_, _> = pairs.into_iter().collect();
    values.retain(|_, value| !value.is_empty());
    let values = Values(values);

    let endpoints = hosts::endpoints(
        values.get("host"),
        values.get("hostaddr"),
        values.get("port"),
        is_uri,
    )?;
    let mut config = login(&values, Config::builder())?
        .tls(tls(&values)?)
        .socket(socket(&values)?);
    // Zero and less mean "for ever" to libpq; here a connect always ends.
    if let Some(seconds) = values.integer("connect_timeout")?
        && seconds > 0
    {
        config = config.connect_timeout(Duration::from_secs(u64::from(seconds.unsigned_abs())));
    }
    let shuffle = values.choice(
        "load_balance_hosts",
        &[("disable", false), ("random", true)],
    )?;
    Ok(ConnectionString {
        endpoints,
        config,
        target: values
            .choice("target_session_attrs", &TargetSessionAttrs::NAMED)?
            .unwrap_or_default(),
        shuffle: shuffle.unwrap_or(false),
    })
}

fn login(values: &Values, mut config: ConfigBuilder) -> Result<ConfigBuilder, Error> {
    if let Some(user) = values.get("user") {
        config = config.user(user);
    }
    if let Some(database) = values.get("dbname") {
        config = config.database(database);
    }
    let name = values
        .get("application_name")
        .or_else(|| values.get("fallback_application_name"));
    if let Some(name) = name {
        config = config.application_name(name);
    }
    if let Some(options) = values.get("options") {
        config = config.options(options);
    }
    // The password of the string wins over the file, as in libpq.
    if let Some(password) = values.get("password") {
        config = config.password(password);
    } else if let Some(path) = values.get("passfile") {
        config = config.password(Password::passfile(path));
    }
    if let Some(methods) = values.get("require_auth") {
        let methods = methods.parse::<RequireAuth>().map_err(|_| {
            Error::config(
                "connection string: the value of require_auth is not a list of password, md5, gss, sspi, scram-sha-256, \
                 custom and none, all with a leading '!' or all without",
            )
        })?;
        config = config.require_auth(methods);
    }
    if let Some(binding) = values.choice("channel_binding", &ChannelBinding::NAMED)? {
        config = config.channel_binding(binding);
    }
    if let Some(encoding) = values.get("client_encoding")
        && !["auto", "utf8", "utf-8", "unicode"].contains(&encoding.to_lowercase().as_str())
    {
        return Err(Error::config(
            "connection string: the value of client_encoding is not UTF8, the only encoding that is supported",
        ));
    }
    values.choice("gssencmode", &[("disable", ()), ("prefer", ())])?;
    #[cfg(not(all(feature = "kerberos", unix)))]
    values.choice("gssdelegation", &[("0", ())])?;
    #[cfg(all(feature = "kerberos", unix))]
    {
        let delegate = values.choice("gssdelegation", &[("0", false), ("1", true)])?;
        // As libpq: a server that asks for GSSAPI is answered with the ticket of the default cache.
        let kerberos = crate::Kerberos::default_cache().delegate(delegate.unwrap_or(false));
        config = config.kerberos_where_asked(match values.get("krbsrvname") {
            Some(service) => kerberos.service(service),
            None => kerberos,
        });
    }
    Ok(config)
}

fn tls(values: &Values) -> Result<TlsConfig, Error> {
    let mut tls = TlsConfig::new();
    let mode = values.choice("sslmode", &SslMode::NAMED)?;
    if let Some(mode) = mode {
        tls = tls.mode(mode);
    }
    match values.get("sslrootcert") {
        Some("system") => {
            // libpq: weaker modes make no sense with the system's roots.
            if mode.is_some_and(|mode| mode != SslMode::VerifyFull) {
                return Err(Error::config(
                    "connection string: sslrootcert=system needs sslmode=verify-full",
                ));
            }
            tls = tls.roots(RootCertificates::system());
        }
        Some(path) => tls = tls.roots(RootCertificates::file(path)),
        None => {}
    }
    if let Some(lists) = revocation_lists(values) {
        tls = tls.revocation_lists(lists);
    }
    let present = values
        .choice("sslcertmode", &[("disable", false), ("allow", true)])?
        .unwrap_or(true);
    match (values.get("sslcert"), values.get("sslkey")) {
        (Some(certificate), Some(key)) if present => {
            tls = tls.client_certificate(ClientCertificate::files(certificate, key));
        }
        (None, None) | (Some(_), Some(_)) => {}
        _ => {
            return Err(Error::config(
                "connection string: sslcert and sslkey belong together",
            ));
        }
    }
    let versions = [
        ("TLSv1", Some(TlsVersion::Tls12)),
        ("TLSv1.1", Some(TlsVersion::Tls12)),
        ("TLSv1.2", Some(TlsVersion::Tls12)),
        ("TLSv1.3", Some(TlsVersion::Tls13)),
    ];
    if let Some(Some(version)) = values.choice("ssl_min_protocol_version", &versions)? {
        tls = tls.min_version(version);
    }
    if let Some(text) = values.get("ssl_max_protocol_version")
        && text != "TLSv1.3"
    {
        return Err(Error::config(
            "connection string: ssl_max_protocol_version: an upper limit below TLSv1.3 is not supported",
        ));
    }
    let negotiations = [
        ("postgres", TlsNegotiation::Postgres),
        ("direct", TlsNegotiation::Direct),
    ];
    if let Some(negotiation) = values.choice("sslnegotiation", &negotiations)? {
        tls = tls.negotiation(negotiation);
    }
    if let Some(send) = values.choice("sslsni", &[("0", false), ("1", true)])? {
        tls = tls.sni(send);
    }
    Ok(tls)
}

fn revocation_lists(values: &Values) -> Option<RevocationLists> {
    let lists = values.get("sslcrl").map(RevocationLists::file);
    match (lists, values.get("sslcrldir")) {
        (Some(lists), Some(directory)) => Some(lists.and_directory(directory)),
        (None, Some(directory)) => Some(RevocationLists::directory(directory)),
        (lists, None) => lists,
    }
}

fn socket(values: &Values) -> Result<SocketOptions, Error> {
    let seconds = |number: i32| Duration::from_secs(u64::from(number.unsigned_abs()));
    let mut socket = SocketOptions::default();
    // Zero means the system's default to libpq; the defaults here are better than that.
    if let Some(idle) = values.integer("keepalives_idle")?.filter(|&n| n > 0) {
        socket = socket.keepalive_idle(Some(seconds(idle)));
    }
    if let Some(interval) = values.integer("keepalives_interval")?.filter(|&n| n > 0) {
        socket = socket.keepalive_interval(seconds(interval));
    }
    if let Some(count) = values.integer("keepalives_count")?.filter(|&n| n > 0) {
        socket = socket.keepalive_retries(count.unsigned_abs());
    }
    if values.integer("keepalives")? == Some(0) {
        socket = socket.keepalive_idle(None);
    }
    if let Some(milliseconds) = values.integer("tcp_user_timeout")?.filter(|&n| n > 0) {
        let timeout = Duration::from_millis(u64::from(milliseconds.unsigned_abs()));
        socket = socket.user_timeout(Some(timeout));
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConnectionString, String> {
        text.parse::<ConnectionString>()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_is_verify_full() {
        let string = parse("host=db user=app").unwrap();
        let config = string.config().build().unwrap();
        assert_eq!(config.tls.effective_mode(), SslMode::VerifyFull);
        assert_eq!(config.connect_timeout, Duration::from_secs(10));
    }

    #[test]
    fn what_would_weaken_the_connection_is_refused() {
        for text in [
            "requirepeer=root",
            "service=prod",
            "sslrootcert=system sslmode=require",
            "sslcert=a",
            "sslmode=yes",
            "ssl_max_protocol_version=TLSv1.1",
            "gssencmode=require",
            "channel_binding=maybe",
            "client_encoding=LATIN1",
            "target_session_attrs=best",
            "connect_timeout=5s",
            "gssdelegation=2",
            "load_balance_hosts=yes",
            "sslcertmode=require",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(
            parse("service='' requirepeer=''").is_ok(),
            "empty is not given"
        );
    }

    #[test]
    fn cockroachdb_is_a_scheme_with_its_own_port() {
        let string = parse("cockroachdb://app:pw@a,b:7,[::1]/bank").unwrap();
        let endpoints: Vec<_> = string.endpoints().iter().map(ToString::to_string).collect();
        assert_eq!(endpoints, ["a:26257", "b:7", "[::1]:26257"]);
        assert_eq!(
            parse("cockroachdb:///bank?host=db1&user=app")
                .unwrap()
                .endpoints()[0]
                .to_string(),
            "db1:26257"
        );
        assert_eq!(parse("postgresql://db1").unwrap().endpoints()[0].port, 5432);
    }

    #[test]
    fn numbers_are_read_as_libpq_reads_them() {
        let string =
            parse("user=a connect_timeout=' 7 ' keepalives=0 tcp_user_timeout=1500").unwrap();
        let config = string.config().build().unwrap();
        assert_eq!(config.connect_timeout, Duration::from_secs(7));
        let expected = SocketOptions::default()
            .keepalive_idle(None)
            .user_timeout(Some(Duration::from_millis(1500)));
        assert_eq!(config.socket, expected);
        let string = parse("user=a connect_timeout=-1").unwrap();
        assert_eq!(
            string.config().build().unwrap().connect_timeout,
            Duration::from_secs(10)
        );
    }
}

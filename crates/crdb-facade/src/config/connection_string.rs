//! `auth.url`: a connection string is another spelling of other keys.

use std::collections::BTreeMap;

use crdb_auth::{ConnectionString, TargetSessionAttrs};
use figment::value::{Dict, Value};

use super::keys::{KnownKey, auth};
use super::layer::Layer;
use super::mistake::{Mistake, MistakeKind};
use super::setting::scalar;

/// The keys that a layer's connection string stands for, as a layer of their own: the other keys of the source that has the
/// string are stronger.
pub(super) fn expand(layer: &Layer) -> Option<Result<Layer, Box<Mistake>>> {
    let text = scalar(layer.find(auth::URL.path())?)?;
    let mut expanded = Layer::new(layer.source.clone());
    expanded.lines.clone_from(&layer.lines);
    expanded.places.clone_from(&layer.places);
    expanded.variables.clone_from(&layer.variables);
    expanded.spelled_in = Some(auth::URL.path());
    Some(match fill(&mut expanded, &text) {
        Ok(()) => Ok(expanded),
        Err(found) => {
            let origin = layer.origin(auth::URL.path());
            let expected = "a connection string, as libpq reads it";
            let mistake = Mistake::new(MistakeKind::WrongValue, auth::URL.path(), origin, expected);
            Err(Box::new(mistake.with_found(Some(found))))
        }
    })
}

fn fill(layer: &mut Layer, text: &str) -> Result<(), String> {
    // Checks what the words mean together, and that none is left out that must not be.
    let string: ConnectionString = text
        .parse()
        .map_err(|error: crdb_auth::Error| error.to_string())?;
    if string.target_session_attrs() != TargetSessionAttrs::Any {
        return Err(
            "target_session_attrs: a pool takes every node that auth.nodes names".to_owned(),
        );
    }
    let pairs = ConnectionString::parse_pairs(text).map_err(|error| error.to_string())?;
    let words: BTreeMap<&str, String> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();

    if ["host", "hostaddr", "port"]
        .iter()
        .any(|word| words.contains_key(word))
    {
        let nodes = string.endpoints().iter().map(|endpoint| {
            let address = match endpoint.host.contains(':') {
                true => format!("[{}]:{}", endpoint.host, endpoint.port),
                false => format!("{}:{}", endpoint.host, endpoint.port),
            };
            let mut node = Dict::from([("address".to_owned(), Value::from(address))]);
            if let Some(ip) = endpoint.address {
                node.insert("ip".to_owned(), Value::from(ip.to_string()));
            }
            Value::from(node)
        });
        layer.insert(auth::NODES.path(), Value::from(nodes.collect::<Vec<_>>()));
    }
    let lists = ["sslcrl", "sslcrldir"].map(|word| words.get(word).cloned());
    let lists: Vec<Value> = lists.into_iter().flatten().map(Value::from).collect();
    if !lists.is_empty() {
        layer.insert(auth::TLS_REVOCATION_LISTS.path(), Value::from(lists));
    }
    for (word, text) in &words {
        if let Some((key, text)) = meaning(word, text, &words) {
            layer.insert(key.path(), Value::from(text));
        }
    }
    Ok(())
}

/// The key that means what other tools call so: the last name of `path` is a word of libpq's, or another one for a node.
pub(super) fn key_for(path: &str) -> Option<&'static str> {
    match path.rsplit('.').next().unwrap_or(path) {
        "host" | "hosts" | "hostname" | "hostaddr" | "port" | "address" | "addresses" | "addr"
        | "server" | "servers" | "endpoint" | "endpoints" | "node" => Some(auth::NODES.path()),
        "url" | "uri" | "dsn" | "database_url" => Some(auth::URL.path()),
        "username" => Some(auth::USER.path()),
        "db" | "database_name" => Some(auth::DATABASE.path()),
        // The number stands for whatever text there is; zero would mean a default.
        word => meaning(word, "1", &BTreeMap::new()).map(|(key, _)| key.path()),
    }
}

/// The key that a word of libpq's is here, and its text. Words that change nothing here, or were dealt with, have none.
fn meaning(word: &str, text: &str, words: &BTreeMap<&str, String>) -> Option<(KnownKey, String)> {
    let (key, text): (KnownKey, String) = match word {
        "user" => (&auth::USER, text.to_owned()),
        "dbname" => (&auth::DATABASE, text.to_owned()),
        "password" => (&auth::PASSWORD, text.to_owned()),
        // As in libpq, the password of the string wins over the file.
        "passfile" if !words.contains_key("password") => (&auth::PASSFILE, text.to_owned()),
        "application_name" => (&auth::APPLICATION_NAME, text.to_owned()),
        "fallback_application_name" if !words.contains_key("application_name") => {
            (&auth::APPLICATION_NAME, text.to_owned())
        }
        "options" => (&auth::OPTIONS, text.to_owned()),
        "require_auth" => (&auth::REQUIRE_AUTH, text.to_owned()),
        "channel_binding" => (&auth::CHANNEL_BINDING, text.to_owned()),
        "sslmode" => (&auth::TLS_MODE, text.to_owned()),
        "sslrootcert" => (&auth::TLS_ROOT_CERTIFICATES, text.to_owned()),
        "sslcert" => (&auth::TLS_CLIENT_CERTIFICATE, text.to_owned()),
        "sslkey" => (&auth::TLS_CLIENT_KEY, text.to_owned()),
        "sslnegotiation" => (&auth::TLS_NEGOTIATION, text.to_owned()),
        "sslsni" => (&auth::TLS_SNI, (text.trim() != "0").to_string()),
        "ssl_min_protocol_version" => (
            &auth::TLS_MIN_VERSION,
            text.trim_start_matches("TLSv").to_owned(),
        ),
        "krbsrvname" => (&auth::KERBEROS_SERVICE, text.to_owned()),
        "gssdelegation" => (&auth::KERBEROS_DELEGATE, (text.trim() == "1").to_string()),
        // Zero and less mean "for ever" to libpq; here a login always ends, so they mean the default.
        "connect_timeout" if text.trim().parse::<u64>().is_ok_and(|seconds| seconds > 0) => {
            (&auth::CONNECT_TIMEOUT, format!("{}s", text.trim()))
        }
        "keepalives" if text.trim() == "0" => (&auth::KEEPALIVE_IDLE, "none".to_owned()),
        // Zero means the default to libpq, too.
        "keepalives_idle" | "keepalives_interval" | "keepalives_count" | "tcp_user_timeout"
            if text.trim() == "0" =>
        {
            return None;
        }
        "keepalives_idle" if words.get("keepalives").is_none_or(|on| on.trim() != "0") => {
            (&auth::KEEPALIVE_IDLE, format!("{}s", text.trim()))
        }
        "keepalives_interval" => (&auth::KEEPALIVE_INTERVAL, format!("{}s", text.trim())),
        "keepalives_count" => (&auth::KEEPALIVE_RETRIES, text.trim().to_owned()),
        "tcp_user_timeout" => (&auth::TCP_USER_TIMEOUT, format!("{}ms", text.trim())),
        _ => return None,
    };
    Some((key, text))
}

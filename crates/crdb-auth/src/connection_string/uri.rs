//! `postgresql://` URIs.

use percent_encoding::percent_decode_str;

use super::keywords::{self, Place};
use crate::error::Error;

/// How the characters that end a part of a URI are written in a user name or a password (RFC 3986, 2.1).
pub(super) const REMEDY: &str = "in a user name or password '@' is written %40, ':' %3A, '/' %2F, '?' %3F, '#' %23, \
                                 '%' %25 and a space %20";

/// Splits the URI as libpq's `conninfo_uri_parse` does, which differs from RFC 3986 in that
/// several hosts may stand in the authority, and that anything may be a parameter.
///
/// Where no port is given, libpq's default is left to the caller; another one is put in.
pub(super) fn parse(
    rest: &str,
    default_port: Option<u16>,
) -> Result<Vec<(&'static str, String)>, Error> {
    let mut pairs = Vec::new();
    let mut store = |word: &'static str, value: &str, name: &str| {
        if !value.is_empty() {
            pairs.push((word, decode(value, name)?));
        }
        Ok::<_, Error>(())
    };

    let (information, mut rest) = split_user(rest);
    if let Some(information) = information {
        let (user, password) = match information.split_once(':') {
            Some((user, password)) => (user, password),
            None => (information, ""),
        };
        store("user", user, "the user name")?;
        store("password", password, "the password")?;
    }

    // Without a user, what a ':' follows may be one, and what follows the ':' a password.
    let authority = rest.find(['/', '?']).map_or(rest, |end| &rest[..end]);
    let is_plain = information.is_some() || !authority.contains(':');
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    loop {
        let host;
        if let Some(tail) = rest.strip_prefix('[') {
            let end = tail
                .find(']')
                .ok_or_else(|| problem("the '[' of an IPv6 address is not closed"))?;
            if end == 0 {
                return Err(problem("the IPv6 address between '[' and ']' is empty"));
            }
            (host, rest) = (&tail[..end], &tail[end + 1..]);
            if !rest.is_empty() && !rest.starts_with([':', '/', '?', ',']) {
                return Err(problem("an IPv6 address must end with its ']'"));
            }
        } else {
            let end = rest.find([':', '/', '?', ',']).unwrap_or(rest.len());
            (host, rest) = rest.split_at(end);
        }
        hosts.push(host);
        let mut port = "";
        if let Some(tail) = rest.strip_prefix(':') {
            let end = tail.find(['/', '?', ',']).unwrap_or(tail.len());
            (port, rest) = tail.split_at(end);
        }
        ports.push(port);
        let Some(tail) = rest.strip_prefix(',') else {
            break;
        };
        rest = tail;
    }
    let default_port = default_port.map(|port| port.to_string());
    if let Some(default_port) = &default_port {
        for port in ports.iter_mut().filter(|port| port.is_empty()) {
            *port = default_port;
        }
    }
    store("host", &hosts.join(","), "the host")?;
    store("port", &ports.join(","), "the port")?;

    if let Some(tail) = rest.strip_prefix('/') {
        let end = tail.find('?').unwrap_or(tail.len());
        store("dbname", &tail[..end], "the name of the database")?;
        rest = &tail[end..];
    }
    if let Some(query) = rest.strip_prefix('?') {
        parameters(query, is_plain, &mut pairs)?;
    }
    Ok(pairs)
}

/// What stands in front of the first `@`, unless a `/` comes first, and what follows.
fn split_user(rest: &str) -> (Option<&str>, &str) {
    match rest.find(['@', '/']) {
        Some(end) if rest[end..].starts_with('@') => (Some(&rest[..end]), &rest[end + 1..]),
        _ => (None, rest),
    }
}

fn parameters(
    query: &str,
    is_plain: bool,
    pairs: &mut Vec<(&'static str, String)>,
) -> Result<(), Error> {
    let mut rest = query;
    while !rest.is_empty() {
        let place = Place {
            is_uri: true,
            before: pairs,
            // An '@' here may be the one that ends a password.
            is_plain: is_plain && !query.contains('@'),
        };
        let end = rest.find('&').unwrap_or(rest.len());
        let parameter = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or("");
        let (word, value) = parameter.split_once('=').ok_or_else(|| {
            problem(&format!(
                "no '=' follows the name of {}; {}",
                place.named(),
                place.remedy()
            ))
        })?;
        let word = decode(word, &format!("the name of {}", place.named()))?;
        let is_ssl = word == "ssl";
        let found = if is_ssl {
            Ok("ssl")
        } else {
            keywords::find(&word, &place)
        };
        if value.contains('=') {
            let name = found.map_or_else(|_| place.named(), str::to_owned);
            return Err(problem(&format!(
                "a second '=' stands in the value of {name}; it is written %3D"
            )));
        }
        let mut word = found?;
        let mut value = decode(value, &format!("the value of {word}"))?;
        // For JDBC's sake, as libpq has it.
        if is_ssl {
            if value != "true" {
                return Err(problem(
                    "ssl is not an option that libpq knows, but for ssl=true; sslmode says how TLS is used",
                ));
            }
            (word, value) = ("sslmode", "require".to_owned());
        }
        pairs.push((word, value));
    }
    Ok(())
}

/// Refuses a URI that libpq reads, but whose user name or password has an unescaped character that ends it: what follows
/// that character would be taken for a host and a database, looked up, sent and logged.
pub(super) fn refuse_misplaced(rest: &str) -> Result<(), Error> {
    let (information, rest) = split_user(rest);
    let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(problem(&format!(
            "a second '@' stands in front of the host: the first one ends the password; {REMEDY}"
        )));
    }
    let path = rest.split('?').next().unwrap_or("");
    if path.contains('@') {
        return Err(problem(&format!(
            "an '@' follows the first '/', which ends the password and the host; {REMEDY}; in the name of a database '@' is \
             written %40 as well"
        )));
    }
    let colon = information.filter(|information| !information.contains(':'));
    if colon.is_some_and(|user| user.to_ascii_lowercase().contains("%3a")) {
        return Err(problem(
            "the user name has a %3A and no password follows: the ':' between user name and password is not escaped; a user \
             whose name has a ':' is written user=NAME behind the '?'",
        ));
    }
    Ok(())
}

fn problem(what: &str) -> Error {
    Error::config(format!("connection string: {what}"))
}

/// Resolves `%XX`. A `+` is a plus.
fn decode(text: &str, name: &str) -> Result<String, Error> {
    let bytes = text.as_bytes();
    for (index, _) in text.match_indices('%') {
        let digits = bytes.get(index + 1..index + 3);
        let valid = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if !valid || digits == Some(b"00") {
            return Err(problem(&format!(
                "a '%' in {name} is not followed by two hexadecimal digits, or they are 00; a '%' itself is written %25"
            )));
        }
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| problem(&format!("{name}, decoded, is not UTF-8")))
}

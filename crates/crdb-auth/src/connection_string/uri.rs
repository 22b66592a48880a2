//! `postgresql://` URIs.

use percent_encoding::percent_decode_str;

use super::keywords;
use crate::error::Error;

/// What follows `postgresql://` or `postgres://`, if the text is a URI at all.
pub(super) fn strip_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("postgresql://")
        .or_else(|| text.strip_prefix("postgres://"))
}

/// Splits the URI as libpq's `conninfo_uri_parse` does, which differs from RFC 3986 in that
/// several hosts may stand in the authority, and that anything may be a parameter.
pub(super) fn parse(text: &str, rest: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let at = |rest: &str| text.len() - rest.len();
    let mut pairs = Vec::new();
    let mut store = |word: &'static str, value: &str, at: usize| {
        if !value.is_empty() {
            pairs.push((word, decode(value, at)?));
        }
        Ok::<_, Error>(())
    };

    let mut rest = rest;
    if let Some(end) = rest.find(['@', '/'])
        && rest[end..].starts_with('@')
    {
        let (information, tail) = rest.split_at(end);
        let (user, password) = match information.split_once(':') {
            Some((user, password)) => (user, password),
            None => (information, ""),
        };
        store("user", user, at(rest))?;
        store("password", password, at(rest) + user.len() + 1)?;
        rest = &tail[1..];
    }

    let authority = at(rest);
    let (mut hosts, mut ports) = (String::new(), String::new());
    loop {
        let host;
        if let Some(tail) = rest.strip_prefix('[') {
            let end = tail
                .find(']')
                .ok_or_else(|| problem(at(rest), "the '[' of an IPv6 address is not closed"))?;
            if end == 0 {
                return Err(problem(at(rest), "the IPv6 address is empty"));
            }
            (host, rest) = (&tail[..end], &tail[end + 1..]);
            if !rest.is_empty() && !rest.starts_with([':', '/', '?', ',']) {
                return Err(problem(at(rest), "an IPv6 address must end with its ']'"));
            }
        } else {
            let end = rest.find([':', '/', '?', ',']).unwrap_or(rest.len());
            (host, rest) = rest.split_at(end);
        }
        hosts.push_str(host);
        if let Some(tail) = rest.strip_prefix(':') {
            let end = tail.find(['/', '?', ',']).unwrap_or(tail.len());
            ports.push_str(&tail[..end]);
            rest = &tail[end..];
        }
        let Some(tail) = rest.strip_prefix(',') else {
            break;
        };
        rest = tail;
        hosts.push(',');
        ports.push(',');
    }
    store("host", &hosts, authority)?;
    store("port", &ports, authority)?;

    if let Some(tail) = rest.strip_prefix('/') {
        let end = tail.find('?').unwrap_or(tail.len());
        store("dbname", &tail[..end], at(tail))?;
        rest = &tail[end..];
    }
    let Some(mut rest) = rest.strip_prefix('?') else {
        return Ok(pairs);
    };
    while !rest.is_empty() {
        let start = at(rest);
        let end = rest.find('&').unwrap_or(rest.len());
        let parameter = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or("");
        let (word, value) = parameter
            .split_once('=')
            .ok_or_else(|| problem(start, "the parameter has no '='"))?;
        if value.contains('=') {
            return Err(problem(
                start,
                "the parameter has a second '='; write it as %3D",
            ));
        }
        let (word, value) = (decode(word, start)?, decode(value, start)?);
        // For JDBC's sake, as libpq has it.
        if word == "ssl" && value == "true" {
            pairs.push(("sslmode", "require".to_owned()));
        } else {
            pairs.push((keywords::find(&word, start)?, value));
        }
    }
    Ok(pairs)
}

fn problem(at: usize, what: &str) -> Error {
    Error::config(format!("connection string: at byte {at}: {what}"))
}

/// Resolves `%XX`. A `+` is a plus.
fn decode(text: &str, at: usize) -> Result<String, Error> {
    let bytes = text.as_bytes();
    for (index, _) in text.match_indices('%') {
        let digits = bytes.get(index + 1..index + 3);
        let valid = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if !valid || digits == Some(b"00") {
            return Err(problem(
                at + index,
                "'%' must be followed by two hexadecimal digits, and not by 00",
            ));
        }
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| problem(at, "the decoded text is not UTF-8").with_source(error))
}

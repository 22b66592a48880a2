//! Connection strings against libpq's own answers (libpq 15), see `connection_strings/generate.py`, and with passwords
//! that are not escaped.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use crdb_auth::ConnectionString;
use proptest::prelude::*;

#[test]
fn strings_are_read_as_libpq_reads_them() {
    let (mut read, mut refused) = (0, 0);
    for line in include_str!("connection_strings/libpq.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = case["text"].as_str().unwrap();
        let ours = ConnectionString::parse_pairs(text);
        match (case["options"].as_object(), ours) {
            (Some(options), Ok(pairs)) => {
                let theirs: BTreeMap<_, _> = options
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str().unwrap().to_owned()))
                    .collect();
                assert_eq!(
                    pairs.into_iter().collect::<BTreeMap<_, _>>(),
                    theirs,
                    "{text:?}"
                );
                read += 1;
            }
            (None, Err(error)) => {
                assert!(error.is_config());
                refused += 1;
            }
            (theirs, ours) => panic!("{text:?}: libpq {theirs:?}, this crate {ours:?}"),
        }
    }
    assert!(
        read > 500 && refused > 500,
        "{read} read, {refused} refused"
    );
}

/// Characters that end a part of a connection string in one form or the other.
const SPECIAL: &str = "/@:?#% '\"\\&=,;[]+";

/// Where a password stands that was not escaped.
fn strings(password: &str) -> Vec<String> {
    let mut texts = vec![
        format!("postgresql://app:{password}@db1:26257/bank?sslmode=disable"),
        format!("postgresql://app:{password}@db1/bank"),
        format!("postgresql://app:{password}@db1,db2:26257/bank?application_name=x"),
        format!("postgresql://app:{password}@[::1]:26257"),
        format!("postgresql://{password}@db1/bank"),
        format!("cockroachdb://app:{password}@db1"),
        format!("postgresql://app@db1/bank?password={password}&sslmode=disable"),
        format!("postgresql://db1/bank?user=app&password={password}"),
        format!("postgresql+psycopg2://app:{password}@db1/bank"),
        format!(" postgresql://app:{password}@db1/bank"),
        format!("jdbc:postgresql://db1/bank?user=app&password={password}"),
        format!("app:{password}@db1:26257/bank"),
        format!("host=db1 user=app password={password} sslmode=disable"),
        format!("host=db1 user=app password={password}"),
        format!("host=db1 user=app password='{password}' sslmode=disable"),
        format!("host=app:{password}@db1"),
        format!("host=db1 port={password}"),
        format!("host=db1 hostaddr={password}"),
        format!("host=db1 connect_timeout={password}"),
        format!("password={password} host=db1 sslmode={password}"),
        password.to_owned(),
    ];
    // Without a host, what follows an '@' or a ',' in the password is a host by every rule.
    if !password.contains(['@', ',']) {
        texts.push(format!("postgresql://app:{password}"));
        texts.push(format!("postgresql://app:{password}/bank"));
    }
    texts
}

/// Neither an error nor anything that prints has a piece of the password, and no piece of it is taken for a host.
fn nothing_is_repeated(pieces: &[String], text: &str) {
    let hosts = ["db1", "db2", "::1", "localhost"];
    let shown = match text.parse::<ConnectionString>() {
        Ok(string) => {
            for endpoint in string.endpoints() {
                let host = endpoint.host.as_str();
                assert!(
                    hosts.contains(&host)
                        || host == "app"
                        || !pieces.iter().any(|piece| host.contains(piece.as_str())),
                    "{text:?}: {host:?} would be looked up"
                );
            }
            format!("{:?}", string.endpoints())
        }
        Err(error) => {
            assert!(error.is_config());
            let mut shown = format!("{error} {error:?} {error:#?}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                shown.push_str(&format!("{error} {error:?}"));
                source = error.source();
            }
            if let Err(error) = ConnectionString::parse_pairs(text) {
                shown.push_str(&format!("{error} {error:?}"));
            }
            shown
        }
    };
    for piece in pieces {
        assert!(!shown.contains(piece.as_str()), "{text:?}: {shown}");
    }
}

proptest! {
    #[test]
    fn no_piece_of_an_unescaped_password_is_repeated(
        pieces in proptest::collection::vec("(x[0-9a-z]{4}q|[0-9]{6}|zq[a-z]{5}|[A-Z]{3}[0-9]{4})", 1..4),
        separators in proptest::collection::vec(proptest::sample::select(SPECIAL.chars().collect::<Vec<_>>()), 0..4),
    ) {
        let mut password = String::new();
        for (index, piece) in pieces.iter().enumerate() {
            if let Some(separator) = separators.get(index) {
                password.push(*separator);
            }
            password.push_str(piece);
        }
        password.extend(separators.iter().skip(pieces.len()));
        for text in strings(&password) {
            nothing_is_repeated(&pieces, &text);
        }
    }
}

#[test]
fn an_unescaped_character_is_told_with_its_escape() {
    for character in ['/', '@', ':', '?', '#', '%', ' ', '\'', '"', '\\'] {
        let password = format!("zqhunter{character}xqtail");
        for text in strings(&password) {
            nothing_is_repeated(&["zqhunter".to_owned(), "xqtail".to_owned()], &text);
        }
        let uri = format!("postgresql://app:{password}@db1/bank");
        match uri.parse::<ConnectionString>() {
            Ok(string) => assert_eq!(string.endpoints()[0].host, "db1", "{character}"),
            Err(error) => {
                let message = error.to_string();
                assert!(
                    message.contains(&format!("%{:02X}", character as u32)),
                    "{message}"
                );
            }
        }
    }
    // A password of digits in front of the slash is a port to libpq.
    let error = "postgresql://app:1234/x@db1/bank"
        .parse::<ConnectionString>()
        .unwrap_err();
    assert!(error.to_string().contains("%2F"), "{error}");
    let error = "postgresql://app%3Ahunter@db1/bank"
        .parse::<ConnectionString>()
        .unwrap_err();
    assert!(error.to_string().contains("%3A"), "{error}");
}

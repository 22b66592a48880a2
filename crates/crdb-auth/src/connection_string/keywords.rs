//! The names that libpq knows.

use super::foreign_options::{of_another_driver, other_name, session_variable};
use crate::error::Error;

/// Every keyword of libpq 15 to 18, and what this crate makes of it.
pub(super) const KEYWORDS: [(&str, Meaning); 53] = [
    ("application_name", Meaning::Used),
    ("authtype", Meaning::Ignored),
    ("channel_binding", Meaning::Used),
    ("client_encoding", Meaning::Used),
    ("connect_timeout", Meaning::Used),
    ("dbname", Meaning::Used),
    ("fallback_application_name", Meaning::Used),
    ("gssdelegation", Meaning::Used),
    ("gssencmode", Meaning::Used),
    ("gsslib", Meaning::Ignored),
    ("host", Meaning::Used),
    ("hostaddr", Meaning::Used),
    ("keepalives", Meaning::Used),
    ("keepalives_count", Meaning::Used),
    ("keepalives_idle", Meaning::Used),
    ("keepalives_interval", Meaning::Used),
    ("krbsrvname", Meaning::Used),
    ("load_balance_hosts", Meaning::Used),
    ("max_protocol_version", Meaning::Ignored),
    ("min_protocol_version", Meaning::Ignored),
    ("oauth_client_id", Meaning::Refused),
    ("oauth_client_secret", Meaning::Refused),
    ("oauth_issuer", Meaning::Refused),
    ("oauth_scope", Meaning::Refused),
    ("options", Meaning::Used),
    ("passfile", Meaning::Used),
    ("password", Meaning::Used),
    ("port", Meaning::Used),
    ("replication", Meaning::Refused),
    ("require_auth", Meaning::Used),
    ("requirepeer", Meaning::Refused),
    ("requiressl", Meaning::Refused),
    ("scram_client_key", Meaning::Refused),
    ("scram_server_key", Meaning::Refused),
    ("service", Meaning::Refused),
    ("servicefile", Meaning::Refused),
    ("ssl_max_protocol_version", Meaning::Used),
    ("ssl_min_protocol_version", Meaning::Used),
    ("sslcert", Meaning::Used),
    ("sslcertmode", Meaning::Used),
    ("sslcompression", Meaning::Ignored),
    ("sslcrl", Meaning::Used),
    ("sslcrldir", Meaning::Used),
    ("sslkey", Meaning::Used),
    ("sslkeylogfile", Meaning::Refused),
    ("sslmode", Meaning::Used),
    ("sslnegotiation", Meaning::Used),
    ("sslpassword", Meaning::Refused),
    ("sslrootcert", Meaning::Used),
    ("sslsni", Meaning::Used),
    ("target_session_attrs", Meaning::Used),
    ("tcp_user_timeout", Meaning::Used),
    ("user", Meaning::Used),
];

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Used,
    /// It has no effect in libpq today, or cannot have one here.
    Ignored,
    /// Ignoring it would weaken what was asked for.
    Refused,
}

/// Where an option stands, to name it without repeating text that may be a secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// Whether the string is a URI.
    pub(super) is_uri: bool,
    /// The options in front of it, in their order.
    pub(super) before: &'a [(&'static str, String)],
    /// Whether the text in front of it is known to be no piece of a password.
    pub(super) is_plain: bool,
}

impl Place<'_> {
    /// "the first option", "the option after user".
    pub(super) fn named(&self) -> String {
        match self.before.last() {
            Some((previous, _)) => format!("the option after {previous}"),
            None => "the first option".to_owned(),
        }
    }

    /// How to write what breaks a value apart.
    pub(super) fn remedy(&self) -> &'static str {
        if self.is_uri {
            "in a value '&' is written %26, '=' %3D and '%' %25"
        } else {
            "a value with spaces stands in single quotes, and in it ' is written \\' and \\ is written \\\\"
        }
    }

    /// Whether an unknown word may be repeated: it looks like the name of an option, and no password stands in front of it
    /// that it could be the rest of.
    fn may_repeat(&self, word: &str) -> bool {
        let looks_like_a_name = (2..=64).contains(&word.len())
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.'));
        let after_a_secret = self.before.iter().any(|(known, _)| SECRET.contains(known));
        looks_like_a_name && self.is_plain && !after_a_secret
    }
}

/// Options whose values are secret.
const SECRET: [&str; 5] = [
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
];

/// The keyword as it stands in the table.
///
/// The error repeats an unknown word only where it cannot be a piece of a password, as in `password=two words`.
pub(super) fn find(word: &str, place: &Place<'_>) -> Result<&'static str, Error> {
    if let Some((known, _)) = KEYWORDS.iter().find(|(known, _)| *known == word) {
        return Ok(known);
    }
    Err(Error::config(format!(
        "connection string: {}",
        unknown(word, place)
    )))
}

fn unknown(word: &str, place: &Place<'_>) -> String {
    if let Some(variable) = session_variable(word) {
        let spelled = if place.is_uri {
            format!("options=-c%20{variable}%3DVALUE")
        } else {
            format!("options='-c {variable}=VALUE'")
        };
        return format!(
            "{variable} is a session variable of the server, not an option; write {spelled}"
        );
    }
    if let Some((name, here)) = other_name(word) {
        return format!("{name} is not an option that libpq knows; its name is {here}");
    }
    if word == "cluster" {
        let equals = if place.is_uri { "%3D" } else { "=" };
        return format!("cluster is not an option; write options=--cluster{equals}NAME");
    }
    if let Some((name, driver)) = of_another_driver(word) {
        return format!("{name} is an option of {driver}; it is not read here, remove it");
    }
    let near = KEYWORDS
        .iter()
        .map(|(known, _)| (distance(&word.to_lowercase(), known), *known))
        .min()
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len() / 2)
        .map_or(String::new(), |(_, known)| {
            format!("; did you mean {known}?")
        });
    if place.may_repeat(word) {
        let hint = if near.is_empty() {
            "; a session variable is written into options, as in options=-c%20NAME%3DVALUE"
        } else {
            ""
        };
        return format!("{word} is not an option that libpq knows{near}{hint}");
    }
    let remedy = if near.is_empty() {
        format!("; {}", place.remedy())
    } else {
        String::new()
    };
    format!(
        "{} is not one that libpq knows{near}{remedy}",
        place.named()
    )
}

/// Levenshtein's distance, for a handful of short words.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().take(40).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(a != *b))
                .min(above + 1)
                .min(row[j] + 1);
            diagonal = above;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(word: &str, before: &[&'static str], is_uri: bool) -> String {
        let before: Vec<_> = before.iter().map(|word| (*word, String::new())).collect();
        let place = Place {
            is_uri,
            before: &before,
            is_plain: is_uri,
        };
        find(word, &place).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_option_is_named_where_it_cannot_be_a_piece_of_a_password() {
        let message = told("pool_size", &["user"], true);
        assert!(message.contains("pool_size is not an option"), "{message}");
        let message = told("hunter", &["user", "password"], false);
        assert!(message.contains("the option after password"), "{message}");
        assert!(message.contains("single quotes"), "{message}");
        assert!(!message.contains("hunter"), "{message}");
        let message = told("hunter", &["password"], true);
        assert!(message.contains("%26"), "{message}");
        // Not the spelling of an option: base64 for example.
        let message = told("aHVudGVyMg", &["user"], true);
        assert!(!message.contains("aHVudGVyMg"), "{message}");
    }

    #[test]
    fn near_words_session_variables_and_options_of_other_drivers_get_their_own_words() {
        let suggested = "did you mean sslmode?";
        assert!(told("sslmod", &["password"], false).contains(suggested));
        assert!(told("SSLMODE", &[], true).contains(suggested));
        let message = told("statement_timeout", &["password"], true);
        assert!(
            message.contains("options=-c%20statement_timeout%3DVALUE"),
            "{message}"
        );
        let message = told("timezone", &[], false);
        assert!(message.contains("options='-c timezone=VALUE'"), "{message}");
        assert!(told("cluster", &[], true).contains("options=--cluster%3DNAME"));
        assert!(told("pool_max_conns", &[], true).contains("pgx"));
        assert!(told("username", &[], true).contains("its name is user"));
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(KEYWORDS.is_sorted_by_key(|(word, _)| *word));
    }
}

//! The names that libpq knows.

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
    ("sslcrl", Meaning::Refused),
    ("sslcrldir", Meaning::Refused),
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

/// The keyword as it stands in the table.
///
/// The error does not repeat an unknown word: in `password=two words` it is half a password.
pub(super) fn find(word: &str, at: usize) -> Result<&'static str, Error> {
    if let Some((known, _)) = KEYWORDS.iter().find(|(known, _)| *known == word) {
        return Ok(known);
    }
    let near = KEYWORDS
        .iter()
        .map(|(known, _)| (distance(word, known), *known))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map_or(String::new(), |(_, known)| {
            format!("; did you mean {known}?")
        });
    Err(Error::config(format!(
        "connection string: the option at byte {at} is not one that libpq knows{near}"
    )))
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

    #[test]
    fn unknown_words_are_not_repeated_but_near_ones_are_suggested() {
        let error = find("sslmod", 3).unwrap_err().to_string();
        assert!(error.contains("did you mean sslmode?"), "{error}");
        let error = find("hunter2", 3).unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(KEYWORDS.is_sorted_by_key(|(word, _)| *word));
    }
}

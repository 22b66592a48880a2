//! Which of the two forms a connection string has, and what to say of one that has neither.

use crate::endpoint::Endpoint;
use crate::error::Error;

/// The form of a connection string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// What follows the scheme of a URI, and the port of a host that names none.
    Uri { rest: &'a str, default_port: u16 },
    /// `key=value`.
    KeyValue,
}

/// The schemes, and the port that each stands for: the first two are libpq's, the third is the one that
/// SQLAlchemy's dialect and Cockroach Labs' examples for it use.
const SCHEMES: [(&str, u16); 3] = [
    ("postgresql://", Endpoint::POSTGRESQL_PORT),
    ("postgres://", Endpoint::POSTGRESQL_PORT),
    ("cockroachdb://", Endpoint::COCKROACHDB_PORT),
];

impl<'a> Form<'a> {
    /// Whether the text is a URI, by its scheme.
    pub(super) fn of(text: &'a str) -> Self {
        SCHEMES
            .iter()
            .find_map(|(scheme, default_port)| {
                Some(Self::Uri {
                    rest: text.strip_prefix(scheme)?,
                    default_port: *default_port,
                })
            })
            .unwrap_or(Self::KeyValue)
    }
}

/// The mistake of a text that is meant as a URI and has not the form of one, or whose ends are not its own.
///
/// No part of the text is repeated: it may be a password.
pub(super) fn mistake(text: &str) -> Option<Error> {
    let problem = |what: &str| Some(Error::config(format!("connection string: {what}")));
    if let Form::Uri { .. } = Form::of(text) {
        return text
            .ends_with(char::is_whitespace)
            .then(|| Error::config("connection string: white space follows the URI; remove it"));
    }
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let lower = trimmed
        .get(..trimmed.len().min(64))
        .unwrap_or(trimmed)
        .to_ascii_lowercase();
    if trimmed.len() < text.len() && lower_is_uri(&lower) {
        return problem("white space stands in front of the URI; remove it");
    }
    if lower.starts_with(['"', '\'', '<', '`'])
        && lower_is_uri(lower.trim_start_matches(['"', '\'', '<', '`']))
    {
        return problem("the URI stands in quotes; remove them");
    }
    if lower_is_uri(&lower) {
        return problem("the scheme of the URI is written in lower case: postgresql://");
    }
    if lower.starts_with("jdbc:") {
        return problem(
            "a JDBC URL is not read here; remove jdbc: and write user and password in front of the \
             host: postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        );
    }
    let Some((before, _)) = trimmed.split_once(':') else {
        return no_option(trimmed);
    };
    let is_scheme = before.starts_with(|c: char| c.is_ascii_alphabetic())
        && before
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let after = trimmed.get(before.len()..).unwrap_or("");
    if is_scheme && after.starts_with("://") {
        return problem(if before.contains('+') {
            "the scheme names a driver behind a +, as SQLAlchemy has it; remove the + and the \
             driver: postgresql:// or cockroachdb://"
        } else {
            "the scheme in front of :// is none of postgresql, postgres, cockroachdb"
        });
    }
    if is_scheme && ["postgresql", "postgres", "cockroachdb"].contains(&lower_of(before).as_str()) {
        return problem("two slashes follow the scheme of a URI: postgresql://");
    }
    no_option(trimmed)
}

/// A text without any `=` has no option in it: most often a bare host.
fn no_option(text: &str) -> Option<Error> {
    (!text.is_empty() && !text.contains('=')).then(|| {
        Error::config(
            "connection string: it is neither a URI nor a list of options like host=db1 user=app; \
             the URI of a server at HOST:PORT is postgresql://USER@HOST:PORT/DATABASE",
        )
    })
}

fn lower_is_uri(lower: &str) -> bool {
    !matches!(Form::of(lower), Form::KeyValue)
}

fn lower_of(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        mistake(text).map_or(String::new(), |error| error.to_string())
    }

    #[test]
    fn a_text_that_is_nearly_a_uri_is_told_what_it_lacks() {
        for (text, expected) in [
            (" postgresql://u@h/d", "in front of the URI"),
            ("\n\tcockroachdb://u@h/d", "in front of the URI"),
            ("\u{feff}postgresql://u@h/d", "in front of the URI"),
            ("postgresql://u@h/d\n", "follows the URI"),
            ("'postgresql://u@h/d'", "quotes"),
            ("\"postgres://u@h/d\"", "quotes"),
            ("POSTGRESQL://u@h/d", "lower case"),
            ("jdbc:postgresql://h/d?user=u", "JDBC"),
            ("JDBC:postgresql://h/d", "JDBC"),
            ("postgresql+psycopg2://u@h/d", "SQLAlchemy"),
            ("cockroachdb+asyncpg://u@h/d", "SQLAlchemy"),
            ("mysql://u@h/d", "none of postgresql"),
            ("https://h:8080", "none of postgresql"),
            ("cockroach://u@h/d", "none of postgresql"),
            ("postgresql:/u@h/d", "two slashes"),
            ("postgresql:u@h", "two slashes"),
            ("localhost:26257", "postgresql://USER@HOST:PORT/DATABASE"),
            ("localhost", "postgresql://USER@HOST:PORT/DATABASE"),
            ("db1:26257/bank", "postgresql://USER@HOST:PORT/DATABASE"),
            ("app:hunter2@db1/bank", "neither a URI"),
            ("//db1/bank", "neither a URI"),
        ] {
            let message = told(text);
            assert!(message.contains(expected), "{text:?}: {message:?}");
            assert!(!message.contains("hunter2"), "{message}");
        }
        for text in [
            "",
            "host=db1 user=app",
            "postgresql://u@h/d",
            "cockroachdb://u@h",
            "\nhost=db1",
        ] {
            assert_eq!(told(text), "", "{text:?}");
        }
    }
}

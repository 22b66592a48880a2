//! How names and options are shown, where a piece of a connection string may stand in their place.
//!
//! `user: app:hunter2` is what is left of `postgresql://app:hunter2@db1` when it is cut at its `//` and its `@`, and
//! `options: hunter2` what is left of a list that lost a line. So no message, log line or listing repeats what of these may be
//! a password. The values themselves are sent as they are.

use std::borrow::Cow;

use crate::config::Config;

/// What stands for what is left out.
const LEFT_OUT: &str = "..";

/// Shorter values are not looked for in the server's messages: they are no secrets, and stand in many words.
const SHORTEST: usize = 4;

/// A user's name, without what follows a `:`.
///
/// ```
/// use crdb_auth::shown;
///
/// assert_eq!(shown::user("app"), "app");
/// assert_eq!(shown::user("app@EXAMPLE.COM"), "app@EXAMPLE.COM");
/// assert_eq!(shown::user("app:hunter2"), "app:..");
/// ```
#[must_use]
pub fn user(name: &str) -> Cow<'_, str> {
    match name.split_once(':') {
        Some((head, _)) => Cow::Owned(format!("{head}:{LEFT_OUT}")),
        None => Cow::Borrowed(name),
    }
}

/// A database's name; `..` for one with an `@` or a `:`, in front of which a password may end.
#[must_use]
pub fn database(name: &str) -> &str {
    match name.contains(['@', ':']) {
        true => LEFT_OUT,
        false => name,
    }
}

/// An application's name; `..` for one that looks like a connection string.
#[must_use]
pub fn application_name(name: &str) -> &str {
    match name.contains('@') && name.contains(':') {
        true => LEFT_OUT,
        false => name,
    }
}

/// The value of a session variable that is a number with a unit or words of letters, as in `5s`, `read committed` and
/// `Europe/Berlin`; `..` for any other, and for a variable of an application's own, whose name has a `.`.
#[must_use]
pub fn setting<'a>(name: &str, value: &'a str) -> &'a str {
    let number = value.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'));
    let is_amount = number.len() < value.len()
        && number.len() <= 4
        && number.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_words = value
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || b"_-/,. ".contains(&byte));
    match !name.contains('.') && (is_amount || is_words) {
        true => value,
        false => LEFT_OUT,
    }
}

/// Options for the server, such as `-c statement_timeout=5s`, with the values that [`setting`] shows. `..` for what is no option.
#[must_use]
pub fn options(options: &str) -> String {
    let shown = words(options).into_iter().map(|(head, value)| match value {
        Value::Shown(value) => format!("{head}{value}"),
        Value::LeftOut(_) => format!("{head}{LEFT_OUT}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// The part of a word behind what names it.
enum Value<'a> {
    Shown(&'a str),
    LeftOut(&'a str),
}

/// Splits options into words, and each word into what names it and its value.
fn words(options: &str) -> Vec<(&str, Value<'_>)> {
    let mut found = Vec::new();
    let mut behind_c = false;
    for word in split(options) {
        if word == "-c" && !behind_c {
            found.push((word, Value::Shown("")));
            behind_c = true;
            continue;
        }
        let assignment = match behind_c {
            true => Some(word),
            false => word.strip_prefix("--").or_else(|| word.strip_prefix("-c")),
        };
        behind_c = false;
        let (head, value) = match assignment.and_then(|text| text.split_once('=')) {
            Some((name, value)) if is_name(name) => {
                let (head, _) = word.split_at(word.len() - value.len());
                match setting(name, value) == value {
                    true => (head, Value::Shown(value)),
                    false => (head, Value::LeftOut(value)),
                }
            }
            _ => ("", Value::LeftOut(word)),
        };
        found.push((head, value));
    }
    found
}

/// At white space, but not at such behind a `\`, as PostgreSQL's `pg_split_opts` does.
fn split(options: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    let ends = move |c: char| {
        let ends = c.is_ascii_whitespace() && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    };
    options.split(ends).filter(|word| !word.is_empty())
}

/// What the server makes of a word: a `\` takes the next character as it is.
fn unescaped(word: &str) -> String {
    let mut characters = word.chars();
    std::iter::from_fn(|| match characters.next()? {
        '\\' => characters.next(),
        other => Some(other),
    })
    .collect()
}

/// Whether it is written as the names of session variables are; options may have `-` for `_`.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

/// What a login sends and no message repeats, also not in the server's words.
pub(crate) struct Unshown(Vec<(String, String)>);

impl Unshown {
    pub(crate) fn of(config: &Config) -> Self {
        let mut texts = Vec::new();
        let mut add = |text: &str, shown: &str| {
            if text != shown && text.len() >= SHORTEST {
                texts.push((text.to_owned(), shown.to_owned()));
            }
        };
        add(&config.user, &user(&config.user));
        if let Some((_, tail)) = config.user.split_once(':') {
            add(tail, LEFT_OUT);
        }
        if let Some(name) = &config.database {
            add(name, database(name));
        }
        if let Some(name) = &config.application_name {
            add(name, application_name(name));
        }
        for (name, value) in &config.session_parameters {
            add(value, setting(name, value));
        }
        for (_, value) in words(config.options.as_deref().unwrap_or_default()) {
            if let Value::LeftOut(value) = value {
                add(value, LEFT_OUT);
                let value = unescaped(value);
                add(&value, LEFT_OUT);
                for dashes in ["-c", "--", "-"] {
                    if let Some(rest) = value.strip_prefix(dashes) {
                        add(rest, LEFT_OUT);
                    }
                }
            }
        }
        // One may be a part of another.
        texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self(texts)
    }

    pub(crate) fn remove_from(&self, message: &mut String) {
        for (text, shown) in &self.0 {
            let mut from = 0;
            while let Some(at) = message
                .get(from..)
                .and_then(|rest| rest.find(text.as_str()))
            {
                let (start, end) = (from + at, from + at + text.len());
                // Not within another word: `word` stands in `password`.
                let is_within = message[..start].ends_with(char::is_alphanumeric)
                    || message[end..].starts_with(char::is_alphanumeric);
                from = match is_within {
                    true => end,
                    false => {
                        message.replace_range(start..end, shown);
                        start + shown.len()
                    }
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_password_is_left_out_and_names_are_not() {
        for (name, shown) in [
            ("app", "app"),
            ("app@EXAMPLE.COM", "app@EXAMPLE.COM"),
            ("svc/db1.example@EXAMPLE.COM", "svc/db1.example@EXAMPLE.COM"),
            ("app:hunter2", "app:.."),
            (":hunter2", ":.."),
            ("app:hunter2@db1/bank", "app:.."),
            ("postgresql://app:hunter2@db1", "postgresql:.."),
        ] {
            assert_eq!(user(name), shown);
        }
        for (name, shown) in [
            ("bank", "bank"),
            ("my bank/2", "my bank/2"),
            ("hunter2@db1/bank", ".."),
            ("postgresql://app:hunter2@db1/bank", ".."),
        ] {
            assert_eq!(database(name), shown);
        }
        assert_eq!(application_name("billing:worker"), "billing:worker");
        assert_eq!(application_name("app:hunter2@db1"), "..");
    }

    #[test]
    fn options_show_the_names_and_values_of_the_servers_own_settings() {
        for (text, shown) in [
            ("", ""),
            ("-c statement_timeout=5s", "-c statement_timeout=5s"),
            ("-cstatement_timeout=5s", "-cstatement_timeout=5s"),
            (
                "--statement-timeout=5s  --cluster=bank-one",
                "--statement-timeout=5s --cluster=bank-one",
            ),
            (
                "-c timezone=Europe/Berlin -c datestyle=iso,mdy -c default_transaction_isolation=read\\ committed",
                "-c timezone=Europe/Berlin -c datestyle=iso,mdy -c default_transaction_isolation=..",
            ),
            ("-c search_path=hunter2", "-c search_path=.."),
            ("-c app.token=hunter2", "-c app.token=.."),
            ("--app.token=hunter2", "--app.token=.."),
            ("-c app.token=hunter\\ 2", "-c app.token=.."),
            ("hunter2", ".."),
            ("-c hunter2", "-c .."),
            ("-c -c", "-c .."),
            ("-chunter2", ".."),
            ("--hunter2", ".."),
            ("-d hunter2", ".. .."),
            ("a=hunter2", ".."),
            ("-c =hunter2", "-c .."),
            ("-c hün=hunter2", "-c .."),
            ("-c\n", "-c"),
        ] {
            assert_eq!(options(text), shown, "{text:?}");
        }
    }

    #[test]
    fn the_servers_words_are_shown_without_them() {
        let config = Config::builder()
            .user("app:hunter2")
            .database("pass@db1")
            .options("-c app.token=t0ken word two\\ words -c app.key=1")
            .session_parameter("app.secret", "s3cret")
            .session_parameter("search_path", "bank")
            .build()
            .unwrap();
        let unshown = Unshown::of(&config);
        let shown = |text: &str| {
            let mut text = text.to_owned();
            unshown.remove_from(&mut text);
            text
        };
        assert_eq!(
            shown("password authentication failed for user \"app:hunter2\""),
            "password authentication failed for user \"app:..\""
        );
        assert_eq!(shown("no \"pass@db1\" hunter2"), "no \"..\" ..");
        assert_eq!(shown("-c t0ken, --t0ken: -t0ken"), "-c .., --..: -..");
        assert_eq!(
            shown("invalid argument: word two words t0ken s3cret bank 1"),
            "invalid argument: .. .. .. .. bank 1"
        );
    }
}

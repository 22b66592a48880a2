//! What of a server's message is shown: not the values of rows that it quotes.
//!
//! Class 22 is about values, and quotes them: `invalid input syntax for type integer: "4111.."`. CockroachDB's errors of other
//! classes name keys, which hold the values of indexed columns: `write for key /Table/106/1/"4111.."/0`. The same rule stands
//! in crdb-auth, which this crate does not know; `cargo xtask tidy` compares them.

use std::borrow::Cow;

/// What stands for a value.
const LEFT_OUT: &str = "..";

/// Words in front of a name in quotes, which is no value.
const NAMES: [&str; 3] = ["parameter ", "column ", "encoding "];

/// The names of types that a message may tell. Nothing else behind a value is repeated, because it may be part of one.
const TYPES: [&str; 22] = [
    "bigint",
    "smallint",
    "integer",
    "int8",
    "int4",
    "int2",
    "int",
    "double precision",
    "real",
    "float",
    "numeric",
    "decimal",
    "boolean",
    "bool",
    "uuid",
    "timestamptz",
    "timestamp",
    "date",
    "time",
    "interval",
    "inet",
    "jsonb",
];

/// A server's message without the values that it quotes.
pub(crate) fn without_values<'m>(sqlstate: &str, message: &'m str) -> Cow<'m, str> {
    let shown = if sqlstate.starts_with("22") {
        let counts = sqlstate == "22P04";
        without_quotes(message, counts)
    } else {
        Cow::Borrowed(message)
    };
    let shown = match shown.find(TABLE) {
        Some(_) => Cow::Owned(without_keys(&shown)),
        None => shown,
    };
    match shown.find(PAIR) {
        Some(at) => Cow::Owned(without_pair(&shown, at)),
        None => shown,
    }
}

/// Between columns and their values: `could not obtain lock on row (card)=('4111..') in cards@cards_pkey`.
const PAIR: &str = ")=(";

/// The message without the values that begin behind the [`PAIR`] at `at`. A value may hold whatever ends it, so that the last end counts.
fn without_pair(message: &str, at: usize) -> String {
    let (before, values) = message.split_at(at + PAIR.len());
    let behind = values
        .rfind(") in ")
        .and_then(|end| values.get(end..))
        .unwrap_or_default();
    format!("{before}{LEFT_OUT}{behind}")
}

/// The message up to its first value, and the type that it is about. Numbers are values, unless they count.
fn without_quotes(message: &str, counts: bool) -> Cow<'_, str> {
    let Some(end) = first_value(message, counts) else {
        return Cow::Borrowed(message);
    };
    let (head, rest) = message.split_at(end);
    let mut shown = format!("{head}{LEFT_OUT}");
    let behind = rest.rsplit(['"', '\'']).next().unwrap_or_default();
    if behind.starts_with(" is out of range") {
        shown.push_str(" is out of range");
    }
    if let Some(name) = type_of(rest).filter(|_| type_of(head).is_none()) {
        shown.push_str(" for type ");
        shown.push_str(name);
    }
    Cow::Owned(shown)
}

/// Where the first value begins: a text in quotes that is no name, a number by itself, or what comes behind a second colon.
fn first_value(message: &str, counts: bool) -> Option<usize> {
    let mut colons = 0;
    let mut named_until = 0;
    for (at, character) in message.char_indices() {
        let before = message.get(..at).unwrap_or_default();
        if at < named_until {
            continue;
        }
        match character {
            '"' if NAMES.iter().any(|word| before.ends_with(word)) => {
                let name = message.get(at + 1..).unwrap_or_default();
                match name.find('"') {
                    Some(length) => named_until = at + length + 2,
                    None => return Some(at),
                }
            }
            // Other languages have quotes of their own.
            '"' | '\'' | '«' | '»' | '„' | '“' | '”' | '‘' | '’' | '‚' => {
                return Some(at);
            }
            ' ' if before.ends_with(':') => {
                colons += 1;
                if colons == 2 {
                    return Some(at + 1);
                }
            }
            '0'..='9' if !counts && begins_a_word(before) => return Some(at),
            _ => {}
        }
    }
    None
}

fn begins_a_word(before: &str) -> bool {
    before
        .trim_end_matches(['-', '+', '.'])
        .ends_with([' ', '='])
        || before.is_empty()
}

/// The first of the known types behind the word `type`.
fn type_of(text: &str) -> Option<&'static str> {
    text.match_indices("type ").find_map(|(at, word)| {
        let name = text.get(at + word.len()..)?;
        TYPES.into_iter().find(|known| {
            name.strip_prefix(known)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
        })
    })
}

/// How the key of a row begins.
const TABLE: &str = "/Table/";

/// The message with nothing of a key but its table and its index.
fn without_keys(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(TABLE) {
        let (before, key) = rest.split_at(at + TABLE.len());
        shown.push_str(before);
        let ids = key
            .find(|next: char| !(next.is_ascii_digit() || next == '/'))
            .unwrap_or(key.len());
        // The table, and the index.
        let ids: Vec<&str> = key
            .get(..ids)
            .unwrap_or_default()
            .split('/')
            .take(2)
            .collect();
        shown.push_str(&ids.join("/"));
        let values = key.get(ids.join("/").len()..).unwrap_or_default();
        let end = end_of_key(values);
        if end > 0 {
            shown.push('/');
            shown.push_str(LEFT_OUT);
        }
        rest = values.get(end..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Where the values of a key end. Texts in it stand in quotes, with backslashes before quotes, and those of an array in brackets.
fn end_of_key(values: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    let mut arrays = 0_usize;
    for (at, character) in values.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '[' if !quoted => arrays += 1,
            ']' if !quoted && arrays > 0 => arrays -= 1,
            ' ' | ',' | ';' | ')' | ']' | '}' if !quoted && arrays == 0 => return at,
            _ => {}
        }
    }
    values.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, proptest};

    #[test]
    fn values_are_left_out_and_what_is_wrong_with_them_is_not() {
        for (sqlstate, message, shown) in [
            (
                "22P02",
                "invalid input syntax for type integer: \"4111\"",
                "invalid input syntax for type integer: ..",
            ),
            (
                "22P02",
                "invalid input value for enum mood: \"4111\"",
                "invalid input value for enum mood: ..",
            ),
            (
                "22003",
                "value \"41114111\" is out of range for type integer",
                "value .. is out of range for type integer",
            ),
            (
                "22003",
                "\"4111e400\" is out of range for type double precision",
                ".. is out of range for type double precision",
            ),
            (
                "22P02",
                "could not parse \"4111\" as type int: strconv.ParseInt: parsing \"4111\": invalid syntax",
                "could not parse .. for type int",
            ),
            (
                "22P02",
                "could not parse \"4111 is\" as type uuid: uuid: incorrect UUID length: 4111 is",
                "could not parse .. for type uuid",
            ),
            (
                "22P02",
                "uuid: incorrect UUID length: 4111",
                "uuid: incorrect UUID length: ..",
            ),
            (
                "22023",
                "parsing as type date: field month value 41 is out of range",
                "parsing as type date: field month value ..",
            ),
            (
                "22008",
                "date/time field value out of range: \"4111\"",
                "date/time field value out of range: ..",
            ),
            (
                "22023",
                "invalid value for parameter \"TimeZone\": \"4111\"",
                "invalid value for parameter \"TimeZone\": ..",
            ),
            (
                "22021",
                "invalid byte sequence for encoding \"UTF8\": 0xff",
                "invalid byte sequence for encoding \"UTF8\": ..",
            ),
            (
                "22001",
                "value too long for type character varying(3)",
                "value too long for type character varying(3)",
            ),
            (
                "22P04",
                "expected 2 values, got 3",
                "expected 2 values, got 3",
            ),
            ("22012", "division by zero", "division by zero"),
            (
                "22023",
                "unsupported comparison operator: <varchar> = <uuid>",
                "unsupported comparison operator: <varchar> = <uuid>",
            ),
            (
                "42703",
                "column \"a\" does not exist",
                "column \"a\" does not exist",
            ),
            (
                "40001",
                "restart transaction: WriteTooOldError: write for key /Table/106/1/\"4111 \\\"a\"/0 at timestamp 17.0",
                "restart transaction: WriteTooOldError: write for key /Table/106/1/.. at timestamp 17.0",
            ),
            (
                "40001",
                "meta={key=/Table/106/2/4111/0, iso=Serializable} /Table/107",
                "meta={key=/Table/106/2/.., iso=Serializable} /Table/107",
            ),
            (
                "40001",
                "write for key /Table/106/1/ARRAY[\"4111\",\"4111\"]/0 at timestamp 17.0",
                "write for key /Table/106/1/.. at timestamp 17.0",
            ),
            (
                "40001",
                "conflicts in [/Table/106/1/4111, /Table/106/1/4112)",
                "conflicts in [/Table/106/1/.., /Table/106/1/..)",
            ),
            (
                "55P03",
                "could not obtain lock on row (card)=('4111) in ') in cards@cards_pkey",
                "could not obtain lock on row (card)=(..) in cards@cards_pkey",
            ),
            (
                "23505",
                "duplicate key value (card)=('4111') violates unique constraint \"cards_pkey\"",
                "duplicate key value (card)=(..",
            ),
            (
                "22P02",
                "ungültige Eingabesyntax für Typ integer: »4111«",
                "ungültige Eingabesyntax für Typ integer: ..",
            ),
        ] {
            assert_eq!(without_values(sqlstate, message), shown, "{message}");
        }
    }

    proptest! {
        /// Whatever stands in the value, nothing of it is shown.
        #[test]
        fn no_part_of_a_value_is_shown(value in "[\"' :a-z/]{0,12}4111[\"' :a-z/]{0,12}") {
            for message in [
                format!("invalid input syntax for type integer: \"{value}\""),
                format!("value \"{value}\" is out of range for type integer"),
                format!("could not parse \"{value}\" as type int: strconv.ParseInt: parsing \"{value}\": invalid syntax"),
                format!("could not parse '{value}' as type uuid: uuid: incorrect UUID length: {value}"),
            ] {
                prop_assert!(!without_values("22P02", &message).contains("4111"), "{}", message);
            }
        }
    }
}

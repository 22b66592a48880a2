//! `key=value` strings.

use super::keywords::{self, Place};
use crate::error::Error;

/// Splits the string as libpq's `conninfo_parse` does. Of a key given twice the last value holds.
///
/// Values end at white space unless they are in single quotes; `\` takes the next character as it
/// is, in and out of quotes. Spaces are allowed around `=`.
pub(super) fn parse(text: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let mut pairs: Vec<(&'static str, String)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_space);
        if rest.is_empty() {
            return Ok(pairs);
        }
        let place = Place {
            is_uri: false,
            before: &pairs,
            // Any word may be the rest of a value in front of it that has a space.
            is_plain: false,
        };
        let end = rest.find(|c| c == '=' || is_space(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        rest = tail.trim_start_matches(is_space);
        let Some(tail) = rest.strip_prefix('=') else {
            return Err(Error::config(format!(
                "connection string: no '=' follows the name of {}; {}",
                place.named(),
                place.remedy()
            )));
        };
        let word = keywords::find(word, &place)?;
        rest = tail.trim_start_matches(is_space);
        let (value, tail) = match rest.strip_prefix('\'') {
            Some(quoted) => until(quoted, |c| c == '\'')
                .and_then(|(value, tail)| Some((value, tail.strip_prefix('\'')?))),
            None => until(rest, is_space),
        }
        .ok_or_else(|| {
            Error::config(format!(
                "connection string: the quote that opens the value of {word} is not closed; {}",
                place.remedy()
            ))
        })?;
        rest = tail;
        pairs.push((word, value));
    }
}

/// What C's `isspace` takes for white space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The value up to an unescaped end, and the rest from there; the end of the text is one as well.
fn until(text: &str, ends: impl Fn(char) -> bool) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, c)) = characters.next() {
        if ends(c) {
            return Some((value, &text[index..]));
        }
        if c == '\\' {
            // A lone backslash at the end is dropped.
            if let Some((_, escaped)) = characters.next() {
                value.push(escaped);
            }
        } else {
            value.push(c);
        }
    }
    Some((value, ""))
}

//! From comment lines to a [`Header`].

use std::ops::Range;

use super::Header;
use super::annotation::{Annotations, KEYS};
use crate::name;
use crate::problem::{Code, Problem};
use crate::query::Cardinality;
use crate::source::SourceFile;

/// Whether a line comment begins a query: `-- name: ..`, or something meant to be that.
pub(crate) fn is_name_line(comment: &str) -> bool {
    let text = content(comment).0;
    match text.strip_prefix("name") {
        Some(rest) => {
            let rest = rest.trim_start();
            // Without its colon it would silently become a part of the query above.
            rest.starts_with(':')
                || Cardinality::ALL
                    .iter()
                    .any(|c| rest.split_whitespace().any(|word| word == c.to_string()))
        }
        None => false,
    }
}

/// Whether a line comment below a header reads like an annotation.
pub(crate) fn looks_like_annotation(comment: &str) -> bool {
    let text = content(comment).0;
    split_key(text).is_some_and(|(key, _, _)| KEYS.contains(&key))
}

/// The comment's text without dashes and surrounding space, and how many bytes were cut in front.
fn content(comment: &str) -> (&str, usize) {
    let text = comment.trim_start_matches('-').trim_start();
    (text.trim_end(), comment.len() - text.len())
}

/// `key: value` or `key subject: value` into key, subject and value.
fn split_key(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (left, value) = text.split_once(':')?;
    let mut words = left.split_whitespace();
    let key = words.next()?;
    let is_key = key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let subject = words.next();
    match (is_key, subject, words.next()) {
        (true, subject, None) => Some((key, subject, value.trim())),
        // `param $1 id: UUID`
        (true, Some(_), Some(_)) if key == "param" && left.split_whitespace().count() == 3 => {
            let subject = left.trim_start().strip_prefix(key)?.trim();
            Some((key, Some(subject), value.trim()))
        }
        _ => None,
    }
}

/// Reads the header whose comment lines are `lines`, the name line first.
pub(crate) fn parse(
    source: &SourceFile,
    lines: &[Range<usize>],
    problems: &mut Vec<Problem>,
) -> Option<Header> {
    let (first, rest) = lines.split_first()?;
    let name = name_line(source, first, problems);
    let mut docs: Vec<&str> = Vec::new();
    let mut annotations = Annotations::default();
    for span in rest {
        let comment = source.text().get(span.clone()).unwrap_or("");
        let (text, cut) = content(comment);
        let at = span.start + cut..span.start + cut + text.len();
        match split_key(text) {
            Some((key, subject, value)) if KEYS.contains(&key) => {
                annotations.read(source, at, (key, subject, value), problems);
            }
            Some((key, subject, _)) if meant_annotation(key).is_some() && subject.is_none() => {
                let meant = meant_annotation(key).unwrap_or(key);
                let span = at.start..at.start + key.len();
                let message = format!("`{key}` is not an annotation");
                problems.push(
                    Problem::at(Code::BadAnnotation, source, span, message)
                        .help(format!("did you mean `{meant}:`?")),
                );
            }
            _ => docs.push(doc_line(comment)),
        }
    }
    problems.extend(annotations.incomplete(source));
    let (name, name_span, cardinality) = name?;
    Some(annotations.into_header(name, name_span, cardinality, join_docs(&docs)))
}

/// A documentation line keeps its indentation below the first space, for lists and code.
fn doc_line(comment: &str) -> &str {
    let text = comment.strip_prefix("--").unwrap_or(comment);
    text.strip_prefix(' ').unwrap_or(text).trim_end()
}

fn join_docs(lines: &[&str]) -> String {
    let joined = lines.join("\n");
    joined.trim_matches('\n').to_owned()
}

/// The annotation that a misspelt key was meant to be: a typo, or another form of the word (`retries`, `tagged`).
fn meant_annotation(key: &str) -> Option<&'static str> {
    let stem = |word: &str| word.get(..4).map(str::to_owned);
    KEYS.iter().copied().find(|known| {
        let typos = strsim::damerau_levenshtein(key, known);
        typos <= (key.len() / 3).max(1) || (key.len() > 4 && stem(key) == stem(known))
    })
}

type NameLine = (String, Range<usize>, Cardinality);

fn name_line(
    source: &SourceFile,
    span: &Range<usize>,
    problems: &mut Vec<Problem>,
) -> Option<NameLine> {
    let comment = source.text().get(span.clone()).unwrap_or("");
    let (text, cut) = content(comment);
    let start = span.start + cut;
    let whole = start..start + text.len();
    let mut report = |code, span, message: String, help: &str| {
        problems.push(Problem::at(code, source, span, message).help(help));
    };
    let form = "a query begins with `-- name: get_account :one`";
    let after_key = text.strip_prefix("name").unwrap_or(text).trim_start();
    let Some(value) = after_key.strip_prefix(':') else {
        report(
            Code::BadHeader,
            whole,
            "there is no colon after `name`".to_owned(),
            form,
        );
        return None;
    };
    let mut words = value.split_whitespace();
    let (name, cardinality, surplus) = (words.next(), words.next(), words.next());
    let place = |word: &str| {
        // Words are slices of the file's text, so their addresses tell where they stand.
        let at = word.as_ptr() as usize - source.text().as_ptr() as usize;
        at..at + word.len()
    };
    let Some(name) = name.filter(|name| !name.starts_with(':')) else {
        report(
            Code::BadHeader,
            whole,
            "the query has no name".to_owned(),
            form,
        );
        return None;
    };
    let name_span = place(name);
    if let Some(defect) = name::defect(name) {
        let message = format!("`{name}` is not a query name: {defect}");
        let help = "names are snake_case; directories give the part before the dot";
        report(Code::BadName, name_span.clone(), message, help);
        return None;
    }
    let words = Cardinality::ALL
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let Some(word) = cardinality else {
        let message = format!("`{name}` does not say how many rows it gives");
        let help = format!("write one of {words} after the name");
        report(Code::BadHeader, name_span, message, &help);
        return None;
    };
    let found = Cardinality::ALL.iter().find(|c| c.to_string() == word);
    let Some(cardinality) = found else {
        let message = format!("`{word}` is none of {words}");
        report(Code::BadHeader, place(word), message, form);
        return None;
    };
    if let Some(surplus) = surplus {
        let message = format!("`{surplus}` stands after the cardinality");
        report(Code::BadHeader, place(surplus), message, form);
        return None;
    }
    Some((name.to_owned(), name_span, *cardinality))
}

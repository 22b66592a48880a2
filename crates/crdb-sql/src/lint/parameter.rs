//! Parameters that the header and the statement do not agree about.

use std::collections::HashMap;

use super::Report;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::schema::canonical_type;
use crate::token::{Token, TokenKind};

/// A parameter that is cast to two types, or to another one than its header declares.
pub(super) fn inconsistent(query: &Query, text: &str, tokens: &[Token], report: &mut Report<'_>) {
    let mut types: HashMap<&str, (String, &'static str)> = HashMap::new();
    let header = query.parameter_notes();
    for note in header {
        if let Some(sql_type) = note.parameter.sql_type() {
            let key = note.parameter.name();
            types.insert(key, (canonical_type(sql_type), "its header declares it as"));
        }
    }
    for (index, token) in tokens.iter().enumerate() {
        let name = match token.kind {
            TokenKind::NamedParameter => token.text(text).get(1..).unwrap_or(""),
            TokenKind::PositionalParameter => {
                let number = token
                    .text(text)
                    .get(1..)
                    .and_then(|n| n.parse::<usize>().ok());
                let parameter = number
                    .and_then(|n| n.checked_sub(1))
                    .and_then(|n| query.parameters().get(n));
                parameter.map_or("", |parameter| parameter.name())
            }
            _ => continue,
        };
        let Some(cast) = cast_after(text, tokens, index) else {
            continue;
        };
        let found = canonical_type(&cast);
        match types.get(name) {
            Some((known, why)) if *known != found => {
                let message = format!(
                    "`{}` is cast to {cast}, but {why} {known}",
                    token.text(text)
                );
                report.add(
                    Code::InconsistentParameter,
                    token,
                    message,
                    "a parameter has one type; cast the expression around it, or use two parameters",
                );
            }
            Some(_) => {}
            None => {
                types.insert(name, (found, "elsewhere to"));
            }
        }
    }
}

/// The words that may follow a type's first.
const LONG_NAMES: &[&[&str]] = &[
    &["precision"],
    &["varying"],
    &["with", "time", "zone"],
    &["without", "time", "zone"],
];

/// The type after `::` or `:::`, from its schema to its closing brackets.
fn cast_after(text: &str, tokens: &[Token], index: usize) -> Option<String> {
    let symbol = |at: usize, symbol: &str| {
        let token: Option<&Token> = tokens.get(at);
        token.is_some_and(|t| t.is_symbol(text, symbol))
    };
    if !(symbol(index + 1, "::") || symbol(index + 1, ":::")) {
        return None;
    }
    let first = tokens.get(index + 2)?;
    let mut at = index + 3;
    while symbol(at, ".") {
        at += 2;
    }
    at = after_length(text, tokens, at);
    let longer = LONG_NAMES.iter().find(|words| {
        tokens.get(at..at + words.len()).is_some_and(|found| {
            let mut pairs = found.iter().zip(**words);
            pairs.all(|(token, word)| token.is_keyword(text, word))
        })
    });
    if let Some(words) = longer {
        at = after_length(text, tokens, at + words.len());
    }
    while symbol(at, "[") && symbol(at + 1, "]") {
        at += 2;
    }
    let last = tokens.get(at - 1)?;
    text.get(first.span.start..last.span.end).map(str::to_owned)
}

/// Behind the `(19, 4)` that may stand here.
fn after_length(text: &str, tokens: &[Token], at: usize) -> usize {
    let is = |token: &Token, symbol: &str| token.is_symbol(text, symbol);
    let rest = tokens.get(at..).unwrap_or_default();
    if !rest.first().is_some_and(|token| is(token, "(")) {
        return at;
    }
    let length = rest.iter().position(|token| is(token, ")"));
    length.map_or(at, |length| at + length + 1)
}

/// Header lines about parameters that the statement does not have, and integers without a width.
pub(super) fn declared(query: &Query, problems: &mut Vec<Problem>) {
    let source = query.source();
    for note in query.parameter_notes() {
        let name = note.parameter.name();
        if !query
            .parameters()
            .iter()
            .any(|parameter| parameter.name() == name)
        {
            let message = format!("the statement has no parameter `{name}`");
            let names = query.parameters().iter().map(crate::query::Parameter::name);
            let near = crate::name::nearest(name, names);
            let help = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove the line, or use the parameter".to_owned(),
            };
            problems.push(
                Problem::at(Code::UnusedParameter, source, note.span.clone(), message).help(help),
            );
        }
        let int = note
            .parameter
            .sql_type()
            .map(canonical_type)
            .is_some_and(|t| t == "int" || t == "int[]");
        if int {
            let message = format!("`{name}` has eight bytes on CockroachDB and four on PostgreSQL");
            problems.push(
                Problem::at(Code::ImplicitIntWidth, source, note.span.clone(), message)
                    .help("write INT8, INT4 or INT2"),
            );
        }
    }
}

//! Full scans, as far as the schema shows them.
//!
//! A table is *reached* when an index begins with a column that the query compares with a value, or with a column of a
//! table that is reached itself. What cannot be understood counts as a comparison: this lint rather stays silent.

use super::Report;
use super::scope::{Part, Scope};
use crate::problem::Code;
use crate::schema::{Schema, Table};
use crate::statement::identifier;
use crate::token::{Token, TokenKind};

/// A table of the FROM clause.
struct Source<'a> {
    table: &'a Table,
    alias: String,
    token: &'a Token,
    compared: Vec<Comparison>,
}

/// `column = ..`, and the source that the other side belongs to, if it is a column of one.
struct Comparison {
    column: String,
    with: Option<usize>,
}

pub(super) fn full_scan(select: &Scope<'_>, schema: &Schema, report: &mut Report<'_>) {
    let mut sources = sources(select, schema);
    if sources.is_empty() {
        return;
    }
    let flat = conditions(select);
    compare(&flat, select.text(), &mut sources);
    let mut reached: Vec<bool> = vec![false; sources.len()];
    // Each round reaches at least one more table, or is the last.
    for _ in 0..sources.len() {
        for index in 0..sources.len() {
            reached[index] = reached[index] || is_reached(&sources[index], &reached);
        }
    }
    if sources.len() == 1 && in_index_order(select, &sources[0]) {
        return;
    }
    let missed: Vec<&Source<'_>> = sources
        .iter()
        .zip(&reached)
        .filter(|(_, reached)| !**reached)
        .map(|(source, _)| source)
        .collect();
    if let Some(first) = missed.first() {
        let names: Vec<String> = missed
            .iter()
            .map(|s| format!("`{}`", s.table.name()))
            .collect();
        let message = format!(
            "reads all of {}: no index begins with a column that the query compares",
            names.join(", ")
        );
        report.add(
            Code::FullScan,
            first.token,
            message,
            "compare an indexed column, add an index, or `-- allow: full_scan` where all rows are wanted",
        );
    }
}

fn is_reached(source: &Source<'_>, reached: &[bool]) -> bool {
    let usable = |comparison: &&Comparison| comparison.with.is_none_or(|with| reached[with]);
    let compared: Vec<&str> = source
        .compared
        .iter()
        .filter(usable)
        .map(|comparison| comparison.column.as_str())
        .collect();
    let first = |index: &crate::schema::Index| index.columns().first().cloned();
    let indexes = source.table.indexes();
    indexes
        .iter()
        .filter_map(first)
        .any(|column| compared.contains(&column.as_str()))
}

/// Words that end a table's name and can be no alias.
const NO_ALIAS: &[&str] = &[
    "where",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "group",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "having",
    "window",
    "set",
    "returning",
    "union",
    "values",
    "as",
    "lateral",
    "with",
    "select",
    "default",
];

fn sources<'a>(select: &Scope<'a>, schema: &'a Schema) -> Vec<Source<'a>> {
    let text = select.text();
    let mut found = Vec::new();
    let parts = select.parts();
    let mut in_from = false;
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        at += 1;
        let Part::Token(token) = part else { continue };
        let is = |word: &str| token.is_keyword(text, word);
        let begins = is("from") || is("join") || is("update") || (is("using") && in_from);
        let comma = in_from && token.is_symbol(text, ",");
        if is("for") {
            // FOR UPDATE names no table.
            return found;
        }
        if begins {
            in_from = true;
        } else if [
            "where",
            "group",
            "order",
            "limit",
            "set",
            "returning",
            "on",
            "having",
        ]
        .iter()
        .any(|w| is(w))
        {
            in_from = is("on") && in_from;
        }
        if !(begins || comma) {
            continue;
        }
        if let Some((name, token, next)) = dotted(parts, at, text) {
            at = next;
            if let Some(table) = schema.table(&name) {
                let alias = alias(parts, &mut at, text).unwrap_or(name);
                found.push(Source {
                    table,
                    alias,
                    token,
                    compared: Vec::new(),
                });
            }
        }
    }
    found
}

/// The last part of a dotted name at `at`, its token, and where it ends.
fn dotted<'a>(parts: &[Part<'a>], at: usize, text: &str) -> Option<(String, &'a Token, usize)> {
    let token = |at: usize| match parts.get(at) {
        Some(Part::Token(token)) => Some(*token),
        _ => None,
    };
    let mut last = token(at)?;
    let mut name = identifier(last, text)?;
    let mut next = at + 1;
    while token(next).is_some_and(|t| t.is_symbol(text, ".")) {
        last = token(next + 1)?;
        name = identifier(last, text)?;
        next += 2;
    }
    Some((name, last, next))
}

fn alias(parts: &[Part<'_>], at: &mut usize, text: &str) -> Option<String> {
    let mut seen_as = false;
    while let Some(Part::Token(token)) = parts.get(*at) {
        let keyword = NO_ALIAS.iter().any(|word| token.is_keyword(text, word));
        if !seen_as && token.is_keyword(text, "as") {
            // AS OF SYSTEM TIME is no alias.
            let of = matches!(parts.get(*at + 1), Some(Part::Token(t)) if t.is_keyword(text, "of"));
            if of {
                return None;
            }
            seen_as = true;
        } else if keyword {
            return None;
        } else if token.is_symbol(text, "@") || token.is_symbol(text, "{") {
            // An index hint: `@name` or `@{..}`.
            while let Some(Part::Token(hint)) = parts.get(*at) {
                *at += 1;
                let end = hint.is_symbol(text, "}") || hint.kind == TokenKind::Word;
                if end
                    && !matches!(parts.get(*at), Some(Part::Token(t)) if t.is_symbol(text, "=") || t.is_symbol(text, ",") || t.is_symbol(text, "}"))
                {
                    break;
                }
            }
            continue;
        } else {
            let name = identifier(token, text);
            *at += usize::from(name.is_some());
            return name;
        }
        *at += 1;
    }
    None
}

/// What stands in WHERE and ON, with plain parentheses opened; a call and a subquery count as one value.
enum Flat<'a> {
    Token(&'a Token),
    Value,
}

fn conditions<'a>(select: &Scope<'a>) -> Vec<Flat<'a>> {
    let text = select.text();
    let mut flat = Vec::new();
    let mut waiting: Vec<(Scope<'a>, usize, bool)> = vec![(*select, 0, false)];
    while let Some((scope, mut at, mut inside)) = waiting.pop() {
        while let Some(part) = scope.parts().get(at) {
            at += 1;
            match part {
                Part::Token(token) => {
                    let is = |word: &&str| token.is_keyword(text, word);
                    if ["where", "on", "having"].iter().any(is) {
                        inside = true;
                        flat.push(Flat::Value);
                    } else if [
                        "join",
                        "from",
                        "set",
                        "group",
                        "order",
                        "limit",
                        "returning",
                        "select",
                        "inner",
                        "left",
                        "right",
                        "full",
                        "cross",
                        "conflict",
                        "values",
                    ]
                    .iter()
                    .any(is)
                    {
                        inside = false;
                    } else if inside {
                        flat.push(Flat::Token(token));
                    }
                }
                Part::Group(group) if inside => {
                    let (inner, word) = scope.group(*group);
                    let call = word.is_some_and(|w| {
                        !["and", "or", "where", "on", "not"]
                            .iter()
                            .any(|k| w.is_keyword(text, k))
                    });
                    if call || inner.verb().is_some() {
                        flat.push(Flat::Value);
                    } else {
                        waiting.push((scope, at, inside));
                        waiting.push((inner, 0, true));
                        break;
                    }
                }
                Part::Group(_) => {}
            }
        }
    }
    flat
}

fn compare(flat: &[Flat<'_>], text: &str, sources: &mut [Source<'_>]) {
    let mut at = 0;
    while at < flat.len() {
        let Some((left, next)) = reference(flat, at, text) else {
            at += 1;
            continue;
        };
        let compares = matches!(flat.get(next), Some(Flat::Token(t)) if is_comparison(t, text));
        let compared_before =
            at > 0 && matches!(&flat[at - 1], Flat::Token(t) if is_symbol_comparison(t, text));
        if compares || compared_before {
            let right = if compares {
                reference(flat, next + 1, text).map(|(r, _)| r)
            } else {
                left_of(flat, at, text)
            };
            note(sources, &left, right.as_deref());
        }
        at = next;
    }
}

/// The reference that ends just before the operator in front of `at`.
fn left_of(flat: &[Flat<'_>], at: usize, text: &str) -> Option<Vec<String>> {
    let operator = at.checked_sub(1)?;
    (1..=5_usize)
        .filter_map(|back| operator.checked_sub(back))
        .filter_map(|start| reference(flat, start, text).filter(|(_, end)| *end == operator))
        .map(|(name, _)| name)
        .next_back()
}

/// A dotted name that is no keyword and no call.
fn reference(flat: &[Flat<'_>], at: usize, text: &str) -> Option<(Vec<String>, usize)> {
    let token = |at: usize| match flat.get(at) {
        Some(Flat::Token(token)) => Some(*token),
        _ => None,
    };
    let first = token(at)?;
    if [
        "and", "or", "not", "null", "true", "false", "any", "all", "some", "in", "is", "like",
        "between", "case", "when", "then", "else", "end", "array", "interval",
    ]
    .iter()
    .any(|word| first.is_keyword(text, word))
    {
        return None;
    }
    let mut names = vec![identifier(first, text)?];
    let mut next = at + 1;
    while token(next).is_some_and(|t| t.is_symbol(text, ".")) {
        names.push(identifier(token(next + 1)?, text)?);
        next += 2;
    }
    Some((names, next))
}

fn is_symbol_comparison(token: &Token, text: &str) -> bool {
    ["=", "<", ">", "<=", ">="]
        .iter()
        .any(|s| token.is_symbol(text, s))
}

fn is_comparison(token: &Token, text: &str) -> bool {
    is_symbol_comparison(token, text)
        || ["@>", "<@", "?", "?|", "?&", "&&"]
            .iter()
            .any(|s| token.is_symbol(text, s))
        || ["in", "between", "is", "like"]
            .iter()
            .any(|word| token.is_keyword(text, word))
}

/// Records `left = right` for the table that `left` belongs to.
fn note(sources: &mut [Source<'_>], left: &[String], right: Option<&[String]>) {
    let Some(owner) = owner(sources, left) else {
        return;
    };
    let with = right
        .and_then(|right| self::owner(sources, right))
        .filter(|with| *with != owner);
    if let Some(column) = left.last() {
        sources[owner].compared.push(Comparison {
            column: column.clone(),
            with,
        });
    }
}

fn owner(sources: &[Source<'_>], reference: &[String]) -> Option<usize> {
    match reference {
        [column] => sources
            .iter()
            .position(|s| s.table.column(column).is_some()),
        [.., alias, _] => sources.iter().position(|s| s.alias == *alias),
        [] => None,
    }
}

/// `ORDER BY` the first column of an index, with a LIMIT: the scan ends early.
fn in_index_order(select: &Scope<'_>, source: &Source<'_>) -> bool {
    let text = select.text();
    if select.find("limit").is_none() && select.find("fetch").is_none() {
        return false;
    }
    let parts = select.parts();
    let order = parts
        .iter()
        .position(|part| matches!(part, Part::Token(t) if t.is_keyword(text, "order")));
    let Some((column, _, _)) = order.and_then(|at| dotted(parts, at + 2, text)) else {
        return false;
    };
    let indexes = source.table.indexes();
    indexes
        .iter()
        .any(|index| index.columns().first() == Some(&column))
}

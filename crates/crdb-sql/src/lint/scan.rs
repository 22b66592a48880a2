//! Full scans, as far as the schema shows them.
//!
//! A table is *reached* when an index begins with a column that the query compares with a value, or with a column of a
//! table that is reached itself. What cannot be understood counts as a comparison: this lint rather stays silent.

use super::Report;
use crate::problem::Code;
use crate::schema::Schema;
use crate::statement::identifier;
use crate::statement::scope::{Part, Scope};
use crate::statement::source::{self, TableReference};
use crate::token::Token;

/// A table, and what the query compares its columns with.
struct Source<'a> {
    named: TableReference<'a>,
    compared: Vec<Comparison>,
}

/// `column = ..`, and the source that the other side belongs to, if it is a column of one.
struct Comparison {
    column: String,
    with: Option<usize>,
}

pub(super) fn full_scan(select: &Scope<'_>, schema: &Schema, report: &mut Report<'_>) {
    let mut sources: Vec<Source<'_>> = source::tables(select, schema)
        .into_iter()
        .map(|named| Source {
            named,
            compared: Vec::new(),
        })
        .collect();
    if sources.is_empty() {
        return;
    }
    let flat = conditions(select);
    compare(&flat, select.text(), &mut sources);
    join_by_names(select, &mut sources);
    // Whether a condition is what an index computes is not understood.
    let mut reached: Vec<bool> = sources
        .iter()
        .map(|source| !flat.is_empty() && has_computed_index(source))
        .collect();
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
            .map(|s| format!("`{}`", s.named.table.name()))
            .collect();
        let message = format!(
            "reads all of {}: no index begins with a column that the query compares",
            names.join(", ")
        );
        report.add(
            Code::FullScan,
            first.named.token,
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
    let indexes = source.named.table.indexes();
    indexes
        .iter()
        .filter_map(first)
        .any(|column| compared.contains(&column.as_str()))
}

/// Whether an index begins with an expression.
fn has_computed_index(source: &Source<'_>) -> bool {
    let indexes = source.named.table.indexes();
    indexes.iter().any(|index| index.columns().is_empty())
}

/// `JOIN t USING (a, b)`.
fn join_by_names(select: &Scope<'_>, sources: &mut [Source<'_>]) {
    let text = select.text();
    for pair in select.parts().windows(2) {
        let [Part::Token(word), Part::Group(group)] = pair else {
            continue;
        };
        if !word.is_keyword(text, "using") {
            continue;
        }
        let (columns, _) = select.group(*group);
        for column in columns.tokens().filter_map(|token| identifier(token, text)) {
            let owners: Vec<usize> = (0..sources.len())
                .filter(|index| sources[*index].named.table.column(&column).is_some())
                .collect();
            for owner in &owners {
                let mut others: Vec<Option<usize>> = owners
                    .iter()
                    .filter(|other| *other != owner)
                    .map(|other| Some(*other))
                    .collect();
                if others.is_empty() {
                    // The other side is no table that the schema knows.
                    others.push(None);
                }
                let compared = others.into_iter().map(|with| Comparison {
                    column: column.clone(),
                    with,
                });
                sources[*owner].compared.extend(compared);
            }
        }
    }
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
        let mut before: Option<&Token> = None;
        while let Some(part) = scope.parts().get(at) {
            at += 1;
            match part {
                Part::Token(token) => {
                    let is = |word: &&str| token.is_keyword(text, word);
                    let called = matches!(scope.parts().get(at), Some(Part::Group(_)));
                    let distinct = before
                        .replace(token)
                        .is_some_and(|before| before.is_keyword(text, "distinct"));
                    if (called && (is(&"left") || is(&"right"))) || (distinct && is(&"from")) {
                        // The functions LEFT and RIGHT, and IS DISTINCT FROM.
                        flat.push(Flat::Value);
                    } else if ["where", "on", "having"].iter().any(is) {
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
    source::owner(sources.iter().map(|source| &source.named), reference)
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
    let Some((column, _, _)) = order.and_then(|at| source::dotted(parts, at + 2, text)) else {
        return false;
    };
    let indexes = source.named.table.indexes();
    indexes
        .iter()
        .any(|index| index.columns().first() == Some(&column))
}

//! What can be NULL, from the schema and the shape of the statement.
//!
//! Only what is certain is said: a column is never NULL when it is a NOT NULL column of a table on no optional side of a
//! join, a literal, or a function that always has a value. A parameter may be NULL when all that is done with it is to
//! store it in columns that may be NULL.

use std::collections::HashMap;

use crate::query::{Nullability, Query};
use crate::schema::{Schema, Table};
use crate::statement::scope::{Part, Scope, Scopes};
use crate::statement::source::{self, TableReference};
use crate::statement::{self, identifier};
use crate::token::{Token, TokenKind};

/// The nullability of each result column; empty when the shape of the statement does not tell.
pub(super) fn columns(query: &Query, schema: &Schema) -> Vec<Nullability> {
    let text = query.source_text();
    let statements = statement::split(text);
    let [tokens] = statements.as_slice() else {
        return Vec::new();
    };
    let scopes = Scopes::new(text, tokens);
    let outer = scopes.outermost();
    let Some(verb) = outer.verb() else {
        return Vec::new();
    };
    if verb.is_keyword(text, "select") {
        let mut arms = outer.selects().into_iter().map(|arm| {
            let tables = source::tables(&arm, schema);
            list(&arm, &tables, "select")
        });
        let first = arms.next().unwrap_or_default();
        return arms.fold(first, |all, arm| {
            if all.len() != arm.len() {
                return Vec::new();
            }
            all.into_iter()
                .zip(arm)
                .map(|(a, b)| if a == b { a } else { Nullability::Nullable })
                .collect()
        });
    }
    let mut tables = source::tables(&outer, schema);
    if let Some(table) = written_table(&outer, schema) {
        let target = TableReference {
            table,
            alias: table.name().to_owned(),
            token: verb,
            optional: false,
        };
        tables.insert(0, target);
    }
    list(&outer, &tables, "returning")
}

/// The table after INSERT INTO or UPSERT INTO.
fn written_table<'s>(scope: &Scope<'_>, schema: &'s Schema) -> Option<&'s Table> {
    let at = scope
        .parts()
        .iter()
        .position(|part| matches!(part, Part::Token(t) if t.is_keyword(scope.text(), "into")))?;
    let (name, _, _) = source::dotted(scope.parts(), at + 1, scope.text())?;
    schema.table(&name)
}

/// Words that end a select list.
const LIST_ENDS: &[&str] = &[
    "from",
    "where",
    "group",
    "having",
    "window",
    "order",
    "limit",
    "offset",
    "fetch",
    "for",
    "union",
    "intersect",
    "except",
    "into",
];

fn list(scope: &Scope<'_>, tables: &[TableReference<'_>], begin: &str) -> Vec<Nullability> {
    let text = scope.text();
    let parts = scope.parts();
    let is =
        |part: &Part<'_>, word: &str| matches!(part, Part::Token(t) if t.is_keyword(text, word));
    let Some(start) = parts.iter().position(|part| is(part, begin)) else {
        return Vec::new();
    };
    let mut start = start + 1;
    while parts
        .get(start)
        .is_some_and(|part| is(part, "all") || is(part, "distinct"))
    {
        start += 1;
        if parts.get(start).is_some_and(|part| is(part, "on")) {
            start += 2;
        }
    }
    let rest = parts.get(start..).unwrap_or(&[]);
    let end = rest
        .iter()
        .position(|part| LIST_ENDS.iter().any(|word| is(part, word)))
        .unwrap_or(rest.len());
    let comma = |part: &Part<'_>| matches!(part, Part::Token(t) if t.is_symbol(text, ","));
    rest[..end]
        .split(comma)
        .map(|item| expression(scope, without_label(item, text), tables, 0))
        .collect()
}

/// `x AS label` and `x label` without their label.
fn without_label<'p, 'a>(item: &'p [Part<'a>], text: &str) -> &'p [Part<'a>] {
    match item {
        [before @ .., Part::Token(word), Part::Token(_)] if word.is_keyword(text, "as") => before,
        [before @ .., Part::Token(label)]
            if identifier(label, text).is_some() && ends_operand(before, text) =>
        {
            before
        }
        _ => item,
    }
}

fn ends_operand(parts: &[Part<'_>], text: &str) -> bool {
    match parts.last() {
        Some(Part::Group(_)) => true,
        Some(Part::Token(token)) => {
            identifier(token, text).is_some()
                || matches!(
                    token.kind,
                    TokenKind::Number
                        | TokenKind::String
                        | TokenKind::NamedParameter
                        | TokenKind::PositionalParameter
                )
        }
        None => false,
    }
}

/// Functions that have a value for whatever they are given.
const NEVER_NULL: &[&str] = &[
    "count",
    "now",
    "gen_random_uuid",
    "statement_timestamp",
    "transaction_timestamp",
    "clock_timestamp",
    "row_number",
    "rank",
    "dense_rank",
    "unique_rowid",
    "cluster_logical_timestamp",
    "random",
    "jsonb_build_object",
    "json_build_object",
    "current_schema",
];

/// Deeper nesting of casts and coalesce is not looked into.
const MAX_DEPTH: usize = 8;

fn expression(
    scope: &Scope<'_>,
    parts: &[Part<'_>],
    tables: &[TableReference<'_>],
    depth: usize,
) -> Nullability {
    let text = scope.text();
    if depth > MAX_DEPTH {
        return Nullability::Nullable;
    }
    match parts {
        // `x::TYPE`; TYPE may have a length or brackets behind it.
        [inner @ .., Part::Token(cast), Part::Token(_)]
        | [
            inner @ ..,
            Part::Token(cast),
            Part::Token(_),
            Part::Group(_),
        ] if cast.is_symbol(text, "::") || cast.is_symbol(text, ":::") => {
            expression(scope, inner, tables, depth + 1)
        }
        [Part::Token(token)] if matches!(token.kind, TokenKind::Number | TokenKind::String) => {
            Nullability::NotNull
        }
        [Part::Token(token)]
            if [
                "true",
                "false",
                "current_timestamp",
                "current_date",
                "current_user",
            ]
            .iter()
            .any(|word| token.is_keyword(text, word)) =>
        {
            Nullability::NotNull
        }
        [Part::Group(group)] => {
            let (inner, _) = scope.group(*group);
            if inner.verb().is_some() {
                Nullability::Nullable
            } else {
                expression(&inner, inner.parts(), tables, depth + 1)
            }
        }
        [Part::Token(function), Part::Group(group), rest @ ..]
            if function.kind == TokenKind::Word && (rest.is_empty() || is_over(rest, text)) =>
        {
            call(scope, function, *group, tables, depth)
        }
        _ => column(parts, text, tables),
    }
}

fn is_over(parts: &[Part<'_>], text: &str) -> bool {
    matches!(parts.first(), Some(Part::Token(t)) if t.is_keyword(text, "over") || t.is_keyword(text, "filter"))
}

fn call(
    scope: &Scope<'_>,
    function: &Token,
    group: usize,
    tables: &[TableReference<'_>],
    depth: usize,
) -> Nullability {
    let text = scope.text();
    let name = function.text(text).to_ascii_lowercase();
    if name == "exists" || NEVER_NULL.contains(&name.as_str()) {
        return Nullability::NotNull;
    }
    let (inner, _) = scope.group(group);
    if name == "coalesce" {
        let comma = |part: &Part<'_>| matches!(part, Part::Token(t) if t.is_symbol(text, ","));
        let sure =
            |item: &[Part<'_>]| expression(&inner, item, tables, depth + 1) == Nullability::NotNull;
        if inner.parts().split(comma).any(sure) {
            return Nullability::NotNull;
        }
    }
    Nullability::Nullable
}

fn column(parts: &[Part<'_>], text: &str, tables: &[TableReference<'_>]) -> Nullability {
    let Some((_, _, end)) = source::dotted(parts, 0, text) else {
        return Nullability::Nullable;
    };
    if end != parts.len() {
        return Nullability::Nullable;
    }
    let names: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Token(token) => identifier(token, text),
            Part::Group(_) => None,
        })
        .collect();
    let owner = source::owner(tables.iter(), &names).and_then(|index| tables.get(index));
    let column = owner.zip(names.last()).and_then(|(owner, name)| {
        let column = owner.table.column(name)?;
        Some(column.is_not_null() && !owner.optional)
    });
    match column {
        Some(true) => Nullability::NotNull,
        _ => Nullability::Nullable,
    }
}

/// The parameters, by name, of which nothing is done but storing them in columns that may be NULL.
pub(super) fn stored_nullable(query: &Query, schema: &Schema) -> Vec<String> {
    let text = query.source_text();
    let statements = statement::split(text);
    let [tokens] = statements.as_slice() else {
        return Vec::new();
    };
    let scopes = Scopes::new(text, tokens);
    let mut stored: HashMap<&str, usize> = HashMap::new();
    for scope in scopes.queries() {
        let target = written_table(&scope, schema).or_else(|| {
            let updates = scope
                .verb()
                .is_some_and(|verb| verb.is_keyword(text, "update"));
            let tables = source::tables(&scope, schema);
            tables
                .into_iter()
                .next()
                .filter(|_| updates)
                .map(|first| first.table)
        });
        let Some(table) = target else { continue };
        for (column, parameter) in inserted(&scope).into_iter().chain(assigned(&scope)) {
            if table
                .column(&column)
                .is_some_and(|column| !column.is_not_null())
            {
                *stored.entry(parameter.text(text)).or_default() += 1;
            }
        }
    }
    stored
        .into_iter()
        .filter(|(parameter, count)| {
            let uses = tokens
                .iter()
                .filter(|t| is_parameter(t) && t.text(text) == *parameter)
                .count();
            uses == *count
        })
        .filter_map(|(parameter, _)| parameter_name(query, parameter))
        .collect()
}

fn parameter_name(query: &Query, token: &str) -> Option<String> {
    let name = token.get(1..)?;
    let by_number = name
        .parse::<usize>()
        .ok()
        .and_then(|n| query.parameters().get(n.checked_sub(1)?));
    Some(by_number.map_or_else(|| name.to_owned(), |parameter| parameter.name().to_owned()))
}

fn is_parameter(token: &Token) -> bool {
    matches!(
        token.kind,
        TokenKind::NamedParameter | TokenKind::PositionalParameter
    )
}

/// `:p`, `:p::TYPE`
fn lone_parameter<'a>(parts: &[Part<'a>], text: &str) -> Option<&'a Token> {
    match parts {
        [Part::Token(token)] if is_parameter(token) => Some(token),
        [Part::Token(token), Part::Token(cast), Part::Token(_)]
        | [
            Part::Token(token),
            Part::Token(cast),
            Part::Token(_),
            Part::Group(_),
        ] if is_parameter(token) && (cast.is_symbol(text, "::") || cast.is_symbol(text, ":::")) => {
            Some(token)
        }
        _ => None,
    }
}

/// The pairs of `INSERT INTO t (columns) VALUES (parameters), ..`.
fn inserted<'a>(scope: &Scope<'a>) -> Vec<(String, &'a Token)> {
    let text = scope.text();
    let parts = scope.parts();
    let comma = |part: &Part<'_>| matches!(part, Part::Token(t) if t.is_symbol(text, ","));
    let Some(into) = parts
        .iter()
        .position(|p| matches!(p, Part::Token(t) if t.is_keyword(text, "into")))
    else {
        return Vec::new();
    };
    let columns: Vec<String> = parts
        .iter()
        .skip(into)
        .find_map(|part| match part {
            Part::Group(group) => Some(scope.group(*group).0),
            Part::Token(_) => None,
        })
        .map(|group| group.tokens().filter_map(|t| identifier(t, text)).collect())
        .unwrap_or_default();
    let Some(values) = parts
        .iter()
        .position(|p| matches!(p, Part::Token(t) if t.is_keyword(text, "values")))
    else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for part in &parts[values + 1..] {
        match part {
            Part::Group(group) => {
                let (row, _) = scope.group(*group);
                let items = row.parts().split(comma).zip(&columns);
                pairs.extend(items.filter_map(|(item, column)| {
                    Some((column.clone(), lone_parameter(item, text)?))
                }));
            }
            Part::Token(token) if token.is_symbol(text, ",") => {}
            Part::Token(_) => break,
        }
    }
    pairs
}

/// The pairs of `SET column = parameter, ..`.
fn assigned<'a>(scope: &Scope<'a>) -> Vec<(String, &'a Token)> {
    let text = scope.text();
    let parts = scope.parts();
    let Some(set) = parts
        .iter()
        .position(|p| matches!(p, Part::Token(t) if t.is_keyword(text, "set")))
    else {
        return Vec::new();
    };
    let rest = &parts[set + 1..];
    let end = rest
        .iter()
        .position(|p| {
            matches!(p, Part::Token(t)
                if ["where", "from", "returning", "order", "limit"].iter().any(|w| t.is_keyword(text, w)))
        })
        .unwrap_or(rest.len());
    let comma = |part: &Part<'_>| matches!(part, Part::Token(t) if t.is_symbol(text, ","));
    rest[..end]
        .split(comma)
        .filter_map(|item| match item {
            [Part::Token(column), Part::Token(equals), value @ ..]
                if equals.is_symbol(text, "=") =>
            {
                Some((identifier(column, text)?, lone_parameter(value, text)?))
            }
            _ => None,
        })
        .collect()
}

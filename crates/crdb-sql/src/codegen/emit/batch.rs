//! `:batch`: many sets of arguments at once.
//!
//! `INSERT .. VALUES (..)` becomes `INSERT .. SELECT .. FROM unnest(..)`: one statement, prepared once, for any number of
//! rows. Every other statement is run once for each set.

use std::fmt::Write as _;

use super::{function, line, structure};
use crate::codegen::item::{Field, Item};
use crate::dialect;
use crate::dialect::ast::{
    ConflictAction, Expr, InsertSource, Placeholder, QueryBody, StatementKind,
};
use crate::dialect::facts::Facts;
use crate::dialect::token::TokenKind;
use crate::schema::canonical_type;

/// How many rows go into one statement; CockroachDB's advice for bulk writes is some hundreds to a thousand.
const CHUNK: usize = 1000;

pub(super) fn emit(out: &mut String, item: &Item<'_>, bulk: bool, exec: &str) {
    let name = &item.names.function;
    let element = match item.parameters.as_slice() {
        [only] => structure::borrowed(only).replace("&'a ", "&"),
        _ if structure::borrows(item) => format!("{}<'_>", item.names.arguments),
        _ => item.names.arguments.clone(),
    };
    let first = if bulk {
        let keys = if updates(item) {
            "\n\nOne statement changes a row once: the server refuses two items of one key among the rows of a statement (21000). Keep the last of each key."
        } else {
            ""
        };
        format!(
            "For many rows: statements of up to {CHUNK} rows each. Returns how many rows were changed.\n\nTo write all or nothing, call it in a transaction.{keys}"
        )
    } else {
        "For many sets of arguments, one statement each. Returns how many rows were changed.\n\nTo change all or nothing, call it in a transaction.".to_owned()
    };
    function::head(
        out,
        item,
        (&first, ""),
        "As the executor; what was written before the failure stays.",
    );
    line!(
        out,
        "pub async fn {name}<E: {exec}::Executor>(db: &E, items: &[{element}]) -> ::core::result::Result<u64, {exec}::Error> {{\n\
         let mut changed = 0;"
    );
    let constant = &item.names.constant;
    if bulk {
        line!(out, "for chunk in items.chunks({CHUNK}) {{");
        let mut values = Vec::new();
        for (index, field) in item.parameters.iter().enumerate() {
            let column = format!("column_{}", index + 1);
            match item.parameters.as_slice() {
                [_] => {
                    values.push("&chunk".to_owned());
                    continue;
                }
                _ => line!(
                    out,
                    "let {column}: ::std::vec::Vec<_> = chunk.iter().map(|item| {}).collect();",
                    member(item, field)
                ),
            }
            values.push(format!("&{column}"));
        }
        line!(
            out,
            "changed += {exec}::ExecutorExt::execute_part(db, {constant}, &[{}], changed).await?;",
            values.join(", ")
        );
    } else {
        line!(out, "for item in items {{");
        let values: Vec<String> = match item.parameters.as_slice() {
            [_] => vec!["item".to_owned()],
            several => several
                .iter()
                .map(|field| format!("&item.{}", field.ident))
                .collect(),
        };
        line!(
            out,
            "changed += {exec}::ExecutorExt::execute_part(db, {constant}, &[{}], changed).await?;",
            values.join(", ")
        );
    }
    line!(
        out,
        "}}\n\
         Ok(changed)\n\
         }}\n"
    );
}

/// Whether a row that is there already is changed.
fn updates(item: &Item<'_>) -> bool {
    let Ok(statement) = dialect::parse_one(item.query.text()) else {
        return false;
    };
    let StatementKind::Insert(insert) = &statement.kind else {
        return false;
    };
    let conflict = insert.on_conflict.as_ref();
    insert.upsert
        || conflict.is_some_and(|conflict| matches!(conflict.action, ConflictAction::Update { .. }))
}

/// A field of an item, as something that a vector can hold: everything that an argument is can be copied, except a type
/// of the caller's, which is behind a reference anyway, and what the arguments own.
fn member(item: &Item<'_>, field: &Field) -> String {
    let borrow = if item.owns_arguments() { "&" } else { "" };
    format!("{borrow}item.{}", field.ident)
}

/// The statement over arrays, when this one has that form: an INSERT of one row of VALUES that holds all parameters.
pub(super) fn bulk_text(item: &Item<'_>) -> Option<String> {
    let text = item.query.text();
    let statement = dialect::parse_one(text).ok()?;
    let StatementKind::Insert(insert) = &statement.kind else {
        return None;
    };
    let InsertSource::Query(source) = &insert.source else {
        return None;
    };
    let QueryBody::Values(rows) = &source.body else {
        return None;
    };
    let [row] = rows.as_slice() else { return None };
    let plain = insert.with.is_none()
        && insert.returning.is_none()
        && source.with.is_none()
        && source.order_by.is_empty()
        && source.limit.is_none()
        && source.offset.is_none()
        && !row.contains(&Expr::Default);
    let array = item
        .parameters
        .iter()
        .any(|field| field.sql_type.ends_with(']'));
    if !plain || array || item.parameters.is_empty() {
        return None;
    }
    let values = source.span.range();
    let open = dialect::tokenize(source.span.text(text)).ok()?;
    let open = open
        .iter()
        .find(|token| token.kind == TokenKind::LeftParen)?;
    let inside = values.start + open.span.range().end..values.end.checked_sub(1)?;
    let mut out = text.get(..values.start)?.to_owned();
    out.push_str("SELECT ");
    let mut position = inside.start;
    for placeholder in Facts::of(&statement).placeholders {
        let Placeholder::Numbered { number, span } = placeholder else {
            return None;
        };
        let place = span.range();
        if place.start < inside.start || place.end > inside.end {
            return None;
        }
        out.push_str(text.get(position..place.start)?);
        let _written = write!(out, "batch.p{number}");
        position = place.end;
    }
    out.push_str(text.get(position..inside.end)?);
    let arrays: Vec<String> = item
        .parameters
        .iter()
        .enumerate()
        .map(|(index, field)| format!("${}::{}[]", index + 1, array_element(&field.sql_type)))
        .collect();
    let names: Vec<String> = (1..=arrays.len())
        .map(|number| format!("p{number}"))
        .collect();
    let _written = write!(
        out,
        " FROM unnest({}) AS batch ({})",
        arrays.join(", "),
        names.join(", ")
    );
    out.push_str(text.get(values.end..)?);
    Some(out)
}

/// The name of a type that both engines know.
fn array_element(sql_type: &str) -> String {
    let canonical = canonical_type(sql_type);
    match canonical.as_str() {
        "string" => "TEXT".to_owned(),
        "bytes" => "BYTEA".to_owned(),
        "int" => "INT8".to_owned(),
        quoted if quoted.starts_with('"') => quoted.to_owned(),
        other => other.to_ascii_uppercase(),
    }
}

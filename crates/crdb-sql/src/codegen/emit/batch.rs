//! `:batch`: many sets of arguments at once.
//!
//! `INSERT .. VALUES (..)` becomes `INSERT .. SELECT .. FROM unnest(..)`: one statement, prepared once, for any number of
//! rows. Every other statement is run once for each set.

use std::fmt::Write as _;

use super::{function, line, structure};
use crate::codegen::ident;
use crate::codegen::item::{Field, Item};
use crate::schema::canonical_type;
use crate::statement::scope::{Part, Scopes};
use crate::token::{Token, TokenKind, tokenize};

/// How many rows go into one statement; CockroachDB's advice for bulk writes is some hundreds to a thousand.
const CHUNK: usize = 1000;

pub(super) fn emit(out: &mut String, item: &Item<'_>, bulk: bool) {
    let name = ident::snake(item.module_and_name().1);
    let element = match item.parameters.as_slice() {
        [only] => structure::borrowed(only).replace("&'a ", "&"),
        _ if structure::borrows(item) => format!("{}<'_>", structure::arguments_name(item)),
        _ => structure::arguments_name(item),
    };
    let first = if bulk {
        format!(
            "For many rows: statements of up to {CHUNK} rows each. Returns how many rows were changed.\n\nTo write all or nothing, call it in a transaction."
        )
    } else {
        "For many sets of arguments, one statement each. Returns how many rows were changed.\n\nTo change all or nothing, call it in a transaction.".to_owned()
    };
    function::head(
        out,
        item,
        &first,
        "As the executor; what was written before the failure stays.",
    );
    line!(
        out,
        "pub async fn {name}<E: Executor>(db: &E, items: &[{element}]) -> Result<u64, Error> {{"
    );
    line!(out, "let mut changed = 0;");
    let constant = function::constant(item);
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
                    "let {column}: Vec<_> = chunk.iter().map(|item| {}).collect();",
                    member(field)
                ),
            }
            values.push(format!("&{column}"));
        }
        line!(
            out,
            "changed += db.execute({constant}, &[{}]).await?;",
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
            "changed += db.execute({constant}, &[{}]).await?;",
            values.join(", ")
        );
    }
    line!(out, "}}");
    line!(out, "Ok(changed)");
    line!(out, "}}");
    line!(out);
}

/// A field of an item, as something that a vector can hold: everything that an argument is can be copied, except a type
/// of the caller's, which is behind a reference anyway.
fn member(field: &Field) -> String {
    format!("item.{}", field.ident)
}

/// The statement over arrays, when this one has that form.
pub(super) fn bulk_text(item: &Item<'_>) -> Option<String> {
    let text = item.query.text();
    let tokens: Vec<Token> = tokenize(text)
        .filter(|token| !token.kind.is_trivia())
        .collect();
    let scopes = Scopes::new(text, &tokens);
    let scope = scopes.outermost();
    let first = tokens.first()?;
    let writes = first.is_keyword(text, "insert") || first.is_keyword(text, "upsert");
    if !writes || scope.find("returning").is_some() || item.parameters.is_empty() {
        return None;
    }
    let at = scope
        .parts()
        .iter()
        .position(|part| matches!(part, Part::Token(t) if t.is_keyword(text, "values")))?;
    let values = scope.find("values")?;
    let Some(Part::Group(_)) = scope.parts().get(at + 1) else {
        return None;
    };
    if matches!(scope.parts().get(at + 2), Some(Part::Token(t)) if t.is_symbol(text, ",")) {
        return None;
    }
    let open = tokens
        .iter()
        .position(|t| t.span.start >= values.span.end)?;
    let close = closing(text, &tokens, open)?;
    let inside = tokens.get(open + 1..close)?;
    let outside = tokens
        .iter()
        .filter(|t| t.span.start < values.span.start || t.span.start > tokens[close].span.start);
    let parameter = |token: &&Token| token.kind == TokenKind::PositionalParameter;
    let default = inside.iter().any(|token| token.is_keyword(text, "default"));
    let array = item
        .parameters
        .iter()
        .any(|field| field.sql_type.ends_with(']'));
    if default || array || outside.clone().any(|token| parameter(&token)) {
        return None;
    }
    let mut out = text.get(..values.span.start)?.to_owned();
    out.push_str("SELECT ");
    let mut position = tokens[open].span.end;
    for token in inside.iter().filter(parameter) {
        out.push_str(text.get(position..token.span.start)?);
        let _written = write!(out, "batch.p{}", token.text(text).get(1..)?);
        position = token.span.end;
    }
    out.push_str(text.get(position..tokens[close].span.start)?);
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
    out.push_str(text.get(tokens[close].span.end..)?);
    Some(out)
}

fn closing(text: &str, tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol(text, "(") {
            depth += 1;
        } else if token.is_symbol(text, ")") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

/// The name of a type that both engines know.
fn array_element(sql_type: &str) -> String {
    let canonical = canonical_type(sql_type);
    match canonical.as_str() {
        "string" => "TEXT".to_owned(),
        "bytes" => "BYTEA".to_owned(),
        "int" => "INT8".to_owned(),
        other => other.to_ascii_uppercase(),
    }
}

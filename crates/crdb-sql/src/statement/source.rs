//! The tables that a statement names.

use super::identifier;
use super::scope::{Part, Scope};
use crate::schema::{Schema, Table};
use crate::token::{Token, TokenKind};

/// A table where a statement names it.
pub(crate) struct TableReference<'a> {
    pub(crate) table: &'a Table,
    pub(crate) alias: String,
    pub(crate) token: &'a Token,
    /// Whether an outer join gives NULL for its columns where it has no row.
    pub(crate) optional: bool,
}

/// Which of the tables a (dotted) column belongs to.
pub(crate) fn owner<'t, 's: 't>(
    mut tables: impl Iterator<Item = &'t TableReference<'s>>,
    reference: &[String],
) -> Option<usize> {
    match reference {
        [column] => tables.position(|t| t.table.column(column).is_some()),
        [.., alias, _] => tables.position(|t| t.alias == *alias),
        [] => None,
    }
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

/// The known tables that a SELECT, UPDATE or DELETE names, in their order.
pub(crate) fn tables<'a>(select: &Scope<'a>, schema: &'a Schema) -> Vec<TableReference<'a>> {
    let text = select.text();
    let mut found = Vec::new();
    let parts = select.parts();
    let mut in_from = false;
    // Which sides of the join that is being read may have no row: what stands left of it, what stands right.
    let mut join: Option<(bool, bool)> = None;
    let mut at = 0;
    while let Some(part) = parts.get(at) {
        at += 1;
        let Part::Token(token) = part else { continue };
        let is = |word: &str| token.is_keyword(text, word);
        join = match () {
            () if is("left") => Some((false, true)),
            () if is("right") => Some((true, false)),
            () if is("full") => Some((true, true)),
            () if is("outer") || is("join") || is("lookup") || is("hash") || is("merge") => join,
            () => None,
        };
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
            if let Some((left, _)) = join.filter(|_| begins) {
                for earlier in &mut found {
                    let earlier: &mut TableReference<'_> = earlier;
                    earlier.optional |= left;
                }
            }
            if let Some(table) = schema
                .table(&name)
                .filter(|_| !select.is_common_table(&name))
            {
                let alias = alias(parts, &mut at, text).unwrap_or(name);
                found.push(TableReference {
                    table,
                    alias,
                    token,
                    optional: join.is_some_and(|(_, right)| right),
                });
            }
        }
    }
    found
}

/// The last part of a dotted name at `at`, its token, and where it ends.
pub(crate) fn dotted<'a>(
    parts: &[Part<'a>],
    at: usize,
    text: &str,
) -> Option<(String, &'a Token, usize)> {
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

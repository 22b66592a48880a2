//! Integers whose width depends on the engine.

use super::Report;
use crate::problem::Code;
use crate::token::{Token, TokenKind};

/// Words of a definition that a name follows, which may be called like a type.
const BEFORE_NAMES: &[&str] = &[
    "add", "by", "column", "drop", "exists", "index", "rename", "select", "table", "to", "type",
];

/// INT, INTEGER and SERIAL where a type stands: after `::`, `:::`, `CAST(.. AS`, or a column's name in a definition.
pub(super) fn implicit_int(text: &str, tokens: &[Token], report: &mut Report<'_>) {
    let definition = tokens
        .first()
        .is_some_and(|first| first.is_keyword(text, "create") || first.is_keyword(text, "alter"));
    for (index, token) in tokens.iter().enumerate() {
        let int = ["int", "integer", "serial"]
            .iter()
            .any(|word| token.is_keyword(text, word));
        let Some(previous) = index.checked_sub(1).and_then(|at| tokens.get(at)) else {
            continue;
        };
        let called = tokens
            .get(index + 1)
            .is_some_and(|next| next.is_symbol(text, "(") || next.is_symbol(text, "."));
        let cast = previous.is_symbol(text, "::")
            || previous.is_symbol(text, ":::")
            || (previous.is_keyword(text, "as") && inside_cast(text, tokens, index));
        let column = definition
            && matches!(previous.kind, TokenKind::Word | TokenKind::QuotedIdentifier)
            && !BEFORE_NAMES
                .iter()
                .any(|word| previous.is_keyword(text, word));
        if int && !called && (cast || column) {
            let word = token.text(text);
            report.add(
                Code::ImplicitIntWidth,
                token,
                format!("{word} has eight bytes on CockroachDB and four on PostgreSQL"),
                "write INT8, INT4 or INT2",
            );
        }
    }
}

/// Whether the token at `index` ends `CAST(x AS t)`: the parenthesis that holds it follows CAST.
fn inside_cast(text: &str, tokens: &[Token], index: usize) -> bool {
    let mut depth = 0_usize;
    for at in (0..index).rev() {
        if tokens[at].is_symbol(text, ")") {
            depth += 1;
        } else if tokens[at].is_symbol(text, "(") {
            if depth == 0 {
                let before = at.checked_sub(1).and_then(|at| tokens.get(at));
                return before
                    .is_some_and(|t| t.is_keyword(text, "cast") || t.is_keyword(text, "try_cast"));
            }
            depth -= 1;
        }
    }
    false
}

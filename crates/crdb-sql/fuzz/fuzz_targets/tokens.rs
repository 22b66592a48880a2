//! The tokens of any text make up that text, statements lie within it, and the parameters that a query is said to have are
//! those that its numbered text holds.
#![no_main]

use std::collections::BTreeSet;

use crdb_sql::Repository;
use crdb_sql::dialect::split_statements;
use crdb_sql::token::{TokenKind, tokenize, tokenize_template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for tokens in [tokenize(text), tokenize_template(text)] {
        let end = tokens.fold(0, |end, token| {
            assert_eq!(token.span.start, end);
            assert!(token.span.end > end && text.is_char_boundary(token.span.end));
            token.span.end
        });
        assert_eq!(end, text.len());
    }
    let mut end = 0;
    for piece in split_statements(text) {
        // Only ASCII is white space to the server: what else Unicode calls so is part of a name.
        let range = piece.span.range();
        assert!(range.start >= end && !text[range.clone()].trim_ascii().is_empty());
        end = range.end;
    }
    numbered(text);
});

fn numbered(text: &str) {
    let file = format!("-- name: q :exec\n-- verify: server\nSELECT {text}");
    let Ok(repository) = Repository::from_embedded(&[("a.sql", &file)]) else {
        return;
    };
    for query in &repository {
        let sent = query.text();
        let numbers: BTreeSet<&str> = tokenize(sent)
            .filter(|token| token.kind == TokenKind::PositionalParameter)
            .map(|token| token.text(sent))
            .collect();
        assert_eq!(numbers.len(), query.parameters().len(), "{sent}");
        assert!(tokenize(sent).all(|token| token.kind != TokenKind::NamedParameter));
    }
}

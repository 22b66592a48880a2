//! A template of any text is refused when it is loaded, or every text that it becomes is one statement of the declared
//! shape that holds nothing of the values.
#![no_main]

use crdb_sql::dialect::ast::StatementKind;
use crdb_sql::{Argument, Repository, Template, dialect};
use libfuzzer_sys::fuzz_target;

const HEADER: &str = "-- name: q :many
-- template: select
-- param least: DECIMAL optional
-- ident sort: number | accounts.balance
-- ident column: checked
-- flag descending: largest first
";

// The first line is an identifier that a caller chooses, the rest a template.
fuzz_target!(|input: &str| {
    let (column, body) = input.split_once('\n').unwrap_or(("id", input));
    let file = format!("{HEADER}SELECT {body}");
    let files = [("a.sql", file.as_str()), ("_open.sql", "closed_at IS NULL")];
    let Ok(repository) = Repository::from_embedded(&files) else {
        return;
    };
    for template in repository.templates() {
        for choice in 0..8 {
            render(template, column, choice);
        }
    }
});

fn render(template: &Template, column: &str, choice: u8) {
    let value = "'; DROP TABLE accounts; --";
    let mut arguments = vec![
        ("column", Argument::Identifier(column)),
        ("descending", Argument::Flag(choice & 1 != 0)),
    ];
    if choice & 2 != 0 {
        arguments.push(("sort", Argument::Identifier("accounts.balance")));
    }
    if choice & 4 != 0 {
        arguments.push(("least", Argument::Value(value)));
    }
    let Ok(rendered) = template.render(&arguments) else {
        return;
    };
    assert!(rendered.values().iter().all(|bound| *bound == value));
    match dialect::parse_one(rendered.text()) {
        Ok(statement) => assert!(matches!(statement.kind, StatementKind::Query(_))),
        Err(error) => panic!("{}\n{error}", rendered.text()),
    }
}

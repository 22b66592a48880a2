//! Statements with every construct of the dialect, one a line; a line that begins with a quote goes on the one before.

pub(crate) const FILES: [&str; 6] = [
    include_str!("../dialect_cases/queries.sql"),
    include_str!("../dialect_cases/expressions.sql"),
    include_str!("../dialect_cases/writes.sql"),
    include_str!("../dialect_cases/definitions.sql"),
    include_str!("../dialect_cases/sessions.sql"),
    include_str!("../dialect_cases/administration.sql"),
];

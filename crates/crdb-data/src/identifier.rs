//! Names in SQL.

use crdb_exec::Type;

use crate::error::{Error, ErrorKind};

/// A name in double quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in single quotes.
pub(crate) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// The name of a type, in quotes. Without them SQL reads `bit` as `bit(1)`, which cuts its values, and `char` as `character(1)`.
pub(crate) fn type_name(type_: &Type) -> String {
    match type_.schema() {
        "pg_catalog" => quoted(type_.name()),
        schema => format!("{}.{}", quoted(schema), quoted(type_.name())),
    }
}

/// The name of a table as SQL reads it, with every part in quotes: `Bank.accounts` is `"bank"."accounts"`, `"Bank".accounts` is
/// `"Bank"."accounts"`.
pub(crate) fn table_name(text: &str) -> Result<String, Error> {
    let wrong = || {
        Error::new(
            ErrorKind::Refused,
            format!("{text:?} is no name of a table"),
        )
        .with_advice(
            "write table, schema.table or database.schema.table; odd names in double quotes",
        )
    };
    let mut parts = Vec::new();
    let mut rest = text.trim();
    loop {
        let part;
        (part, rest) = match rest.strip_prefix('"') {
            Some(inner) => in_quotes(inner).ok_or_else(wrong)?,
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                let plain = name
                    .chars()
                    .all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
                if !plain || name.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(wrong());
                }
                (name.to_lowercase(), after)
            }
        };
        if part.is_empty() || part.contains('\0') {
            return Err(wrong());
        }
        parts.push(quoted(&part));
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() && parts.len() <= 3 => return Ok(parts.join(".")),
            None => return Err(wrong()),
        }
    }
}

/// A name whose first quote has been read, and what is behind its last.
fn in_quotes(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                name.push('"');
                rest = after;
            }
            None => return Some((name, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_sql_reads_them() {
        for (text, name) in [
            ("Bank.accounts", "\"bank\".\"accounts\""),
            ("\"Odd \"\"name\"", "\"Odd \"\"name\""),
            ("db.\"S.x\".t", "\"db\".\"S.x\".\"t\""),
        ] {
            assert_eq!(table_name(text).unwrap(), name);
        }
        for text in [
            "",
            "a b",
            "a; DROP TABLE b",
            "\"a",
            "a..b",
            "a.b.c.d",
            "1a",
            "a.\"\"",
        ] {
            assert!(table_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn types_are_named_with_their_schema_and_never_cut() {
        let mood = Type::new(
            "Mood".to_owned(),
            70_000,
            postgres_types::Kind::Enum(Vec::new()),
            "bank".to_owned(),
        );
        for (type_, name) in [
            (&Type::BIT, "\"bit\""),
            (&Type::CHAR, "\"char\""),
            (&Type::INT8_ARRAY, "\"_int8\""),
            (&mood, "\"bank\".\"Mood\""),
        ] {
            assert_eq!(type_name(type_), name);
        }
    }

    #[test]
    fn literals_cannot_be_left() {
        assert_eq!(literal("a'b"), "'a''b'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }
}

//! An INSERT of one row as an INSERT of arrays.

use crdb_exec::Executor;

use crate::error::Error;
use crate::identifier::table_name;
use crate::table::{array_type, columns_of};

/// A statement that takes an array for each parameter.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) text: String,
    pub(super) parameters: usize,
}

/// The parts of `INSERT INTO table (columns) VALUES ($1, ..) tail`.
#[derive(Debug, PartialEq, Eq)]
struct Insert<'a> {
    verb: &'a str,
    table: &'a str,
    columns: Vec<&'a str>,
    tail: &'a str,
}

impl Rewritten {
    /// `None` for a statement that is not of the form; it is run set by set.
    pub(super) async fn of(executor: &impl Executor, text: &str) -> Result<Option<Self>, Error> {
        let Some(insert) = parse(text) else {
            return Ok(None);
        };
        let Ok(table) = table_name(insert.table) else {
            return Ok(None);
        };
        let known = columns_of(executor, &table).await?;
        let mut arrays = Vec::with_capacity(insert.columns.len());
        for (index, name) in insert.columns.iter().enumerate() {
            let plain = match name
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'))
            {
                Some(exact) => exact.to_owned(),
                None => name.to_lowercase(),
            };
            let Some(column) = known.iter().find(|column| column.name == plain) else {
                return Ok(None);
            };
            arrays.push(format!("${}::{}", index + 1, array_type(&column.type_)));
        }
        Ok(Some(Self {
            text: format!(
                "{} {} ({}) SELECT * FROM unnest({}) {}",
                insert.verb,
                insert.table,
                insert.columns.join(", "),
                arrays.join(", "),
                insert.tail
            ),
            parameters: insert.columns.len(),
        }))
    }
}

fn parse(text: &str) -> Option<Insert<'_>> {
    let text = text.trim().trim_end_matches(';').trim_end();
    let verb_length = ["INSERT INTO", "UPSERT INTO"]
        .iter()
        .find(|verb| {
            text.get(..verb.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(verb))
        })?
        .len();
    let (verb, rest) = text.split_at(verb_length);
    let (table, rest) = rest.split_once('(')?;
    let (columns, rest) = rest.split_once(')')?;
    let rest = rest.trim_start();
    let values = rest.get(..6)?;
    if !values.eq_ignore_ascii_case("VALUES") {
        return None;
    }
    let rest = rest.get(6..)?.trim_start().strip_prefix('(')?;
    let (placeholders, tail) = rest.split_once(')')?;
    let columns: Vec<_> = columns.split(',').map(str::trim).collect();
    let in_order = placeholders
        .split(',')
        .enumerate()
        .all(|(index, placeholder)| placeholder.trim() == format!("${}", index + 1));
    let as_many = placeholders.split(',').count() == columns.len();
    let tail = tail.trim();
    let conflict = tail.is_empty()
        || tail
            .get(..11)
            .is_some_and(|start| start.eq_ignore_ascii_case("ON CONFLICT"));
    let plain = !tail.contains('$')
        && !tail.contains(';')
        && !tail.to_lowercase().contains("returning")
        && !text.contains("--")
        && !text.contains("/*");
    (in_order && as_many && conflict && plain).then_some(Insert {
        verb,
        table: table.trim(),
        columns,
        tail,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_insert_of_each_parameter_once_is_rewritten() {
        let insert =
            parse("insert into Bank.t (a, \"B\") values ($1,$2) ON CONFLICT (a) DO NOTHING;")
                .unwrap();
        assert_eq!(
            (insert.table, insert.tail),
            ("Bank.t", "ON CONFLICT (a) DO NOTHING")
        );
        assert_eq!(insert.columns, ["a", "\"B\""]);
        for other in [
            "INSERT INTO t VALUES ($1)",
            "INSERT INTO t (a) VALUES ($1 + 1)",
            "INSERT INTO t (a, b) VALUES ($2, $1)",
            "INSERT INTO t (a, b) VALUES ($1)",
            "INSERT INTO t (a) VALUES ($1) RETURNING a",
            "INSERT INTO t (a) VALUES ($1), ($2)",
            "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1",
            "INSERT INTO t (a) VALUES ($1) -- why",
            "UPDATE t SET a = $1",
            "INSERT",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}

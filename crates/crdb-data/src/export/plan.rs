//! What an export reads: columns, key, and ranges of the key.

use crdb_exec::{Executor, ExecutorExt as _, RetrySafety, Row as _, Statement};

use crate::error::{Error, ErrorKind};
use crate::identifier::{literal, quoted, table_name, type_name};
use crate::value::{Columns, Value, ValueKind};

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Table(String),
    Query(String),
}

/// A part of the key's first column: from the first bound to before the second.
pub(super) type Range = (Option<String>, Option<String>);

/// How rows are read.
#[derive(Debug)]
pub(super) struct Plan {
    /// What stands behind FROM.
    relation: String,
    pub(super) columns: Columns,
    /// The numbers of the key's columns among the columns.
    pub(super) key: Vec<usize>,
}

const KEY: &str = "\
SELECT a.attname::TEXT FROM pg_catalog.pg_index AS i CROSS JOIN LATERAL generate_subscripts(i.indkey, 1) AS s (n) \
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[s.n] \
WHERE i.indrelid = $1::TEXT::REGCLASS AND i.indisprimary ORDER BY s.n";

impl Plan {
    pub(super) async fn of(
        executor: &impl Executor,
        relation: &Relation,
        key: &[String],
    ) -> Result<Self, Error> {
        let from = match relation {
            Relation::Table(name) => table_name(name)?,
            Relation::Query(text) => format!(
                "({}\n) AS crdb_data_query",
                text.trim().trim_end_matches(';')
            ),
        };
        // One row of NULLs, which tells the columns also where there are no rows.
        let probe = format!(
            "SELECT r.* FROM (SELECT 1) AS one (x) LEFT JOIN (SELECT * FROM {from} LIMIT 0) AS r ON true"
        );
        let row = executor
            .fetch_one(read(&probe, "crdb_data.columns"), &[])
            .await
            .map_err(|error| Error::database_failed("looking at what is to be exported", error))?;
        let columns = Columns::of(&row)?;
        if columns.is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "what is to be exported has no columns",
            ));
        }
        let names = match relation {
            Relation::Table(_) if key.is_empty() => primary_key(executor, &from).await?,
            _ => key.to_vec(),
        };
        let key = names
            .iter()
            .map(|name| {
                columns
                    .iter()
                    .position(|column| column.name() == name)
                    .ok_or_else(|| {
                        Error::new(
                            ErrorKind::Refused,
                            format!("there is no column \"{name}\" for the key"),
                        )
                    })
            })
            .collect::<Result<Vec<_>, _>>();
        let key = match relation {
            // CockroachDB's rowid is hidden: such a table is read in one go.
            Relation::Table(_) => key.unwrap_or_default(),
            Relation::Query(_) => key?,
        };
        Ok(Self {
            relation: from,
            columns,
            key,
        })
    }

    /// Divides the key's first column into this many ranges, which hold every value. One range where the column cannot be divided
    /// without reading it.
    pub(super) async fn ranges(
        &self,
        executor: &impl Executor,
        parts: usize,
    ) -> Result<Vec<Range>, Error> {
        let first = self
            .key
            .first()
            .and_then(|&index| self.columns.iter().nth(index));
        let bounds = match first {
            Some(column) if parts > 1 => match column.kind() {
                ValueKind::Int2 | ValueKind::Int4 | ValueKind::Int8 => {
                    let name = quoted(column.name());
                    let select = format!(
                        "SELECT min({name})::INT8, max({name})::INT8 FROM {}",
                        self.relation
                    );
                    let row = executor
                        .fetch_one(read(&select, "crdb_data.bounds"), &[])
                        .await
                        .map_err(|error| {
                            Error::database_failed("looking for the bounds of the key", error)
                        })?;
                    match (row.get(0usize)?, row.get(1usize)?) {
                        (Some(least), Some(most)) => integer_bounds(least, most, parts),
                        _ => Vec::new(),
                    }
                }
                ValueKind::Uuid => uuid_bounds(parts),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let mut ranges = Vec::with_capacity(bounds.len() + 1);
        let mut from = None;
        for bound in bounds {
            ranges.push((from.replace(bound.clone()), Some(bound)));
        }
        ranges.push((from, None));
        Ok(ranges)
    }

    /// Reads a range from behind a key.
    pub(super) fn select(
        &self,
        as_of: Option<&str>,
        range: &Range,
        after: Option<&[String]>,
    ) -> String {
        let names: Vec<_> = self
            .columns
            .iter()
            .map(|column| quoted(column.name()))
            .collect();
        let mut text = format!("SELECT {} FROM {}", names.join(", "), self.relation);
        if let Some(time) = as_of {
            text.push_str(" AS OF SYSTEM TIME ");
            text.push_str(&literal(time));
        }
        let key: Vec<_> = self
            .key
            .iter()
            .filter_map(|&index| self.columns.iter().nth(index))
            .collect();
        let names = key
            .iter()
            .map(|column| quoted(column.name()))
            .collect::<Vec<_>>()
            .join(", ");
        let mut conditions = Vec::new();
        if let Some(first) = key.first() {
            let name = quoted(first.name());
            if let Some(from) = &range.0 {
                conditions.push(format!("{name} >= {from}"));
            }
            if let Some(to) = &range.1 {
                conditions.push(format!("{name} < {to}"));
            }
        }
        if let Some(after) = after {
            let values: Vec<_> = key
                .iter()
                .zip(after)
                .map(|(column, value)| format!("{}::{}", literal(value), type_name(column.type_())))
                .collect();
            conditions.push(format!("({names}) > ({})", values.join(", ")));
        }
        if !conditions.is_empty() {
            text.push_str(" WHERE ");
            text.push_str(&conditions.join(" AND "));
        }
        if !names.is_empty() {
            text.push_str(" ORDER BY ");
            text.push_str(&names);
        }
        text
    }
}

/// A statement that only reads.
fn read<'a>(text: &'a str, name: &'a str) -> Statement<'a> {
    Statement::new(text).named(name).retry(RetrySafety::Safe)
}

async fn primary_key(executor: &impl Executor, table: &str) -> Result<Vec<String>, Error> {
    let rows = executor
        .fetch_all(read(KEY, "crdb_data.primary_key"), &[&table])
        .await
        .map_err(|error| {
            Error::database_failed(format!("looking for the primary key of {table}"), error)
        })?;
    rows.iter().map(|row| Ok(row.get(0usize)?)).collect()
}

/// The texts of a key's values; `None` where one is NULL.
pub(super) fn key_texts(values: &[Value<'_>]) -> Option<Vec<String>> {
    values
        .iter()
        .map(|value| (!value.is_null()).then(|| value.to_string()))
        .collect()
}

/// Bounds between the least and the most.
fn integer_bounds(least: i64, most: i64, parts: usize) -> Vec<String> {
    let (least, most, parts) = (i128::from(least), i128::from(most), parts as i128);
    let width = (most - least) / parts;
    if width == 0 {
        return Vec::new();
    }
    (1..parts)
        .map(|part| (least + part * width).to_string())
        .collect()
}

fn uuid_bounds(parts: usize) -> Vec<String> {
    let width = u128::MAX / parts as u128;
    (1..parts as u128)
        .map(|part| format!("'{}'::UUID", Value::Uuid((part * width).to_be_bytes())))
        .collect()
}

#[cfg(test)]
mod tests {
    use crdb_exec::Type;

    use super::*;
    use crate::value::DataColumn;

    #[test]
    fn bounds_divide_without_overflow() {
        assert_eq!(integer_bounds(0, 100, 4), ["25", "50", "75"]);
        assert_eq!(integer_bounds(5, 5, 4), [""; 0]);
        let bounds = integer_bounds(i64::MIN, i64::MAX, 2);
        assert_eq!(bounds, ["-1"]);
        assert_eq!(
            uuid_bounds(2),
            ["'7fffffff-ffff-ffff-ffff-ffffffffffff'::UUID"]
        );
    }

    #[test]
    fn a_range_is_read_from_behind_its_last_key() {
        let plan = Plan {
            relation: "\"t\"".to_owned(),
            columns: [("a", Type::INT8), ("B", Type::TEXT)]
                .into_iter()
                .filter_map(|(name, type_)| DataColumn::new(name, type_))
                .collect(),
            key: vec![1, 0],
        };
        let range = (Some("'x'".to_owned()), None);
        let after = ["it's".to_owned(), "7".to_owned()];
        assert_eq!(
            plan.select(Some("1.0"), &range, Some(&after)),
            "SELECT \"a\", \"B\" FROM \"t\" AS OF SYSTEM TIME '1.0' WHERE \"B\" >= 'x' AND (\"B\", \"a\") > ('it''s'::\"text\", '7'::\"int8\") \
             ORDER BY \"B\", \"a\""
        );
    }
}

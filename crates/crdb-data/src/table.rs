//! What the catalog says of a table.

use crdb_exec::{Executor, ExecutorExt as _, RetrySafety, Row as _, Statement};

use crate::error::Error;

pub(crate) struct TableColumn {
    pub(crate) name: String,
    /// Its type, without a length.
    pub(crate) type_: String,
    /// Its type's number.
    pub(crate) oid: u32,
    pub(crate) generated: bool,
    /// Whether it is of the primary key.
    pub(crate) key: bool,
}

const COLUMNS: &str = "\
SELECT a.attname::TEXT, format_type(a.atttypid, NULL)::TEXT, coalesce(a.attgenerated::TEXT, '') <> '', \
EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)), a.atttypid::INT8 \
FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = $1::TEXT::REGCLASS AND a.attnum > 0 AND NOT a.attisdropped \
ORDER BY a.attnum";

/// The columns of a table, whose name is quoted.
pub(crate) async fn columns_of(
    executor: &impl Executor,
    table: &str,
) -> Result<Vec<TableColumn>, Error> {
    let statement = Statement::new(COLUMNS)
        .named("crdb_data.columns")
        .retry(RetrySafety::Safe);
    let rows = executor
        .fetch_all(statement, &[&table])
        .await
        .map_err(|error| Error::database_failed(format!("looking at the table {table}"), error))?;
    rows.iter()
        .map(|row| {
            Ok(TableColumn {
                name: row.get(0usize)?,
                type_: row.get(1usize)?,
                generated: row.get(2usize)?,
                key: row.get(3usize)?,
                oid: u32::try_from(row.get::<i64>(4usize)?).unwrap_or_default(),
            })
        })
        .collect()
}

/// How a text becomes a value of this type. A cast that names a length would cut the value; the assignment to the column refuses it
/// instead.
pub(crate) fn cast(type_: &str) -> String {
    match type_ {
        "text" | "character varying" | "character" | "bpchar" | "name" => String::new(),
        "bit" => "::VARBIT".to_owned(),
        other => format!("::{other}"),
    }
}

/// The type of an array of such values, by the same rule.
pub(crate) fn array_type(type_: &str) -> String {
    match type_ {
        "text" | "character varying" | "character" | "bpchar" | "name" => "TEXT[]".to_owned(),
        "bit" => "VARBIT[]".to_owned(),
        other => format!("{other}[]"),
    }
}

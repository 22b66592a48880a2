//! The table that is loaded.

use crdb_exec::{Engine, Executor, Type};

use super::block::RowForm;
use crate::error::{Error, ErrorKind};
use crate::identifier::{quoted, table_name};
use crate::table::{TableColumn, cast, columns_of};

/// What becomes of a row whose key is in the table already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// It is a bad row.
    #[default]
    Refuse,
    /// It replaces the row that is there.
    Replace,
    /// It is left out.
    Keep,
}

/// The columns of a table that are loaded, and the statements for it.
#[derive(Debug)]
pub(crate) struct Target {
    /// The table's name, quoted.
    pub(crate) table: String,
    /// The columns' names, unquoted.
    pub(crate) columns: Vec<String>,
    /// Their types, without lengths.
    pub(crate) types: Vec<String>,
    /// Their types as values are encoded for them; `None` for those that are no part of the server itself.
    pub(crate) built_in: Vec<Option<Type>>,
    /// Sends rows: a COPY, or an INSERT of arrays of texts.
    statement: String,
    /// The same by CockroachDB's UPSERT, which reads no row before it writes where it is given all columns of a table without further
    /// indexes (<https://www.cockroachlabs.com/docs/stable/upsert>).
    upsert: Option<String>,
}

impl Target {
    /// What sends rows to this engine.
    pub(crate) fn statement(&self, engine: Engine) -> &str {
        match (engine, &self.upsert) {
            (Engine::CockroachDb, Some(upsert)) => upsert,
            _ => &self.statement,
        }
    }

    /// Looks at the table and maps these columns to its own.
    pub(crate) async fn of(
        executor: &impl Executor,
        table: &str,
        wanted: &[String],
        conflict: Conflict,
        form: RowForm,
    ) -> Result<Self, Error> {
        let table = table_name(table)?;
        let known = columns_of(executor, &table).await?;
        let mut columns: Vec<String> = Vec::new();
        let mut types = Vec::new();
        let mut built_in = Vec::new();
        for name in wanted {
            let column = find(&known, name).ok_or_else(|| unknown_column(&table, name, &known))?;
            if column.generated {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!("column \"{name}\" of {table} is computed by the server"),
                )
                .with_advice("ignore it"));
            }
            if columns.contains(&column.name) {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!(
                        "two columns of the input are \"{}\" of {table}",
                        column.name
                    ),
                )
                .with_advice("rename or ignore one of them"));
            }
            columns.push(column.name.clone());
            types.push(column.type_.clone());
            built_in.push(Type::from_oid(column.oid));
        }
        if columns.is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "no column is left to be loaded",
            ));
        }
        let list = columns
            .iter()
            .map(|name| quoted(name))
            .collect::<Vec<_>>()
            .join(", ");
        let keys: Vec<_> = known.iter().filter(|column| column.key).collect();
        let (statement, upsert) = match conflict {
            Conflict::Refuse => (copy(&table, &list, form), None),
            Conflict::Replace | Conflict::Keep if form == RowForm::Binary => {
                return Err(Error::new(
                    ErrorKind::Refused,
                    "rows of values are loaded by COPY, which neither replaces rows nor leaves them out",
                )
                .with_advice("load them as texts: `Source::rows`"));
            }
            Conflict::Replace | Conflict::Keep => {
                let rows = rows_into(&table, &list, &types);
                let tail = on_conflict(&table, &columns, &keys, conflict)?;
                let upsert = (conflict == Conflict::Replace).then(|| format!("UPSERT {rows}"));
                (format!("INSERT {rows} {tail}"), upsert)
            }
        };
        Ok(Self {
            table,
            columns,
            types,
            built_in,
            statement,
            upsert,
        })
    }
}

/// The column of this name: exactly, or the only one that differs in case alone.
fn find<'a>(known: &'a [TableColumn], name: &str) -> Option<&'a TableColumn> {
    if let Some(exact) = known.iter().find(|column| column.name == name) {
        return Some(exact);
    }
    let mut alike = known
        .iter()
        .filter(|column| column.name.to_lowercase() == name.to_lowercase());
    match (alike.next(), alike.next()) {
        (Some(column), None) => Some(column),
        _ => None,
    }
}

fn unknown_column(table: &str, name: &str, known: &[TableColumn]) -> Error {
    let names: Vec<_> = known.iter().map(|column| column.name.as_str()).collect();
    Error::new(
        ErrorKind::Refused,
        format!("the table {table} has no column \"{name}\""),
    )
    .with_advice(format!(
        "rename or ignore it; the table has {}",
        names.join(", ")
    ))
}

/// In the form that CockroachDB's first COPY understood too.
fn copy(table: &str, list: &str, form: RowForm) -> String {
    match form {
        RowForm::Text => format!("COPY {table} ({list}) FROM STDIN"),
        RowForm::Binary => format!("COPY {table} ({list}) FROM STDIN WITH BINARY"),
        RowForm::Csv(b',') => format!("COPY {table} ({list}) FROM STDIN WITH CSV"),
        RowForm::Csv(delimiter) => {
            let delimiter = match delimiter {
                b'\t' => "E'\\t'".to_owned(),
                b'\'' => "''''".to_owned(),
                other => format!("'{}'", char::from(other)),
            };
            format!("COPY {table} ({list}) FROM STDIN WITH CSV DELIMITER {delimiter}")
        }
    }
}

/// What stands behind INSERT or UPSERT.
fn rows_into(table: &str, list: &str, types: &[String]) -> String {
    let casts: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(index, type_)| format!("u.c{index}{}", cast(type_)))
        .collect();
    let arrays: Vec<_> = (1..=types.len())
        .map(|number| format!("${number}::TEXT[]"))
        .collect();
    let names: Vec<_> = (0..types.len()).map(|index| format!("c{index}")).collect();
    format!(
        "INTO {table} ({list}) SELECT {} FROM unnest({}) AS u ({})",
        casts.join(", "),
        arrays.join(", "),
        names.join(", ")
    )
}

fn on_conflict(
    table: &str,
    columns: &[String],
    keys: &[&TableColumn],
    conflict: Conflict,
) -> Result<String, Error> {
    if conflict == Conflict::Keep {
        return Ok("ON CONFLICT DO NOTHING".to_owned());
    }
    let missing = keys.iter().find(|key| !columns.contains(&key.name));
    if keys.is_empty() || missing.is_some() {
        return Err(Error::new(
            ErrorKind::Refused,
            format!("replacing rows of {table} needs its primary key in the input"),
        )
        .with_advice("add the key's columns, or load without replacing"));
    }
    let target: Vec<_> = keys.iter().map(|key| quoted(&key.name)).collect();
    let set: Vec<_> = columns
        .iter()
        .filter(|name| !keys.iter().any(|key| key.name == **name))
        .map(|name| format!("{0} = excluded.{0}", quoted(name)))
        .collect();
    let target = target.join(", ");
    Ok(if set.is_empty() {
        format!("ON CONFLICT ({target}) DO NOTHING")
    } else {
        format!("ON CONFLICT ({target}) DO UPDATE SET {}", set.join(", "))
    })
}

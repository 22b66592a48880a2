use crate::row::{Column, Row};
use postgres_types::{FromSql, Type};
use std::error::Error as StdError;

/// A row that `tokio_postgres` has read.
#[derive(Debug)]
pub struct ClientRow(tokio_postgres::Row);

impl ClientRow {
    pub(super) fn new(row: tokio_postgres::Row) -> Self {
        Self(row)
    }
}

impl Row for ClientRow {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn column(&self, index: usize) -> Option<Column<'_>> {
        let column = self.0.columns().get(index)?;
        Some(Column::new(column.name(), column.type_()))
    }

    fn value(&self, index: usize) -> Option<&[u8]> {
        // RawValue takes every type, so this fails only beyond the last column.
        let raw: RawValue<'_> = self.0.try_get(index).ok()?;
        raw.0
    }
}

/// A value as it came, NULL included.
struct RawValue<'a>(Option<&'a [u8]>);

impl<'a> FromSql<'a> for RawValue<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(Some(raw)))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self(None))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

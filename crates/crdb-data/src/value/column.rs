use crdb_exec::{Row, Type};

use super::{Value, ValueKind, malformed, no_mapping, repeated};
use crate::error::Error;

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataColumn {
    name: String,
    type_: Type,
    kind: ValueKind,
}

impl DataColumn {
    /// A column of this name and type; `None` for a type without a mapping.
    #[must_use]
    pub fn new(name: impl Into<String>, type_: Type) -> Option<Self> {
        Some(Self {
            name: name.into(),
            kind: ValueKind::of(&type_)?,
            type_,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    #[must_use]
    pub fn type_(&self) -> &Type {
        &self.type_
    }

    /// The kind of its values.
    #[must_use]
    pub fn kind(&self) -> &ValueKind {
        &self.kind
    }
}

/// The columns of a result, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<DataColumn>);

impl Columns {
    /// The columns that a row has.
    ///
    /// # Errors
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) for a type without a mapping.
    pub fn of<R: Row>(row: &R) -> Result<Self, Error> {
        (0..row.len())
            .filter_map(|index| row.column(index))
            .map(|column| {
                DataColumn::new(column.name, column.type_.clone())
                    .ok_or_else(|| no_mapping(column.name, column.type_))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each in order.
    pub fn iter(&self) -> std::slice::Iter<'_, DataColumn> {
        self.0.iter()
    }

    /// Refuses a name that several columns have, for a format whose names must tell them apart.
    ///
    /// # Errors
    /// [`ErrorKind::Type`](crate::ErrorKind::Type) with the name.
    pub fn check_names(&self) -> Result<(), Error> {
        let mut names: Vec<&str> = self.iter().map(DataColumn::name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(repeated(pair.first().copied().unwrap_or_default())),
            None => Ok(()),
        }
    }

    /// The values of a row that has these columns, each with its column. An item is an error of
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for bytes that are no value of their type.
    pub fn values<'r, R: Row>(
        &'r self,
        row: &'r R,
    ) -> impl Iterator<Item = Result<(&'r DataColumn, Value<'r>), Error>> {
        self.iter().enumerate().map(|(index, column)| {
            column
                .kind
                .read_nullable(row.value(index))
                .map(|value| (column, value))
                .map_err(|reason| malformed(&column.name, reason))
        })
    }
}

impl FromIterator<DataColumn> for Columns {
    fn from_iter<I: IntoIterator<Item = DataColumn>>(columns: I) -> Self {
        Self(columns.into_iter().collect())
    }
}

impl<'a> IntoIterator for &'a Columns {
    type Item = &'a DataColumn;
    type IntoIter = std::slice::Iter<'a, DataColumn>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

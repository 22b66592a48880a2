use std::error::Error as StdError;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use super::exact::bounds;
use super::{BoxError, ValueError, next, next_slice};

/// One dimension of an [`Array`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// The number of elements.
    pub length: usize,
    /// The index of the first, 1 unless something else was asked for.
    pub lower_bound: i32,
}

/// An array of any number of dimensions, each with its bounds.
///
/// A `Vec` is an array of one dimension that begins at 1, and refuses the others. CockroachDB has no others.
/// Elements that may be NULL are `Option`s.
///
/// ```
/// use crdb_exec::{Array, Error, Row};
///
/// fn cell(row: &impl Row) -> Result<Option<i64>, Error> {
///     let matrix: Array<Option<i64>> = row.get("matrix")?;
///     Ok(matrix.elements().first().copied().flatten())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Array<T> {
    dimensions: Vec<Dimension>,
    elements: Vec<T>,
}

impl<T> Array<T> {
    /// The elements in order, the last dimension running fastest.
    ///
    /// # Errors
    /// When the dimensions do not make up the number of elements. An empty array has no dimensions.
    pub fn new(dimensions: Vec<Dimension>, elements: Vec<T>) -> Result<Self, ValueError> {
        if product(&dimensions) != Some(elements.len()) {
            return Err(ValueError::new(
                "the dimensions do not make up the number of elements",
            ));
        }
        Ok(Self {
            dimensions,
            elements,
        })
    }

    /// The dimensions from the outermost; none of an empty array.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The elements in order, the last dimension running fastest.
    #[must_use]
    pub fn elements(&self) -> &[T] {
        &self.elements
    }

    /// The elements in order, the last dimension running fastest.
    #[must_use]
    pub fn into_elements(self) -> Vec<T> {
        self.elements
    }
}

impl<T> From<Vec<T>> for Array<T> {
    fn from(elements: Vec<T>) -> Self {
        let dimensions = match elements.len() {
            0 => Vec::new(),
            length => vec![Dimension {
                length,
                lower_bound: 1,
            }],
        };
        Self {
            dimensions,
            elements,
        }
    }
}

/// The number of elements; `None` where it is no number.
fn product(dimensions: &[Dimension]) -> Option<usize> {
    match dimensions {
        [] => Some(0),
        dimensions => dimensions.iter().try_fold(1, |product: usize, dimension| {
            product.checked_mul(dimension.length)
        }),
    }
}

/// `array_send` in PostgreSQL, `writeBinaryDatum` in CockroachDB's pkg/sql/pgwire/types.go.
impl<'a, T: FromSql<'a>> FromSql<'a> for Array<T> {
    fn from_sql(sql_type: &Type, mut raw: &'a [u8]) -> Result<Self, BoxError> {
        let Kind::Array(member) = sql_type.kind() else {
            return Err(format!("{sql_type} is no array").into());
        };
        let cut = || -> BoxError { "an array is cut short".into() };
        let count = i32::from_be_bytes(next(&mut raw).ok_or_else(cut)?);
        // Whether there are NULLs, and the element's type, which are known from elsewhere.
        let _flags_and_oid = next::<8>(&mut raw).ok_or_else(cut)?;
        let mut dimensions = Vec::new();
        for _ in 0..count {
            let length = i32::from_be_bytes(next(&mut raw).ok_or_else(cut)?);
            dimensions.push(Dimension {
                length: usize::try_from(length)?,
                lower_bound: i32::from_be_bytes(next(&mut raw).ok_or_else(cut)?),
            });
        }
        let mut elements = Vec::new();
        while !raw.is_empty() {
            let length = i32::from_be_bytes(next(&mut raw).ok_or_else(cut)?);
            let element = match usize::try_from(length) {
                Err(_) => None,
                Ok(length) => Some(next_slice(&mut raw, length).ok_or_else(cut)?),
            };
            elements.push(T::from_sql_nullable(member, element)?);
        }
        Ok(Self::new(dimensions, elements)?)
    }

    fn accepts(sql_type: &Type) -> bool {
        match sql_type.kind() {
            Kind::Array(member) => T::accepts(member),
            _ => sql_type == bounds(),
        }
    }
}

impl<T: ToSql> ToSql for Array<T> {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let Kind::Array(member) = sql_type.kind() else {
            return Err(format!("{sql_type} is no array").into());
        };
        out.put_i32(i32::try_from(self.dimensions.len())?);
        let flags = out.len();
        out.put_i32(0);
        out.put_u32(member.oid());
        for dimension in &self.dimensions {
            out.put_i32(i32::try_from(dimension.length)?);
            out.put_i32(dimension.lower_bound);
        }
        for element in &self.elements {
            let start = out.len();
            out.put_i32(-1);
            if matches!(element.to_sql(member, out)?, IsNull::Yes) {
                set(out, flags, 1)?;
            } else {
                let length = i32::try_from(out.len().saturating_sub(start + 4))?;
                set(out, start, length)?;
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(sql_type.kind(), Kind::Array(member) if T::accepts(member))
    }

    to_sql_checked!();
}

/// Overwrites the four bytes at `at`.
fn set(out: &mut BytesMut, at: usize, number: i32) -> Result<(), Box<dyn StdError + Sync + Send>> {
    out.get_mut(at..at + 4)
        .ok_or("an encoder took bytes away that were not its own")?
        .copy_from_slice(&number.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_back_as_they_were_sent() {
        let bounds = |length, lower_bound| Dimension {
            length,
            lower_bound,
        };
        for array in [
            Array::from(Vec::new()),
            Array::from(vec![Some(1), None]),
            Array::new(
                vec![bounds(2, -1), bounds(3, 5)],
                (0..6).map(Some).collect(),
            )
            .unwrap(),
        ] {
            let mut raw = BytesMut::new();
            array.to_sql(&Type::INT8_ARRAY, &mut raw).unwrap();
            assert_eq!(
                Array::<Option<i64>>::from_sql(&Type::INT8_ARRAY, &raw).unwrap(),
                array
            );
            for end in 0..raw.len() {
                assert!(Array::<Option<i64>>::from_sql(&Type::INT8_ARRAY, &raw[..end]).is_err());
            }
        }
        assert!(Array::new(vec![bounds(2, 1)], vec![1]).is_err());
        assert!(Array::new(vec![bounds(usize::MAX, 1), bounds(2, 1)], vec![1]).is_err());
    }
}

use super::{BadValue, Value, ValueKind};

/// More dimensions than this no server has (`MAXDIM` in PostgreSQL's src/include/utils/array.h).
const MAX_DIMENSIONS: usize = 6;

/// An array: its elements in order, the last dimension running fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayValue<'a> {
    /// The length and the lower bound of each dimension, from the outermost.
    dimensions: Vec<(usize, i32)>,
    elements: Vec<Value<'a>>,
}

impl<'a> ArrayValue<'a> {
    pub(super) fn read(element: &ValueKind, raw: &'a [u8]) -> Result<Self, BadValue> {
        let mut rest = raw;
        let count =
            usize::try_from(int(&mut rest)?).map_err(|_| "a negative number of dimensions")?;
        let (_nulls, _oid) = (int(&mut rest)?, int(&mut rest)?);
        if count > MAX_DIMENSIONS {
            return Err("the array has more dimensions than a server makes".into());
        }
        let mut dimensions = Vec::with_capacity(count);
        let mut total: usize = usize::from(count > 0);
        for _ in 0..count {
            let length = usize::try_from(int(&mut rest)?).map_err(|_| "a negative dimension")?;
            dimensions.push((length, int(&mut rest)?));
            total = total.checked_mul(length).ok_or("the array is too large")?;
        }
        // Each element has a length of four bytes at least.
        if total > rest.len() / 4 {
            return Err("the array is cut short".into());
        }
        let mut elements = Vec::with_capacity(total);
        for _ in 0..total {
            let length = int(&mut rest)?;
            elements.push(if length == -1 {
                Value::Null
            } else {
                let length = usize::try_from(length).map_err(|_| "a negative length")?;
                let (value, after) = rest
                    .split_at_checked(length)
                    .ok_or("the array is cut short")?;
                rest = after;
                element.read(value)?
            });
        }
        if !rest.is_empty() {
            return Err("bytes follow the array's last element".into());
        }
        Ok(Self {
            dimensions,
            elements,
        })
    }

    /// The length and the lower bound of each dimension, from the outermost; none of an empty array.
    #[must_use]
    pub fn dimensions(&self) -> &[(usize, i32)] {
        &self.dimensions
    }

    /// The elements in order, the last dimension running fastest.
    #[must_use]
    pub fn elements(&self) -> &[Value<'a>] {
        &self.elements
    }

    /// Whether every dimension begins at 1, as formats without bounds need it.
    #[must_use]
    pub fn begins_at_one(&self) -> bool {
        self.dimensions.iter().all(|&(_, lower)| lower == 1)
    }
}

fn int(rest: &mut &[u8]) -> Result<i32, BadValue> {
    let (four, after) = rest.split_first_chunk().ok_or("the array is cut short")?;
    *rest = after;
    Ok(i32::from_be_bytes(*four))
}

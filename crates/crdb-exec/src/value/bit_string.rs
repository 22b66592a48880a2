use std::fmt;
use std::str::FromStr;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{BoxError, ValueError, next};

/// A `BIT` or `VARBIT`: any number of bits, which need not fill bytes.
///
/// ```
/// use crdb_exec::BitString;
///
/// let bits: BitString = "10110".parse()?;
/// assert_eq!((bits.len(), bits.get(0), bits.get(4), bits.get(5)), (5, Some(true), Some(false), None));
/// # Ok::<(), crdb_exec::ValueError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct BitString {
    /// The first bit is the highest of the first byte; bits behind the last are 0.
    bytes: Vec<u8>,
    length: usize,
}

impl BitString {
    /// The number of bits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there are no bits at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The bit at this index, counted from 0 at the left; `None` beyond the last.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<bool> {
        let byte = self.bytes.get(index / 8).filter(|_| index < self.length)?;
        Some(byte & (0x80 >> (index % 8)) != 0)
    }

    /// The bits from left to right.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.length).filter_map(|index| self.get(index))
    }

    /// The bits in bytes, from the left; those that fill up the last byte are 0.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl FromIterator<bool> for BitString {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let mut string = Self::default();
        for bit in bits {
            if string.length.is_multiple_of(8) {
                string.bytes.push(0);
            }
            if let Some(last) = string.bytes.last_mut().filter(|_| bit) {
                *last |= 0x80 >> (string.length % 8);
            }
            string.length += 1;
        }
        string
    }
}

impl fmt::Display for BitString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter()
            .try_for_each(|bit| f.write_str(if bit { "1" } else { "0" }))
    }
}

impl fmt::Debug for BitString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BitString({self})")
    }
}

impl FromStr for BitString {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.bytes()
            .map(|digit| match digit {
                b'0' => Ok(false),
                b'1' => Ok(true),
                _ => Err(ValueError::new("a bit string is made of 0 and 1")),
            })
            .collect()
    }
}

/// The number of bits in four bytes, then the bits (`varbit_send` in PostgreSQL, `writeBinaryDatum` in CockroachDB's
/// pkg/sql/pgwire/types.go).
impl<'a> FromSql<'a> for BitString {
    fn from_sql(_: &Type, mut raw: &'a [u8]) -> Result<Self, BoxError> {
        let length = next(&mut raw)
            .and_then(|length| usize::try_from(i32::from_be_bytes(length)).ok())
            .filter(|length| length.div_ceil(8) == raw.len())
            .ok_or("a bit string has as many bytes as its bits fill")?;
        let mut bytes = raw.to_vec();
        if let Some(last) = bytes.last_mut().filter(|_| !length.is_multiple_of(8)) {
            *last &= !(0xff >> (length % 8));
        }
        Ok(Self { bytes, length })
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(*sql_type, Type::BIT | Type::VARBIT)
    }
}

impl ToSql for BitString {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        out.put_i32(i32::try_from(self.length)?);
        out.put_slice(&self.bytes);
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(*sql_type, Type::BIT | Type::VARBIT)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_their_number() {
        for text in [
            "",
            "0",
            "1",
            "10110",
            "00000000",
            "000000001",
            "1111111111111111",
        ] {
            let bits: BitString = text.parse().unwrap();
            assert_eq!(bits.to_string(), text);
            let mut raw = BytesMut::new();
            bits.to_sql(&Type::VARBIT, &mut raw).unwrap();
            assert_eq!(BitString::from_sql(&Type::VARBIT, &raw).unwrap(), bits);
        }
        assert!("012".parse::<BitString>().is_err());
        for raw in [
            &[0, 0, 0, 9, 0xff][..],
            &[0, 0, 0, 1],
            &[0xff, 0xff, 0xff, 0xff],
            &[0],
        ] {
            assert!(BitString::from_sql(&Type::BIT, raw).is_err());
        }
        // A server that fills the last byte up with ones has sent the same bits.
        let filled = BitString::from_sql(&Type::BIT, &[0, 0, 0, 3, 0xff]).unwrap();
        assert_eq!(filled, "111".parse().unwrap());
    }
}

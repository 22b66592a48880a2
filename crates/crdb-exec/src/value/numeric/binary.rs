//! The binary format: groups of four digits, the weight of the first, the sign, and the scale (`numeric_send` in
//! PostgreSQL; `writeBinaryDatum` in CockroachDB's pkg/sql/pgwire/types.go).

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{Finite, Numeric, Value};
use crate::value::{BoxError, holds_all, next};

// Of PostgreSQL's src/backend/utils/adt/numeric.c.
const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEG_INFINITY: u16 = 0xF000;
/// The greatest scale.
pub(super) const MAX_SCALE: u16 = 0x3FFF;

struct Header {
    groups: u16,
    weight: i16,
    sign: u16,
    scale: u16,
}

fn header(raw: &mut &[u8]) -> Option<Header> {
    Some(Header {
        groups: u16::from_be_bytes(next(raw)?),
        weight: i16::from_be_bytes(next(raw)?),
        sign: u16::from_be_bytes(next(raw)?),
        scale: u16::from_be_bytes(next(raw)?),
    })
}

/// Whether a value in the binary format is a number that an integer of 96 bits and at most 28 decimal places make up.
pub(in crate::value) fn fits_96_bits(raw: &[u8]) -> bool {
    let mut rest = raw;
    match header(&mut rest) {
        None => true,
        Some(header) if header.sign & NAN == NAN => false,
        // At most 28 digits, none of them beyond the 28th place.
        Some(header)
            if header.groups <= 7
                && header.weight <= 6
                && i32::from(header.weight) - i32::from(header.groups) >= -8 =>
        {
            true
        }
        // What is no number at all is for the conversion to refuse.
        Some(_) => Numeric::decode(raw).map_or(true, |number| number.fits_96_bits()),
    }
}

impl Numeric {
    fn fits_96_bits(&self) -> bool {
        let Value::Finite(finite) = &self.0 else {
            return false;
        };
        let places = finite.places();
        places <= 28
            && finite
                .mantissa(places)
                .is_some_and(|mantissa| mantissa.unsigned_abs() < 1 << 96)
    }

    fn decode(mut raw: &[u8]) -> Result<Self, &'static str> {
        const LENGTH: &str = "a NUMERIC has as many groups of digits as its header says";
        let header = header(&mut raw).ok_or(LENGTH)?;
        let negative = match header.sign {
            NAN => return Ok(Self::NAN),
            INFINITY => return Ok(Self::INFINITY),
            NEG_INFINITY => return Ok(Self::NEG_INFINITY),
            POSITIVE => false,
            NEGATIVE => true,
            _ => return Err("a NUMERIC has an unknown sign"),
        };
        let mut groups = Vec::with_capacity(raw.len() / 2);
        while let Some(group) = next(&mut raw) {
            groups.push(u16::from_be_bytes(group));
        }
        if !raw.is_empty() || groups.len() != usize::from(header.groups) {
            return Err(LENGTH);
        }
        if groups.iter().any(|group| *group > 9_999) || header.scale > MAX_SCALE {
            return Err("a NUMERIC has digits that are none");
        }
        let finite = Finite {
            negative,
            weight: i32::from(header.weight),
            scale: header.scale,
            groups,
        }
        .normalized();
        if finite.places() > u32::from(finite.scale) {
            return Err("a NUMERIC has more digits than its scale shows");
        }
        Ok(Self(Value::Finite(finite)))
    }
}

impl<'a> FromSql<'a> for Numeric {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        Ok(Self::decode(raw)?)
    }

    fn accepts(sql_type: &Type) -> bool {
        holds_all(sql_type, &Type::NUMERIC)
    }
}

impl ToSql for Numeric {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let special = |sign: u16| [0, 0, sign, 0];
        let (header, groups) = match &self.0 {
            Value::NaN => (special(NAN), [].as_slice()),
            Value::Infinity => (special(INFINITY), [].as_slice()),
            Value::NegInfinity => (special(NEG_INFINITY), [].as_slice()),
            Value::Finite(finite) => {
                let count = u16::try_from(finite.groups.len())?;
                let weight = i16::try_from(finite.weight)?.cast_unsigned();
                let sign = if finite.negative { NEGATIVE } else { POSITIVE };
                (
                    [count, weight, sign, finite.scale],
                    finite.groups.as_slice(),
                )
            }
        };
        header
            .iter()
            .chain(groups)
            .for_each(|word| out.put_u16(*word));
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == Type::NUMERIC
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn raw(number: &Numeric) -> BytesMut {
        let mut raw = BytesMut::new();
        number.to_sql(&Type::NUMERIC, &mut raw).unwrap();
        raw
    }

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were_sent(text in "-?[0-9]{1,60}(\\.[0-9]{1,60})?") {
            let number: Numeric = text.parse().unwrap();
            let read = Numeric::decode(&raw(&number)).unwrap();
            prop_assert_eq!(read.to_string(), number.to_string());
            prop_assert_eq!(read, number);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _fits = fits_96_bits(&bytes);
            if let Ok(number) = Numeric::decode(&bytes) {
                prop_assert_eq!(number.to_string().parse::<Numeric>(), Ok(number));
            }
        }

        #[test]
        fn the_quick_answer_is_the_thorough_one(text in "-?[0-9]{1,16}(\\.[0-9]{1,16})?(e-?[0-9])?") {
            let number: Numeric = text.parse().unwrap();
            prop_assert_eq!(fits_96_bits(&raw(&number)), number.fits_96_bits(), "{}", text);
        }
    }

    #[test]
    fn the_limit_of_96_bits_is_exact() {
        for (text, fits) in [
            ("79228162514264337593543950335", true),
            ("79228162514264337593543950336", false),
            ("-7.9228162514264337593543950335", true),
            ("7.92281625142643375935439503351", false),
            ("0.0000000000000000000000000001", true),
            ("0.00000000000000000000000000001", false),
            ("1.0000000000000000000000000000000000000", true),
            ("1e28", true),
            ("1e29", false),
            ("1e-30", false),
            ("0", true),
            ("NaN", false),
            ("Infinity", false),
        ] {
            assert_eq!(fits_96_bits(&raw(&text.parse().unwrap())), fits, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for bytes in [
            &[][..],
            &[0, 1, 0, 0, 0, 0, 0, 0],
            &[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10],
            &[0, 0, 0, 0, 0x12, 0x34, 0, 0],
            &[0, 1, 0xff, 0xff, 0, 0, 0, 0, 0, 1],
        ] {
            assert!(
                Numeric::from_sql(&Type::NUMERIC, bytes).is_err(),
                "{bytes:?}"
            );
        }
    }
}

//! Refuses, before a value is converted, what the caller's type would change.

use postgres_types::{Field, Kind, Type};

use super::exact::{array_of, bounds, probe};
use super::numeric::fits_96_bits;
use super::{json_text, next, next_slice};

/// Why a value is refused and what to read it as. It never holds the value.
type Advice = &'static str;

/// Asks a Rust type whether it accepts an SQL type.
type Accepts<'a> = &'a dyn Fn(&Type) -> bool;

const NUMERIC: Advice =
    "it is a number that 96 bits do not hold: read it as crdb_exec::Numeric, which holds every one";
const INET: Advice =
    "it is an address with a network: read it as crdb_exec::Inet, which keeps the prefix";
const TIME: Advice = "it is 24:00:00: read it as crdb_exec::TimeOfDay, which has it";
const TIMESTAMP: Advice = "it is infinite: read it as crdb_exec::Timestamp, which has infinities";
const DATE: Advice = "it is infinite: read it as crdb_exec::Date, which has infinities";
const PATH: Advice =
    "it is a closed path, which becomes an open one: read it as text, or as points and pclosed()";
const JSON: Advice = "it is a document that a tree of it changes (a number beyond 64 bits, or a name that is there twice): \
     read it as crdb_exec::JsonText";
const DIMENSIONS: Advice = "it is an array of several dimensions: read it as crdb_exec::Array";
const NULL_ELEMENT: Advice = "an element was NULL: read it as a Vec of Option";
const BOUNDS: Advice =
    "it is an array that does not begin at 1: read it as crdb_exec::Array, which keeps its bounds";

/// Microseconds of a whole day.
const DAY: i64 = 86_400_000_000;

/// Refuses a value that a type may change, unless the type says that it holds every one.
///
/// `accepts` is the type's own [`accepts`](postgres_types::FromSql::accepts). Bytes that are no value of the SQL type are
/// left to the conversion, which knows better what to say.
pub(crate) fn refuse(sql_type: &Type, raw: &[u8], accepts: Accepts<'_>) -> Result<(), Advice> {
    let holds_all = || probe(sql_type).is_none_or(accepts);
    let lost = match *sql_type {
        Type::NUMERIC => (!fits_96_bits(raw)).then_some(NUMERIC),
        Type::INET => has_network(raw).then_some(INET),
        Type::TIME => (raw == DAY.to_be_bytes()).then_some(TIME),
        // Other types of the field refuse infinity themselves. SystemTime, the one that reads both, makes a date of it.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            (is_infinite(raw) && accepts(&Type::TIMESTAMP) && accepts(&Type::TIMESTAMPTZ))
                .then_some(TIMESTAMP)
        }
        // Whether it is closed, then the points.
        Type::PATH => raw.starts_with(&[1]).then_some(PATH),
        // The document is looked through only for a type that may change it.
        Type::JSON | Type::JSONB => {
            (!holds_all() && !json_text::survives(sql_type, raw)).then_some(JSON)
        }
        _ => return inside(sql_type, raw, accepts),
    };
    match lost {
        Some(advice) if !holds_all() => Err(advice),
        _ => Ok(()),
    }
}

/// What a conversion that failed should have said, where the value is one that few types hold.
///
/// `was_null` says that it failed for a NULL, which then is inside the value.
pub(crate) fn explain(
    sql_type: &Type,
    raw: &[u8],
    was_null: bool,
    accepts: Accepts<'_>,
) -> Option<Advice> {
    match *sql_type {
        Type::DATE
            if [i32::MAX, i32::MIN]
                .map(i32::to_be_bytes)
                .iter()
                .any(|end| raw == end) =>
        {
            Some(DATE)
        }
        Type::TIMESTAMP | Type::TIMESTAMPTZ if is_infinite(raw) => Some(TIMESTAMP),
        _ => {
            let Kind::Array(member) = sql_type.kind() else {
                return None;
            };
            let array = ArrayBytes::new(raw)?;
            if was_null {
                return array
                    .elements()
                    .any(|element| element.is_none())
                    .then_some(NULL_ELEMENT);
            }
            if array.dimensions > 1 && !accepts(bounds()) {
                return Some(DIMENSIONS);
            }
            array
                .elements()
                .flatten()
                .find_map(|element| explain(member, element, false, accepts))
        }
    }
}

/// Refuses what is lost inside arrays, composites and domains.
fn inside(sql_type: &Type, raw: &[u8], accepts: Accepts<'_>) -> Result<(), Advice> {
    match sql_type.kind() {
        Kind::Array(member) => {
            let Some(array) = ArrayBytes::new(raw) else {
                return Ok(());
            };
            // The vectors of the catalog begin at 0, all of them.
            let is_vector = [Type::INT2_VECTOR, Type::OID_VECTOR].contains(sql_type);
            if array.is_shifted && !is_vector && !accepts(bounds()) {
                return Err(BOUNDS);
            }
            let accepts = |asked: &Type| accepts(&array_of(asked.clone()));
            array
                .elements()
                .flatten()
                .try_for_each(|element| refuse(member, element, &accepts))
        }
        Kind::Composite(fields) => composite(sql_type, fields, raw, accepts),
        Kind::Domain(base) => {
            let accepts = |asked: &Type| {
                accepts(asked) || accepts(&like(sql_type, Kind::Domain(asked.clone())))
            };
            refuse(base, raw, &accepts)
        }
        _ => Ok(()),
    }
}

fn composite(
    sql_type: &Type,
    fields: &[Field],
    mut raw: &[u8],
    accepts: Accepts<'_>,
) -> Result<(), Advice> {
    let _count = next::<4>(&mut raw);
    for (position, field) in fields.iter().enumerate() {
        let (Some(_), Some(length)) = (next::<4>(&mut raw), next::<4>(&mut raw)) else {
            return Ok(());
        };
        let Ok(length) = usize::try_from(i32::from_be_bytes(length)) else {
            continue;
        };
        let Some(value) = next_slice(&mut raw, length) else {
            return Ok(());
        };
        let accepts = |asked: &Type| {
            let mut fields = fields.to_vec();
            if let Some(field) = fields.get_mut(position) {
                *field = Field::new(field.name().to_owned(), asked.clone());
            }
            accepts(&like(sql_type, Kind::Composite(fields)))
        };
        refuse(field.type_(), value, &accepts)?;
    }
    Ok(())
}

/// A type of the same name and another kind, to ask about.
fn like(sql_type: &Type, kind: Kind) -> Type {
    let (name, schema) = (sql_type.name().to_owned(), sql_type.schema().to_owned());
    Type::new(name, sql_type.oid(), kind, schema)
}

fn has_network(raw: &[u8]) -> bool {
    // Address family, bits of the prefix, whether it is a CIDR, bytes of the address.
    matches!(raw, [_, prefix, _, length, ..] if *prefix != length.saturating_mul(8))
}

fn is_infinite(raw: &[u8]) -> bool {
    [i64::MAX, i64::MIN]
        .map(i64::to_be_bytes)
        .iter()
        .any(|end| raw == end)
}

/// The parts of an array in the binary format.
struct ArrayBytes<'a> {
    dimensions: usize,
    /// Whether a dimension begins elsewhere than at 1.
    is_shifted: bool,
    elements: &'a [u8],
}

impl<'a> ArrayBytes<'a> {
    fn new(mut raw: &'a [u8]) -> Option<Self> {
        let dimensions = usize::try_from(i32::from_be_bytes(next(&mut raw)?)).ok()?;
        // Whether there are NULLs, and the element's type.
        let _flags_and_oid = next::<8>(&mut raw)?;
        let mut is_shifted = false;
        for _ in 0..dimensions {
            let _length = next::<4>(&mut raw)?;
            is_shifted |= i32::from_be_bytes(next(&mut raw)?) != 1;
        }
        Some(Self {
            dimensions,
            is_shifted,
            elements: raw,
        })
    }

    /// The elements, `None` for NULL, up to the first that is cut.
    fn elements(&self) -> impl Iterator<Item = Option<&'a [u8]>> {
        let mut rest = self.elements;
        std::iter::from_fn(move || {
            let length = i32::from_be_bytes(next(&mut rest)?);
            match usize::try_from(length) {
                Err(_) => Some(None),
                Ok(length) => next_slice(&mut rest, length).map(Some),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_path_is_refused_for_a_type_that_opens_it() {
        let points = [0; 4];
        let path = |closed: u8| [&[closed][..], &points].concat();
        let line = |sql_type: &Type| *sql_type == Type::PATH;
        assert_eq!(refuse(&Type::PATH, &path(0), &line), Ok(()));
        assert_eq!(refuse(&Type::PATH, &path(1), &line), Err(PATH));
        assert_eq!(refuse(&Type::PATH, &path(1), &|_| true), Ok(()));
    }

    #[test]
    fn bytes_that_are_no_value_are_left_to_the_conversion() {
        for sql_type in [
            Type::NUMERIC,
            Type::INET,
            Type::TIME,
            Type::TIMESTAMP,
            Type::JSONB,
            Type::NUMERIC_ARRAY,
        ] {
            for length in 0..12 {
                assert_eq!(
                    refuse(&sql_type, &vec![0; length], &|asked| *asked == sql_type),
                    Ok(()),
                    "{sql_type} {length}"
                );
            }
        }
    }
}

//! The values of a call's parameters, for the one explanation that they are taken for.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crdb_exec::{BytesMut, IsNull, Parameters, ToSql, Type};
use postgres_types::Format;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Values of more bytes than this, all together, are not taken.
const LARGEST: usize = 64 << 10;

/// A value as it is sent. Its `Debug` output does not show it.
pub(super) struct Captured {
    /// None is NULL.
    bytes: Option<Vec<u8>>,
    is_text: bool,
}

/// The values, encoded for these types; `None` where one cannot be, or they are too large.
pub(super) fn capture(types: &[Type], parameters: Parameters<'_>) -> Option<Vec<Captured>> {
    if types.len() != parameters.len() {
        return None;
    }
    let mut left = LARGEST;
    types
        .iter()
        .zip(parameters)
        .map(|(type_, value)| {
            let mut buffer = BytesMut::new();
            let bytes = match value.to_sql_checked(type_, &mut buffer).ok()? {
                IsNull::Yes => None,
                IsNull::No => Some(buffer.to_vec()),
            };
            left = left.checked_sub(buffer.len())?;
            Some(Captured {
                bytes,
                is_text: matches!(value.encode_format(type_), Format::Text),
            })
        })
        .collect()
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Captured(..)")
    }
}

impl ToSql for Captured {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        Ok(match &self.bytes {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.to_sql(type_, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        if self.is_text {
            Format::Text
        } else {
            Format::Binary
        }
    }
}

/// Learns the type that the server expects, and is NULL.
#[derive(Debug, Default)]
pub(super) struct Probe(Mutex<Option<Type>>);

impl Probe {
    pub(super) fn learned(&self) -> Option<Type> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl ToSql for Probe {
    fn to_sql(&self, type_: &Type, _: &mut BytesMut) -> Result<IsNull, BoxError> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(type_.clone());
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.to_sql(type_, out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(value: &(dyn ToSql + Sync), type_: &Type) -> (Option<Vec<u8>>, bool) {
        let mut out = BytesMut::new();
        let bytes = match value.to_sql_checked(type_, &mut out).unwrap() {
            IsNull::Yes => None,
            IsNull::No => Some(out.to_vec()),
        };
        (bytes, matches!(value.encode_format(type_), Format::Text))
    }

    #[test]
    fn what_is_captured_is_sent_as_the_value_itself() {
        let types = [Type::TEXT, Type::INT8, Type::INT8];
        let values: [&(dyn ToSql + Sync); 3] = [&"rosebud", &7_i64, &None::<i64>];
        let captured = capture(&types, &values).unwrap();
        for ((value, captured), type_) in values.iter().zip(&captured).zip(&types) {
            assert_eq!(sent(captured, type_), sent(*value, type_));
        }
        assert!(!format!("{captured:?}").contains("rosebud"));
    }

    #[test]
    fn what_does_not_fit_is_not_captured() {
        assert!(capture(&[Type::INT8], &[&"rosebud"]).is_none());
        assert!(capture(&[Type::INT8], &[]).is_none());
        assert!(capture(&[Type::TEXT], &[&"x".repeat(LARGEST + 1)]).is_none());
    }

    #[test]
    fn each_probe_learns_its_own_type() {
        let probes: Vec<Probe> = (0..2).map(|_| Probe::default()).collect();
        let types = [Type::TEXT, Type::INT8];
        for (probe, type_) in probes.iter().zip(&types) {
            assert_eq!(sent(probe, type_).0, None);
        }
        let learned: Vec<_> = probes.iter().filter_map(Probe::learned).collect();
        assert_eq!(learned, types);
    }
}

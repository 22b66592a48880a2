//! The values of parameters as a part of keys.
//!
//! A value is compared as it is sent: encoded for the type that the server expects. Which types these are is learned from the first
//! run of a statement, because only the session knows them.

use bytes::{BufMut as _, Bytes, BytesMut};
use crdb_exec::{IsNull, Parameters, ToSql, Type};
use parking_lot::Mutex;
use postgres_types::Format;
use std::error::Error as StdError;
use std::fmt;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The type of a parameter, and the format in which the caller's Rust type is sent for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    type_: Type,
    text: bool,
}

impl Sent {
    fn of(type_: &Type, value: &(dyn ToSql + Sync)) -> Self {
        Self {
            type_: type_.clone(),
            text: matches!(value.encode_format(type_), Format::Text),
        }
    }
}

/// Passes a value on and keeps in mind for which type it was encoded.
pub(crate) struct Recorder<'a> {
    value: &'a (dyn ToSql + Sync),
    sent: Mutex<Option<Sent>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn all(parameters: Parameters<'a>) -> Vec<Self> {
        parameters
            .iter()
            .map(|value| Self {
                value: *value,
                sent: Mutex::new(None),
            })
            .collect()
    }

    /// What has been sent, where all of them have been.
    pub(crate) fn sent(recorders: &[Self]) -> Option<Box<[Sent]>> {
        recorders
            .iter()
            .map(|one| one.sent.lock().clone())
            .collect()
    }
}

impl fmt::Debug for Recorder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl ToSql for Recorder<'_> {
    fn to_sql(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.to_sql_checked(type_, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        *self.sent.lock() = Some(Sent::of(type_, self.value));
        self.value.to_sql_checked(type_, out)
    }

    fn encode_format(&self, type_: &Type) -> Format {
        self.value.encode_format(type_)
    }
}

/// The values as bytes, with their types: two lists have the same bytes only if the same is sent for them. `None` where a value does
/// not fit its type.
pub(crate) fn encode(parameters: Parameters<'_>, sent: &[Sent]) -> Option<Bytes> {
    if parameters.len() != sent.len() {
        return None;
    }
    if parameters.is_empty() {
        return Some(Bytes::new());
    }
    let mut out = BytesMut::with_capacity(24 * parameters.len());
    for (value, sent) in parameters.iter().zip(sent) {
        // Another Rust type may be sent in another format.
        if Sent::of(&sent.type_, *value) != *sent {
            return None;
        }
        // It is refused when it is sent.
        crdb_exec::check_time(*value, &sent.type_).ok()?;
        let start = out.len();
        out.put_i32(0);
        let length = match value.to_sql_checked(&sent.type_, &mut out).ok()? {
            IsNull::Yes => {
                out.truncate(start + 4);
                -1
            }
            IsNull::No => i32::try_from(out.len() - start - 4).ok()?,
        };
        out.get_mut(start..start + 4)?
            .copy_from_slice(&length.to_be_bytes());
    }
    Some(out.freeze())
}

/// A value that was [encoded](encode) and can be sent after its caller has gone.
pub(crate) struct Encoded {
    sent: Sent,
    value: Option<Bytes>,
}

impl Encoded {
    /// The values in bytes that [`encode`] made.
    pub(crate) fn all(mut encoded: Bytes, sent: &[Sent]) -> Option<Vec<Self>> {
        sent.iter()
            .map(|sent| {
                let head = encoded.get(..4)?.try_into().ok()?;
                drop(encoded.split_to(4));
                let value = match usize::try_from(i32::from_be_bytes(head)) {
                    Ok(length) if length > encoded.len() => return None,
                    Ok(length) => Some(encoded.split_to(length)),
                    Err(_) => None,
                };
                Some(Self {
                    sent: sent.clone(),
                    value,
                })
            })
            .collect()
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoded")
            .field("type", &self.sent.type_)
            .finish_non_exhaustive()
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.to_sql_checked(type_, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, type_: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        if *type_ != self.sent.type_ {
            let was = &self.sent.type_;
            return Err(
                format!("the parameter is of type {type_} now and was of type {was}").into(),
            );
        }
        Ok(match &self.value {
            Some(value) => {
                out.put_slice(value);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    fn encode_format(&self, _: &Type) -> Format {
        if self.sent.text {
            Format::Text
        } else {
            Format::Binary
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(types: &[Type]) -> Vec<Sent> {
        let sent = |type_: &Type| Sent {
            type_: type_.clone(),
            text: false,
        };
        types.iter().map(sent).collect()
    }

    proptest! {
        /// Lists of values are the same key only if they are the same list, and come back as they were.
        #[test]
        fn keys_are_the_same_only_for_the_same_values(
            a in prop::collection::vec(prop::option::of("[ab\u{0}é]{0,3}"), 2..3),
            b in prop::collection::vec(prop::option::of("[ab\u{0}é]{0,3}"), 2..3),
        ) {
            let types = sent(&[Type::TEXT, Type::TEXT]);
            let key = |values: &[Option<String>]| {
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| v as _).collect();
                encode(&values, &types).unwrap()
            };
            prop_assert_eq!(key(&a) == key(&b), a == b);
            let back = Encoded::all(key(&a), &types).unwrap();
            let back: Vec<&(dyn ToSql + Sync)> = back.iter().map(|v| v as _).collect();
            prop_assert_eq!(encode(&back, &types).unwrap(), key(&a));
        }
    }

    #[test]
    fn a_value_that_does_not_fit_has_no_key() {
        let types = sent(&[Type::INT8]);
        assert!(encode(&[&1_i64], &types).is_some());
        assert!(encode(&[&1_i32], &types).is_none());
        assert!(encode(&[], &types).is_none());
        assert!(encode(&[&1_i64, &1_i64], &types).is_none());
    }

    #[test]
    fn types_are_learned_from_the_session() {
        let values = Recorder::all(&[&5_i64]);
        assert_eq!(Recorder::sent(&values), None);
        values[0]
            .to_sql_checked(&Type::INT8, &mut BytesMut::new())
            .unwrap();
        assert_eq!(
            Recorder::sent(&values).unwrap().to_vec(),
            sent(&[Type::INT8])
        );
    }

    #[test]
    fn an_encoded_value_is_sent_as_its_own_type_only() {
        let types = sent(&[Type::INT8]);
        let values = Encoded::all(encode(&[&7_i64], &types).unwrap(), &types).unwrap();
        let mut out = BytesMut::new();
        assert!(values[0].to_sql_checked(&Type::INT8, &mut out).is_ok());
        assert_eq!(&out[..], 7_i64.to_be_bytes());
        assert!(values[0].to_sql_checked(&Type::INT4, &mut out).is_err());
    }
}

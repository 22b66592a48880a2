//! Composite values, for the structs that crdb-sql generates.

use super::{BoxError, guard};
use bytes::{BufMut, BytesMut};
use postgres_types::{Field, FromSql, IsNull, Kind, ToSql, Type};

/// Whether a type is the composite of this name with so many fields.
#[must_use]
pub fn is_composite(sql_type: &Type, name: &str, fields: usize) -> bool {
    sql_type.name() == name && fields_of(sql_type).len() == fields
}

fn fields_of(sql_type: &Type) -> &[Field] {
    match sql_type.kind() {
        Kind::Composite(fields) => fields,
        _ => &[],
    }
}

/// Appends a composite value: the number of its fields, then the type, the length and the bytes of each.
///
/// # Errors
/// When there are not as many values as fields, or one does not encode.
pub fn write_composite(
    sql_type: &Type,
    values: &[&(dyn ToSql + Sync)],
    out: &mut BytesMut,
) -> Result<IsNull, BoxError> {
    let fields = fields_of(sql_type);
    if fields.len() != values.len() {
        return Err(format!(
            "{sql_type} has {} fields, not {}",
            fields.len(),
            values.len()
        )
        .into());
    }
    out.put_i32(i32::try_from(fields.len())?);
    for (field, value) in fields.iter().zip(values) {
        out.put_u32(field.type_().oid());
        let length = out.len();
        out.put_i32(-1);
        if let IsNull::No = value.to_sql_checked(field.type_(), out)? {
            let written = i32::try_from(out.len() - length - 4)?;
            if let Some(place) = out.get_mut(length..length + 4) {
                place.copy_from_slice(&written.to_be_bytes());
            }
        }
    }
    Ok(IsNull::No)
}

/// Reads the fields of a composite value, one after the other.
#[derive(Debug)]
pub struct CompositeReader<'a> {
    fields: std::slice::Iter<'a, Field>,
    rest: &'a [u8],
}

impl<'a> CompositeReader<'a> {
    /// A reader before the first field.
    ///
    /// # Errors
    /// When the bytes are no value of this type.
    pub fn new(sql_type: &'a Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let fields = fields_of(sql_type);
        let mut rest = raw;
        let count = super::next::<4>(&mut rest).map(i32::from_be_bytes);
        if count.and_then(|count| usize::try_from(count).ok()) != Some(fields.len()) {
            return Err(format!(
                "the value has not the {} fields of {sql_type}",
                fields.len()
            )
            .into());
        }
        Ok(Self {
            fields: fields.iter(),
            rest,
        })
    }

    /// The value of the next field. As with columns, a value that `T` would change is refused.
    ///
    /// # Errors
    /// When there is none, or it does not convert; the field is named.
    pub fn next_value<T: FromSql<'a>>(&mut self) -> Result<T, BoxError> {
        let field = self.fields.next().ok_or("the value has no more fields")?;
        let sql_type = field.type_();
        let named = |why: &dyn std::fmt::Display| -> BoxError {
            format!("field \"{}\" of type {sql_type}: {why}", field.name()).into()
        };
        let (Some(_), Some(length)) = (
            super::next::<4>(&mut self.rest),
            super::next::<4>(&mut self.rest),
        ) else {
            return Err(named(&"the value ends too early"));
        };
        if !T::accepts(sql_type) {
            return Err(named(&format!("it is no {}", std::any::type_name::<T>())));
        }
        let Ok(length) = usize::try_from(i32::from_be_bytes(length)) else {
            return T::from_sql_null(sql_type)
                .map_err(|_| named(&"it is NULL, and not read as an Option"));
        };
        let Some((raw, rest)) = self.rest.split_at_checked(length) else {
            return Err(named(&"the value ends too early"));
        };
        self.rest = rest;
        guard::refuse(sql_type, raw, &T::accepts).map_err(|advice| named(&advice))?;
        T::from_sql(sql_type, raw).map_err(|error| named(&error))
    }
}

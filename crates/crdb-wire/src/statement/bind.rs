//! Encodes a statement's values.

use bytes::BytesMut;
use postgres_protocol::message::frontend::{self, BindError};
use postgres_types::{Format, IsNull, Kind, ToSql, Type, WrongType};

use super::Prepared;
use crate::Parameters;
use crate::error::Error;
use crate::far_time::check_time;

/// The most parameters that the protocol can count.
const MAX_PARAMETERS: usize = 65_535;

/// Appends Bind, Execute and Sync for a prepared statement.
///
/// # Errors
/// The caller's mistake: the wrong number of values, or one that does not encode. What was appended is of no use then.
pub(super) fn bind_and_execute(
    prepared: &Prepared,
    values: Parameters<'_>,
    buffer: &mut BytesMut,
) -> Result<(), Error> {
    bind(&prepared.name, values, &prepared.parameters, buffer)?;
    execute_and_sync(buffer)
}

/// Appends the Bind of a statement whose parameters have these types.
///
/// # Errors
/// As [`bind_and_execute`].
pub(crate) fn bind(
    name: &str,
    values: Parameters<'_>,
    types: &[Type],
    buffer: &mut BytesMut,
) -> Result<(), Error> {
    if values.len() > MAX_PARAMETERS {
        return Err(Error::refused(format!(
            "binding {} parameters: the protocol has room for {MAX_PARAMETERS}; pass an array, or send several statements",
            values.len()
        )));
    }
    if values.len() != types.len() {
        return Err(Error::refused(format!(
            "binding {} parameters to a statement that takes {}",
            values.len(),
            types.len()
        )));
    }
    let pairs = || values.iter().zip(types);
    let is_text = |format: &Format| matches!(format, Format::Text);
    let mut formats = pairs().map(|(value, type_)| value.encode_format(type_));
    let bound = if formats.any(|format| is_text(&format)) {
        let formats =
            pairs().map(|(value, type_)| i16::from(!is_text(&value.encode_format(type_))));
        write_bind(name, formats, values, types, buffer)
    } else {
        // One code stands for all.
        write_bind(
            name,
            (!values.is_empty()).then_some(1),
            values,
            types,
            buffer,
        )
    };
    bound.map_err(|(index, error)| match (error, types.get(index)) {
        (BindError::Conversion(source), Some(type_)) => {
            Error::refused_parameter(index, type_.clone()).with_source(source)
        }
        (BindError::Conversion(source), None) => {
            Error::refused("encoding the parameters").with_source(source)
        }
        (BindError::Serialization(source), _) => {
            Error::refused("encoding the parameters").with_source(source)
        }
    })
}

/// The index of the last value that was looked at comes with the error.
fn write_bind(
    name: &str,
    formats: impl IntoIterator<Item = i16>,
    values: Parameters<'_>,
    types: &[Type],
    buffer: &mut BytesMut,
) -> Result<(), (usize, BindError)> {
    let mut index = 0;
    frontend::bind(
        "",
        name,
        formats,
        values.iter().zip(types).enumerate(),
        |(at, (value, type_)), buffer| {
            index = at;
            encode(*value, type_, buffer).map(|null| match null {
                IsNull::Yes => postgres_protocol::IsNull::Yes,
                IsNull::No => postgres_protocol::IsNull::No,
            })
        },
        Some(1),
        buffer,
    )
    .map_err(|error| (index, error))
}

/// Appends a value. A domain takes what the type below it takes, in the same form; an array of a domain likewise.
fn encode(
    value: &(dyn ToSql + Sync),
    type_: &Type,
    buffer: &mut BytesMut,
) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
    check_time(value, type_)?;
    let start = buffer.len();
    let encoded = value.to_sql_checked(type_, buffer);
    match (encoded, type_.kind()) {
        (Err(error), Kind::Domain(base)) if error.is::<WrongType>() => {
            buffer.truncate(start);
            encode(value, base, buffer)
        }
        (Err(error), Kind::Array(member)) if error.is::<WrongType>() => {
            let Some(base) = below_domain(member) else {
                return Err(error);
            };
            buffer.truncate(start);
            let (name, schema) = (type_.name().to_owned(), type_.schema().to_owned());
            let array = Type::new(name, type_.oid(), Kind::Array(base.clone()), schema);
            let encoded = encode(value, &array, buffer)?;
            // The server compares the type of the elements, which stands behind the dimensions and the mark of NULL.
            let type_of_elements = buffer
                .get_mut(start..)
                .and_then(|array| array.get_mut(8..12));
            if let Some(type_of_elements) = type_of_elements {
                type_of_elements.copy_from_slice(&member.oid().to_be_bytes());
            }
            Ok(encoded)
        }
        (encoded, _) => encoded,
    }
}

/// What is below a domain, and below the domains below that.
fn below_domain(type_: &Type) -> Option<&Type> {
    match type_.kind() {
        Kind::Domain(base) => Some(below_domain(base).unwrap_or(base)),
        _ => None,
    }
}

/// Appends the Execute of the unnamed portal, without a row limit.
pub(crate) fn execute(buffer: &mut BytesMut) -> Result<(), Error> {
    frontend::execute("", 0, buffer)
        .map_err(|source| Error::refused("encoding a request").with_source(source))
}

/// As [`execute`], and Sync.
pub(crate) fn execute_and_sync(buffer: &mut BytesMut) -> Result<(), Error> {
    execute(buffer)?;
    frontend::sync(buffer);
    Ok(())
}

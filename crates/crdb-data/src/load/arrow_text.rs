//! Values of Arrow as PostgreSQL's text, for loads.

use arrow_array::Array;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{DataType, TimeUnit};
use crdb_exec::{Date, Numeric, TimeOfDay, Timestamp};

use crate::value::Value;

/// Whether values of this type can be loaded.
pub(crate) fn is_known(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond,
            _,
        )
        | DataType::Null => true,
        DataType::List(item) => is_known(item.data_type()),
        _ => false,
    }
}

/// The text of a value; `None` is NULL. `uuid`: bytes are those of a UUID.
pub(crate) fn text(array: &dyn Array, row: usize, uuid: bool) -> Result<Option<String>, String> {
    if array.is_null(row) {
        return Ok(None);
    }
    let beyond = || "the time is beyond the server's".to_owned();
    let value = match array.data_type() {
        DataType::Null => return Ok(None),
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Value::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::Int(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::Int(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::Int(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => {
            return Ok(Some(
                array.as_primitive::<UInt64Type>().value(row).to_string(),
            ));
        }
        DataType::Float32 => Value::Float4(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Value::Float8(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            let mantissa = array.as_primitive::<Decimal128Type>().value(row);
            return decimal(mantissa, *scale).map(Some);
        }
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Value::Text(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row)),
        DataType::Binary => Value::Bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Value::Bytes(array.as_binary::<i64>().value(row)),
        DataType::BinaryView => Value::Bytes(array.as_binary_view().value(row)),
        DataType::FixedSizeBinary(_) => {
            let bytes = array.as_fixed_size_binary().value(row);
            match (uuid, bytes.try_into()) {
                (true, Ok(bytes)) => Value::Uuid(bytes),
                _ => Value::Bytes(bytes),
            }
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            Value::Date(Date::from_unix_days(days).ok_or_else(beyond)?)
        }
        DataType::Time64(_) => {
            let microseconds = array.as_primitive::<Time64MicrosecondType>().value(row);
            Value::Time(TimeOfDay::from_microseconds(microseconds).ok_or_else(beyond)?)
        }
        DataType::Timestamp(unit, zone) => {
            let microseconds = match unit {
                TimeUnit::Second => array
                    .as_primitive::<TimestampSecondType>()
                    .value(row)
                    .checked_mul(1_000_000),
                TimeUnit::Millisecond => array
                    .as_primitive::<TimestampMillisecondType>()
                    .value(row)
                    .checked_mul(1_000),
                _ => Some(array.as_primitive::<TimestampMicrosecondType>().value(row)),
            };
            let time = microseconds
                .and_then(Timestamp::from_unix_microseconds)
                .ok_or_else(beyond)?;
            // With a zone the value is in UTC.
            match zone {
                Some(_) => Value::TimestampTz(time),
                None => Value::Timestamp(time),
            }
        }
        DataType::List(_) => return list(&*array.as_list::<i32>().value(row), uuid).map(Some),
        other => return Err(format!("Arrow's type {other} has no mapping")),
    };
    Ok(Some(value.to_string()))
}

fn decimal(mantissa: i128, scale: i8) -> Result<String, String> {
    let number = match u32::try_from(scale) {
        Ok(scale) => Numeric::from_mantissa_and_scale(mantissa, scale),
        Err(_) => 10_i128
            .checked_pow(u32::from(scale.unsigned_abs()))
            .and_then(|power| mantissa.checked_mul(power))
            .and_then(|mantissa| Numeric::from_mantissa_and_scale(mantissa, 0)),
    };
    number
        .map(|number| number.to_string())
        .ok_or_else(|| "the number is too large".to_owned())
}

fn list(array: &dyn Array, uuid: bool) -> Result<String, String> {
    let mut out = String::from("{");
    for row in 0..array.len() {
        if row > 0 {
            out.push(',');
        }
        match text(array, row, uuid)? {
            None => out.push_str("NULL"),
            Some(element) if matches!(array.data_type(), DataType::List(_)) => {
                out.push_str(&element);
            }
            Some(element) => {
                out.push('"');
                for character in element.chars() {
                    if matches!(character, '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(character);
                }
                out.push('"');
            }
        }
    }
    out.push('}');
    Ok(out)
}

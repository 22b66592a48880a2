use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, FixedSizeBinaryBuilder,
    Float32Builder, Float64Builder, Int16Builder, Int32Builder, Int64Builder, StringBuilder,
    Time64MicrosecondBuilder, TimestampMicrosecondBuilder, UInt32Builder,
};
use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit};
use crdb_exec::{Numeric, Timestamp};

use crate::value::{Value, ValueKind};

/// The values of one column, as they gather.
pub(super) enum ColumnBuilder {
    Bool(BooleanBuilder),
    Int2(Int16Builder),
    Int4(Int32Builder),
    Int8(Int64Builder),
    Oid(UInt32Builder),
    Float4(Float32Builder),
    Float8(Float64Builder),
    Decimal(Decimal128Builder, u8, i8),
    Text(StringBuilder),
    Bytes(BinaryBuilder),
    Uuid(FixedSizeBinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    List {
        element: Box<Self>,
        field: Arc<Field>,
        offsets: Vec<i32>,
        valid: NullBufferBuilder,
    },
}

/// What a kind of values is in Arrow.
pub(super) fn data_type(kind: &ValueKind, decimal: Option<(u8, i8)>) -> DataType {
    match kind {
        ValueKind::Bool => DataType::Boolean,
        ValueKind::Int2 => DataType::Int16,
        ValueKind::Int4 => DataType::Int32,
        ValueKind::Int8 => DataType::Int64,
        ValueKind::Oid => DataType::UInt32,
        ValueKind::Float4 => DataType::Float32,
        ValueKind::Float8 => DataType::Float64,
        ValueKind::Numeric => match decimal {
            Some((precision, scale)) => DataType::Decimal128(precision, scale),
            None => DataType::Utf8,
        },
        ValueKind::Bytes | ValueKind::Spatial => DataType::Binary,
        ValueKind::Uuid => DataType::FixedSizeBinary(16),
        ValueKind::Date => DataType::Date32,
        ValueKind::Time => DataType::Time64(TimeUnit::Microsecond),
        ValueKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        ValueKind::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        ValueKind::Vector => DataType::List(item(DataType::Float32)),
        ValueKind::Array(element) => DataType::List(item(data_type(element, decimal))),
        _ => DataType::Utf8,
    }
}

fn item(data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new("item", data_type, true))
}

impl ColumnBuilder {
    pub(super) fn new(kind: &ValueKind, decimal: Option<(u8, i8)>) -> Self {
        match kind {
            ValueKind::Bool => Self::Bool(BooleanBuilder::new()),
            ValueKind::Int2 => Self::Int2(Int16Builder::new()),
            ValueKind::Int4 => Self::Int4(Int32Builder::new()),
            ValueKind::Int8 => Self::Int8(Int64Builder::new()),
            ValueKind::Oid => Self::Oid(UInt32Builder::new()),
            ValueKind::Float4 => Self::Float4(Float32Builder::new()),
            ValueKind::Float8 => Self::Float8(Float64Builder::new()),
            ValueKind::Numeric => match decimal {
                Some((precision, scale)) => Self::Decimal(
                    Decimal128Builder::new().with_data_type(DataType::Decimal128(precision, scale)),
                    precision,
                    scale,
                ),
                None => Self::Text(StringBuilder::new()),
            },
            ValueKind::Bytes | ValueKind::Spatial => Self::Bytes(BinaryBuilder::new()),
            ValueKind::Uuid => Self::Uuid(FixedSizeBinaryBuilder::new(16)),
            ValueKind::Date => Self::Date(Date32Builder::new()),
            ValueKind::Time => Self::Time(Time64MicrosecondBuilder::new()),
            ValueKind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new()),
            ValueKind::TimestampTz => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            ValueKind::Vector => Self::list(&ValueKind::Float4, None),
            ValueKind::Array(element) => Self::list(element, decimal),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    fn list(element: &ValueKind, decimal: Option<(u8, i8)>) -> Self {
        Self::List {
            field: item(data_type(element, decimal)),
            element: Box::new(Self::new(element, decimal)),
            offsets: vec![0],
            valid: NullBufferBuilder::new(64),
        }
    }

    /// Adds a value. On an error nothing is added.
    pub(super) fn push(&mut self, value: &Value<'_>) -> Result<(), &'static str> {
        if let Self::List {
            element,
            offsets,
            valid,
            ..
        } = self
        {
            return push_list(element, offsets, valid, value);
        }
        if value.is_null() {
            self.push_null();
            return Ok(());
        }
        match (self, value) {
            (Self::Bool(builder), Value::Bool(value)) => builder.append_value(*value),
            (Self::Int2(builder), Value::Int(value)) => builder.append_value(narrow(*value)?),
            (Self::Int4(builder), Value::Int(value)) => builder.append_value(narrow(*value)?),
            (Self::Int8(builder), Value::Int(value)) => builder.append_value(*value),
            (Self::Oid(builder), Value::Int(value)) => builder.append_value(narrow(*value)?),
            (Self::Float4(builder), Value::Float4(value)) => builder.append_value(*value),
            (Self::Float8(builder), Value::Float8(value)) => builder.append_value(*value),
            (Self::Decimal(builder, precision, scale), Value::Numeric(value)) => {
                builder.append_value(decimal(value, *precision, *scale)?);
            }
            (Self::Text(builder), Value::Text(value) | Value::Json(value)) => {
                builder.append_value(value);
            }
            (Self::Text(builder), value) => {
                // Writing into the builder does not fail.
                let _ = write!(builder, "{value}");
                builder.append_value("");
            }
            (Self::Bytes(builder), Value::Bytes(value) | Value::Spatial(value)) => {
                builder.append_value(value);
            }
            (Self::Uuid(builder), Value::Uuid(value)) => {
                builder
                    .append_value(value)
                    .map_err(|_| "a UUID has 16 bytes")?;
            }
            (Self::Date(builder), Value::Date(value)) => {
                let days = value.unix_days().ok_or(INFINITE)?;
                builder.append_value(
                    i32::try_from(days).map_err(|_| "this day is beyond Arrow's days")?,
                );
            }
            (Self::Time(builder), Value::Time(value)) => match value.microseconds() {
                86_400_000_000 => return Err("Arrow has no time 24:00:00"),
                microseconds => builder.append_value(microseconds),
            },
            (Self::Timestamp(builder), Value::Timestamp(value) | Value::TimestampTz(value)) => {
                builder.append_value(microseconds(*value)?);
            }
            _ => return Err("the value is of another kind than its column"),
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match self {
            Self::Bool(builder) => builder.append_null(),
            Self::Int2(builder) => builder.append_null(),
            Self::Int4(builder) => builder.append_null(),
            Self::Int8(builder) => builder.append_null(),
            Self::Oid(builder) => builder.append_null(),
            Self::Float4(builder) => builder.append_null(),
            Self::Float8(builder) => builder.append_null(),
            Self::Decimal(builder, ..) => builder.append_null(),
            Self::Text(builder) => builder.append_null(),
            Self::Bytes(builder) => builder.append_null(),
            Self::Uuid(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::List { offsets, valid, .. } => {
                offsets.push(offsets.last().copied().unwrap_or(0));
                valid.append_null();
            }
        }
    }

    /// The values that have gathered; the builder is empty then.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, arrow_schema::ArrowError> {
        Ok(match self {
            Self::Bool(builder) => Arc::new(builder.finish()),
            Self::Int2(builder) => Arc::new(builder.finish()),
            Self::Int4(builder) => Arc::new(builder.finish()),
            Self::Int8(builder) => Arc::new(builder.finish()),
            Self::Oid(builder) => Arc::new(builder.finish()),
            Self::Float4(builder) => Arc::new(builder.finish()),
            Self::Float8(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, ..) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Bytes(builder) => Arc::new(builder.finish()),
            Self::Uuid(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::List {
                element,
                field,
                offsets,
                valid,
            } => {
                let offsets = std::mem::replace(offsets, vec![0]);
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                let nulls = valid.finish();
                Arc::new(ListArray::try_new(
                    Arc::clone(field),
                    offsets,
                    element.finish()?,
                    nulls,
                )?)
            }
        })
    }
}

fn push_list(
    element: &mut ColumnBuilder,
    offsets: &mut Vec<i32>,
    valid: &mut NullBufferBuilder,
    value: &Value<'_>,
) -> Result<(), &'static str> {
    let start = offsets.last().copied().unwrap_or(0);
    let length = match value {
        Value::Null => {
            offsets.push(start);
            valid.append_null();
            return Ok(());
        }
        Value::Array(array) if array.dimensions().len() <= 1 && array.begins_at_one() => {
            for value in array.elements() {
                element.push(value)?;
            }
            array.elements().len()
        }
        Value::Array(_) => {
            return Err(
                "an array of several dimensions, or whose index does not begin at 1, has no form in Arrow",
            );
        }
        Value::Vector(numbers) => {
            for number in numbers {
                element.push(&Value::Float4(*number))?;
            }
            numbers.len()
        }
        _ => return Err("the value is of another kind than its column"),
    };
    let end = i32::try_from(length)
        .ok()
        .and_then(|length| start.checked_add(length));
    offsets.push(end.ok_or("the arrays of a batch have too many elements")?);
    valid.append_non_null();
    Ok(())
}

const INFINITE: &str = "Arrow has no infinite days and times";

fn narrow<T: TryFrom<i64>>(value: i64) -> Result<T, &'static str> {
    T::try_from(value).map_err(|_| "the number is too large for its column")
}

fn microseconds(value: Timestamp) -> Result<i64, &'static str> {
    let microseconds = value.unix_microseconds().ok_or(INFINITE)?;
    i64::try_from(microseconds).map_err(|_| "this time is beyond Arrow's times")
}

fn decimal(value: &Numeric, precision: u8, scale: i8) -> Result<i128, &'static str> {
    const UNFIT: &str = "the number does not fit the precision and scale that were chosen";
    let (mantissa, has) = value.to_mantissa_and_scale().ok_or(UNFIT)?;
    let shift = i64::from(scale) - i64::from(has);
    let power = u32::try_from(shift.unsigned_abs())
        .ok()
        .and_then(|shift| 10_i128.checked_pow(shift))
        .ok_or(UNFIT)?;
    let unscaled = if shift >= 0 {
        mantissa.checked_mul(power).ok_or(UNFIT)?
    } else if mantissa % power == 0 {
        mantissa / power
    } else {
        return Err(UNFIT);
    };
    let most = 10_u128.pow(u32::from(precision.min(38)));
    if unscaled.unsigned_abs() < most {
        Ok(unscaled)
    } else {
        Err(UNFIT)
    }
}

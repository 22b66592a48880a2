//! Data types.

use super::super::span::Span;
use super::name::ObjectName;

/// A data type as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataType {
    /// The type, or that of an array's elements.
    pub base: BaseType,
    /// Whether it is an array.
    pub array: ArrayBounds,
    /// Where it was read.
    pub span: Span,
}

/// Whether a type is an array, and how that was written. Sizes are accepted and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArrayBounds {
    /// No array.
    None,
    /// `INT8[]` or `INT8[3]`.
    Brackets(Option<u32>),
    /// `INT8 ARRAY` or `INT8 ARRAY[3]`.
    Keyword(Option<u32>),
}

/// A type apart from array bounds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BaseType {
    /// A type by name: `int8`, `jsonb`, `public.currency`.
    Named(ObjectName),
    /// A type by its number: `@100`.
    ById(u32),
    /// A type that the grammar knows by keyword, and its length, precision or scale.
    Keyword {
        /// Which.
        keyword: TypeKeyword,
        /// What stands in parentheses: at most two numbers.
        modifiers: Vec<u32>,
        /// `WITH TIME ZONE` (true) or `WITHOUT TIME ZONE` (false) behind it.
        time_zone: Option<bool>,
    },
    /// `GEOMETRY(POINT, 4326)` or `GEOGRAPHY(..)`.
    Shape {
        /// Whether it is `GEOGRAPHY` rather than `GEOMETRY`.
        geography: bool,
        /// The kind of shape, in lower case.
        shape: Option<Box<str>>,
        /// The spatial reference system.
        srid: Option<i64>,
    },
    /// `INTERVAL`, with its fields or precision.
    Interval {
        /// `DAY TO SECOND`.
        fields: Option<IntervalField>,
        /// Digits of the seconds' fraction.
        precision: Option<u32>,
    },
}

/// A type that the grammar knows by keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TypeKeyword {
    /// `INT`: 64 bits wide on CockroachDB, 32 on PostgreSQL.
    Int,
    /// `INTEGER`, as `INT`.
    Integer,
    /// `SMALLINT`
    SmallInt,
    /// `BIGINT`
    BigInt,
    /// `REAL`
    Real,
    /// `FLOAT`
    Float,
    /// `DOUBLE PRECISION`
    DoublePrecision,
    /// `DECIMAL`
    Decimal,
    /// `DEC`
    Dec,
    /// `NUMERIC`
    Numeric,
    /// `BOOLEAN`
    Boolean,
    /// `BIT`
    Bit,
    /// `BIT VARYING`
    BitVarying,
    /// `VARBIT`
    VarBit,
    /// `CHAR`
    Char,
    /// `CHAR VARYING`
    CharVarying,
    /// `CHARACTER`
    Character,
    /// `CHARACTER VARYING`
    CharacterVarying,
    /// `VARCHAR`
    VarChar,
    /// `STRING`
    String,
    /// `TIME`
    Time,
    /// `TIMETZ`
    TimeTz,
    /// `TIMESTAMP`
    Timestamp,
    /// `TIMESTAMPTZ`
    TimestampTz,
    /// `BOX2D`
    Box2d,
    /// `VECTOR`
    Vector,
}

impl TypeKeyword {
    /// The type as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::Integer => "INTEGER",
            Self::SmallInt => "SMALLINT",
            Self::BigInt => "BIGINT",
            Self::Real => "REAL",
            Self::Float => "FLOAT",
            Self::DoublePrecision => "DOUBLE PRECISION",
            Self::Decimal => "DECIMAL",
            Self::Dec => "DEC",
            Self::Numeric => "NUMERIC",
            Self::Boolean => "BOOLEAN",
            Self::Bit => "BIT",
            Self::BitVarying => "BIT VARYING",
            Self::VarBit => "VARBIT",
            Self::Char => "CHAR",
            Self::CharVarying => "CHAR VARYING",
            Self::Character => "CHARACTER",
            Self::CharacterVarying => "CHARACTER VARYING",
            Self::VarChar => "VARCHAR",
            Self::String => "STRING",
            Self::Time => "TIME",
            Self::TimeTz => "TIMETZ",
            Self::Timestamp => "TIMESTAMP",
            Self::TimestampTz => "TIMESTAMPTZ",
            Self::Box2d => "BOX2D",
            Self::Vector => "VECTOR",
        }
    }
}

/// The fields that an interval keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IntervalField {
    /// `YEAR`
    Year,
    /// `MONTH`
    Month,
    /// `DAY`
    Day,
    /// `HOUR`
    Hour,
    /// `MINUTE`
    Minute,
    /// `SECOND` or `SECOND(3)`
    Second(Option<u32>),
    /// `YEAR TO MONTH`
    YearToMonth,
    /// `DAY TO HOUR`
    DayToHour,
    /// `DAY TO MINUTE`
    DayToMinute,
    /// `DAY TO SECOND`
    DayToSecond(Option<u32>),
    /// `HOUR TO MINUTE`
    HourToMinute,
    /// `HOUR TO SECOND`
    HourToSecond(Option<u32>),
    /// `MINUTE TO SECOND`
    MinuteToSecond(Option<u32>),
}

//! Data types.

use super::super::span::Span;
use super::name::ObjectName;

tree! {
    /// A data type as it was written.
    pub struct DataType: Shown + Visited {
        /// The type, or that of an array's elements.
        pub base: BaseType,
        /// Whether it is an array.
        pub array: ArrayBounds,
        /// Where it was read.
        pub span: Span,
    }

    /// Whether a type is an array, and how that was written. Sizes are accepted and mean nothing.
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum ArrayBounds {
        /// No array.
        None,
        /// `INT8[]` or `INT8[3]`.
        Brackets(Option<u32>),
        /// `INT8 ARRAY` or `INT8 ARRAY[3]`.
        Keyword(Option<u32>),
    }

    /// A type apart from array bounds.
    #[non_exhaustive]
    pub enum BaseType: Shown {
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

    /// The fields that an interval keeps.
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum IntervalField: Shown {
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
}

words! {
    /// A type that the grammar knows by keyword.
    #[non_exhaustive]
    pub enum TypeKeyword {
        /// is 64 bits wide on CockroachDB, 32 on PostgreSQL.
        Int = INT,
        /// is as `INT`.
        Integer = INTEGER,
        SmallInt = SMALLINT,
        BigInt = BIGINT,
        Real = REAL,
        Float = FLOAT,
        DoublePrecision = DOUBLE PRECISION,
        Decimal = DECIMAL,
        Dec = DEC,
        Numeric = NUMERIC,
        Boolean = BOOLEAN,
        Bit = BIT,
        BitVarying = BIT VARYING,
        VarBit = VARBIT,
        Char = CHAR,
        CharVarying = CHAR VARYING,
        Character = CHARACTER,
        CharacterVarying = CHARACTER VARYING,
        VarChar = VARCHAR,
        String = STRING,
        Time = TIME,
        TimeTz = TIMETZ,
        Timestamp = TIMESTAMP,
        TimestampTz = TIMESTAMPTZ,
        Box2d = BOX2D,
        Vector = VECTOR,
    }
}

use crdb_exec::Type;
use postgres_types::Kind;

/// The kind of a column's values, worked out once per column. The [crate's table](crate#types) says what each becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// BOOL.
    Bool,
    /// `"char"`, one byte (PostgreSQL) or one character (CockroachDB).
    Char,
    /// INT2.
    Int2,
    /// INT4.
    Int4,
    /// INT8.
    Int8,
    /// OID and the REG types.
    Oid,
    /// FLOAT4.
    Float4,
    /// FLOAT8.
    Float8,
    /// DECIMAL.
    Numeric,
    /// Types that are sent as their text.
    Text,
    /// Types that are sent as a version and their text: LTREE, JSONPATH.
    VersionedText,
    /// BYTES.
    Bytes,
    /// UUID.
    Uuid,
    /// DATE.
    Date,
    /// TIME.
    Time,
    /// TIMETZ.
    TimeTz,
    /// TIMESTAMP.
    Timestamp,
    /// TIMESTAMPTZ.
    TimestampTz,
    /// INTERVAL.
    Interval,
    /// INET and CIDR.
    Inet,
    /// BIT and VARBIT.
    Bits,
    /// JSON.
    Json,
    /// JSONB.
    Jsonb,
    /// GEOMETRY and GEOGRAPHY.
    Spatial,
    /// VECTOR.
    Vector,
    /// VOID, what a function without a result gives.
    Void,
    /// An array of this kind.
    Array(Box<Self>),
}

impl ValueKind {
    /// The kind of a type's values; `None` for a type without a mapping.
    #[must_use]
    pub fn of(type_: &Type) -> Option<Self> {
        Some(match *type_ {
            Type::BOOL => Self::Bool,
            Type::CHAR => Self::Char,
            Type::INT2 => Self::Int2,
            Type::INT4 => Self::Int4,
            Type::INT8 => Self::Int8,
            Type::OID
            | Type::REGCLASS
            | Type::REGTYPE
            | Type::REGPROC
            | Type::REGPROCEDURE
            | Type::REGNAMESPACE
            | Type::REGROLE => Self::Oid,
            Type::FLOAT4 => Self::Float4,
            Type::FLOAT8 => Self::Float8,
            Type::NUMERIC => Self::Numeric,
            Type::TEXT
            | Type::VARCHAR
            | Type::BPCHAR
            | Type::NAME
            | Type::UNKNOWN
            | Type::REFCURSOR => Self::Text,
            Type::BYTEA => Self::Bytes,
            Type::UUID => Self::Uuid,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::TIMETZ => Self::TimeTz,
            Type::TIMESTAMP => Self::Timestamp,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            Type::INTERVAL => Self::Interval,
            Type::INET | Type::CIDR => Self::Inet,
            Type::BIT | Type::VARBIT => Self::Bits,
            Type::JSON => Self::Json,
            Type::JSONB => Self::Jsonb,
            Type::VOID => Self::Void,
            _ => return Self::of_other(type_),
        })
    }

    fn of_other(type_: &Type) -> Option<Self> {
        match type_.kind() {
            Kind::Enum(_) => Some(Self::Text),
            Kind::Domain(inner) => Self::of(inner),
            Kind::Array(element) => Some(Self::Array(Box::new(Self::of(element)?))),
            _ => match type_.name() {
                "citext" => Some(Self::Text),
                "ltree" | "lquery" | "jsonpath" => Some(Self::VersionedText),
                "geometry" | "geography" => Some(Self::Spatial),
                "vector" => Some(Self::Vector),
                _ => None,
            },
        }
    }
}

//! How a type says that it holds every value of an SQL type.
//!
//! [`FromSql`] has no question for this. `accepts` is the only one that reaches the innermost type through `Option`,
//! `Vec` and derived structs, so it is asked with a *probe*: a type of this crate's own that stands for "every value of
//! NUMERIC". A type that does not know the probes answers no, and is then given only values that survive in the types of
//! the field.

use std::ops::Deref;
use std::sync::LazyLock;

use bytes::BytesMut;
use postgres_types::{Format, FromSql, IsNull, Kind, ToSql, Type};

use super::BoxError;

/// The schema of all probes. No server has it.
const SCHEMA: &str = "crdb_exec holds all";

/// The SQL types with values that types of the field lose, and their probes.
static PROBES: LazyLock<[(Type, Type); 8]> = LazyLock::new(|| {
    [
        Type::NUMERIC,
        Type::INET,
        Type::TIME,
        Type::TIMESTAMP,
        Type::TIMESTAMPTZ,
        Type::JSON,
        Type::JSONB,
        Type::PATH,
    ]
    .map(|of| {
        let name = format!("every {}", of.name());
        let probe = Type::new(name, 0, Kind::Simple, SCHEMA.to_owned());
        (of, probe)
    })
});

/// Asks whether the bounds of an array are kept.
static BOUNDS: LazyLock<Type> = LazyLock::new(|| {
    Type::new(
        "array bounds".to_owned(),
        0,
        Kind::Simple,
        SCHEMA.to_owned(),
    )
});

/// The probe for an SQL type; `None` where no type of the field loses a value.
pub(super) fn probe(of: &Type) -> Option<&'static Type> {
    PROBES
        .iter()
        .find(|(known, _)| known == of)
        .map(|(_, probe)| probe)
}

/// The probe for the bounds of arrays.
pub(super) fn bounds() -> &'static Type {
    &BOUNDS
}

/// Whether `sql_type` is `of`, for types that hold every value of `of`.
///
/// [`Row::get`](crate::Row::get) refuses values that a type may not be able to hold: a NUMERIC beyond 96 bits, an INET with
/// a network, `24:00:00`. A type of your own that does hold them says so by using this function in
/// [`accepts`](FromSql::accepts); [`Exact`] says it for a type of another crate.
///
/// ```
/// use crdb_exec::{FromSql, Numeric, Type, holds_all};
///
/// struct Money(Numeric);
///
/// impl<'a> FromSql<'a> for Money {
///     fn from_sql(
///         sql_type: &Type,
///         raw: &'a [u8],
///     ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
///         Numeric::from_sql(sql_type, raw).map(Self)
///     }
///
///     fn accepts(sql_type: &Type) -> bool {
///         holds_all(sql_type, &Type::NUMERIC)
///     }
/// }
/// ```
#[must_use]
pub fn holds_all(sql_type: &Type, of: &Type) -> bool {
    sql_type == of || (sql_type.schema() == SCHEMA && probe(of) == Some(sql_type))
}

/// A value of a type of another crate that holds every value of its SQL type, on the caller's word.
///
/// [`Row::get`](crate::Row::get) knows which types of this crate hold everything. It takes all others to lose what types of
/// the field lose, and refuses such values for them. Read a type that is better than that as `Exact`:
///
/// ```
/// # use crdb_exec::{Error, Exact, Row};
/// // `serde_json` with its feature `arbitrary_precision` keeps every number.
/// fn document(row: &impl Row) -> Result<String, Error> {
///     let Exact(value) = row.get::<Exact<String>>("document")?;
///     Ok(value)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exact<T>(pub T);

impl<T> Deref for Exact<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: FromSql<'a>> FromSql<'a> for Exact<T> {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        T::from_sql(sql_type, raw).map(Self)
    }

    fn from_sql_null(sql_type: &Type) -> Result<Self, BoxError> {
        T::from_sql_null(sql_type).map(Self)
    }

    fn accepts(sql_type: &Type) -> bool {
        *sql_type == *BOUNDS || T::accepts(&probed(sql_type))
    }
}

impl<T: ToSql> ToSql for Exact<T> {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.0.to_sql(sql_type, out)
    }

    fn accepts(sql_type: &Type) -> bool {
        T::accepts(sql_type)
    }

    fn to_sql_checked(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        self.0.to_sql_checked(sql_type, out)
    }

    fn encode_format(&self, sql_type: &Type) -> Format {
        self.0.encode_format(sql_type)
    }
}

/// The type that a probe asks about, also inside arrays; other types as they are.
fn probed(sql_type: &Type) -> Type {
    if let Kind::Array(member) = sql_type.kind() {
        let asked = probed(member);
        if asked != *member {
            return array_of(asked);
        }
    }
    PROBES
        .iter()
        .find(|(_, probe)| probe == sql_type)
        .map_or_else(|| sql_type.clone(), |(of, _)| of.clone())
}

/// An array type that is only ever asked about.
pub(super) fn array_of(member: Type) -> Type {
    let name = format!("_{}", member.name());
    Type::new(name, 0, Kind::Array(member), SCHEMA.to_owned())
}

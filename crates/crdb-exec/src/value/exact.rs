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
use super::check_time;

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

/// A value that arrives as it is, or not at all: for a type of another crate that holds every value of its SQL type, on the
/// caller's word, and for parameters that must not lose a digit.
///
/// # Reading
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
///
/// # Writing
/// Times of `std`, chrono, time and jiff have nanoseconds, those of the servers microseconds. What is finer is cut off without
/// a word (jiff rounds it), a leap second of chrono becomes the second after it, and `postgres_types::Json` makes `null` of a
/// float that is not a number. A parameter that is passed as `Exact` is read again from what is sent of it, and is refused
/// where another value comes out:
///
/// ```
/// # use std::time::{Duration, UNIX_EPOCH};
/// # use crdb_exec::{BytesMut, Exact, ToSql, Type};
/// let mut sent = BytesMut::new();
/// let time = UNIX_EPOCH + Duration::from_micros(1);
/// assert!(Exact(time).to_sql(&Type::TIMESTAMPTZ, &mut sent).is_ok());
/// let finer = time + Duration::from_nanos(1);
/// assert!(Exact(finer).to_sql(&Type::TIMESTAMPTZ, &mut sent).is_err());
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

impl<T> ToSql for Exact<T>
where
    T: ToSql + PartialEq + for<'a> FromSql<'a>,
{
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        check_time(&self.0, sql_type)?;
        let start = out.len();
        let null = self.0.to_sql(sql_type, out)?;
        self.compare(sql_type, &null, out.get(start..).unwrap_or_default())?;
        Ok(null)
    }

    fn accepts(sql_type: &Type) -> bool {
        <T as ToSql>::accepts(sql_type)
    }

    fn to_sql_checked(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        check_time(&self.0, sql_type)?;
        let start = out.len();
        let null = self.0.to_sql_checked(sql_type, out)?;
        self.compare(sql_type, &null, out.get(start..).unwrap_or_default())?;
        Ok(null)
    }

    fn encode_format(&self, sql_type: &Type) -> Format {
        self.0.encode_format(sql_type)
    }
}

impl<T> Exact<T>
where
    T: ToSql + PartialEq + for<'a> FromSql<'a>,
{
    /// Refuses a value of which another one comes out when it is read again from what is sent.
    fn compare(&self, sql_type: &Type, null: &IsNull, sent: &[u8]) -> Result<(), BoxError> {
        const CHANGED: &str = "what is sent of it is another value, such as a time without its nanoseconds: round it first";

        let Format::Binary = self.0.encode_format(sql_type) else {
            return Err("it is sent as text, which is not compared: pass it without Exact".into());
        };
        if let IsNull::Yes = null {
            return Ok(());
        }
        let read = T::from_sql(sql_type, sent).map_err(|_| CHANGED)?;
        // NaN, which is no value's equal, comes out as NaN.
        #[allow(clippy::eq_op, reason = "asks whether the value equals anything")]
        match read == self.0 || (read != read && self.0 != self.0) {
            true => Ok(()),
            false => Err(CHANGED.into()),
        }
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

//! From what `tokio_postgres` says to facts about a fault.

use crate::answer::Written;
use crate::fault::{Fault, ServerError};
use crate::sqlstate::SqlState;
use crate::value::{below_domains, check_time};
use bytes::BytesMut;
use postgres_types::{Format, IsNull, Kind, ToSql, Type, WrongType};
use std::error::Error as StdError;
use std::sync::{Mutex, PoisonError};
use tokio_postgres::error::ErrorPosition;

/// A fault of a request that had been handed to the client.
pub(super) fn fault(error: tokio_postgres::Error) -> Fault {
    match server_error(&error) {
        Some(server) => Fault::server(server),
        // The client does not say whether the request had left.
        None => Fault::lost(Written::Wholly, error),
    }
}

/// A fault of preparing: whatever happened, the statement itself was not sent.
pub(super) fn prepare_fault(error: tokio_postgres::Error) -> Fault {
    match server_error(&error) {
        Some(server) => Fault::server(server).with_before_execution(),
        None => Fault::lost(Written::Not, error),
    }
}

pub(super) fn server_error(error: &tokio_postgres::Error) -> Option<ServerError> {
    let db = error.as_db_error()?;
    // A server that sends no proper SQLSTATE is not understood, as if it had not answered.
    let state = SqlState::new(db.code().code())?;
    let told = ServerError::new(state, db.message()).with_fields(
        db.detail(),
        db.hint(),
        db.constraint(),
        db.table(),
        db.column(),
    );
    let position = match db.position() {
        Some(ErrorPosition::Original(position)) => Some(*position),
        _ => None,
    };
    Some(told.with_position(position))
}

/// The first parameter that could not be converted.
#[derive(Debug, Default)]
pub(super) struct FirstRefused(Mutex<Option<Refused>>);

#[derive(Debug)]
struct Refused {
    index: usize,
    type_: Type,
    source: Box<dyn StdError + Sync + Send>,
}

impl FirstRefused {
    /// The refusal of the request, if a parameter could not be converted.
    pub(super) fn take(&self) -> Option<Fault> {
        let refused = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()?;
        Some(Fault::refused_parameter(
            refused.index,
            &refused.type_,
            refused.source,
        ))
    }
}

/// Writes a value; for a domain, or an array of one, as for what is below it.
fn write(
    value: &(dyn ToSql + Sync),
    type_: &Type,
    out: &mut BytesMut,
) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
    check_time(value, type_)?;
    let start = out.len();
    let refused = match value.to_sql_checked(type_, out) {
        Err(error) if error.is::<WrongType>() => error,
        done => return done,
    };
    let Some(below) = below_domains(type_) else {
        return Err(refused);
    };
    out.truncate(start);
    let null = write(value, &below, out)?;
    if let Kind::Array(member) = type_.kind() {
        // An array names the type of its elements, behind its dimensions and the mark of NULL.
        let named = out.get_mut(start..).and_then(|array| array.get_mut(8..12));
        if let Some(named) = named {
            named.copy_from_slice(&member.oid().to_be_bytes());
        }
    }
    Ok(null)
}

/// A parameter that says when it could not be converted. `tokio_postgres` stops before it sends anything then, but does not
/// let its error be distinguished from others except by its text.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    value: &'a (dyn ToSql + Sync),
    index: usize,
    refused: &'a FirstRefused,
}

impl<'a> Parameter<'a> {
    pub(super) fn all(
        values: &'a [&'a (dyn ToSql + Sync)],
        refused: &'a FirstRefused,
    ) -> impl ExactSizeIterator<Item = Self> + Send {
        values.iter().enumerate().map(move |(index, value)| Self {
            value: *value,
            index,
            refused,
        })
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        type_: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql_checked(type_, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        type_: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        write(self.value, type_, out).map_err(|source| {
            let refused = Refused {
                index: self.index,
                type_: type_.clone(),
                source,
            };
            self.refused
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(refused);
            "a parameter does not convert".into()
        })
    }

    fn encode_format(&self, type_: &Type) -> Format {
        self.value.encode_format(type_)
    }
}

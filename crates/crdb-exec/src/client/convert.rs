//! From what `tokio_postgres` says to facts about a fault.

use crate::fault::{Fault, ServerError};
use crate::sqlstate::SqlState;
use bytes::BytesMut;
use postgres_types::{Format, IsNull, ToSql, Type};
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};

/// A fault of a request that had been handed to the client.
pub(super) fn fault(error: tokio_postgres::Error) -> Fault {
    match server_error(&error) {
        Some(server) => Fault::server(server),
        None => Fault::unanswered(error),
    }
}

/// A fault of preparing: whatever happened, the statement itself was not sent.
pub(super) fn prepare_fault(error: tokio_postgres::Error) -> Fault {
    match server_error(&error) {
        Some(server) => Fault::server(server),
        None => Fault::not_written(error),
    }
}

fn server_error(error: &tokio_postgres::Error) -> Option<ServerError> {
    let db = error.as_db_error()?;
    // A server that sends no proper SQLSTATE is not understood, as if it had not answered.
    let state = SqlState::new(db.code().code())?;
    Some(ServerError::new(state, db.message()).with_fields(
        db.detail(),
        db.hint(),
        db.constraint(),
        db.table(),
        db.column(),
    ))
}

/// A parameter that remembers whether it could not be converted. `tokio_postgres` stops before it sends anything then,
/// but does not let its error be told from others except by its text.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    value: &'a (dyn ToSql + Sync),
    failed: &'a AtomicBool,
}

impl<'a> Parameter<'a> {
    pub(super) fn all(
        values: &'a [&'a (dyn ToSql + Sync)],
        failed: &'a AtomicBool,
    ) -> impl ExactSizeIterator<Item = Self> + Send {
        values.iter().map(move |value| Self {
            value: *value,
            failed,
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
        let result = self.value.to_sql_checked(type_, out);
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }

    fn encode_format(&self, type_: &Type) -> Format {
        self.value.encode_format(type_)
    }
}

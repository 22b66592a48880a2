//! A connection to CockroachDB and PostgreSQL on which every request carries its own answer.
//!
//! An [`Answer`] says how far its request was written, which command tags and which error came for it, and the
//! transaction status that closed it. Whether a statement took effect is a function of its answer alone.

mod answer;
mod copy;
mod footprint;
mod server_error;

pub use answer::{Answer, End, Written};
pub use copy::{
    CopiedRow, CopyFormat, CopyRow, CopyValue, DecodeError, EncodeError, Encoded, Field,
    RowDecoder, RowEncoder, RowWriter, Sql, Text, ValueError,
};
pub use crdb_auth::{CommandTag, Engine, TransactionStatus};
pub use footprint::{Footprint, Leaves, Reason, TransactionEffect};
pub use server_error::ServerError;

/// The README's examples, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

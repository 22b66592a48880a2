//! A connection to CockroachDB and PostgreSQL on which every request carries its own answer.
//!
//! An [`Answer`] says how far its request was written, which command tags and which error came for it, and the
//! transaction status that closed it. Whether a statement took effect is a function of its answer alone.

mod answer;
mod batch;
mod config;
mod connection;
mod copy;
mod error;
mod far_time;
mod footprint;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod lane;
mod loan;
mod observer;
mod parameters;
mod protocol;
mod request;
mod row;
mod row_stream;
mod server_error;
mod session;
mod statement;
mod types;

pub use answer::{Answer, End, Written};
pub use batch::{Batch, BatchAnswer, StatementAnswer};
pub use config::Config;
pub use copy::{
    CopiedRow, CopyFormat, CopyIn, CopyInBytes, CopyOut, CopyOutRows, CopyRow, CopyValue,
    DecodeError, EncodeError, Encoded, Field, RowDecoder, RowEncoder, RowWriter, Sql, Text,
    ValueError,
};
pub use crdb_auth::{CommandTag, Engine, TransactionStatus, Version};
pub use error::{Error, ErrorKind};
pub use footprint::{Footprint, Leaves, Reason, TransactionEffect};
pub use lane::{LaneConfig, LaneSource, LaneStatus, Lanes};
pub use loan::{Cleanliness, DirtyReason};
pub use observer::{
    BatchBegin, BatchEnd, CopyBegin, CopyDirection, CopyEnd, Ended, Failure, FanOut, Notification,
    Observer, Outcome, PartialObserver, Token,
};
pub use request::Request;
pub use row::{Column, ColumnIndex, Row};
pub use row_stream::{RowStream, Rows};
pub use server_error::ServerError;
pub use session::{Cancel, CancelFuture, CancelHandle, Remote, Renewal, Session};

/// The values of a statement's parameters, `$1` first.
pub type Parameters<'a> = &'a [&'a (dyn postgres_types::ToSql + Sync)];

/// The README's examples, compiled and run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

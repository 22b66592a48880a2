//! What most services use: `use crdb_facade::prelude::*;`.

pub use crate::config::Config;
pub use crate::{
    Database, Error, ErrorKind, FromRow, Querier, Query, Row, Transaction, TransactionOptions,
    Verdict,
};

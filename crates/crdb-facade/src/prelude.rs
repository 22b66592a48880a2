//! What most services use: `use crdb_facade::prelude::*;`.

pub use crate::config::Config;
pub use crate::{
    Database, Error, ErrorKind, FromRow, Querier, Query, Row, Transaction, TransactionOptions,
    Verdict, embed_sql,
};

#[cfg(feature = "migrate")]
pub use crdb_migrate::Migrations;
#[cfg(feature = "decimal")]
pub use rust_decimal::Decimal;
#[cfg(feature = "uuid")]
pub use uuid::Uuid;

//! CockroachDB from one configuration: login, pool, SQL files, transactions and metrics.
//!
//! ```no_run
//! use crdb_facade::prelude::*;
//!
//! # async fn example() -> Result<(), Error> {
//! let db = Database::connect("postgresql://app@db1,db2,db3/bank").await?;
//!
//! // sql/queries/accounts.sql has `-- name: get :one`
//! let row = db.query("accounts.get").bind("id", 1_i64).fetch_one().await?;
//! let balance: i64 = row.get("balance")?;
//!
//! // Run again on serialization failures; committed at most once.
//! db.transact(async |tx| {
//!     tx.query("accounts.debit").bind("id", 1_i64).bind("cents", balance).execute().await?;
//!     tx.query("accounts.credit").bind("id", 2_i64).bind("cents", balance).execute().await?;
//!     Ok(())
//! })
//! .await?;
//! println!("{}", db.metrics().render());
//! # Ok(())
//! # }
//! ```
//!
//! [`Config::load`] reads `crdb.yaml`, or the file that `CRDB_CONFIG` names, and then `CRDB_*` variables. This crate joins the
//! layers and adds nothing of its own but the configuration; a team that wants one layer depends on that layer.
//!
//! # Guarantees
//! - Every mistake of the configuration is reported at once, with its key, its place and what was expected.
//! - Secrets are printed nowhere.
//! - Every error has a [kind](Error::kind), a message that is complete by itself, and the layer's own error as its source.
//! - Everything that waits has a deadline, which the configuration sets.
//!
//! # Features
//! | feature | what |
//! | --- | --- |
//! | `toml` | a configuration file of TOML; one of YAML needs no feature |
//! | `kerberos` | login by Kerberos; needs the library of MIT krb5 or Heimdal, its headers, and libclang |
//! | `migrate` | [`Database`]`::migrate`, and `crdb_migrate` over this crate's sessions |
//! | `migrate-lints` | lints of migrations, and `Migrator::queries`: queries that migrations must not break |
//! | `endpoint` | `/metrics`, `/health` and `/ready` over HTTP, where `observe.endpoint.listen` asks for it; [`Database`]`::readiness` |
//! | `profile` | which queries cost most and where their time goes, where `observe.profile` asks for it |
//! | `log` | a line for each thing that an operator should read, where `observe.log.format` asks for it |
//! | `otlp` | traces, metrics and logs to a collector, where `observe.otlp.endpoint` asks for it |
//! | `cache` | `Database::cached`: answers from memory for queries that say how old they may be; with `data` also `Database::follow_changes`, which keeps them as long as nothing changes |
//! | `data` | `crdb_data`, reached through its re-export, with load and export over this crate's sessions |
//! | `arrow`, `parquet`, `table` | these formats of `data` |
//! | `snappy`, `gzip`, `lz4`, `zstd` | these compressions of Parquet; the last two of Arrow, too |
//! | `audit`, `opentelemetry` | the features of [`crdb_observe`] of these names, reached through its re-export |
//! | `object-store` | exports of `data` to object stores |
//! | `chrono`, `uuid`, `decimal`, `json` | the types of chrono, uuid, rust_decimal and serde_json as parameters and columns; the crates are re-exported |
//! | `serde` | serde re-exported, and its traits for the types above: `-- derive: crdb_facade::serde::Serialize` |
//! | `tokio-postgres` | the feature of [`crdb_auth`] of this name, reached through its re-export: a `tokio_postgres::Client` on a login |
//! | `parser`, `checks`, `templates`, `codegen` | the features of [`crdb_sql`] of these names, reached through its re-export |
//!
//! # Modules in reading order
//! [`prelude`], [`config`]; `database`, `transaction`, `querier`, `query`, `queries` (what callers use); `builder`, `loading`, `layers`, `observing` (how it
//! is wired); `session`, `connector`, `source`, `adapted` (the newtypes that join the layers); `error`.

mod adapted;
mod builder;
#[cfg(feature = "cache")]
mod cached;
pub mod config;
mod connector;
mod database;
mod error;
#[cfg(all(feature = "cache", feature = "data"))]
mod following;
mod lanes;
mod layers;
mod loading;
#[cfg(feature = "migrate")]
mod migration;
mod observing;
pub mod prelude;
mod querier;
mod queries;
mod query;
#[cfg(feature = "endpoint")]
mod readiness;
mod session;
mod source;
mod transaction;

pub use builder::DatabaseBuilder;
#[cfg(feature = "cache")]
pub use cached::{CachedDatabase, CachedStream, CachedTransaction};
pub use config::Config;
pub use connector::{ConnectError, Connector};
pub use database::Database;
pub use error::{Error, ErrorKind};
#[cfg(all(feature = "cache", feature = "data"))]
pub use following::Changefeed;
pub use querier::Querier;
pub use query::Query;
pub use session::{Session, SessionRow};
pub use source::{Lease, Source};
pub use transaction::Transaction;

pub use crdb_exec::from_row::FromRow;
pub use crdb_exec::{ExecutorExt, Row, TransactionOptions, Verdict};
/// Reads rows into a struct: see the trait [`FromRow`](trait@FromRow).
pub use crdb_macros::FacadeFromRow as FromRow;

/// The SQL files below a directory of the package, in the program, as a `&[(&str, &str)]` of names and texts: what
/// `Migrations::from_embedded` and [`Repository::from_embedded`](crdb_sql::Repository::from_embedded) take. Nothing has to lie beside the
/// program then.
///
/// The directory stands from the one of the package's `Cargo.toml`. A file that changes is seen by cargo. One that is added or removed is
/// seen where the package has a `build.rs` with `println!("cargo::rerun-if-changed=sql/migrations");`.
///
/// ```rs
/// db.migrate(Migrations::from_embedded(embed_sql!("sql/migrations"))?).await?;
/// ```
pub use crdb_macros::embed_sql;

// The layers, for what is reached through them.
pub use {
    crdb_auth as auth, crdb_exec as exec, crdb_observe as observe, crdb_pool as pool,
    crdb_sql as sql, crdb_wire as wire,
};

#[cfg(feature = "cache")]
pub use crdb_cache as cache;
#[cfg(feature = "data")]
pub use crdb_data as data;
// Crates whose types are parameters and columns. Code that `crdb codegen --facade` writes reaches them here.
#[cfg(feature = "chrono")]
pub use chrono;
#[cfg(feature = "decimal")]
pub use rust_decimal;
#[cfg(feature = "serde")]
pub use serde;
#[cfg(feature = "json")]
pub use serde_json;
#[cfg(feature = "uuid")]
pub use uuid;

#[cfg(feature = "migrate")]
pub use crdb_migrate as migrate;

/// Where this crate's own events go.
const TARGET: &str = "crdb::facade";

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! CockroachDB from one configuration: login, pool, SQL files, transactions and metrics.
//!
//! This crate joins the layers and adds nothing of its own but the configuration. Whoever wants one layer uses
//! that layer; everything that a layer can do is reachable from here.
//!
//! ```no_run
//! use crdb_facade::{Config, Database, Error, QueryTransaction, Row};
//!
//! # async fn example() -> Result<(), Error> {
//! // crdb.yaml or what CRDB_CONFIG names, then CRDB_* variables.
//! let db = Database::open(Config::load()?).await?;
//!
//! // sql/queries/accounts.sql has `-- name: get :one`
//! let row = db.query("accounts.get").bind("id", &1_i64).fetch_one().await?;
//! let balance: i64 = row.get("balance")?;
//!
//! // Run again on serialization failures; committed at most once.
//! db.transact(async |tx| -> Result<(), Error> {
//!     tx.query("accounts.debit").bind("id", &1_i64).bind("cents", &balance).execute().await?;
//!     tx.query("accounts.credit").bind("id", &2_i64).bind("cents", &balance).execute().await?;
//!     Ok(())
//! })
//! .await?;
//! println!("{}", db.metrics().render());
//! # Ok(())
//! # }
//! ```
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
//! | `kerberos` | login by Kerberos; needs the library of MIT krb5 or Heimdal, its headers, and libclang |
//! | `parser`, `templates`, `codegen` | the features of [`crdb_sql`] of these names, reached through its re-export |
//!
//! # Modules in reading order
//! [`config`]; `database`, `query`, `queries` (what callers use); `builder`, `materials` (how it is wired); `session`, `connector`,
//! `source` (the newtypes that join the layers); `error`.

mod builder;
pub mod config;
mod connector;
mod database;
mod error;
mod materials;
mod queries;
mod query;
mod session;
mod source;

pub use builder::DatabaseBuilder;
pub use config::Config;
pub use connector::{ConnectError, Connector};
pub use database::{Database, Transaction};
pub use error::{Error, ErrorKind};
pub use query::{Query, QueryTransaction};
pub use session::{Session, SessionRow};
pub use source::{Lease, Source};

pub use crdb_exec::{ExecutorExt, Row, TransactionOptions, Verdict};

// The layers, for what is reached through them.
pub use {
    crdb_auth as auth, crdb_exec as exec, crdb_observe as observe, crdb_pool as pool,
    crdb_sql as sql, crdb_wire as wire,
};

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! SQL files as named, checked queries for CockroachDB and PostgreSQL.
//!
//! Teams keep SQL in reviewed files. This crate makes those files an interface: found by name, checked before anything
//! runs. It opens no connection, knows no driver and no runtime; it reads files and text.
//!
//! ```
//! use crdb_sql::{Cardinality, Repository, Retry};
//!
//! let repository = Repository::from_embedded(&[(
//!     "accounts/read.sql",
//!     "-- name: get_account :one
//!      -- The account with this id, of any owner.
//!      -- param id: UUID
//!      -- retry: safe
//!      -- timeout: 2s
//!      SELECT id, owner, balance FROM accounts WHERE id = :id;",
//! )])?;
//! let query = repository.get("accounts.get_account")?;
//! assert_eq!(query.text(), "SELECT id, owner, balance FROM accounts WHERE id = $1");
//! assert_eq!(query.cardinality(), Cardinality::One);
//! assert_eq!(query.retry(), Retry::Safe);
//! assert_eq!(query.arrange(&[("id", "d1e2")])?, ["d1e2"]);
//!
//! let error = repository.get("accounts.get_acount").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "there is no query `accounts.get_acount`; did you mean `accounts.get_account`?"
//! );
//! # Ok::<(), crdb_sql::Error>(())
//! ```
//!
//! # Guarantees
//!
//! - No input panics or recurses without bound.
//! - All problems of a tree are reported in one go, each with file, line, column and the offending text.
//! - Loading a directory and embedding it give the same repository.
//!
//! # Modules, in reading order
//!
//! [`token`] splits text, [`Repository`] makes queries of it, [`Query`] is what callers use, [`Problem`] is what they
//! are told.

// The macros of the dialect read a rule token by token.
#![recursion_limit = "512"]

#[cfg(feature = "checks")]
mod check;
#[cfg(feature = "codegen")]
pub mod codegen;
#[cfg(feature = "parser")]
pub mod dialect;
mod error;
mod header;
#[cfg(feature = "checks")]
mod lint;
mod name;
mod placeholder;
mod problem;
mod query;
mod repository;
#[cfg(feature = "checks")]
mod resolve;
#[cfg(feature = "checks")]
pub mod reuse;
#[cfg(feature = "checks")]
pub mod schema;
mod source;
#[cfg(feature = "templates")]
pub mod template;
mod text;
pub mod token;

#[cfg(feature = "checks")]
pub use check::{StatementVerdict, Verdict, check, check_statements};
pub use error::{Error, ErrorKind};
pub use header::{Choice, Shape, parse_duration};
#[cfg(feature = "checks")]
pub use lint::{lint, lint_query};
pub use problem::{Code, Problem, Problems, Severity};
pub use query::{
    CacheRule, Cardinality, Column, ContentHash, Nullability, Parameter, Query, Retry, Staleness,
    Verify,
};
pub use repository::{Changes, Layout, ReloadingRepository, Repository, write_embedded};

#[cfg(feature = "templates")]
pub use template::{Argument, Rendered, Template};
pub use text::StatementText;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

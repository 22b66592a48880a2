//! The program `crdb`: CockroachDB and PostgreSQL from a command line, with exit codes that say what is certain.
//!
//! ```
//! use crdb_cli::table;
//!
//! let rows = vec![["n1".to_owned(), "12".to_owned()], ["n2".to_owned(), "7".to_owned()]];
//! println!("{}", table(["node", "sessions"], rows));
//! ```
//!
//! The library is what the program is made of, for programs that have some of the same commands. It changes with them: use the
//! program, and depend on the library only at an exact version.
//!
//! # Features
//! | feature | what |
//! | --- | --- |
//! | `program` (default) | the program, and each of its commands as a module |
//! | `engine` (default) | servers that are found or started: to develop against, and to ask about statements |
//! | `parquet` | rows as Arrow and Parquet |
//! | `kerberos` | login by Kerberos; needs the library of MIT krb5 or Heimdal, its headers, and libclang |
//!
//! # Modules in reading order
//! `cli` (the command line), `exit` (what a run comes to), `secrets`; `connection`, `guard` (which database, and what may be done with it);
//! `new`, `dev`, `query`, `script`, `doctor`, `config`, `migrate`, `load`, `export`, `verify`, `sql_check`, `codegen`, `shell`, `top`, `profile`, `why`, `audit`, `complete` (the commands); `parameter`, `rows`, `endpoint`, `every`, `progress`, `terminal`, `table`, `output`, `child`, `prepare` (what they share).
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its terminal"
)]

#[cfg(feature = "program")]
mod audit;
mod child;
#[cfg(feature = "program")]
mod cli;
pub mod codegen;
#[cfg(feature = "program")]
mod complete;
#[cfg(feature = "program")]
mod config;
mod connection;
pub mod dev;
pub mod doctor;
#[cfg(feature = "program")]
mod endpoint;
#[cfg(feature = "program")]
mod every;
mod exit;
#[cfg(feature = "program")]
mod export;
#[cfg(feature = "program")]
mod guard;
#[cfg(feature = "program")]
mod load;
pub mod migrate;
#[cfg(feature = "program")]
mod new;
mod output;
#[cfg(feature = "program")]
mod parameter;
#[cfg(feature = "engine")]
mod prepare;
#[cfg(feature = "program")]
mod profile;
#[cfg(feature = "program")]
mod progress;
#[cfg(feature = "program")]
mod query;
#[cfg(feature = "program")]
mod rows;
#[cfg(feature = "program")]
mod script;
#[cfg(feature = "program")]
mod secrets;
#[cfg(feature = "program")]
mod shell;
pub mod sql_check;
mod table;
#[cfg(feature = "program")]
mod terminal;
#[cfg(feature = "program")]
mod top;
#[cfg(feature = "program")]
mod verify;
#[cfg(feature = "program")]
mod why;

#[cfg(feature = "program")]
pub use cli::{Cli, main};
pub use connection::Connection;
pub use exit::{Exit, Usage};
pub use output::end_quietly_without_a_reader;
pub use table::table;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

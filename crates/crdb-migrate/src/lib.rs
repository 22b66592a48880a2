//! Schema changes for CockroachDB and PostgreSQL that resume where they were cut off and never run twice.
//!
//! ```no_run
//! use crdb_exec::{PooledExecutor, SessionSource};
//! use crdb_migrate::{Error, Migrations, Migrator};
//!
//! async fn migrate<S: SessionSource>(db: PooledExecutor<S>) -> Result<(), Error> {
//!     let migrator = Migrator::new(db, Migrations::load("migrations")?);
//!     for step in migrator.plan().await?.steps() {
//!         println!("{} ({}): {}", step.version(), step.execution().as_str(), step.text());
//!     }
//!     let report = migrator.up().await?;
//!     println!("applied {:?}", report.versions());
//!     Ok(())
//! }
//! ```
//!
//! # Guarantees
//! - Each statement takes effect exactly once, whenever and wherever a runner is killed, cut off or stopped.
//! - One runner works at a time. One that has lost its lease commits nothing.
//! - What cannot be seen is an error that says what to do, and is never run again by guess.
//! - Every mistake in files is reported at once, before anything runs.
//!
//! [`guide`] shows a rename without downtime.

mod baseline;
mod code;
mod drift;
mod error;
mod fence;
mod file;
pub mod guide;
mod journal;
mod lease;
#[cfg(feature = "lints")]
mod lint;
mod look;
mod migrator;
mod observer;
mod options;
mod plan;
mod problem;
mod rehearsal;
mod repair;
mod report;
mod runner;
mod squash;
mod statement;
mod tables;

pub use baseline::{Foreign, ForeignMigration, Tool};
pub use code::{BoxFuture, CodeError, CodeMigration, Next};
pub use drift::{Difference, Drift};
pub use error::{Error, ErrorKind};
pub use file::{Checksum, Direction, Header, Migration, Migrations, Script, TransactionMode};
pub use journal::{MigrationState, StepState};
pub use migrator::Migrator;
pub use observer::{Ended, FanOut, JobEvent, MigrationEvent, Observer, StepEvent, WaitEvent};
pub use options::Options;
pub use plan::{Blocks, Execution, Lock, Plan, PlannedStep, Risk, RiskKind};
pub use problem::{Problem, ProblemKind};
pub use rehearsal::Rehearsal;
pub use repair::{JobCommand, Repair, RepairChoice};
pub use report::{Migrated, MigrationStatus, Report, Status};
pub use statement::StepKind;
pub use tables::TableNames;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

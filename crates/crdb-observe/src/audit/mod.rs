//! A log of who did what, in which every change shows.
//!
//! ```
//! use crdb_observe::audit::{AuditLog, AuditConfig, MacKey, Outcome, Record, Signer};
//!
//! # async fn example() -> Result<(), crdb_observe::audit::Error> {
//! # let directory = std::env::temp_dir().join(format!("audit-example-{}", std::process::id()));
//! let signer = Signer::from_seed("bank.example/audit", &[7; 32])?;
//! let log = AuditLog::open(AuditConfig::new(&directory, MacKey::new(&[42; 32])?, signer))?;
//! let receipt = log
//!     .append(Record::new("teller-17", Outcome::Done).query("accounts.withdraw").rows(1))
//!     .await?;
//! assert_eq!(receipt.number(), Some(0));
//! log.close().await?;
//! # std::fs::remove_dir_all(&directory).ok();
//! # Ok(()) }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```
//!
//! # What is written
//! Each entry is one line of JSON. Its last member, `mac`, is a keyed hash (HMAC-SHA-256) over the line and the hash of the line
//! before: without the key a line cannot be edited, removed, reordered or restamped unseen. The lines are also the leaves of a
//! Merkle tree ([RFC 6962](https://www.rfc-editor.org/rfc/rfc6962)), whose root is signed now and then as a
//! [checkpoint](https://github.com/C2SP/C2SP/blob/main/tlog-checkpoint.md). A checkpoint that is kept elsewhere shows that the log was
//! truncated, and lets a third party verify one entry with a short [`Proof`] and the public key alone.
//!
//! # Guarantees
//! - [`AuditLog::append`] returns once the entry is on stable storage, or as [`Durability`] says.
//! - A full disk or a lost volume stops the calls ([`FailureMode::Closed`], the default) or is counted and written into the log
//!   as a gap once it works again ([`FailureMode::Open`]). Nothing is lost in silence.
//! - A process that is killed loses no entry that was acknowledged; a line that was half written is cut off at the next start.
//! - A [`Verifier`] names the first bad entry.
//!
//! # Modules in reading order
//! `record`, `log` (what callers use), `chain`, `tree`, `proof`, `checkpoint`, `queue`, `writer`, `draft`, `files`, `verify`, `error`.

mod chain;
mod checkpoint;
mod draft;
mod error;
mod files;
mod log;
mod proof;
mod queue;
mod record;
mod tree;
mod verify;
mod writer;

pub use chain::MacKey;
pub use checkpoint::{Checkpoint, Signer, VerifierKey};
pub use error::{Error, ErrorKind};
pub use log::{AuditConfig, AuditLog, Durability, FailureMode, Receipt, Submitted};
pub use proof::Proof;
pub use record::{Outcome, Record};
pub use verify::{Damage, DamageKind, Verification, Verifier};

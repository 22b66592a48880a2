//! Migrations as files: reading, checking, and making new ones.

mod checksum;
mod directory;
mod header;
mod name;
mod script;
mod squash;

pub use checksum::Checksum;
pub use directory::Migrations;
pub(crate) use header::Squashed;
pub use header::{Header, TransactionMode};
pub use name::Direction;
pub use script::{Migration, Script};
pub(crate) use script::{ParsedStep, Setting};

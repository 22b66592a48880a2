//! Calls that write rows of their own while something goes wrong, so that each verdict can be held against the table.
//!
//! A [`Plan`] says what a call does and what happens to it meanwhile; [`execute`] does it; [`check`](fn@check) compares what the callers
//! got with the rows that are there.

mod check;
mod execute;
mod plan;
mod trouble;

pub use check::{Left, check};
pub use execute::{execute, outcome};
pub use plan::{Abilities, Call, Plan, Step, Work};
pub use trouble::Trouble;

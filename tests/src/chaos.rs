//! Runs the reliability rows: a workload, faults, and a checker of what was seen.
//!
//! The pieces, in reading order: a [`row`] is what can be run; it gets a [`context`] (engine, seed, time), opens a [`stack`]
//! behind fault proxies, lets [`workload`]s record a [`history`] while a [`nemesis`] breaks things on a seeded schedule, and
//! asks a [`checker`] whether what was seen can have happened. A [`pulse`] tells apart what is late from what the machine
//! itself delays. [`call`] is what the row about verdicts does, `alerts` what the row about alerts is made of. A row whose proof is a [`program`], such as a crate's own test, runs that. [`pool`] is what the rows about
//! the pool share with its tests. [`progress`] shows how far a row is, [`report`] says how it went, [`evidence`] keeps what
//! is needed to understand a violation. [`command`] is the command line.
//!
//! To add a row: implement [`row::Row`] in a file of [`rows`], and name it in [`rows::all`].

mod alerts;
pub mod call;
pub mod checker;
pub mod command;
pub mod context;
pub mod evidence;
pub mod history;
pub mod nemesis;
pub mod pool;
pub mod program;
pub mod progress;
pub mod pulse;
pub mod report;
pub mod row;
pub mod rows;
pub mod stack;
pub mod workload;

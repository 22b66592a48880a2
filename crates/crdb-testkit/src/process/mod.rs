//! Programs and directories that end with the process that asked for them, however that process ends.
//!
//! A destructor does not run on SIGKILL, so the cleaning is done by small shell processes that hold the read end of a
//! pipe whose write end only the owner holds: when the owner is gone, for whatever reason, the pipe closes. They live in
//! process groups of their own, so that Ctrl-C in a terminal reaches the owner and not them.

mod keeper;
mod supervisor;

pub(crate) use keeper::Keeper;
pub(crate) use supervisor::{Program, Supervised};

/// A user and a group to run a program as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

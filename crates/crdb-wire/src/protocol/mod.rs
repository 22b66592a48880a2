//! The server's bytes, as pure functions: frames, messages, and the machine that follows one reply.

mod frame;
mod machine;
mod message;
mod row_block;

pub(crate) use frame::{Frame, HEADER, Limits, frame};
pub(crate) use machine::{Effect, Machine, Shape, Step, Steps};
pub(crate) use message::{CopyHeader, Described, parameter_types, row_description};
pub(crate) use row_block::{RowBlock, check_row};

/// What a server sent that breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Violation(pub(crate) &'static str);

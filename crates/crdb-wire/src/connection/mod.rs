//! One connection: requests go into a shared buffer, a task moves bytes, replies come back in order.
//!
//! A caller encodes its request on its own, appends it to the outgoing buffer under a short lock, and leaves an entry in
//! the queue of expected replies. The [`Driver`] writes what has gathered and reads what comes; the connection's task runs it,
//! or the only caller that waits does ([`turns`]). The bytes of the outgoing
//! stream are numbered, so that it is known of each request how much of it the stream took when the connection ends.

mod driver;
mod reply;
mod shared;
mod slot;
mod turns;

use std::sync::{Arc, OnceLock};

pub(crate) use driver::Driver;
pub(crate) use reply::Reply;
pub(crate) use shared::{Outgoing, Shared, Trace};
pub(crate) use slot::Event;

use crate::statement::Statements;
use crate::types::Types;

/// A handle to a connection: sends requests, knows the statements that are prepared on it and the types that were looked
/// up. Dropping it closes the connection.
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) statements: Statements,
    pub(crate) types: Types,
    /// Whether the server takes the statements between two Syncs as one transaction, once it was asked.
    pub(crate) joins_batches: OnceLock<bool>,
}

impl Connection {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            statements: Statements::new(shared.config.max_statements),
            types: Types::default(),
            joins_batches: OnceLock::new(),
            shared,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.close();
    }
}

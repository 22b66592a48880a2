//! A connector that needs no server.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crdb_pool::{Condition, Connector, ErrorClass, NodeAddress};

/// A server that can be shut, and sessions that are dirty when their borrower says so.
#[derive(Clone, Default)]
pub(crate) struct Door(pub(crate) Arc<AtomicBool>);

#[derive(Debug)]
pub(crate) struct Shut;

impl fmt::Display for Shut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the door is shut")
    }
}

impl std::error::Error for Shut {}

/// A session, dirty when its borrower says so.
pub(crate) struct Session {
    pub(crate) dirty: bool,
}

impl Connector for Door {
    type Session = Session;
    type Error = Shut;

    async fn connect(&self, _: &NodeAddress) -> Result<Session, Shut> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Shut);
        }
        Ok(Session { dirty: false })
    }

    async fn check(&self, _: &mut Session) -> Result<(), Shut> {
        Ok(())
    }

    fn condition(&self, session: &mut Session) -> Condition {
        if session.dirty {
            Condition::NeedsReset
        } else {
            Condition::Clean
        }
    }

    async fn reset(&self, session: &mut Session) -> Result<(), Shut> {
        session.dirty = false;
        Ok(())
    }

    fn classify(&self, _: &Shut) -> ErrorClass {
        ErrorClass::Dead
    }
}

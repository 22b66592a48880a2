//! Types that the protocol names only by number: enums, domains, composites, ranges, and arrays of them.

mod lookup;

use std::collections::HashMap;

use parking_lot::Mutex;
use postgres_types::{Oid, Type};

/// The types of one connection that are not built in, by number.
#[derive(Default)]
pub(crate) struct Types {
    known: Mutex<HashMap<Oid, Type>>,
}

impl Types {
    fn get(&self, oid: Oid) -> Option<Type> {
        Type::from_oid(oid).or_else(|| self.known.lock().get(&oid).cloned())
    }

    fn insert(&self, oid: Oid, type_: Type) {
        self.known.lock().insert(oid, type_);
    }

    /// Forgets all: they may have been altered.
    pub(crate) fn forget(&self) {
        self.known.lock().clear();
    }
}

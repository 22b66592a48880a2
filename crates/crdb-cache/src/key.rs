//! What an entry is the answer to.

use bytes::Bytes;
use std::hash::{Hash, Hasher};

/// A statement for one identity (its shape), how many rows are wanted, and the parameters as they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    shape: u64,
    limit: usize,
    parameters: Bytes,
}

impl Key {
    pub(crate) const fn new(shape: u64, limit: usize, parameters: Bytes) -> Self {
        Self {
            shape,
            limit,
            parameters,
        }
    }

    /// The key under which a statement's first run is waited for.
    pub(crate) const fn first_run(shape: u64) -> Self {
        // No call has this key: one for no rows is passed on.
        Self::new(shape, 0, Bytes::new())
    }

    /// The parameters as they are sent.
    pub(crate) const fn parameters(&self) -> &Bytes {
        &self.parameters
    }

    pub(crate) fn bytes(&self) -> usize {
        self.parameters.len() + size_of::<Self>()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.shape);
        state.write_usize(self.limit);
        state.write(&self.parameters);
    }
}

//! Who has which session, and since when.

use std::panic::Location;
use std::time::Instant;

use crate::node::NodeId;

/// Names a borrow while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BorrowKey(usize);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Borrow {
    pub(crate) node: NodeId,
    pub(crate) since: Instant,
    pub(crate) place: &'static Location<'static>,
    /// Taken by the pool itself, to check or to reset.
    pub(crate) internal: bool,
    pub(crate) warned: bool,
}

/// The borrows, in slots that are used again.
#[derive(Debug, Default)]
pub(crate) struct Borrows {
    slots: Vec<Option<Borrow>>,
    free: Vec<usize>,
}

impl Borrows {
    pub(crate) fn begin(&mut self, borrow: Borrow) -> BorrowKey {
        match self.free.pop() {
            Some(index) => {
                self.slots[index] = Some(borrow);
                BorrowKey(index)
            }
            None => {
                self.slots.push(Some(borrow));
                BorrowKey(self.slots.len() - 1)
            }
        }
    }

    pub(crate) fn end(&mut self, key: BorrowKey) -> Option<Borrow> {
        let borrow = self.slots.get_mut(key.0)?.take()?;
        self.free.push(key.0);
        Some(borrow)
    }

    /// Marks a borrow as the pool's own, or as a caller's.
    pub(crate) fn set_internal(&mut self, key: BorrowKey, internal: bool) {
        if let Some(Some(borrow)) = self.slots.get_mut(key.0) {
            borrow.internal = internal;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Borrow> {
        self.slots.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Borrow> {
        self.slots.iter_mut().flatten()
    }
}

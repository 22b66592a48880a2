//! Who has which session, and since when.

use std::panic::Location;
use std::time::Instant;

use crate::node::NodeId;

/// Names a borrow while it lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

/// The borrows, in slots that are used again: the one that came free last is taken next.
#[derive(Debug, Default)]
pub(crate) struct Borrows {
    slots: Vec<Slot>,
    free: Option<usize>,
    count: usize,
}

#[derive(Debug)]
enum Slot {
    Taken(Borrow),
    /// And which one came free before it.
    Free(Option<usize>),
}

impl Borrows {
    #[inline]
    pub(crate) fn begin(&mut self, borrow: Borrow) -> BorrowKey {
        self.count += 1;
        if let Some(index) = self.free
            && let Some(slot @ Slot::Free(_)) = self.slots.get_mut(index)
            && let Slot::Free(before) = std::mem::replace(slot, Slot::Taken(borrow))
        {
            self.free = before;
            return BorrowKey(index);
        }
        self.slots.push(Slot::Taken(borrow));
        BorrowKey(self.slots.len() - 1)
    }

    /// Ends a borrow, and says which node its session belongs to.
    #[inline]
    pub(crate) fn end(&mut self, key: BorrowKey) -> Option<NodeId> {
        let slot = self.slots.get_mut(key.0)?;
        let Slot::Taken(Borrow { node, .. }) = *slot else {
            return None;
        };
        *slot = Slot::Free(self.free.replace(key.0));
        self.count -= 1;
        Some(node)
    }

    /// Marks a borrow as the pool's own, or as a caller's.
    pub(crate) fn set_internal(&mut self, key: BorrowKey, internal: bool) {
        if let Some(Slot::Taken(borrow)) = self.slots.get_mut(key.0) {
            borrow.internal = internal;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Borrow> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(borrow) => Some(borrow),
            Slot::Free(_) => None,
        })
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Borrow> {
        self.slots.iter_mut().filter_map(|slot| match slot {
            Slot::Taken(borrow) => Some(borrow),
            Slot::Free(_) => None,
        })
    }
}

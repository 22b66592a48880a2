//! The lock of the gate, by one name for its two versions.

pub(super) use parking_lot::Mutex;

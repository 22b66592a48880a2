//! Connections to nowhere, opened as slowly as a case wants.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// Opens connections, and counts them.
#[derive(Debug, Clone, Default)]
pub struct Stub {
    connect_time: Duration,
    opened: Arc<AtomicU32>,
    checked: Arc<AtomicU32>,
}

/// A connection to nowhere.
#[derive(Debug)]
pub struct Connection(#[expect(dead_code, reason = "gives it a size")] u64);

/// A stub never fails; the pools want an error type.
#[derive(Debug)]
pub struct Never;

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stub failed")
    }
}

impl std::error::Error for Never {}

impl Stub {
    /// Opens connections, each in this time.
    #[must_use]
    pub fn new(connect_time: Duration) -> Self {
        Self {
            connect_time,
            ..Self::default()
        }
    }

    /// How many were opened.
    #[must_use]
    pub fn opened(&self) -> u32 {
        self.opened.load(Ordering::Relaxed)
    }

    /// How often one was checked, which would be a round trip.
    #[must_use]
    pub fn checked(&self) -> u32 {
        self.checked.load(Ordering::Relaxed)
    }

    /// Checks one.
    pub(super) fn check(&self) {
        self.checked.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens one.
    pub(super) async fn connect(&self) -> Connection {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        if !self.connect_time.is_zero() {
            tokio::time::sleep(self.connect_time).await;
        }
        Connection(number.into())
    }
}

//! One engine for all tests of a process.

use std::sync::Once;

use tokio::sync::OnceCell;

use super::{Engine, EngineOptions};
use crate::error::Error;

static SHARED: OnceCell<Result<Engine, Error>> = OnceCell::const_new();
static AT_EXIT: Once = Once::new();

impl Engine {
    /// The engine that all tests of this process share, started with the default options when it is first asked for.
    /// Tests keep apart by [`create_database`](Self::create_database).
    ///
    /// It stops when the process ends. Dropping the future lets another caller start it.
    ///
    /// # Panics
    /// With a message that starts with `did not run: ` when no engine can be had, and with the error otherwise.
    pub async fn shared() -> &'static Self {
        match Self::try_shared().await {
            Ok(engine) => engine,
            Err(error) => error.end_test(),
        }
    }

    /// As [`shared`](Self::shared), without the panic. A failure is remembered: the next caller gets the same error.
    ///
    /// It stops when the process ends. Dropping the future lets another caller start it.
    ///
    /// # Errors
    /// As [`try_start`](Self::try_start).
    pub async fn try_shared() -> Result<&'static Self, &'static Error> {
        AT_EXIT.call_once(|| {
            #[allow(
                unsafe_code,
                reason = "statics have no destructor, and tests end by exit(3)"
            )]
            // SAFETY: `end_shared` has C's calling convention, unwinds into nothing (it only closes pipes and waits for
            // processes), and touches no thread-local storage, which may be gone when exit handlers run.
            unsafe {
                libc::atexit(end_shared);
            }
        });
        SHARED
            .get_or_init(|| Self::try_start(EngineOptions::default()))
            .await
            .as_ref()
    }
}

/// Stops the shared engine before the process is gone, so that whoever waits for this process finds nothing left.
extern "C" fn end_shared() {
    if let Some(Ok(engine)) = SHARED.get() {
        engine.nodes.iter().for_each(super::Node::end);
    }
}

//! One engine for all tests of a process.

use std::sync::Once;

use tokio::sync::OnceCell;

use super::{Engine, EngineChoice, EngineKind, EngineOptions};
use crate::error::Error;

static SHARED: OnceCell<Result<Engine, Error>> = OnceCell::const_new();
static POSTGRES: OnceCell<Result<Engine, Error>> = OnceCell::const_new();
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
        stop_at_exit();
        SHARED
            .get_or_init(|| Self::try_start(EngineOptions::default()))
            .await
            .as_ref()
    }

    /// The [shared](Self::shared) engine where the test kit started it, else a PostgreSQL that is started beside it: for
    /// tests that need a user for each [`Login`](super::Login), or the authority's key, which a server that is run elsewhere has not.
    ///
    /// It stops when the process ends. Dropping the future lets another caller start it.
    ///
    /// # Panics
    /// As [`shared`](Self::shared).
    pub async fn shared_ours() -> &'static Self {
        match Self::try_shared().await {
            Ok(engine) if !engine.logins.is_empty() => engine,
            _ => Self::shared_postgres().await,
        }
    }

    /// The [shared](Self::shared) engine where it is a PostgreSQL that the test kit started, else a PostgreSQL that is
    /// started beside it: for tests of the [`QuirksProxy`](crate::QuirksProxy), which stands in front of nothing else,
    /// and for those that need every [`Login`](super::Login), whatever server the other tests run on.
    ///
    /// It stops when the process ends. Dropping the future lets another caller start it.
    ///
    /// # Panics
    /// As [`shared`](Self::shared).
    pub async fn shared_postgres() -> &'static Self {
        if let Ok(engine) = Self::try_shared().await
            && engine.kind() == EngineKind::PostgreSql
            && !engine.logins.is_empty()
        {
            return engine;
        }
        stop_at_exit();
        let options = || EngineOptions::default().choice(EngineChoice::Postgres);
        match POSTGRES.get_or_init(|| Self::try_start(options())).await {
            Ok(engine) => engine,
            Err(error) => error.end_test(),
        }
    }
}

fn stop_at_exit() {
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
}

/// Stops the shared engines before the process is gone, so that the process which waits for this one finds nothing left.
extern "C" fn end_shared() {
    for shared in [&SHARED, &POSTGRES] {
        if let Some(Ok(engine)) = shared.get() {
            engine.nodes.iter().for_each(super::Node::end);
        }
    }
}

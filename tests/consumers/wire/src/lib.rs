//! Uses crdb-wire on a stream of crdb-auth, and implements its traits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crdb_auth::AuthenticatedStream;
use crdb_wire::{
    Cancel, CancelFuture, Cleanliness, Config, Ended, Engine, Error, Notification, PartialObserver, Remote,
    Request, ServerError, Session, Written,
};

/// Says what the server said unasked.
struct Log;

impl PartialObserver for Log {
    fn notice(&self, notice: &ServerError) {
        println!("{}: {}", notice.severity(), notice.message());
    }

    fn notification(&self, notification: &Notification<'_>) {
        println!("{}: {}", notification.channel, notification.payload);
    }

    fn ended(&self, event: &Ended<'_>) {
        println!("{}", event.end);
    }
}

/// Cancels through a gateway.
struct Gateway;

impl Cancel for Gateway {
    fn cancel<'a>(&'a self, sent: &'a AtomicBool) -> CancelFuture<'a> {
        Box::pin(async move {
            sent.store(true, Ordering::Release);
            Ok(())
        })
    }
}

/// Puts a session on a stream, with a way to cancel of its own.
pub fn session(stream: AuthenticatedStream) -> Session {
    let remote = Remote::new("gateway", Engine::CockroachDb).cancel(Gateway);
    let config = Config::default().observer(Arc::new(Log)).max_statements(16);
    Session::over(stream, remote, config)
}

/// Inserts a row, and says whether it may be there when that fails.
pub async fn insert(session: &Session, name: &str) -> Result<u64, (Error, bool)> {
    let request = Request::new("INSERT INTO names (name) VALUES ($1)").once();
    match session.execute(request, &[&name]).await {
        Ok(answer) => Ok(answer.rows_affected()),
        Err(error) => {
            let answer = error.answer();
            let may_be_there = answer.written() == Written::Wholly && answer.error().is_none();
            Err((error, may_be_there))
        }
    }
}

/// Whether the next borrower can have the session as it is.
pub fn is_clean(session: &Session) -> bool {
    session.end_loan() == Cleanliness::Clean
}

//! Waiting no longer than a deadline, and what is done when it passes.

use crate::session::Session;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// How long after its deadline a caller is kept for the answer that the cancel may bring. With what comes after, it is
/// free within 100 ms.
pub(crate) const GRACE: Duration = Duration::from_millis(75);

/// How waiting for a session's answer ended.
pub(crate) enum Waited<T> {
    /// In time.
    Answered(T),
    /// After the deadline, while a cancel was on its way.
    AnsweredLate(T, JoinHandle<()>),
    /// Not at all. The cancel may be on its way.
    Silent(JoinHandle<()>),
}

/// Waits for `work`, which runs in `session`; when the deadline passes, cancels it and waits a little more.
pub(crate) async fn wait<T, S: Session>(
    session: &S,
    deadline: Option<Instant>,
    mut work: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Waited<T> {
    let Some(deadline) = deadline else {
        return Waited::Answered(work.await);
    };
    if let Ok(answer) = timeout_at(deadline, work.as_mut()).await {
        return Waited::Answered(answer);
    }
    let cancel = tokio::spawn(session.cancel());
    match timeout(GRACE, work).await {
        Ok(answer) => Waited::AnsweredLate(answer, cancel),
        Err(_) => Waited::Silent(cancel),
    }
}

/// Keeps `lease` from its source until the cancel is over, so that it cannot hit the next borrower.
pub(crate) fn keep_until<L: Send + 'static>(cancel: JoinHandle<()>, lease: L) {
    tokio::spawn(async move {
        // It fails only when the runtime shuts down, which ends this task as well.
        drop(cancel.await);
        drop(lease);
    });
}

/// As [`keep_until`], for work that did not answer and has been dropped. It may have sent its statement after the first
/// cancel had found nothing to cancel (while it was still being prepared), so there is a second one.
pub(crate) fn give_up<L, S>(cancel: JoinHandle<()>, lease: L)
where
    L: Deref<Target = S> + Send + Sync + 'static,
    S: Session,
{
    tokio::spawn(async move {
        drop(cancel.await);
        if !lease.is_closed() {
            lease.cancel().await;
        }
        drop(lease);
    });
}

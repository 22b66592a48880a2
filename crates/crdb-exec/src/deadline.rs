//! Waiting no longer than a deadline, and what is done when it passes.

use crate::background::spawn;
use crate::session::Session;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// How long after its deadline a caller is kept for the answer that the cancel may bring. With what comes after, it is
/// free within 100 ms.
pub(crate) const GRACE: Duration = Duration::from_millis(75);

/// Longer than this is no limit. A clock that counts nanoseconds in 64 bits reaches 292 years, and sums of such limits
/// have to fit as well.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The moment that lies `limit` after `start`; `None`, which never comes, for a limit of ten years and more.
pub(crate) fn after(start: Instant, limit: Duration) -> Option<Instant> {
    (limit < LONGEST)
        .then(|| start.checked_add(limit))
        .flatten()
}

/// What `SHOW statement_timeout` answers: `0` is no limit, a number without a unit is in milliseconds (CockroachDB), and
/// PostgreSQL adds the largest unit that divides it. The outer `None` is a text that is neither.
///
/// ```
/// use std::time::Duration;
/// use crdb_exec::timeout_from_setting;
///
/// assert_eq!(timeout_from_setting("0"), Some(None));
/// assert_eq!(timeout_from_setting("1500"), Some(Some(Duration::from_millis(1500))));
/// assert_eq!(timeout_from_setting("2min"), Some(Some(Duration::from_secs(120))));
/// assert_eq!(timeout_from_setting("soon"), None);
/// ```
#[must_use]
pub fn timeout_from_setting(setting: &str) -> Option<Option<Duration>> {
    let setting = setting.trim();
    let unit = setting
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(setting.len());
    let (number, unit) = setting.split_at(unit);
    let micros: u64 = match unit.trim() {
        "us" => 1,
        "" | "ms" => 1_000,
        "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let micros = number.parse::<u64>().ok()?.saturating_mul(micros);
    Some((micros > 0).then(|| Duration::from_micros(micros)))
}

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
    let cancel = spawn(session.cancel());
    match timeout(GRACE, work).await {
        Ok(answer) => Waited::AnsweredLate(answer, cancel),
        Err(_) => Waited::Silent(cancel),
    }
}

/// Keeps `lease` from its source until the cancel is over, so that it cannot hit the next borrower.
pub(crate) fn keep_until<L: Send + 'static>(cancel: JoinHandle<()>, lease: L) {
    spawn(async move {
        // It fails only when the runtime shuts down, which ends this task as well.
        drop(cancel.await);
        drop(lease);
    });
}

/// As [`keep_until`], for work that did not answer and has been dropped. It may have sent its statement after the first
/// cancel had found nothing to cancel (while it was still being prepared), so there is a second one.
pub(crate) fn give_up<L, S>(
    cancel: JoinHandle<()>,
    lease: L,
    session: impl Fn(&L) -> &S + Send + 'static,
) where
    L: Send + Sync + 'static,
    S: Session,
{
    spawn(async move {
        drop(cancel.await);
        if !session(&lease).is_closed() {
            session(&lease).cancel().await;
        }
        drop(lease);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_without_end_is_none() {
        let now = Instant::now();
        for limit in [Duration::MAX, Duration::from_secs(1 << 40), LONGEST] {
            assert_eq!(after(now, limit), None);
        }
        assert!(after(now, Duration::from_secs(60)).is_some_and(|end| end > now));
    }
}

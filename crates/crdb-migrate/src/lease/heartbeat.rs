//! Renewing the lease, on a session of its own.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{
    ExecutorExt, PooledExecutor, RetrySafety, ScopedSession, SessionSettings, SessionSource,
    Statement,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{RENEWED, Taken};
use crate::tables::Tables;

/// How many heartbeats there are in the time that a lease lasts.
const BEATS: u32 = 6;

/// The part of a lease that is left when its runner stops by itself.
const MARGIN: u32 = 10;

/// The task that renews a lease. Dropping it ends it.
pub(crate) struct Heartbeat {
    lost: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Heartbeat {
    /// Begins to renew a lease that lasts this long.
    pub(crate) fn start<S: SessionSource>(
        db: &PooledExecutor<S>,
        tables: &Tables,
        taken: &Taken,
        lasts: Duration,
    ) -> Self {
        let (sender, lost) = watch::channel(false);
        let beat = Beat {
            db: db.clone(),
            text: Arc::from(format!(
                "UPDATE {} SET expires_at = now() + $2::FLOAT8 * INTERVAL '1 second' WHERE id = {RENEWED} AND token = $1::INT8",
                tables.lease
            )),
            token: taken.token,
            lasts,
            valid_until: taken.since + (lasts - lasts / MARGIN),
        };
        // Boxed: the runtime's code for a task is not compiled again for each source of sessions.
        let beating: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            beat.run().await;
            sender.send_replace(true);
        });
        let task = tokio::spawn(beating);
        Self { lost, task }
    }

    /// What becomes true when the lease is lost.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    /// Waits until the lease is lost. Dropping the future changes nothing.
    pub(crate) async fn lost(lost: &mut watch::Receiver<bool>) {
        // An error means that the task has ended, which it does only when the lease is lost.
        drop(lost.wait_for(|lost| *lost).await);
    }
}

struct Beat<S: SessionSource> {
    db: PooledExecutor<S>,
    text: Arc<str>,
    token: i64,
    lasts: Duration,
    valid_until: Instant,
}

impl<S: SessionSource> Beat<S> {
    /// Renews until the lease is lost.
    async fn run(mut self) {
        let pause = self.lasts / BEATS;
        let mut session: Option<ScopedSession<S>> = None;
        loop {
            let until = self.valid_until;
            let beat = self.beat(&mut session);
            tokio::select! {
                biased;
                renewed = beat => match renewed {
                    Some(false) => return,
                    // The time of sending: the server's count begins later.
                    Some(true) => {}
                    None => session = None,
                },
                () = sleep_until(until) => return,
            }
            tokio::select! {
                biased;
                () = sleep_until(self.valid_until) => return,
                () = sleep(pause) => {}
            }
        }
    }

    /// Renews once: whether the lease is still this runner's, or `None` when that was not answered.
    async fn beat(&mut self, session: &mut Option<ScopedSession<S>>) -> Option<bool> {
        if session.is_none() {
            let settings = SessionSettings::new().application_name("crdb-migrate heartbeat");
            *session = self.db.session(&settings).await.ok();
        }
        let open = session.as_ref()?;
        let sent = Instant::now();
        let statement = Statement::new(&self.text).retry(RetrySafety::Safe);
        let seconds = self.lasts.as_secs_f64();
        let renewed = timeout(
            self.lasts / 2,
            open.execute(statement, &[&self.token, &seconds]),
        )
        .await
        .ok()?
        .ok()?;
        if renewed > 0 {
            self.valid_until = sent + (self.lasts - self.lasts / MARGIN);
        }
        Some(renewed > 0)
    }
}

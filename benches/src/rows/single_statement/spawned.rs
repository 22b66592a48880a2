//! A subject whose round runs in a task of the runtime, as a request does in a service, and not on the thread that started it.
//!
//! In a task, the driver's own task usually runs on the same worker as its caller, and need not wake another thread.

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::task::JoinSet;

use crate::case::{MeasureError, Role, Sample, Subject};

/// A subject, its rounds spawned.
pub(super) struct Spawned<S> {
    name: &'static str,
    role: Role,
    settings: String,
    /// None while a round runs, and for good where it has panicked.
    subject: Option<S>,
}

impl<S: Subject> Spawned<S> {
    pub(super) fn new(subject: S) -> Self {
        Self {
            name: subject.name(),
            role: subject.role(),
            settings: subject.settings(),
            subject: Some(subject),
        }
    }
}

impl<S: Subject + 'static> Subject for Spawned<S> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        self.role
    }

    fn settings(&self) -> String {
        self.settings.clone()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut subject = self.subject.take().ok_or("a round before has panicked")?;
            // Ends the round where this future is dropped.
            let mut round = JoinSet::new();
            round.spawn(async move {
                let sample = subject.round().await;
                (subject, sample)
            });
            let ended = round.join_next().await.ok_or("the round did not run")?;
            let (subject, sample) = ended?;
            self.subject = Some(subject);
            sample
        }
        .boxed()
    }
}

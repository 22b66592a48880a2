use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use crdb_exec::{
    AcquireOptions, Answer, Backoff, Engine, Fault, Next, PooledExecutor, Row as _, Session as _,
    SessionSource, Statement,
};
use futures_util::Stream;
use serde::de::DeserializeOwned;

use super::Changes;
use super::event::{ChangeEvent, event, is_before};
use crate::error::{Error, ErrorKind};
use crate::identifier::{literal, table_name};

/// How often it connects again without anything having come.
const ATTEMPTS: u32 = 8;

type Events<T> = Pin<Box<dyn Stream<Item = Result<ChangeEvent<T>, Error>> + Send>>;

/// The changes of tables: see [`Changes`].
///
/// An error ends the stream.
///
/// # Cancel safety
/// Nothing is lost between two events. Dropping it ends the changefeed.
pub struct ChangeStream<T, S> {
    events: Events<T>,
    source: PhantomData<fn() -> S>,
}

impl<T, S> ChangeStream<T, S>
where
    T: DeserializeOwned + Send + 'static,
    S: SessionSource,
{
    pub(super) fn new(changes: Changes, executor: PooledExecutor<S>) -> Self {
        let state = Feed {
            changes,
            executor,
            open: None,
            resolved: None,
            attempts: 0,
        };
        let events = futures_util::stream::unfold(Some(state), async |state| {
            let mut feed = state?;
            match feed.next::<T>().await {
                Ok(event) => Some((Ok(event), Some(feed))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Self {
            events: Box::pin(events),
            source: PhantomData,
        }
    }
}

impl<T, S> Stream for ChangeStream<T, S> {
    type Item = Result<ChangeEvent<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().events.as_mut().poll_next(cx)
    }
}

impl<T, S> fmt::Debug for ChangeStream<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream").finish_non_exhaustive()
    }
}

type CursorOf<S> = <<S as SessionSource>::Session as crdb_exec::Session>::Cursor;

struct Feed<S: SessionSource> {
    changes: Changes,
    executor: PooledExecutor<S>,
    open: Option<(S::Lease, CursorOf<S>)>,
    /// The last one that was reported.
    resolved: Option<String>,
    /// Since something came.
    attempts: u32,
}

impl<S: SessionSource> Feed<S> {
    async fn next<T: DeserializeOwned>(&mut self) -> Result<ChangeEvent<T>, Error> {
        loop {
            let Some((lease, cursor)) = &mut self.open else {
                self.connect().await?;
                continue;
            };
            let next = poll_fn(|cx| lease.poll_row(cursor, cx)).await;
            match next {
                Next::Row(row) => {
                    self.attempts = 0;
                    let event = event(
                        row.get(0usize)?,
                        row.value(1),
                        row.value(2).unwrap_or_default(),
                    )?;
                    if let ChangeEvent::Resolved(time) = &event {
                        let older = self
                            .resolved
                            .as_deref()
                            .is_some_and(|last| is_before(time, last));
                        if older {
                            // Told before the connection was lost.
                            continue;
                        }
                        self.resolved = Some(time.clone());
                    }
                    return Ok(event);
                }
                Next::End(answer) => {
                    self.open = None;
                    self.lost(answer).await?;
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let text = self.statement()?;
        let source = self.executor.source();
        let lease = match source.acquire(AcquireOptions::default()).await {
            Ok(lease) => lease,
            Err(error) if error.is_retryable() && self.attempts < ATTEMPTS => {
                return self.pause().await;
            }
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::Database,
                    "no session could be had for a changefeed",
                )
                .with_source(error.into_source()));
            }
        };
        if lease.engine() != Engine::CockroachDb {
            return Err(
                Error::new(ErrorKind::Unsupported, "PostgreSQL has no changefeeds")
                    .with_advice("use logical replication, or look at the tables in intervals"),
            );
        }
        match lease
            .fetch_stream(Statement::new(&text).named("crdb_data.changes"), &[])
            .await
        {
            Ok(cursor) => {
                self.open = Some((lease, cursor));
                Ok(())
            }
            Err(answer) => {
                drop(lease);
                self.lost(answer).await
            }
        }
    }

    /// Waits before another attempt, if the end is no error of the statement.
    async fn lost(&mut self, answer: Answer<u64>) -> Result<(), Error> {
        let again = answer.fault().is_none_or(|fault| {
            fault.is_connection()
                || fault
                    .sqlstate()
                    .is_some_and(|state| state.class() == "40" || state.class() == "57")
        });
        match answer.into_result() {
            _ if again && self.attempts < ATTEMPTS => self.pause().await,
            Ok(_) => Err(Error::new(ErrorKind::Database, "the changefeed has ended")),
            Err(fault) => Err(failed(fault)),
        }
    }

    async fn pause(&mut self) -> Result<(), Error> {
        self.attempts += 1;
        let pause = Backoff::default().delay(self.attempts, &mut rand::rng());
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn statement(&self) -> Result<String, Error> {
        let changes = &self.changes;
        let tables = changes
            .tables
            .iter()
            .map(|table| table_name(table))
            .collect::<Result<Vec<_>, _>>()?;
        if tables.is_empty() {
            return Err(Error::new(ErrorKind::Refused, "a changefeed needs a table"));
        }
        // More than the server's durations hold is years.
        let millis = changes.resolved.as_millis().clamp(1, i32::MAX as u128);
        let resolved = format!("{millis}ms");
        let mut text = format!(
            "CREATE CHANGEFEED FOR TABLE {} WITH updated, resolved = '{resolved}'",
            tables.join(", ")
        );
        if let Some(time) = self.resolved.as_ref().or(changes.since.as_ref()) {
            text.push_str(", cursor = ");
            text.push_str(&literal(time));
        } else if !changes.initial_scan {
            text.push_str(", no_initial_scan");
        }
        Ok(text)
    }
}

fn failed(fault: Fault) -> Error {
    Error::new(ErrorKind::Database, "the changefeed failed").with_source(fault)
}

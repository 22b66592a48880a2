//! What changes in tables, as CockroachDB's changefeed tells it.

mod event;
mod feed;
mod numeric;

use std::time::Duration;

use crdb_exec::{PooledExecutor, SessionSource};
use serde::de::DeserializeOwned;

pub use event::{Change, ChangeEvent};
pub use feed::ChangeStream;
pub use numeric::JsonNumeric;

/// The changes of tables, as a stream: a changefeed without a sink.
///
/// ```no_run
/// use crdb_data::{ChangeEvent, Changes, Error};
/// use crdb_exec::{PooledExecutor, SessionSource};
/// use futures_util::StreamExt as _;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Account {
///     id: i64,
///     balance: i64,
/// }
///
/// async fn watch<S: SessionSource>(db: &PooledExecutor<S>) -> Result<(), Error> {
///     let mut changes = Changes::of(["accounts"]).stream::<Account, S>(db);
///     while let Some(event) = changes.next().await {
///         match event? {
///             ChangeEvent::Change(change) => match change.after {
///                 Some(account) => println!("{} has {}", account.id, account.balance),
///                 None => println!("{:?} is gone", change.key),
///             },
///             ChangeEvent::Resolved(time) => println!("all is known up to {time}"),
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
///
/// # Delivery
/// At least once: a change may come again, after a lost connection all since the last [`Resolved`](ChangeEvent::Resolved) do. The changes
/// of one key come in their order the first time; a repetition may show an older state again, which `updated` tells. What is
/// `Resolved` at a time is complete up to it: keep it, and go on there with [`since`](Self::since).
///
/// # Its session
/// It has a session of its own from the executor's source for as long as it lives: of a pool it takes a place. When the connection is
/// lost, another session goes on from the last `Resolved`. Dropping the stream ends the changefeed, with its session's statement.
///
/// # Back pressure
/// The server is read only as fast as the stream is polled. One that is not polled for long falls behind, and CockroachDB ends it when
/// `kv.rangefeed` memory or the garbage collection's time runs out.
#[derive(Clone, Debug)]
#[must_use = "changes are told by `stream`"]
pub struct Changes {
    tables: Vec<String>,
    since: Option<String>,
    initial_scan: bool,
    resolved: Duration,
}

impl Changes {
    /// Of these tables: first the rows that are there, then what changes.
    pub fn of(tables: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            tables: tables.into_iter().map(Into::into).collect(),
            since: None,
            initial_scan: true,
            resolved: Duration::from_secs(1),
        }
    }

    /// Begins behind this time, such as a `Resolved` of an earlier stream; the rows that are there are not reported.
    pub fn since(mut self, time: impl Into<String>) -> Self {
        self.since = Some(time.into());
        self
    }

    /// Does not tell the rows that are there at the beginning.
    pub fn without_initial_scan(mut self) -> Self {
        self.initial_scan = false;
        self
    }

    /// How often `Resolved` comes: every second by default.
    pub fn resolved_every(mut self, interval: Duration) -> Self {
        self.resolved = interval;
        self
    }

    /// Begins when it is first polled. `T` is what a row's columns become; `serde_json::Value` takes any.
    pub fn stream<T, S>(&self, executor: &PooledExecutor<S>) -> ChangeStream<T, S>
    where
        T: DeserializeOwned + Send + 'static,
        S: SessionSource,
    {
        ChangeStream::new(self.clone(), executor.clone())
    }
}

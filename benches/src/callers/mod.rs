//! Many tasks that ask for one row again and again over few connections, through each client in the way its users do.

mod diesel;
mod driver;
mod ours;
mod sqlx;
mod xitca;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt as _};

pub use self::{
    diesel::Diesel,
    driver::{Bb8, Deadpool, Shared},
    ours::{Lanes, Pooled},
    sqlx::Sqlx,
    xitca::Xitca,
};
use crate::{
    case::{MeasureError, Role, Sample, Subject},
    latency::{microseconds, percentiles},
    pools::live::Opening,
    server::{ROWS, Server},
};

/// A client with a statement of one parameter, shared by all tasks.
pub trait Caller: Clone + Send + Sync + 'static {
    /// How it is called in tables.
    const NAME: &'static str;
    /// Whose figure it is.
    const ROLE: Role;
    /// The settings under which it runs.
    const SETTINGS: &'static str;

    /// Opens its connections and prepares the statement where that is done beforehand.
    ///
    /// # Errors
    /// Where the client or the server refuses.
    fn open(
        opening: Opening,
        statement: &'static str,
    ) -> impl Future<Output = Result<Self, MeasureError>> + Send;

    /// Runs the statement in a transaction of its own, from its text to the value.
    ///
    /// # Errors
    /// Where the server does not answer.
    fn call(&self, id: i64) -> impl Future<Output = Result<i64, MeasureError>> + Send;
}

/// How the work of a case is cut.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// The statement.
    pub statement: &'static str,
    /// How many tasks call side by side.
    pub tasks: u32,
    /// How long a round takes.
    pub time: Duration,
}

/// A client under so many tasks.
pub struct Tasks<C> {
    client: C,
    work: Work,
    transport: &'static str,
    /// Held so that the server ends with the last subject.
    _server: Arc<Server>,
}

impl<C: Caller> Tasks<C> {
    /// Opens the client there.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn open(
        server: &Arc<Server>,
        opening: Opening,
        work: Work,
    ) -> Result<Self, MeasureError> {
        Ok(Self {
            client: C::open(opening, work.statement).await?,
            work,
            transport: server.transport(),
            _server: Arc::clone(server),
        })
    }
}

impl<C: Caller> Subject for Tasks<C> {
    fn name(&self) -> &'static str {
        C::NAME
    }

    fn role(&self) -> Role {
        C::ROLE
    }

    fn settings(&self) -> String {
        format!("{}, {}", C::SETTINGS, self.transport)
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let until = Instant::now() + self.work.time;
            let tasks: Vec<_> = (0..i64::from(self.work.tasks))
                .map(|task| {
                    let client = self.client.clone();
                    tokio::spawn(async move {
                        let mut latencies = Vec::new();
                        let mut id = task * 37 % ROWS;
                        while Instant::now() < until {
                            id = id % ROWS + 1;
                            let started = Instant::now();
                            let value = client.call(id).await?;
                            latencies.push(microseconds(started.elapsed()));
                            if value != id * 7 {
                                return Err("the answer is another statement's".into());
                            }
                        }
                        Ok::<_, MeasureError>(latencies)
                    })
                })
                .collect();
            let mut latencies = Vec::new();
            for task in tasks {
                latencies.extend(task.await??);
            }
            let rate = latencies.len() as f64 / self.work.time.as_secs_f64();
            Ok(percentiles(latencies).with("rate", rate))
        }
        .boxed()
    }
}

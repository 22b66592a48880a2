//! A session of crdb-wire as the executor uses it.

#[cfg(feature = "data")]
mod bulk;
mod convert;
mod row;

use std::fmt;
use std::sync::OnceLock;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crdb_exec::{
    Answer, Control, ControlStep, Engine, Fault, Next, Parameters, RetrySafety, Row as _,
    ServerVersion, Statement, timeout_from_setting,
};
use crdb_wire::{Request, RowStream};

pub use row::SessionRow;

pub(crate) use convert::{answer, failed};

/// A connection of crdb-wire with what the executor asks of it. Its rows are views into the received buffer.
pub struct Session {
    wire: crdb_wire::Session,
    tls: bool,
    /// The session's own `statement_timeout`, once it has been asked for.
    ceiling: OnceLock<Option<Duration>>,
}

impl Session {
    pub(crate) fn new(wire: crdb_wire::Session, tls: bool) -> Self {
        Self {
            wire,
            tls,
            ceiling: OnceLock::new(),
        }
    }

    /// Whether TLS protects the connection.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The connection underneath. What is done on it is accounted for when the session is returned, as everything else.
    #[must_use]
    pub fn wire(&self) -> &crdb_wire::Session {
        &self.wire
    }
}

/// A statement as the connection takes it.
pub(crate) fn request<'a>(statement: &Statement<'a>) -> Request<'a> {
    let request = Request::new(statement.text());
    match statement.retry_safety() {
        RetrySafety::Never => request.once(),
        _ => request,
    }
}

impl crdb_exec::Session for Session {
    type Row = SessionRow;
    type Cursor = RowStream;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Answer<Vec<SessionRow>> {
        let mut stream = match self
            .wire
            .fetch_stream(request(&statement), parameters)
            .await
        {
            Ok(stream) => stream,
            Err(error) => return failed(error),
        };
        let mut rows = Vec::new();
        loop {
            match stream.next_row().await {
                Ok(Some(row)) if rows.len() < limit => rows.push(SessionRow::new(row)),
                Ok(Some(_)) => {}
                Ok(None) => return answer(stream.answer(), rows),
                Err(error) => return failed(error),
            }
        }
    }

    async fn execute(&self, statement: Statement<'_>, parameters: Parameters<'_>) -> Answer<u64> {
        match self.wire.execute(request(&statement), parameters).await {
            Ok(done) => answer(Some(&done), done.rows_affected()),
            Err(error) => failed(error),
        }
    }

    async fn fetch_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<RowStream, Answer<u64>> {
        self.wire
            .fetch_stream(request(&statement), parameters)
            .await
            .map_err(failed)
    }

    fn poll_row(&self, cursor: &mut RowStream, cx: &mut Context<'_>) -> Poll<Next<SessionRow>> {
        Poll::Ready(match ready!(cursor.poll_row(cx)) {
            Ok(Some(row)) => Next::Row(SessionRow::new(row)),
            Ok(None) => {
                let closing = cursor.answer();
                let rows = closing.map_or(0, crdb_wire::Answer::rows_affected);
                Next::End(answer(closing, rows))
            }
            Err(error) => Next::End(failed(error)),
        })
    }

    async fn control(&self, control: Control<'_>) -> Answer<()> {
        let request = Request::new(control.text());
        let request = match control.step() {
            ControlStep::Begin => request.local_settings(),
            _ => request,
        };
        match self.wire.simple(request).await {
            Ok(done) => answer(Some(&done), ()),
            Err(error) => failed(error),
        }
    }

    async fn statement_ceiling(&self) -> Result<Option<Duration>, Fault> {
        if let Some(known) = self.ceiling.get() {
            return Ok(*known);
        }
        let show = Statement::new("SHOW statement_timeout");
        let rows = self.fetch_at_most(show, &[], 1).await.into_result()?;
        let shown = rows
            .first()
            .and_then(|row| row.value(0))
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(timeout_from_setting);
        match shown {
            Some(ceiling) => Ok(*self.ceiling.get_or_init(|| ceiling)),
            // A setting that is not understood may be any: the transaction goes without a limit of its own.
            None => Ok(Some(Duration::ZERO)),
        }
    }

    fn is_closed(&self) -> bool {
        self.wire.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        let handle = self.wire.cancel_handle();
        async move {
            // Whether it worked shows in what the cancelled statement answers; the observer of crdb-auth gets it.
            drop(handle.cancel().await);
        }
    }

    fn engine(&self) -> Engine {
        match self.wire.engine() {
            crdb_wire::Engine::CockroachDb => Engine::CockroachDb,
            _ => Engine::PostgreSql,
        }
    }

    fn version(&self) -> Option<ServerVersion> {
        let version = self.wire.version()?;
        Some(ServerVersion::new(
            version.major,
            version.minor,
            version.patch,
        ))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.wire, f)
    }
}

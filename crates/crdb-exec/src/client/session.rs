use super::ClientHandle;
use super::cache::StatementCache;
use super::convert::{Parameter, fault, prepare_fault};
use super::row::ClientRow;
use crate::fault::Fault;
use crate::session::{Engine, Parameters, Session, TransactionStatus};
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use futures_util::{Stream, TryStreamExt};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio_postgres::RowStream;

/// A [`Session`] over a [`ClientHandle`], with a bounded cache of prepared statements.
///
/// Statements are prepared when they are first used. The server may forget one (26000), or refuse it because the tables
/// behind it have changed (0A000): then it is dropped here, and the fault is marked as
/// [stale](Fault::is_stale_statement). Outside a transaction the executor then runs it again at once, inside one the
/// whole transaction is run again; either way it is prepared anew.
pub struct ClientSession<H> {
    handle: H,
    statements: Mutex<StatementCache>,
}

impl<H: ClientHandle> ClientSession<H> {
    /// How many prepared statements a session keeps unless told otherwise.
    pub const DEFAULT_STATEMENTS: usize = 256;

    /// A session that keeps [`DEFAULT_STATEMENTS`](Self::DEFAULT_STATEMENTS) prepared statements.
    pub fn new(handle: H) -> Self {
        Self::with_statements(handle, Self::DEFAULT_STATEMENTS)
    }

    /// A session that keeps up to `capacity` (at least 1) prepared statements. Each costs some KiB on the server.
    pub fn with_statements(handle: H, capacity: usize) -> Self {
        Self {
            handle,
            statements: Mutex::new(StatementCache::new(capacity)),
        }
    }

    /// The handle underneath.
    pub fn handle(&self) -> &H {
        &self.handle
    }

    /// The handle underneath, for whoever owns the session. Call [`forget_statements`](Self::forget_statements) after
    /// anything that deallocates statements on the server.
    pub fn handle_mut(&mut self) -> &mut H {
        &mut self.handle
    }

    /// Gives the handle back.
    pub fn into_handle(self) -> H {
        self.handle
    }

    /// Drops all prepared statements, as is right after `DISCARD ALL`.
    pub fn forget_statements(&self) {
        let forgotten = self.cache().clear();
        drop(forgotten);
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, StatementCache> {
        // Nothing in the cache can be left half changed.
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The prepared statement and whether it was there before.
    async fn prepared(
        &self,
        client: &tokio_postgres::Client,
        text: &str,
    ) -> Result<(tokio_postgres::Statement, bool), Fault> {
        let found = self.cache().get(text);
        if let Some(statement) = found {
            return Ok((statement, true));
        }
        // Preparing is rare and its future large: it would weigh on every call.
        let prepare = Box::pin(client.prepare(text));
        let statement = prepare.await.map_err(prepare_fault)?;
        let gone = self.cache().insert(text, statement.clone());
        drop(gone);
        Ok((statement, false))
    }

    /// Sends a statement; its reply is still to be read.
    async fn send(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Sent<H::Call>, Fault> {
        if self.handle.is_closed() {
            return Err(Fault::not_written(Gone));
        }
        let call = self.handle.begin(false);
        let client = self.handle.client(&call);
        let (prepared, kept) = match self.prepared(client, statement.text()).await {
            Ok(found) => found,
            Err(fault) => {
                self.finish_unless_lost(call, &fault);
                return Err(fault);
            }
        };
        if prepared.params().len() != parameters.len() {
            self.handle.finish(call);
            return Err(Fault::conversion(format!(
                "the statement has {} parameters, {} values were given",
                prepared.params().len(),
                parameters.len()
            )));
        }
        let failed = AtomicBool::new(false);
        match client
            .query_raw(&prepared, Parameter::all(parameters, &failed))
            .await
        {
            Ok(rows) => Ok(Sent { rows, call, kept }),
            Err(error) if failed.load(Ordering::Relaxed) => {
                self.handle.finish(call);
                Err(Fault::conversion(error))
            }
            Err(error) => Err(self.failed(call, fault(error), statement, kept)),
        }
    }

    /// What is to be done about a fault of a statement that was sent.
    fn failed(&self, call: H::Call, fault: Fault, statement: Statement<'_>, kept: bool) -> Fault {
        self.finish_unless_lost(call, &fault);
        let stale = matches!(
            fault.sqlstate(),
            Some(SqlState::INVALID_STATEMENT_NAME | SqlState::FEATURE_NOT_SUPPORTED)
        );
        if kept && stale {
            let gone = self.cache().remove(statement.text());
            drop(gone);
            return fault.with_stale_statement();
        }
        fault
    }

    /// An error of the server ends a call; a lost connection leaves it open.
    fn finish_unless_lost(&self, call: H::Call, fault: &Fault) {
        if fault.server_error().is_some() {
            self.handle.finish(call);
        }
    }
}

struct Sent<C> {
    rows: RowStream,
    call: C,
    kept: bool,
}

impl<H: ClientHandle> Session for ClientSession<H> {
    type Row = ClientRow;
    type Cursor = ClientCursor<H::Call>;
    type Hold = H::Call;

    async fn fetch(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Result<Vec<ClientRow>, Fault> {
        let Sent { rows, call, kept } = self.send(statement, parameters).await?;
        let mut stream = pin!(rows);
        let mut rows = Vec::new();
        loop {
            match stream.try_next().await {
                Ok(Some(row)) if rows.len() < limit => rows.push(ClientRow::new(row)),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Err(self.failed(call, fault(error), statement, kept)),
            }
        }
        self.handle.finish(call);
        Ok(rows)
    }

    async fn execute(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<u64, Fault> {
        let Sent { rows, call, kept } = self.send(statement, parameters).await?;
        let mut stream = pin!(rows);
        loop {
            match stream.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Err(self.failed(call, fault(error), statement, kept)),
            }
        }
        self.handle.finish(call);
        Ok(stream.rows_affected().unwrap_or(0))
    }

    async fn open(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Cursor, Fault> {
        let sent = self.send(statement, parameters).await?;
        Ok(ClientCursor {
            rows: Box::pin(sent.rows),
            call: Some(sent.call),
        })
    }

    fn poll_row(
        &self,
        cursor: &mut Self::Cursor,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<ClientRow>, Fault>> {
        let result = match ready!(cursor.rows.as_mut().poll_next(cx)) {
            Some(Ok(row)) => return Poll::Ready(Ok(Some(ClientRow::new(row)))),
            Some(Err(error)) => Err(fault(error)),
            None => Ok(None),
        };
        if let Some(call) = cursor.call.take() {
            match &result {
                Ok(_) => self.handle.finish(call),
                Err(fault) => self.finish_unless_lost(call, fault),
            }
        }
        Poll::Ready(result)
    }

    fn rows_affected(&self, cursor: &Self::Cursor) -> Option<u64> {
        cursor.rows.rows_affected()
    }

    async fn batch(&self, text: &str) -> Result<(), Fault> {
        if self.handle.is_closed() {
            return Err(Fault::not_written(Gone));
        }
        let call = self.handle.begin(true);
        match self.handle.client(&call).batch_execute(text).await {
            Ok(()) => {
                self.handle.finish(call);
                Ok(())
            }
            Err(error) => {
                let fault = fault(error);
                self.finish_unless_lost(call, &fault);
                Err(fault)
            }
        }
    }

    fn command_tag(&self) -> Option<String> {
        self.handle.command_tag()
    }

    fn transaction_status(&self) -> Option<TransactionStatus> {
        self.handle.transaction_status()
    }

    fn hold(&self) -> H::Call {
        self.handle.begin(false)
    }

    fn release(&self, hold: H::Call) {
        self.handle.finish(hold);
    }

    fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        self.handle.cancel()
    }

    fn engine(&self) -> Engine {
        self.handle.engine()
    }
}

impl<H: fmt::Debug> fmt::Debug for ClientSession<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

/// A result that is being read from a [`ClientSession`].
pub struct ClientCursor<C> {
    rows: Pin<Box<RowStream>>,
    call: Option<C>,
}

// The stream has a box of its own; a call is never pinned.
impl<C> Unpin for ClientCursor<C> {}

impl<C> fmt::Debug for ClientCursor<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCursor").finish_non_exhaustive()
    }
}

/// The connection had ended before the statement was sent.
#[derive(Debug)]
struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection had ended before the statement was sent")
    }
}

impl std::error::Error for Gone {}

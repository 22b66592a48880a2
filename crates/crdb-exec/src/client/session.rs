use super::cache::StatementCache;
use super::convert::{FirstRefused, Parameter, fault, prepare_fault};
use super::row::ClientRow;
use super::{ClientHandle, Observed};
use crate::answer::{Answer, Next, TransactionStatus, Written};
use crate::control::{Control, ControlStep};
use crate::deadline::timeout_from_setting;
use crate::effect;
use crate::fault::{Fault, FaultKind};
use crate::row::Row as _;
use crate::session::{Engine, Parameters, ServerVersion, Session};
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use futures_util::{Stream, TryStreamExt};
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio_postgres::RowStream;

/// A [`Session`] over a [`ClientHandle`], with a bounded cache of prepared statements.
///
/// Statements are prepared when they are first used. The server may forget one (26000), or refuse it because the tables
/// behind it have changed (0A000): then it is dropped here, and the fault is marked as
/// [stale](Fault::is_stale_plan). Outside a transaction the executor then runs it again at once, inside one the
/// whole transaction is run again; either way it is prepared anew.
pub struct ClientSession<H: ClientHandle> {
    handle: H,
    statements: Mutex<StatementCache>,
    /// Keeps the session unfinished while a transaction is open.
    transaction: Mutex<Option<H::Call>>,
    /// Keeps the session unfinished while its settings are those of a block of work.
    scope: Mutex<Option<H::Call>>,
    ceiling: OnceLock<Option<Duration>>,
}

impl<H: ClientHandle> ClientSession<H> {
    /// A session that keeps [`STATEMENT_CACHE`](crate::defaults::STATEMENT_CACHE) prepared statements.
    pub fn new(handle: H) -> Self {
        Self::with_statements(handle, crate::defaults::STATEMENT_CACHE as usize)
    }

    /// A session that keeps up to `capacity` (at least 1) prepared statements. Each costs some KiB on the server.
    pub fn with_statements(handle: H, capacity: usize) -> Self {
        Self {
            handle,
            statements: Mutex::new(StatementCache::new(capacity)),
            transaction: Mutex::new(None),
            scope: Mutex::new(None),
            ceiling: OnceLock::new(),
        }
    }

    /// The handle underneath.
    pub fn handle(&self) -> &H {
        &self.handle
    }

    /// The handle underneath, for the session's owner. Call [`forget_statements`](Self::forget_statements) after
    /// anything that deallocates statements on the server.
    pub fn handle_mut(&mut self) -> &mut H {
        &mut self.handle
    }

    /// Gives the handle back.
    pub fn into_handle(self) -> H {
        self.handle
    }

    /// Drops all prepared statements, as is right after `DISCARD ALL`, and with them the transaction that was open.
    pub fn forget_statements(&self) {
        drop(self.transaction().take());
        drop(self.scope().take());
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
        call: &H::Call,
        text: &str,
    ) -> Result<(tokio_postgres::Statement, bool), Fault> {
        let found = self.cache().get(text);
        if let Some(statement) = found {
            return Ok((statement, true));
        }
        // Preparing is rare and its future large: it would weigh on every call.
        let prepare = Box::pin(self.handle.prepare(call, text));
        let (statement, kept) = prepare.await.map_err(prepare_fault)?;
        let gone = self.cache().insert(text, statement.clone());
        drop(gone);
        Ok((statement, kept))
    }

    /// Sends a statement; its reply is still to be read. The error is its closing answer.
    async fn send<T>(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Sent<H::Call>, Answer<T>> {
        if let Some(fault) = refusal(statement.text(), parameters.len()) {
            return Err(Answer::failed(fault));
        }
        if self.handle.is_closed() {
            return Err(Answer::failed(Fault::lost(Written::Not, Gone)));
        }
        let call = self.handle.begin(false);
        let client = self.handle.client(&call);
        let (prepared, kept) = match self.prepared(&call, statement.text()).await {
            Ok(found) => found,
            Err(fault) => return Err(Box::pin(self.failed(call, fault)).await),
        };
        let types = prepared.params();
        if types.len() != parameters.len() {
            let fault = Fault::refused(format!(
                "the statement has {} parameters, {} values were given",
                types.len(),
                parameters.len()
            ));
            return Err(Box::pin(self.failed(call, fault)).await);
        }
        let failed = FirstRefused::default();
        match client
            .query_raw(&prepared, Parameter::all(parameters, &failed))
            .await
        {
            Ok(rows) => Ok(Sent { rows, call, kept }),
            Err(error) => match failed.take() {
                Some(refused) => Err(Box::pin(self.failed(call, refused)).await),
                None => {
                    let fault = self.stale(fault(error), statement, kept);
                    Err(Box::pin(self.failed(call, fault)).await)
                }
            },
        }
    }

    /// Marks a fault that a kept prepared statement explains, and forgets that statement.
    fn stale(&self, fault: Fault, statement: Statement<'_>, kept: bool) -> Fault {
        let stale = matches!(
            fault.sqlstate(),
            Some(SqlState::INVALID_STATEMENT_NAME | SqlState::FEATURE_NOT_SUPPORTED)
        );
        if kept && stale {
            let gone = self.cache().remove(statement.text());
            drop(gone);
            self.handle.forget(statement.text());
            return fault.with_stale_plan();
        }
        fault
    }

    /// The closing answer of a call that failed.
    async fn failed<T>(&self, call: H::Call, fault: Fault) -> Answer<T> {
        let seen = self.close(call, Some(&fault)).await;
        answer(Err(fault), seen)
    }

    /// Ends a call whose future has returned, and says what was seen of it. A lost connection leaves the call open.
    async fn close(&self, call: H::Call, fault: Option<&Fault>) -> Observed {
        let seen = match fault.map(Fault::kind) {
            // Nothing was asked of the server that could be seen.
            Some(FaultKind::Refused) => Observed::default(),
            Some(FaultKind::NotWritten | FaultKind::Unanswered) => {
                return self.handle.observe(&call, false).await;
            }
            _ => self.handle.observe(&call, true).await,
        };
        self.handle.finish(call);
        self.note(&seen);
        seen
    }

    /// A transaction that has ended holds the session no longer.
    fn note(&self, seen: &Observed) {
        if seen.status == Some(TransactionStatus::Idle) {
            self.end_transaction();
        }
    }

    fn transaction(&self) -> std::sync::MutexGuard<'_, Option<H::Call>> {
        self.transaction
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn scope(&self) -> std::sync::MutexGuard<'_, Option<H::Call>> {
        self.scope.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end_transaction(&self) {
        let call = self.transaction().take();
        if let Some(call) = call {
            self.handle.finish(call);
        }
    }

    async fn read<T>(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        mut take: impl FnMut(tokio_postgres::Row) + Send,
        result: impl FnOnce(Option<u64>) -> T,
    ) -> Answer<T> {
        let Sent { rows, call, kept } = match self.send(statement, parameters).await {
            Ok(sent) => sent,
            Err(answer) => return answer,
        };
        let mut rows = pin!(rows);
        loop {
            match rows.try_next().await {
                Ok(Some(row)) => take(row),
                Ok(None) => break,
                Err(error) => {
                    let fault = self.stale(fault(error), statement, kept);
                    return Box::pin(self.failed(call, fault)).await;
                }
            }
        }
        let seen = self.close(call, None).await;
        answer(Ok(result(rows.rows_affected())), seen)
    }
}

/// What the client refuses before it writes anything.
fn refusal(text: &str, parameters: usize) -> Option<Fault> {
    if text.contains('\0') {
        return Some(Fault::refused("the text has a NUL character"));
    }
    if parameters > usize::from(u16::MAX) {
        return Some(Fault::refused(format!(
            "{parameters} values were given; the protocol has room for 65535"
        )));
    }
    // The look at the first bytes keeps the tokens off the path of everything else.
    if text
        .trim_start()
        .get(..4)
        .is_none_or(|word| word.eq_ignore_ascii_case("copy") || word.starts_with(['-', '/']))
        && effect::is_copy(text)
    {
        return Some(Fault::refused(
            "COPY from and to the client does not run as a statement",
        ));
    }
    None
}

/// An answer in which a status that was idle at any moment counts.
fn answer<T>(result: Result<T, Fault>, seen: Observed) -> Answer<T> {
    let status = if seen.was_idle {
        Some(TransactionStatus::Idle)
    } else {
        seen.status
    };
    Answer::new(result).with_tags(seen.tags).with_status(status)
}

struct Sent<C> {
    rows: RowStream,
    call: C,
    kept: bool,
}

impl<H: ClientHandle> Session for ClientSession<H> {
    type Row = ClientRow;
    type Cursor = ClientCursor<H::Call>;

    async fn fetch_at_most(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
        limit: usize,
    ) -> Answer<Vec<ClientRow>> {
        let mut rows = Vec::new();
        let take = |row| {
            if rows.len() < limit {
                rows.push(ClientRow::new(row));
            }
        };
        let answer = self.read(statement, parameters, take, |_| ()).await;
        answer.map(|()| rows)
    }

    async fn execute(&self, statement: Statement<'_>, parameters: Parameters<'_>) -> Answer<u64> {
        self.read(statement, parameters, drop, Option::unwrap_or_default)
            .await
    }

    async fn fetch_stream(
        &self,
        statement: Statement<'_>,
        parameters: Parameters<'_>,
    ) -> Result<Self::Cursor, Answer<u64>> {
        let sent = self.send(statement, parameters).await?;
        Ok(ClientCursor {
            rows: Box::pin(sent.rows),
            call: Some(sent.call),
            closing: None,
        })
    }

    fn poll_row(&self, cursor: &mut Self::Cursor, cx: &mut Context<'_>) -> Poll<Next<ClientRow>> {
        if cursor.closing.is_none() {
            let result = match ready!(cursor.rows.as_mut().poll_next(cx)) {
                Some(Ok(row)) => return Poll::Ready(Next::Row(ClientRow::new(row))),
                Some(Err(error)) => Err(fault(error)),
                None => Ok(cursor.rows.rows_affected().unwrap_or_default()),
            };
            let Some(call) = &cursor.call else {
                return Poll::Ready(Next::End(Answer::new(result)));
            };
            let answered = match &result {
                Ok(_) => true,
                Err(fault) => fault.server_error().is_some(),
            };
            let seen = Box::pin(self.handle.observe(call, answered));
            cursor.closing = Some(Closing { result, seen });
        }
        let Some(closing) = &mut cursor.closing else {
            return Poll::Pending;
        };
        let seen = ready!(closing.seen.as_mut().poll(cx));
        let Some(Closing { result, .. }) = cursor.closing.take() else {
            return Poll::Pending;
        };
        if let Some(call) = cursor.call.take()
            && result
                .as_ref()
                .err()
                .is_none_or(|fault| fault.server_error().is_some())
        {
            self.handle.finish(call);
            self.note(&seen);
        }
        Poll::Ready(Next::End(answer(result, seen)))
    }

    async fn control(&self, control: Control<'_>) -> Answer<()> {
        if self.handle.is_closed() {
            return Answer::failed(Fault::lost(Written::Not, Gone));
        }
        let begins = control.step() == ControlStep::Begin;
        if begins {
            let transaction = self.handle.begin(false);
            // One whose BEGIN was refused, because the server does not know all of it: this one stands for it.
            let before = self.transaction().replace(transaction);
            if let Some(before) = before {
                self.handle.finish(before);
            }
        }
        if control.step() == ControlStep::Scope {
            let scope = self.handle.begin(false);
            let before = self.scope().replace(scope);
            drop(before);
        }
        let call = self.handle.begin(begins);
        let result = self
            .handle
            .client(&call)
            .batch_execute(control.text())
            .await
            .map_err(fault);
        let seen = self.close(call, result.as_ref().err()).await;
        let answered = result
            .as_ref()
            .err()
            .is_none_or(|fault| fault.server_error().is_some());
        let ends = matches!(control.step(), ControlStep::Commit | ControlStep::Rollback);
        // Where nothing tells the status, the answer to the end of a transaction is its end.
        if ends && answered && seen.status.is_none() {
            self.end_transaction();
        }
        if control.step() == ControlStep::Restore && result.is_ok() {
            let scope = self.scope().take();
            if let Some(scope) = scope {
                self.handle.finish(scope);
            }
        }
        if control.step() == ControlStep::Savepoint {
            return answer(result, seen);
        }
        // Before BEGIN the session was idle, and after the end of the transaction it is.
        Answer::new(result)
            .with_tags(seen.tags)
            .with_status(seen.status)
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
        self.handle.is_closed()
    }

    fn cancel(&self) -> impl Future<Output = ()> + Send + 'static {
        self.handle.cancel()
    }

    fn engine(&self) -> Engine {
        self.handle.engine()
    }

    fn version(&self) -> Option<ServerVersion> {
        self.handle.version()
    }
}

impl<H: ClientHandle + fmt::Debug> fmt::Debug for ClientSession<H> {
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
    closing: Option<Closing>,
}

/// A result that has ended, and what is still to be seen of it.
struct Closing {
    result: Result<u64, Fault>,
    seen: Pin<Box<dyn Future<Output = Observed> + Send>>,
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

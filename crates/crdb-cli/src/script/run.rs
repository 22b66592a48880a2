//! Runs a script's statements until the first failure.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use anyhow::Result;
use crdb_facade::data::{Columns, DataColumn};
use crdb_facade::exec::{
    Answer, CommitErrors, Engine, Fault, Next, Parameters, Position, RetrySafety, ServerVersion,
    Session as _, Statement, ToSql, TransactionStatus, verdict,
};
use crdb_facade::pool::Lease;
use crdb_facade::{Connector, Database, Error, Session, Verdict};
use tokio::time::timeout;

use super::Script;
use super::failure::{Cause, Failure};
use super::ledger::Ledger;
use super::step::Step;
use crate::parameter::TextParameter;
use crate::rows::Results;
use crate::terminal;

/// How long the answer to a cancelled statement is waited for.
const CANCELLED: Duration = Duration::from_secs(30);

/// From this release on the errors of COMMIT are certain at every isolation (see crdb-exec's `CommitErrors`).
const CERTAIN: ServerVersion = ServerVersion::new(26, 1, 0);

/// What a statement came to.
struct Done {
    answer: Answer<u64>,
    /// How many rows it gave, if it is one that gives rows.
    rows: Option<u64>,
    interrupted: bool,
}

/// Runs the script on a session of its own.
///
/// # Errors
/// When there is no session, or rows cannot be written. A statement's failure is a [`Failure`].
pub(super) async fn run(
    script: &Script<'_>,
    database: &Database,
    results: &mut Results,
    quiet: bool,
) -> Result<Result<(), Failure>> {
    let mut runner = Runner::on(database).await?;
    let mut ledger = match runner.run(script, results, quiet).await? {
        Ok(ledger) => ledger,
        Err(failure) => return Ok(Err(failure)),
    };
    if runner.status == TransactionStatus::Idle {
        return Ok(Ok(()));
    }
    runner.end_transaction().await;
    ledger.roll_back();
    let last = script.pieces.len().saturating_sub(1);
    Ok(Err(Failure::new(last, Cause::LeftOpen, ledger)))
}

/// A session, and where its transaction stands.
pub(crate) struct Runner {
    session: Lease<Connector>,
    status: TransactionStatus,
}

impl Runner {
    /// A session of this database.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) async fn on(database: &Database) -> Result<Self> {
        Ok(Self {
            session: database.pool().acquire().await.map_err(Error::from)?,
            status: TransactionStatus::Idle,
        })
    }

    /// Where the transaction stands.
    pub(crate) fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Whether the session has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    /// Runs statements until one fails. That ends the transaction; one that does not fail may leave it open.
    ///
    /// # Errors
    /// When rows cannot be written. A statement's failure is a [`Failure`].
    pub(crate) async fn run(
        &mut self,
        script: &Script<'_>,
        results: &mut Results,
        quiet: bool,
    ) -> Result<Result<Ledger, Failure>> {
        self.run_with(script, &[], results, quiet).await
    }

    /// As [`run`](Self::run), for statements with parameters.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) async fn run_with(
        &mut self,
        script: &Script<'_>,
        parameters: &[TextParameter],
        results: &mut Results,
        quiet: bool,
    ) -> Result<Result<Ledger, Failure>> {
        let mut ledger = Ledger::default();
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|parameter| parameter as &(dyn ToSql + Sync))
            .collect();
        for (index, piece) in script.pieces.iter().enumerate() {
            let step = Step::of(piece.text);
            let done = statement(&self.session, piece.text, &parameters, results).await?;
            let (before, after) = (self.status, done.answer.status());
            self.status = after.unwrap_or(TransactionStatus::Idle);
            if let Some(fault) = done.answer.fault() {
                let verdict = verdict_on(&self.session, fault, piece.text, &step, before, after);
                ledger.failed(index, &step, verdict == Verdict::OutcomeUnknown);
                self.end_transaction().await;
                let cause = Cause::of(fault, verdict);
                return Ok(Err(Failure::new(index, cause, ledger)));
            }
            let rolled_back = ledger.rolled_back.len();
            ledger.succeeded(index, &step, done.answer.tags(), after);
            if step == Step::Commit && ledger.rolled_back.len() > rolled_back {
                return Ok(Err(Failure::new(index, Cause::CommitRolledBack, ledger)));
            }
            if done.interrupted {
                self.end_transaction().await;
                ledger.roll_back();
                return Ok(Err(Failure::new(index, Cause::Interrupted, ledger)));
            }
            if !quiet {
                told(&done, results);
            }
        }
        Ok(Ok(ledger))
    }

    /// Rolls back what is open. A session that does not answer is closed by its pool.
    async fn end_transaction(&mut self) {
        if self.status != TransactionStatus::Idle && !self.session.is_closed() {
            let rollback = Statement::new("ROLLBACK");
            drop(timeout(CANCELLED, self.session.execute(rollback, &[])).await);
        }
        self.status = TransactionStatus::Idle;
    }
}

/// Runs one statement, and writes its rows as they come. Ctrl-C cancels it; its answer is waited for, because it says whether the
/// statement took effect.
async fn statement(
    session: &Session,
    text: &str,
    parameters: Parameters<'_>,
    results: &mut Results,
) -> Result<Done> {
    let statement = Statement::new(text).retry(RetrySafety::Never);
    let mut interrupted = false;
    let mut running = pin!(rows(session, statement, parameters, results));
    let outcome = tokio::select! {
        outcome = &mut running => outcome,
        _ = tokio::signal::ctrl_c() => {
            interrupted = true;
            terminal::note("cancelling; its answer is waited for");
            session.cancel().await;
            match timeout(CANCELLED, running).await {
                Ok(outcome) => outcome,
                Err(_) => Ok((Answer::failed(Fault::lost(
                    crdb_facade::exec::Written::Wholly,
                    "the cancelled statement was not answered",
                )), None)),
            }
        }
    };
    let (answer, rows) = outcome?;
    Ok(Done {
        answer,
        rows,
        interrupted,
    })
}

async fn rows(
    session: &Session,
    statement: Statement<'_>,
    parameters: Parameters<'_>,
    results: &mut Results,
) -> Result<(Answer<u64>, Option<u64>)> {
    let mut cursor = match session.fetch_stream(statement, parameters).await {
        Ok(cursor) => cursor,
        Err(answer) => return Ok((answer, None)),
    };
    let gives_rows = !cursor.columns().is_empty();
    let columns = cursor.columns().iter();
    // A type without a mapping is named by the first row's error.
    let columns: Option<Columns> = columns
        .map(|column| DataColumn::new(column.name(), column.type_().clone()))
        .collect();
    let mut result = match gives_rows {
        true => Some(results.begin(columns)?),
        false => None,
    };
    loop {
        match poll_fn(|cx| session.poll_row(&mut cursor, cx)).await {
            Next::Row(row) => {
                if let Some(result) = &mut result {
                    result.push(&row)?;
                }
            }
            Next::End(answer) => {
                // What was written of a result that failed is not all, and not ended as if it were.
                let count = match result {
                    Some(result) if answer.fault().is_none() => Some(result.end()?),
                    _ => None,
                };
                return Ok((answer, count));
            }
        }
    }
}

/// What is certain about a statement that failed.
fn verdict_on(
    session: &Session,
    fault: &Fault,
    text: &str,
    step: &Step,
    before: TransactionStatus,
    after: Option<TransactionStatus>,
) -> Verdict {
    let statement = Statement::new(text).retry(RetrySafety::Never);
    let position = match (before, step) {
        (TransactionStatus::Idle, _) => Position::autocommit(&statement),
        (_, Step::Commit) => Position::Commit(commit_errors(session)),
        // The transaction has ended under the statement: what it had done may be committed.
        _ if after == Some(TransactionStatus::Idle) => Position::AfterEnd,
        _ => Position::InTransaction,
    };
    verdict(fault, position, session.engine())
}

/// A script may have chosen any isolation.
fn commit_errors(session: &Session) -> CommitErrors {
    let mended = session.version().is_some_and(|version| version >= CERTAIN);
    match session.engine() {
        Engine::PostgreSql => CommitErrors::Certain,
        _ if mended => CommitErrors::Certain,
        _ => CommitErrors::Doubtful,
    }
}

/// Says how many rows there were, or the command tag.
fn told(done: &Done, results: &mut Results) {
    match done.rows {
        Some(rows) if results.is_table() => results.note(&format!("({})", terminal::rows(rows))),
        Some(_) => {}
        None => {
            if let Some(tag) = done.answer.tags().last() {
                results.note(tag.as_str());
            }
        }
    }
}

//! A batch that is one transaction.

use std::sync::Arc;

use bytes::BytesMut;
use crdb_auth::{Engine, TransactionStatus};
use postgres_protocol::message::frontend;

use super::Batch;
use super::answers::{BatchAnswer, StatementAnswer};
use crate::answer::{Answer, Written};
use crate::connection::{Event, Outgoing, Reply, Trace};
use crate::error::Error;
use crate::footprint::{Footprint, TransactionEffect};
use crate::observer::{Operation, Outcome};
use crate::protocol::{Shape, Step, Steps};
use crate::row::Row;
use crate::session::Session;
use crate::statement::{Prepared, bind};

/// What says whether a CockroachDB takes the statements between two Syncs as one transaction. Its documentation has the default
/// `true` since v22.2; servers before v22.1 do not know it, and take each statement as its own.
const QUESTION: &str = "SHOW enable_implicit_transaction_for_batch_statements";

impl Session {
    /// Runs the statements in one round trip as one transaction: all take effect, or none.
    ///
    /// Within an open transaction they run in that. Else one Sync makes them one on PostgreSQL, and on CockroachDB where its variable
    /// `enable_implicit_transaction_for_batch_statements` is on, which is asked once per session; there the server also retries them by
    /// itself. Where it is off, `BEGIN` and `COMMIT` travel along, and COMMIT's own tag is read. A batch of which a statement moves the
    /// transaction (`COMMIT`, `SAVEPOINT`, DDL on CockroachDB, `CALL`) is refused.
    ///
    /// After a failure the answers say which statement failed and that the later ones were not run. Statements whose prepared
    /// form had become stale are prepared anew and the batch is run again, once, where it is certain that it had no effect, and unless
    /// one of its requests is [`once`](crate::Request::once).
    ///
    /// Rows are gathered whole.
    ///
    /// # Errors
    /// The caller's mistakes: nothing was sent. A text that cannot be prepared. What the server answers to the batch is no error
    /// here but in the [`BatchAnswer`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the session unfinished, and perhaps in a failed transaction: [`reset`](Self::reset) it.
    pub async fn batch(&mut self, batch: &Batch<'_>) -> Result<BatchAnswer, Error> {
        let shared = &self.connection.shared;
        let observer = shared.config.observer.as_ref();
        let mut operation = Operation::batch(observer, &shared.peer, batch.len(), true);
        let result = self.run_batch(batch).await;
        let outcome = match &result {
            Ok(answer) if !answer.is_success() => Outcome::Failed(answer.failure()),
            result => Outcome::of(result),
        };
        operation.end(outcome, 0);
        result
    }

    async fn run_batch(&mut self, batch: &Batch<'_>) -> Result<BatchAnswer, Error> {
        // What was sent before decides whether a transaction is open.
        self.connection.shared.quiet().await;
        let once = batch.statements.iter().any(|item| item.request.once);
        let mut again = false;
        loop {
            let prepared = self.prepare_all(batch).await?;
            let mut defines = false;
            for prepared in &prepared {
                defines |= self.check(prepared)?;
            }
            let wraps = self.wraps(defines).await?;
            let outcome = self.run_atomic(batch, &prepared, wraps).await?;
            let mut stale = false;
            for (item, prepared) in batch.statements.iter().zip(&prepared) {
                stale |= self
                    .connection
                    .forget_stale(item.request.text, prepared, &outcome.answer);
            }
            let idle = Some(TransactionStatus::Idle);
            let undone = outcome.answer.before == idle && outcome.answer.status() == idle;
            if stale && undone && !again && !once {
                again = true;
                continue;
            }
            return Ok(outcome);
        }
    }

    /// Refuses a statement that would end the transaction in the midst of the batch. Says whether it defines data.
    fn check(&self, prepared: &Prepared) -> Result<bool, Error> {
        match prepared.footprint.transaction() {
            TransactionEffect::None => Ok(false),
            TransactionEffect::Ddl if self.engine() == Engine::PostgreSql => Ok(true),
            _ => Err(Error::refused(
                "running an atomic batch: one of its statements begins, ends or divides a transaction; run it by itself",
            )),
        }
    }

    /// Whether BEGIN and COMMIT must travel along. `defines`: a statement defines data.
    async fn wraps(&self, defines: bool) -> Result<bool, Error> {
        let (status, dirty) = self
            .connection
            .shared
            .with(|inner| (inner.status(), inner.loan.dirty_reason().is_some()));
        if status != TransactionStatus::Idle {
            return Ok(false);
        }
        if self.engine() == Engine::PostgreSql {
            // It commits at once after a VACUUM or CREATE DATABASE that comes first between two Syncs, and refuses it behind BEGIN.
            return Ok(defines);
        }
        if dirty {
            // The variable may have been changed in this loan.
            return Ok(true);
        }
        if let Some(joins) = self.connection.joins_batches.get() {
            return Ok(!joins);
        }
        let joins = match self.fetch_all(QUESTION, &[]).await {
            Ok(rows) => rows
                .first()
                .and_then(|row| row.get::<String>(0).ok())
                .is_some_and(|value| value == "on" || value == "true"),
            Err(error) if error.is_closed() => return Err(error),
            Err(_) => false,
        };
        Ok(!self.connection.joins_batches.get_or_init(|| joins))
    }

    async fn run_atomic(
        &self,
        batch: &Batch<'_>,
        prepared: &[Arc<Prepared>],
        wraps: bool,
    ) -> Result<BatchAnswer, Error> {
        let ends = if wraps {
            let begin = self.connection.statement("BEGIN").await?.0;
            let commit = self.connection.statement("COMMIT").await?.0;
            Some((begin, commit))
        } else {
            None
        };
        let mut buffer = BytesMut::new();
        let mut steps = Steps::new();
        let mut footprint = Footprint::of("");
        let mut local_settings = true;
        if let Some((begin, _)) = &ends {
            append(begin, &[], &mut buffer, &mut steps)?;
        }
        for (item, prepared) in batch.statements.iter().zip(prepared) {
            append(prepared, &item.values, &mut buffer, &mut steps)?;
            footprint = footprint.and(prepared.footprint);
            local_settings &= item.request.local_settings;
        }
        if let Some((_, commit)) = &ends {
            append(commit, &[], &mut buffer, &mut steps)?;
        }
        frontend::sync(&mut buffer);
        let reply = self.connection.send(Outgoing {
            bytes: &buffer,
            shape: Shape::Extended(steps),
            trace: Trace {
                footprint,
                local_settings,
            },
            copies: false,
            tells_ends: true,
            keeps: None,
        })?;
        let outcome = self.gather(reply, prepared, wraps).await;
        if wraps && outcome.answer.status() == Some(TransactionStatus::Failed) {
            // COMMIT was skipped with the statements behind the one that failed.
            self.simple("ROLLBACK").await?;
        }
        Ok(outcome)
    }

    /// Sorts what comes by statement.
    async fn gather(
        &self,
        mut reply: Reply,
        prepared: &[Arc<Prepared>],
        wraps: bool,
    ) -> BatchAnswer {
        let mut ended: Vec<StatementAnswer> = Vec::with_capacity(prepared.len());
        let mut rows: Vec<Row> = Vec::new();
        let mut begins = wraps;
        let mut committed = None;
        while let Some(event) = reply.event().await {
            let tag = match event {
                Event::Rows(block) => {
                    if let Some(prepared) = prepared.get(ended.len()) {
                        rows.extend(
                            block.map(|body| Row::new(body, Arc::clone(&prepared.columns))),
                        );
                    }
                    continue;
                }
                Event::Complete(tag) => Some(tag),
                Event::Empty => None,
                _ => continue,
            };
            if std::mem::take(&mut begins) {
                continue;
            }
            if ended.len() < prepared.len() {
                ended.push(StatementAnswer::Done {
                    tag,
                    rows: std::mem::take(&mut rows),
                });
            } else {
                committed = tag;
            }
        }
        let answer = reply.take();
        if begins {
            // BEGIN has failed, or was not answered.
            ended.clear();
        }
        let rolled_back =
            wraps && answer.is_success() && committed.is_none_or(|tag| tag != "COMMIT");
        BatchAnswer {
            statements: fill_up(ended, prepared.len(), &answer, begins),
            answer,
            rolled_back,
            peer: Arc::clone(&self.connection.shared.peer),
        }
    }
}

/// The answers of the statements that did not end.
fn fill_up(
    mut ended: Vec<StatementAnswer>,
    statements: usize,
    answer: &Answer,
    nothing_ran: bool,
) -> Vec<StatementAnswer> {
    if ended.len() < statements
        && !nothing_ran
        && let Some(error) = &answer.error
    {
        ended.push(StatementAnswer::Failed(Arc::clone(error)));
    }
    while ended.len() < statements {
        let not_run = answer.error.is_some() || answer.written() == Written::Not;
        ended.push(if not_run {
            StatementAnswer::NotRun
        } else {
            StatementAnswer::Unknown
        });
    }
    ended
}

/// Appends Bind and Execute.
fn append(
    prepared: &Prepared,
    values: crate::Parameters<'_>,
    buffer: &mut BytesMut,
    steps: &mut Steps,
) -> Result<(), Error> {
    prepared.bind(values, buffer)?;
    bind::execute(buffer)?;
    steps.push(Step::Bind);
    steps.push(Step::Execute {
        columns: prepared.width(),
    });
    Ok(())
}

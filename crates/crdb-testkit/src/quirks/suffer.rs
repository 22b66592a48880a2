//! Failures that a test asked for, where a statement meets them.

use std::io;
use std::time::Instant;

use super::failure::Failure;
use super::injection::Injection;
use super::perform::{Outcome, Way};
use super::session::{Flow, Session};
use super::statement::{Class, Statement};
use super::transaction::State;
use super::wire::put_ready;

impl Session {
    /// Runs a statement that is to fail, or does not.
    pub(super) async fn suffer(
        &mut self,
        injection: Injection,
        statement: &Statement,
        way: Way<'_>,
        releases: bool,
    ) -> io::Result<Outcome> {
        let version = self.control.options.release();
        let ends = matches!(statement.class, Class::Commit { .. });
        match injection {
            Injection::RetryStatement => self.fail(&Failure::retry_statement(version)).await,
            Injection::RetryCommit if ends => {
                self.fail_commit(&Failure::retry_commit(version)).await
            }
            Injection::RetryCommit => self.fail(&Failure::retry_commit(version)).await,
            Injection::AmbiguousCommit { committed } => {
                self.answer_falsely(&Failure::ambiguous(), committed, statement, way, releases)
                    .await
            }
            Injection::CancelAutocommit { committed } => {
                self.answer_falsely(&Failure::cancelled(), committed, statement, way, false)
                    .await
            }
            Injection::FailSchemaChange => self.fail_schema_change(statement).await,
            Injection::LeaveSchemaChange => self.leave_schema_change(statement, way).await,
            Injection::CutStatement { cut } | Injection::CutBeforeCommit { cut } => {
                self.cut(cut).await.map(|_: Flow| Outcome::Over)
            }
            Injection::CutAfterCommit { cut } => {
                if !self.run_unanswered(statement, way, releases).await? {
                    return Ok(Outcome::Failed);
                }
                self.backend.end_batch().await?;
                self.cut(cut).await.map(|_: Flow| Outcome::Over)
            }
            Injection::CutCommitReply { bytes, cut } => {
                if matches!(way, Way::Portal { .. }) {
                    // What answers the messages before this one arrives whole.
                    self.flush().await?;
                }
                let outcome = if releases {
                    self.release_quietly().await?
                } else {
                    self.execute(statement, way).await?
                };
                if !matches!(outcome, Outcome::Complete | Outcome::Suspended) {
                    return Ok(outcome);
                }
                let (status, error) = self.backend.end_batch_with_status().await?;
                if let Some(error) = error {
                    self.relay(error, None);
                }
                put_ready(&mut self.out, if releases { b'T' } else { status });
                self.cut_answer(bytes, cut)
                    .await
                    .map(|_: Flow| Outcome::Over)
            }
        }
    }

    /// Answers with `failure` what has been committed all the same, or has not.
    async fn answer_falsely(
        &mut self,
        failure: &Failure,
        committed: bool,
        statement: &Statement,
        way: Way<'_>,
        releases: bool,
    ) -> io::Result<Outcome> {
        if !committed {
            if matches!(statement.class, Class::Commit { .. }) {
                return self.fail_commit(failure).await;
            }
            return self.fail(failure).await;
        }
        if !self.run_unanswered(statement, way, releases).await? {
            return Ok(Outcome::Failed);
        }
        // Committed now, so that the error does not take it back.
        self.backend.end_batch().await?;
        self.forget_transaction();
        if releases {
            // A release that fails leaves a failed transaction, whatever became of it.
            self.backend.run_in_batch("BEGIN").await?;
            self.transaction.set(State::Open, Instant::now());
        }
        self.fail(failure).await
    }

    async fn release_quietly(&mut self) -> io::Result<Outcome> {
        if let Some(error) = self.backend.run_in_batch("COMMIT").await? {
            return self.relay_failure(error).await;
        }
        self.transaction.set(State::Released, Instant::now());
        self.complete("COMMIT");
        Ok(Outcome::Complete)
    }

    /// Runs what would commit without telling the client. False when it failed of itself, which the client learns.
    pub(super) async fn run_unanswered(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
        releases: bool,
    ) -> io::Result<bool> {
        let error = if releases {
            self.backend.run_in_batch("COMMIT").await?
        } else {
            self.start(statement, way).await?;
            loop {
                let frame = self.backend.answer().await?;
                match frame.tag {
                    b'E' => break Some(frame),
                    b'C' | b'I' | b's' => break None,
                    _ => {}
                }
            }
        };
        if let Some(error) = error {
            let _failed: Outcome = self.relay_failure(error).await?;
            return Ok(false);
        }
        Ok(true)
    }

    /// PostgreSQL has cancelled a statement outside a transaction. CockroachDB may have committed it: as likely as
    /// [`RandomInjections::committed_when_cancelled`](super::RandomInjections::committed_when_cancelled) says, it runs
    /// once more, and its answer stays the error.
    pub(super) async fn commit_cancelled(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<()> {
        if !self
            .control
            .commits_cancelled(self.number, &mut self.sequence)
        {
            return Ok(());
        }
        self.backend.end_batch().await?;
        // What waits for another transaction does not get as far as its commit.
        let begin = [
            "BEGIN",
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL lock_timeout = '200ms'",
        ];
        for text in begin {
            self.backend.run_in_batch(text).await?;
        }
        let error = match way {
            Way::Text => self.backend.run_in_batch(&statement.text).await?,
            Way::Portal { execute, bind } => self.backend.run_portal(bind, execute).await?,
        };
        if error.is_some() {
            self.backend.end_batch().await?;
            self.backend.run_in_batch("ROLLBACK").await?;
        } else {
            self.backend.run_in_batch("COMMIT").await?;
        }
        self.backend.end_batch().await?;
        Ok(())
    }
}

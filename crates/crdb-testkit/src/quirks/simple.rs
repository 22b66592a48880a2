//! The simple protocol: Query.

use std::io;

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::{Flow, Session};
use super::settings::Setting;
use super::statement::{Class, Statement};
use super::transaction::State;
use super::wire::{Frame, put, take_text};

/// What CockroachDB says when it commits on behalf of DDL.
pub(super) const COMMITTED_BEFORE_DDL: &str =
    "auto-committing transaction before processing DDL due to autocommit_before_ddl setting";

/// What `SAVEPOINT cockroach_restart` means in a failed transaction.
pub(super) const ROLL_BACK_TO_RESTART: &str = "ROLLBACK TO SAVEPOINT cockroach_restart";

impl Session {
    pub(super) async fn simple_query(&mut self, frame: Frame) -> io::Result<Flow> {
        if self.skipping {
            if self.control.options.release().discards_queries() {
                return Ok(Flow::Go);
            }
            // The statements are skipped as everything is, and the Sync that each Query implies is not.
            return self.sync().await;
        }
        // A Query among the messages of the extended protocol is not run again with them.
        self.unsent_from = (!self.in_batch).then_some(self.out.len());
        if self.query(frame).await? == Flow::End {
            return Ok(Flow::End);
        }
        self.sync().await
    }

    /// Runs the statements of a Query, without its end.
    pub(super) async fn query(&mut self, frame: Frame) -> io::Result<Flow> {
        let mut body = frame.body.clone();
        self.batch.push(frame);
        let sql = take_text(&mut body).unwrap_or_default();
        let statements = match self.habits().read_all(&String::from_utf8_lossy(&sql)) {
            Ok(statements) => statements,
            Err(failure) => {
                self.fail_batch(&failure).await?;
                return Ok(Flow::Go);
            }
        };
        if statements.is_empty() {
            put(&mut self.out, b'I', |_| {});
        }
        let alone = statements.len() == 1 && !self.in_batch;
        let count = statements.len();
        for (at, statement) in statements.into_iter().enumerate() {
            let statement = &self.with_tables(statement).await?;
            if let Some(failure) = self.second_portal(&statement.class, "ExecStmt").await? {
                self.fail_batch(&failure).await?;
                return Ok(Flow::Go);
            }
            let last = at + 1 == count;
            if last && statement.class == Class::ShowCommitTimestamp && !self.commit_batch().await?
            {
                return Ok(Flow::Go);
            }
            match self.perform_text(statement, alone).await? {
                Outcome::Complete | Outcome::Suspended => {}
                Outcome::Retry => return self.repeat_batch().await,
                Outcome::Failed => return Ok(Flow::Go),
                Outcome::Over => return Ok(Flow::End),
            }
            if !last && !self.end_single_statement().await? {
                return Ok(Flow::Go);
            }
        }
        Ok(Flow::Go)
    }

    async fn perform_text(&mut self, statement: &Statement, alone: bool) -> io::Result<Outcome> {
        if statement.takes_parameters && statement.class != Class::Session {
            let message = "no value provided for placeholder: $1";
            return self.fail(&Failure::new("42P02", message)).await;
        }
        self.perform(statement, Way::Text, alone).await
    }

    /// Commits the statement that has just run, if each is its own transaction
    /// (`enable_implicit_transaction_for_batch_statements`). False when that failed.
    pub(super) async fn end_single_statement(&mut self) -> io::Result<bool> {
        if self.transaction.state != State::Idle || self.setting(Setting::BatchTransactions).await?
        {
            return Ok(true);
        }
        self.commit_batch().await
    }

    /// Commits the implicit transaction, if there is one. False when that failed.
    async fn commit_batch(&mut self) -> io::Result<bool> {
        if self.transaction.state != State::Idle || !self.transaction.has_begun() {
            return Ok(true);
        }
        let error = self.backend.end_batch().await?;
        self.forget_transaction();
        match error {
            Some(error) => {
                let failed = self.relay_failure(error).await?;
                Ok(failed != Outcome::Failed)
            }
            None => {
                self.committed();
                Ok(true)
            }
        }
    }
}

//! The simple protocol: Query.

use std::io;

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::{Flow, Session};
use super::settings::Setting;
use super::statement::{Class, Statement};
use super::transaction::State;
use super::wire::put;

/// What CockroachDB says when it commits on behalf of DDL.
pub(super) const COMMITTED_BEFORE_DDL: &str =
    "auto-committing transaction before processing DDL due to autocommit_before_ddl setting";

/// What `SAVEPOINT cockroach_restart` means in a failed transaction.
pub(super) const ROLL_BACK_TO_RESTART: &str = "ROLLBACK TO SAVEPOINT cockroach_restart";

impl Session {
    pub(super) async fn simple_query(&mut self, sql: &[u8]) -> io::Result<Flow> {
        if self.skipping {
            if self.control.options.release().discards_queries() {
                return Ok(Flow::Go);
            }
            // The statements are skipped as everything is, and the Sync that each Query implies is not.
            return self.sync().await;
        }
        self.unsent_from = Some(self.out.len());
        let flow = self.run_query(sql).await?;
        self.unsent_from = None;
        if flow == Flow::End {
            return Ok(flow);
        }
        self.sync().await
    }

    async fn run_query(&mut self, sql: &[u8]) -> io::Result<Flow> {
        let statements = match self.habits().read_all(&String::from_utf8_lossy(sql)) {
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
        for (at, statement) in statements.iter().enumerate() {
            if let Some(failure) = self.second_portal(&statement.class, "ExecStmt").await? {
                self.fail_batch(&failure).await?;
                return Ok(Flow::Go);
            }
            match self.perform_text(statement, alone).await? {
                Outcome::Complete | Outcome::Suspended => {}
                Outcome::Failed => return Ok(Flow::Go),
                Outcome::Over => return Ok(Flow::End),
            }
            if at + 1 < statements.len() && !self.end_single_statement().await? {
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
        let error = self.backend.end_batch().await?;
        self.forget_transaction();
        match error {
            Some(error) => {
                let failed = self.relay_failure(error).await?;
                Ok(failed != Outcome::Failed)
            }
            None => Ok(true),
        }
    }
}

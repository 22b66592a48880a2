//! The simple protocol: Query.

use std::io;
use std::time::Instant;

use super::failure::Failure;
use super::injection::Injection;
use super::session::{Flow, Session};
use super::statement::{Class, Statement};
use super::transaction::{Decision, State};
use super::wire::{put_failure, put_notice, put_ready};

/// What CockroachDB says when it commits on behalf of DDL.
pub(super) const COMMITTED_BEFORE_DDL: &str =
    "auto-committing transaction before processing DDL due to autocommit_before_ddl setting";

/// What `SAVEPOINT cockroach_restart` means in a failed transaction.
pub(super) const ROLL_BACK_TO_RESTART: &str = "ROLLBACK TO SAVEPOINT cockroach_restart";

impl Session {
    pub(super) async fn simple_query(&mut self, sql: &[u8]) -> io::Result<Flow> {
        if self.skipping {
            // The statements are skipped as everything is, and the Sync that each Query implies is not.
            return self.sync().await;
        }
        self.in_batch = false;
        let version = self.control.options.release();
        let mut statement = self.habits().read(&String::from_utf8_lossy(sql));
        if self.open_portal.take().is_some() && statement.class != Class::Commit {
            return self
                .fail_query(&Failure::second_portal("ExecStmt", version))
                .await;
        }
        if let Some(failure) = statement.refusal.take() {
            return self.fail_query(&failure).await;
        }
        let decision = self.transaction.decide(&statement.class, version);
        match &decision {
            Decision::Refuse(failure) => return self.fail_query(failure).await,
            Decision::EndReleased => {
                self.transaction.set(State::Idle, Instant::now());
                self.complete("COMMIT");
                return self.ready().await;
            }
            Decision::RollBackToRestart => {
                ROLL_BACK_TO_RESTART.clone_into(&mut statement.text);
            }
            Decision::Release => "COMMIT".clone_into(&mut statement.text),
            Decision::CommitFirst => {
                let (status, error) = self.backend.run("COMMIT").await?;
                self.settle(status);
                if let Some(error) = error {
                    self.relay(error, None);
                    return self.ready().await;
                }
                put_notice(&mut self.out, &Failure::new("00000", COMMITTED_BEFORE_DDL));
            }
            Decision::Run => {}
        }
        let releases = decision == Decision::Release;
        if let Some(injection) = self.injection(&statement) {
            return self
                .inject_into_query(injection, &statement, releases)
                .await;
        }
        if let Class::ForceRetry(milliseconds) = statement.class
            && let Err(failure) = self.force_retry(milliseconds).await
        {
            return self.fail_query(&failure).await;
        }
        self.run_query(&statement, releases, true).await?;
        self.ready().await
    }

    /// Lets PostgreSQL run the statement and gathers the answer up to ReadyForQuery, sending it on meanwhile if `flush`.
    async fn run_query(
        &mut self,
        statement: &Statement,
        releases: bool,
        flush: bool,
    ) -> io::Result<()> {
        self.backend.send_query(&statement.text).await?;
        let mut failed = false;
        let status = loop {
            let frame = self.backend.reader.next_frame().await?;
            match frame.tag {
                b'Z' => break frame.body.first().copied().unwrap_or(b'I'),
                b'G' => {
                    self.relay(frame, None);
                    self.flush().await?;
                    self.copy_in().await?;
                }
                tag => {
                    failed |= tag == b'E';
                    self.relay(frame, statement.tag);
                    if flush {
                        self.flush_if_much().await?;
                    }
                }
            }
        };
        self.settle(status);
        if !failed {
            self.transaction.ran(&statement.class);
            if let Some(last) = &statement.last {
                self.transaction.ran(last);
            }
            if releases {
                self.transaction.set(State::Released, Instant::now());
            }
        }
        Ok(())
    }

    async fn inject_into_query(
        &mut self,
        injection: Injection,
        statement: &Statement,
        releases: bool,
    ) -> io::Result<Flow> {
        let version = self.control.options.release();
        match injection {
            Injection::RetryStatement => self.fail_query(&Failure::retry_statement(version)).await,
            Injection::RetryCommit if releases => {
                self.fail_query(&Failure::retry_commit(version)).await
            }
            Injection::RetryCommit => {
                self.roll_back().await?;
                put_failure(&mut self.out, &Failure::retry_commit(version));
                self.ready().await
            }
            Injection::AmbiguousCommit { committed } => {
                if committed {
                    if let Some(flow) = self.run_unanswered(statement).await? {
                        return Ok(flow);
                    }
                } else {
                    self.roll_back().await?;
                }
                if releases {
                    // A release that fails leaves a failed transaction, whatever became of it.
                    self.backend.run("BEGIN").await?;
                    let status = self.backend.fail_transaction().await?;
                    self.settle(status);
                }
                put_failure(&mut self.out, &Failure::ambiguous());
                self.ready().await
            }
            Injection::CutStatement { cut } | Injection::CutBeforeCommit { cut } => {
                self.cut(cut).await
            }
            Injection::CutAfterCommit { cut } => match self.run_unanswered(statement).await? {
                Some(flow) => Ok(flow),
                None => self.cut(cut).await,
            },
            Injection::CutCommitReply { bytes, cut } => {
                self.run_query(statement, releases, false).await?;
                put_ready(&mut self.out, self.transaction.state.status());
                self.cut_answer(bytes, cut).await
            }
        }
    }

    /// Runs a statement without telling the client, unless it fails of itself.
    async fn run_unanswered(&mut self, statement: &Statement) -> io::Result<Option<Flow>> {
        let (status, error) = self.backend.run(&statement.text).await?;
        self.settle(status);
        match error {
            Some(error) => {
                self.relay(error, None);
                self.ready().await.map(Some)
            }
            None => Ok(None),
        }
    }

    async fn roll_back(&mut self) -> io::Result<()> {
        if self.transaction.state != State::Idle {
            let (status, _) = self.backend.run("ROLLBACK").await?;
            self.settle(status);
        }
        Ok(())
    }

    /// Answers a Query with an error, which fails an open transaction.
    pub(super) async fn fail_query(&mut self, failure: &Failure) -> io::Result<Flow> {
        put_failure(&mut self.out, failure);
        if self.transaction.state == State::Open {
            let status = self.backend.fail_transaction().await?;
            self.settle(status);
        }
        self.ready().await
    }
}

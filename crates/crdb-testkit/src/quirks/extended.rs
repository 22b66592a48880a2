//! The extended protocol: Parse, Bind, Describe, Execute, Close, Sync.

use std::io;
use std::time::Instant;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::failure::Failure;
use super::injection::Injection;
use super::session::{Flow, Session};
use super::simple::{COMMITTED_BEFORE_DDL, ROLL_BACK_TO_RESTART};
use super::statement::{Class, Statement};
use super::transaction::{Decision, State};
use super::translate::is_changed_result_type;
use super::wire::{Frame, put, put_failure, put_notice, put_ready, put_text, take_text};

impl Session {
    pub(super) async fn extended(&mut self, frame: Frame) -> io::Result<Flow> {
        self.in_batch = true;
        let mut body = frame.body.clone();
        match frame.tag {
            b'P' => self.parse(body).await,
            b'B' => {
                let portal = take_text(&mut body).unwrap_or_default();
                let statement =
                    take_text(&mut body).and_then(|name| self.prepared.get(&name).cloned());
                self.bind(&frame, portal, statement).await
            }
            b'D' => {
                if self.open_portal.is_some() {
                    return self.fail_second_portal("DescribeStmt").await;
                }
                self.pass(&frame, None, true).await.map(|_| Flow::Go)
            }
            b'E' => {
                let portal = take_text(&mut body).unwrap_or_default();
                self.execute(&frame, portal).await
            }
            _ => self.close(&frame).await,
        }
    }

    async fn parse(&mut self, mut body: Bytes) -> io::Result<Flow> {
        let (Some(name), Some(sql)) = (take_text(&mut body), take_text(&mut body)) else {
            return self
                .fail_batch(&Failure::protocol("NUL terminator not found"))
                .await;
        };
        let statement = self.habits().read(&String::from_utf8_lossy(&sql));
        if self.open_portal.is_some() {
            if statement.class != Class::Commit {
                return self.fail_second_portal("PrepareStmt").await;
            }
            self.open_portal = None;
        }
        if let Some(failure) = &statement.refusal {
            let failure = failure.clone();
            return self.fail_batch(&failure).await;
        }
        if statement.last.is_some() {
            let message = "prepared statement had several statements, expected 1";
            return self.fail_batch(&Failure::new("42P14", message)).await;
        }
        if statement.class == Class::CopyIn {
            let failure =
                Failure::uncategorized("CopyFrom not supported in extended protocol mode");
            return self.fail_batch(&failure).await;
        }
        let mut text = statement.text.as_str();
        let version = self.control.options.release();
        if self.transaction.decide(&statement.class, version) == Decision::RollBackToRestart {
            // PostgreSQL would not parse a SAVEPOINT in a failed transaction.
            text = ROLL_BACK_TO_RESTART;
        }
        let mut parse = BytesMut::new();
        parse.put_slice(&name);
        parse.put_u8(0);
        put_text(&mut parse, text);
        parse.put_slice(&body);
        if self
            .pass(
                &Frame {
                    tag: b'P',
                    body: parse.freeze(),
                },
                None,
                true,
            )
            .await?
            != b'E'
        {
            self.prepared.insert(name, statement);
        }
        Ok(Flow::Go)
    }

    async fn bind(
        &mut self,
        frame: &Frame,
        portal: Bytes,
        statement: Option<Statement>,
    ) -> io::Result<Flow> {
        if self.open_portal.is_some() {
            return self.fail_second_portal("BindStmt").await;
        }
        if let Some(statement) = &statement {
            let version = self.control.options.release();
            if self.transaction.decide(&statement.class, version) == Decision::CommitFirst {
                // Now, because the portal would go with the transaction.
                if let Some(error) = self.backend.run_in_batch("COMMIT").await? {
                    self.relay(error, None);
                    return self.skip().await;
                }
                self.transaction.set(State::Idle, Instant::now());
                put_notice(&mut self.out, &Failure::new("00000", COMMITTED_BEFORE_DDL));
            }
        }
        if self.pass(frame, None, true).await? != b'E'
            && let Some(statement) = statement
        {
            self.portals.insert(portal, statement);
        }
        Ok(Flow::Go)
    }

    async fn close(&mut self, frame: &Frame) -> io::Result<Flow> {
        let mut body = frame.body.clone();
        let is_portal = body.try_get_u8() == Ok(b'P');
        let name = take_text(&mut body).unwrap_or_default();
        if let Some(open) = &self.open_portal {
            if !is_portal || *open != name {
                return self.fail_second_portal("DeletePreparedStmt").await;
            }
            self.open_portal = None;
        }
        if is_portal {
            self.portals.remove(&name);
        } else {
            self.prepared.remove(&name);
        }
        self.pass(frame, None, true).await.map(|_| Flow::Go)
    }

    async fn execute(&mut self, frame: &Frame, portal: Bytes) -> io::Result<Flow> {
        let Some(statement) = self.portals.get(&portal).cloned() else {
            return self.pass(frame, None, true).await.map(|_| Flow::Go);
        };
        if let Some(open) = &self.open_portal {
            if *open != portal {
                return self.fail_second_portal("ExecPortal").await;
            }
            return self.run_portal(frame, portal, &statement).await;
        }
        let decision = self
            .transaction
            .decide(&statement.class, self.control.options.release());
        match &decision {
            Decision::Refuse(failure) => {
                let failure = failure.clone();
                return self.fail_batch(&failure).await;
            }
            Decision::EndReleased => {
                self.transaction.set(State::Idle, Instant::now());
                self.complete("COMMIT");
                return Ok(Flow::Go);
            }
            Decision::RollBackToRestart => {
                if let Some(error) = self.backend.run_in_batch(ROLL_BACK_TO_RESTART).await? {
                    self.relay(error, None);
                    return self.skip().await;
                }
                self.transaction.set(State::Open, Instant::now());
                self.complete("ROLLBACK");
                return Ok(Flow::Go);
            }
            Decision::Release | Decision::CommitFirst | Decision::Run => {}
        }
        let releases = decision == Decision::Release;
        if let Some(injection) = self.injection(&statement) {
            return self
                .inject_into_batch(injection, frame, &statement, releases)
                .await;
        }
        if releases {
            return match self.backend.run_in_batch("COMMIT").await? {
                Some(error) => {
                    self.relay(error, None);
                    self.skip().await
                }
                None => {
                    self.transaction.set(State::Released, Instant::now());
                    self.complete("COMMIT");
                    Ok(Flow::Go)
                }
            };
        }
        if let Class::ForceRetry(milliseconds) = statement.class
            && let Err(failure) = self.force_retry(milliseconds).await
        {
            return self.fail_batch(&failure).await;
        }
        self.run_portal(frame, portal, &statement).await
    }

    async fn run_portal(
        &mut self,
        frame: &Frame,
        portal: Bytes,
        statement: &Statement,
    ) -> io::Result<Flow> {
        let end = self.pass(frame, Some(statement), true).await?;
        self.open_portal = (end == b's').then_some(portal);
        Ok(Flow::Go)
    }

    async fn inject_into_batch(
        &mut self,
        injection: Injection,
        execute: &Frame,
        statement: &Statement,
        releases: bool,
    ) -> io::Result<Flow> {
        let version = self.control.options.release();
        let explicit = self.transaction.state == State::Open;
        match injection {
            Injection::RetryStatement => self.fail_batch(&Failure::retry_statement(version)).await,
            Injection::RetryCommit if explicit && !releases => {
                self.roll_back_in_batch().await?;
                put_failure(&mut self.out, &Failure::retry_commit(version));
                self.skip().await
            }
            Injection::RetryCommit => self.fail_batch(&Failure::retry_commit(version)).await,
            Injection::AmbiguousCommit { committed: true } => {
                if !self
                    .run_unanswered_in_batch(execute, statement, releases)
                    .await?
                {
                    return self.skip().await;
                }
                if releases {
                    // A release that fails leaves a failed transaction, whatever became of it.
                    self.backend.run_in_batch("BEGIN").await?;
                    return self.fail_batch(&Failure::ambiguous()).await;
                }
                put_failure(&mut self.out, &Failure::ambiguous());
                self.skip().await
            }
            Injection::AmbiguousCommit { committed: false } if explicit && !releases => {
                self.roll_back_in_batch().await?;
                put_failure(&mut self.out, &Failure::ambiguous());
                self.skip().await
            }
            Injection::AmbiguousCommit { committed: false } => {
                self.fail_batch(&Failure::ambiguous()).await
            }
            Injection::CutStatement { cut } | Injection::CutBeforeCommit { cut } => {
                self.cut(cut).await
            }
            Injection::CutAfterCommit { cut } => {
                if !self
                    .run_unanswered_in_batch(execute, statement, releases)
                    .await?
                {
                    return self.skip().await;
                }
                self.backend.send(&sync_message()).await?;
                self.backend.until_ready().await?;
                self.cut(cut).await
            }
            Injection::CutCommitReply { bytes, cut } => {
                self.flush().await?;
                if releases {
                    if !self
                        .run_unanswered_in_batch(execute, statement, releases)
                        .await?
                    {
                        return self.skip().await;
                    }
                    self.complete("COMMIT");
                } else if self.pass(execute, Some(statement), false).await? == b'E' {
                    return Ok(Flow::Go);
                }
                self.backend.send(&sync_message()).await?;
                let (status, _) = self.backend.until_ready().await?;
                put_ready(&mut self.out, if releases { b'T' } else { status });
                self.cut_answer(bytes, cut).await
            }
        }
    }

    /// Runs what would commit without telling the client. False when it failed of itself, which the client is told.
    async fn run_unanswered_in_batch(
        &mut self,
        execute: &Frame,
        statement: &Statement,
        releases: bool,
    ) -> io::Result<bool> {
        let error = if releases {
            self.backend.run_in_batch("COMMIT").await?
        } else {
            self.backend.send_flushed(execute).await?;
            loop {
                let frame = self.backend.reader.next_frame().await?;
                match frame.tag {
                    b'E' => break Some(frame),
                    b'C' | b'I' | b's' => break None,
                    _ => {}
                }
            }
        };
        if let Some(error) = error {
            self.relay(error, None);
            return Ok(false);
        }
        if matches!(statement.class, Class::Commit) || releases {
            self.transaction.set(State::Idle, Instant::now());
        }
        Ok(true)
    }

    async fn roll_back_in_batch(&mut self) -> io::Result<()> {
        self.backend.run_in_batch("ROLLBACK").await?;
        self.transaction.set(State::Idle, Instant::now());
        Ok(())
    }

    /// Passes a message on and relays its answer. Gives the type of the message that ended it.
    async fn pass(
        &mut self,
        frame: &Frame,
        statement: Option<&Statement>,
        flush: bool,
    ) -> io::Result<u8> {
        self.backend.send_flushed(frame).await?;
        let ends: &[u8] = match frame.tag {
            b'P' => b"1",
            b'B' => b"2",
            b'C' => b"3",
            b'D' => b"Tn",
            _ => b"CIs",
        };
        loop {
            let answer = self.backend.reader.next_frame().await?;
            let tag = answer.tag;
            if tag == b'E' {
                if frame.tag == b'B' && is_changed_result_type(&answer.body) {
                    put(&mut self.out, b'2', |_| {});
                }
                self.relay(answer, None);
                let _skips: Flow = self.skip().await?;
                return Ok(tag);
            }
            self.relay(answer, statement.and_then(|statement| statement.tag));
            if ends.contains(&tag) {
                if let Some(statement) = statement.filter(|_| tag == b'C') {
                    self.ran_in_batch(&statement.class);
                }
                return Ok(tag);
            }
            if flush {
                self.flush_if_much().await?;
            }
        }
    }

    fn ran_in_batch(&mut self, class: &Class) {
        self.transaction.ran(class);
        match class {
            Class::Begin => self.transaction.set(State::Open, Instant::now()),
            Class::Commit | Class::Rollback => self.transaction.set(State::Idle, Instant::now()),
            _ => {}
        }
    }

    /// Ends a batch. The answer to a Query after an error is the same.
    pub(super) async fn sync(&mut self) -> io::Result<Flow> {
        self.skipping = false;
        self.in_batch = false;
        self.backend.send(&sync_message()).await?;
        loop {
            let frame = self.backend.reader.next_frame().await?;
            if frame.tag == b'Z' {
                self.settle(frame.body.first().copied().unwrap_or(b'I'));
                return self.ready().await;
            }
            self.relay(frame, None);
        }
    }

    async fn fail_second_portal(&mut self, operation: &str) -> io::Result<Flow> {
        self.open_portal = None;
        let failure = Failure::second_portal(operation, self.control.options.release());
        self.fail_batch(&failure).await
    }

    /// Answers a message with an error; everything up to the next Sync is skipped, and what ran since the last one is
    /// rolled back.
    pub(super) async fn fail_batch(&mut self, failure: &Failure) -> io::Result<Flow> {
        put_failure(&mut self.out, failure);
        if !self.skipping {
            self.backend.fail_batch().await?;
        }
        self.skip().await
    }

    async fn skip(&mut self) -> io::Result<Flow> {
        self.skipping = true;
        self.flush().await?;
        Ok(Flow::Go)
    }
}

fn sync_message() -> BytesMut {
    let mut out = BytesMut::new();
    put(&mut out, b'S', |_| {});
    out
}

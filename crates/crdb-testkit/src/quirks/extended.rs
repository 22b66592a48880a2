//! The extended protocol: Parse, Bind, Describe, Execute, Close, Sync.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::portal::Portal;
use super::refusal::untyped_placeholder;
use super::session::{Flow, Session};
use super::simple::ROLL_BACK_TO_RESTART;
use super::statement::{Class, Statement};
use super::transaction::{Decision, State};
use super::translate::{self, is_changed_result_type};
use super::wire::{Frame, put, put_failure, put_text, take_text};

impl Session {
    pub(super) async fn extended(&mut self, frame: Frame) -> io::Result<Flow> {
        if !self.in_batch {
            self.in_batch = true;
            self.unsent_from = Some(self.out.len());
        }
        self.batch.push(frame.clone());
        let mut body = frame.body.clone();
        match frame.tag {
            b'P' => self.parse(body).await,
            b'B' => {
                let portal = take_text(&mut body).unwrap_or_default();
                let statement =
                    take_text(&mut body).and_then(|name| self.prepared.get(&name).cloned());
                self.bind(&frame, portal, statement).await
            }
            b'D' => match self.second_portal(&Class::Data, "DescribeStmt").await? {
                Some(failure) => self.refuse_message(&failure).await,
                None => self.pass(&frame).await.map(|_| Flow::Go),
            },
            b'E' => {
                let portal = take_text(&mut body).unwrap_or_default();
                self.execute_portal(&frame, portal).await
            }
            _ => self.close(&frame).await,
        }
    }

    async fn parse(&mut self, mut body: Bytes) -> io::Result<Flow> {
        let (Some(name), Some(sql)) = (take_text(&mut body), take_text(&mut body)) else {
            return self
                .refuse_message(&Failure::protocol("NUL terminator not found"))
                .await;
        };
        let sql = String::from_utf8_lossy(&sql);
        let statement = match self.habits().read(&sql) {
            Ok(statement) => statement,
            Err(failure) => return self.refuse_message(&failure).await,
        };
        if let Some(failure) = self.second_portal(&statement.class, "PrepareStmt").await? {
            return self.refuse_message(&failure).await;
        }
        if let Some(failure) = self.refusal(&statement).await? {
            return self.refuse_message(&failure).await;
        }
        if statement.class == Class::CopyIn {
            let failure =
                Failure::uncategorized("CopyFrom not supported in extended protocol mode");
            return self.refuse_message(&failure).await;
        }
        if let Some(number) = untyped_placeholder(&sql, &declared_types(&body)) {
            let message = format!("could not determine data type of placeholder ${number}");
            return self.refuse_message(&Failure::new("42P18", message)).await;
        }
        self.settings_named |= statement.names_setting;
        let statement = self.with_tables(statement).await?;
        let mut text = statement.text.as_str();
        match self.decide(&statement.class).await? {
            // PostgreSQL would not parse a SAVEPOINT in a failed transaction.
            Decision::RollBackToRestart => text = ROLL_BACK_TO_RESTART,
            Decision::CommitFirst if self.commit_first().await? != Outcome::Complete => {
                return Ok(Flow::Go);
            }
            _ => {}
        }
        let mut parse = BytesMut::new();
        parse.put_slice(&name);
        parse.put_u8(0);
        put_text(&mut parse, text);
        parse.put_slice(&body);
        let parse = Frame {
            tag: b'P',
            body: parse.freeze(),
        };
        if self.pass(&parse).await? != b'E' {
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
        if let Some(failure) = self.second_portal(&Class::Data, "BindStmt").await? {
            return self.refuse_message(&failure).await;
        }
        // Now, because the portal would go with the transaction.
        if let Some(statement) = &statement
            && self.decide(&statement.class).await? == Decision::CommitFirst
            && self.commit_first().await? != Outcome::Complete
        {
            return Ok(Flow::Go);
        }
        if self.pass(frame).await? != b'E'
            && let Some(statement) = statement
        {
            let portal_of = Portal {
                statement,
                bind: frame.clone(),
                bound_at: self.transaction.executed(),
                completed: None,
            };
            self.portals.insert(portal, portal_of);
        }
        Ok(Flow::Go)
    }

    async fn close(&mut self, frame: &Frame) -> io::Result<Flow> {
        let mut body = frame.body.clone();
        let is_portal = body.try_get_u8() == Ok(b'P');
        let name = take_text(&mut body).unwrap_or_default();
        if is_portal && self.suspended.contains(&name) {
            self.suspended.remove(&name);
        } else if let Some(failure) = self
            .second_portal(&Class::Data, "DeletePreparedStmt")
            .await?
        {
            return self.refuse_message(&failure).await;
        }
        if is_portal {
            self.portals.remove(&name);
        } else {
            self.prepared.remove(&name);
        }
        self.pass(frame).await.map(|_| Flow::Go)
    }

    async fn execute_portal(&mut self, frame: &Frame, name: Bytes) -> io::Result<Flow> {
        let Some(portal) = self.portals.get(&name).cloned() else {
            return self.pass(frame).await.map(|_| Flow::Go);
        };
        if let Some(tag) = portal.completed_again() {
            self.complete(&tag);
            return Ok(Flow::Go);
        }
        let way = Way::Portal {
            execute: frame,
            bind: &portal.bind,
        };
        let outcome = if self.suspended.contains(&name) {
            self.execute(&portal.statement, way).await?
        } else {
            if let Some(failure) = self
                .second_portal(&portal.statement.class, "ExecPortal")
                .await?
            {
                return self.refuse_message(&failure).await;
            }
            if portal.bound_at != self.transaction.executed() {
                // CockroachDB's portal sees what ran since then, and PostgreSQL's does not.
                self.backend.bind_quietly(&portal.bind).await?;
            }
            self.perform(&portal.statement, way, true).await?
        };
        self.suspended.remove(&name);
        match outcome {
            Outcome::Complete => {
                let tag = self.last_tag.take();
                if let Some(portal) = self.portals.get_mut(&name) {
                    portal.completed = tag;
                }
                self.end_single_statement().await?;
            }
            Outcome::Suspended => {
                self.suspended.insert(name);
            }
            Outcome::Retry => return self.repeat_batch().await,
            Outcome::Failed => {}
            Outcome::Over => return Ok(Flow::End),
        }
        Ok(Flow::Go)
    }

    /// Passes a message on and relays its answer. Gives the type of the message that ended it.
    async fn pass(&mut self, frame: &Frame) -> io::Result<u8> {
        self.backend.send_flushed(frame).await?;
        let ends: &[u8] = match frame.tag {
            b'P' => b"1",
            b'B' => b"2",
            b'C' => b"3",
            b'D' => b"Tn",
            _ => b"CIs",
        };
        loop {
            let answer = self.backend.answer().await?;
            let tag = answer.tag;
            if tag == b'E' {
                if frame.tag == b'B'
                    && is_changed_result_type(&answer.body)
                    && !self.control.options.release().checks_plans_at_bind()
                {
                    put(&mut self.out, b'2', |_| {});
                }
                match translate::about_message(frame, &answer.body) {
                    Some(failure) => put_failure(&mut self.out, &failure),
                    None => self.relay(answer, None),
                }
                self.skip().await?;
                return Ok(tag);
            }
            self.relay(answer, None);
            if ends.contains(&tag) {
                return Ok(tag);
            }
            self.flush_if_much().await?;
        }
    }

    /// Ends a batch. The answer to a Query ends the same way.
    pub(super) async fn sync(&mut self) -> io::Result<Flow> {
        loop {
            let commits = !self.skipping
                && self.transaction.state == State::Idle
                && self.transaction.has_begun();
            // What failed behind the client's back has taken back what the client knows.
            let untold = match self.backend.failed() {
                Some(error) if !self.skipping => Some(error.clone()),
                _ => None,
            };
            self.skipping = false;
            self.backend.send_sync().await?;
            let mut lost = false;
            match untold {
                Some(error) if self.may_retry(&error) => lost = true,
                Some(error) => self.relay(error, None),
                None => {}
            }
            let status = loop {
                let frame = self.backend.next_frame().await?;
                match frame.tag {
                    b'Z' => break frame.body.first().copied().unwrap_or(b'I'),
                    b'E' if self.may_retry(&frame) => lost = true,
                    _ => self.relay(frame, None),
                }
            };
            if !lost {
                if commits {
                    self.committed();
                }
                self.in_batch = false;
                self.settle(status);
                return self.ready().await;
            }
            if self.repeat_batch().await? == Flow::End {
                return Ok(Flow::End);
            }
        }
    }

    /// Answers a message with an error; everything up to the next Sync is skipped, and what ran since the last one is
    /// rolled back.
    pub(super) async fn fail_batch(&mut self, failure: &Failure) -> io::Result<()> {
        put_failure(&mut self.out, failure);
        if !self.skipping {
            self.backend.fail_batch().await?;
        }
        self.skip().await
    }

    async fn refuse_message(&mut self, failure: &Failure) -> io::Result<Flow> {
        self.fail_batch(failure).await?;
        Ok(Flow::Go)
    }

    pub(super) async fn skip(&mut self) -> io::Result<()> {
        self.skipping = true;
        self.flush().await
    }
}

/// The types that a Parse declares for its placeholders, from what follows its text.
fn declared_types(body: &Bytes) -> Vec<u32> {
    let mut body = body.clone();
    let count = body.try_get_u16().unwrap_or(0);
    (0..count).map_while(|_| body.try_get_u32().ok()).collect()
}

//! What the answers inside a transaction's body have told about the transaction.

use crate::answer::{Answer, TransactionStatus};
use crate::effect::{
    Effect, EndedBy, is_rollback_to_savepoint, may_end_transaction, may_set_commit_before_ddl,
};
use crate::error::{Error, ErrorKind};
use crate::fault::{Fault, FaultKind};
use crate::observer::Failure;
use crate::session::Engine;
use crate::sqlstate::SqlState;
use crate::statement::Statement;
use crate::verdict::{Position, Verdict};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known of a transaction between its BEGIN and its COMMIT.
#[derive(Debug)]
pub(crate) struct Progress {
    engine: Engine,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What may end it, as far as the statements so far tell.
    ended_by: EndedBy,
    /// The failure that the server still holds against the transaction. The first counts: what follows it is 25P02.
    failed: Option<Failure>,
    /// A failure after which nothing can be committed, whatever the server says: a lost connection, a cancel on its way.
    fatal: Option<Failure>,
    /// A statement has ended the transaction, so that it may be committed.
    ended: bool,
    /// Requests begun whose answers have not come.
    unanswered: usize,
    /// Those of them that may still have to be sent: a statement is prepared first when it is new.
    running: usize,
    /// One of them was dropped and may have ended the transaction.
    doubtful: bool,
    /// A savepoint was dropped before its end.
    torn: bool,
    /// Savepoints that are open.
    level: u32,
    /// Savepoints that were ever set.
    savepoints: u32,
    /// Whether a statement may have changed something; `None` where that is not noted.
    changed: Option<bool>,
}

/// What stands between a transaction and its COMMIT.
pub(crate) enum Obstacle {
    /// A statement has ended it.
    Ended,
    /// A request that may have ended it was dropped.
    Doubtful,
    /// A savepoint was dropped before its end.
    Torn,
    /// A statement has failed.
    Failed(Failure),
    /// An answer is outstanding, and nothing but it can tell whether it was an error.
    Unread,
}

impl Progress {
    pub(crate) fn new(engine: Engine, ended_by: EndedBy) -> Self {
        Self {
            engine,
            state: Mutex::new(State {
                ended_by,
                failed: None,
                fatal: None,
                ended: false,
                unanswered: 0,
                running: 0,
                doubtful: false,
                torn: false,
                level: 0,
                savepoints: 0,
                changed: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure that keeps the transaction from being committed, if there is one.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let state = self.state();
        state.fatal.or(state.failed)
    }

    /// Whether a statement has ended the transaction, or may have.
    pub(crate) fn has_ended(&self) -> bool {
        let state = self.state();
        state.ended || state.doubtful
    }

    /// Whether an answer is outstanding.
    pub(crate) fn is_unread(&self) -> bool {
        self.state().unanswered > 0
    }

    /// Whether going back to a savepoint would not help.
    pub(crate) fn is_lost(&self) -> bool {
        let state = self.state();
        state.ended
            || state.fatal.is_some()
            || state
                .failed
                .is_some_and(|failure| failure.verdict != Verdict::Never)
    }

    pub(crate) fn obstacle(&self, watched: bool) -> Option<Obstacle> {
        let state = self.state();
        match state.fatal.or(state.failed) {
            _ if state.ended => Some(Obstacle::Ended),
            _ if state.doubtful => Some(Obstacle::Doubtful),
            Some(failure) => Some(Obstacle::Failed(failure)),
            None if state.torn => Some(Obstacle::Torn),
            None if state.unanswered > 0 && !watched => Some(Obstacle::Unread),
            None => None,
        }
    }

    /// Begins the request that begins the transaction.
    pub(crate) fn begin<'a>(&'a self, statement: Statement<'a>) -> Request<'a> {
        let mut state = self.state();
        state.unanswered += 1;
        state.running += 1;
        Request {
            progress: self,
            statement,
            may_end: false,
            answered: false,
        }
    }

    /// From here on it is noted whether a statement may have changed something.
    pub(crate) fn note_changes(&self) {
        self.state().changed = Some(false);
    }

    pub(crate) fn has_changed(&self) -> bool {
        self.state().changed.unwrap_or(true)
    }

    /// Begins a request from the part of the transaction that has this many savepoints open.
    pub(crate) fn request<'a>(
        &'a self,
        level: u32,
        statement: Statement<'a>,
    ) -> Result<Request<'a>, Error> {
        let mut state = self.state();
        if state.changed == Some(false) && Effect::of(statement.text()) != Effect::Read {
            state.changed = Some(true);
        }
        self.admitted(state, level, statement)
    }

    /// Begins a request of a savepoint, which changes nothing by itself.
    pub(crate) fn control<'a>(
        &'a self,
        level: u32,
        statement: Statement<'a>,
    ) -> Result<Request<'a>, Error> {
        self.admitted(self.state(), level, statement)
    }

    fn admitted<'a>(
        &'a self,
        mut state: MutexGuard<'_, State>,
        level: u32,
        statement: Statement<'a>,
    ) -> Result<Request<'a>, Error> {
        self.admit(&state, level, statement)?;
        state.unanswered += 1;
        state.running += 1;
        if self.engine == Engine::CockroachDb && may_set_commit_before_ddl(statement.text()) {
            state.ended_by = EndedBy::Definition;
        }
        Ok(Request {
            progress: self,
            statement,
            may_end: may_end_transaction(statement.text(), state.ended_by),
            answered: false,
        })
    }

    fn admit(&self, state: &State, level: u32, statement: Statement<'_>) -> Result<(), Error> {
        if state.ended {
            return Err(misuse(
                statement,
                Verdict::OutcomeUnknown,
                "an earlier statement has ended the transaction, so this one was not sent",
            ));
        }
        if state.level != level {
            return Err(misuse(
                statement,
                Verdict::Never,
                "a savepoint is open beside it, which would undo it: use the transaction that the savepoint gives to its body",
            ));
        }
        Ok(())
    }

    /// Opens a savepoint in the part of the transaction that has this many open already.
    pub(crate) fn open_savepoint(&self, level: u32) -> Result<Savepoint<'_>, Error> {
        let mut state = self.state();
        let savepoint = Statement::new("SAVEPOINT");
        self.admit(&state, level, savepoint)?;
        if state.running > 0 {
            return Err(misuse(
                savepoint,
                Verdict::Never,
                "a statement is running beside it, which it could undo: wait for its end",
            ));
        }
        let number = state.savepoints;
        state.savepoints = state.savepoints.wrapping_add(1);
        state.level = level + 1;
        Ok(Savepoint {
            progress: self,
            level,
            number,
            closed: false,
        })
    }

    /// The transaction cannot be committed any more, whatever the server says.
    pub(crate) fn fail(&self, failure: Failure) {
        self.state().fatal.get_or_insert(failure);
    }
}

/// A request inside a transaction. Dropped before its answer, it stays outstanding.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    progress: &'a Progress,
    statement: Statement<'a>,
    may_end: bool,
    answered: bool,
}

impl<'a> Request<'a> {
    /// Its statement.
    pub(crate) fn statement(&self) -> Statement<'a> {
        self.statement
    }

    /// Whether it may end the transaction.
    pub(crate) fn may_end(&self) -> bool {
        self.may_end
    }

    /// Goes on in a result that is being read.
    pub(crate) fn into_reading(mut self, progress: &Progress) -> Reading<'_> {
        self.answered = true;
        self.progress.state().running -= 1;
        Reading {
            progress,
            label: self.statement.label().to_owned(),
            rollback_to: is_rollback_to_savepoint(self.statement.text()),
            may_end: self.may_end,
            answered: false,
        }
    }

    /// Takes in its answer. An answer that ends the transaction is an error, whatever it gave.
    pub(crate) fn answered<T>(mut self, answer: Answer<T>) -> Result<T, Error> {
        self.answered = true;
        self.progress.state().running -= 1;
        let text = self.statement.text();
        self.progress.note(
            self.statement.label(),
            self.may_end,
            || is_rollback_to_savepoint(text),
            answer,
        )
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let mut state = self.progress.state();
            state.running -= 1;
            state.doubtful |= self.may_end;
        }
    }
}

/// A result inside a transaction that is being read. Dropped before its end, its answer stays outstanding.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    progress: &'a Progress,
    label: String,
    rollback_to: bool,
    may_end: bool,
    answered: bool,
}

impl Reading<'_> {
    /// Takes in the closing answer.
    pub(crate) fn answered<T>(&mut self, answer: Answer<T>) -> Result<T, Error> {
        self.answered = true;
        let rollback_to = self.rollback_to;
        self.progress
            .note(&self.label, self.may_end, || rollback_to, answer)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.progress.state().doubtful |= self.may_end;
        }
    }
}

impl Progress {
    fn note<T>(
        &self,
        label: &str,
        may_end: bool,
        rollback_to: impl Fn() -> bool,
        answer: Answer<T>,
    ) -> Result<T, Error> {
        let attempted = format!("running \"{label}\" in a transaction");
        let mut state = self.state();
        state.unanswered = state.unanswered.saturating_sub(1);
        let refused = answer
            .fault()
            .is_some_and(|fault| fault.kind() == FaultKind::Refused);
        if !refused && ends(&answer, may_end, &rollback_to) {
            state.ended = true;
            let error = match answer.into_result() {
                Ok(_) => Error::new(ErrorKind::Misuse, Verdict::OutcomeUnknown, attempted)
                    .with_advice(
                        "it has ended the transaction; what was done before may be committed",
                    ),
                Err(fault) => Error::from_fault(fault, Position::AfterEnd, self.engine, attempted),
            };
            state.fatal.get_or_insert(Failure::of(&error));
            return Err(error);
        }
        let status = answer.status();
        if status == Some(TransactionStatus::InTransaction) {
            // The server would commit it.
            state.failed = None;
        }
        match answer.into_result() {
            Ok(value) => {
                if status.is_none() && state.failed.is_some() && rollback_to() {
                    state.failed = None;
                }
                Ok(value)
            }
            Err(fault) => Err(self.failed(&mut state, status, fault, attempted)),
        }
    }

    /// Makes an error of a fault inside the transaction, and remembers it if the transaction has failed with it.
    fn failed(
        &self,
        state: &mut State,
        status: Option<TransactionStatus>,
        fault: Fault,
        attempted: String,
    ) -> Error {
        let follows = fault.sqlstate() == Some(SqlState::IN_FAILED_TRANSACTION);
        let kind = fault.kind();
        let error = Error::from_fault(fault, Position::InTransaction, self.engine, attempted);
        let first = state.fatal.or(state.failed);
        match (kind, first) {
            (FaultKind::Refused, _) => error,
            (_, Some(first)) if follows => error.with_verdict(first.verdict),
            (FaultKind::NotWritten | FaultKind::Unanswered, _) => {
                state.fatal.get_or_insert(Failure::of(&error));
                error
            }
            _ if status == Some(TransactionStatus::InTransaction) => error,
            _ => {
                state.failed.get_or_insert(Failure::of(&error));
                error
            }
        }
    }
}

/// Whether an answer says that its statement has ended the transaction, or leaves that open.
fn ends<T>(answer: &Answer<T>, may_end: bool, rollback_to: impl Fn() -> bool) -> bool {
    match answer.status() {
        Some(TransactionStatus::Idle) => true,
        // COMMIT AND CHAIN and the release of cockroach_restart commit, and a transaction is open all the same; so is one
        // after ROLLBACK AND CHAIN, whose tag is that of ROLLBACK TO SAVEPOINT.
        Some(_) => answer
            .tags()
            .iter()
            .any(|tag| *tag == "COMMIT" || (*tag == "ROLLBACK" && !rollback_to())),
        None => may_end && answer.written() != crate::Written::Not,
    }
}

fn misuse(statement: Statement<'_>, verdict: Verdict, advice: &'static str) -> Error {
    let attempted = format!("running \"{}\" in a transaction", statement.label());
    Error::new(ErrorKind::Misuse, verdict, attempted).with_advice(advice)
}

/// A savepoint that is open. Dropped before it is closed, it has left a part of its body in the transaction, which cannot be
/// committed then.
#[derive(Debug)]
pub(crate) struct Savepoint<'a> {
    progress: &'a Progress,
    level: u32,
    number: u32,
    closed: bool,
}

impl Savepoint<'_> {
    /// The number that makes its name unique in the transaction.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// It has been released or undone, or the server holds its failure against the transaction.
    pub(crate) fn close(mut self) {
        self.closed = true;
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        let mut state = self.progress.state();
        state.level = self.level;
        state.torn |= !self.closed;
    }
}

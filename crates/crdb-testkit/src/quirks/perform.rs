//! Running one statement, by whichever protocol it came.
//!
//! PostgreSQL runs everything by its extended protocol, with one Sync at the end: so the statements of a simple query are one
//! implicit transaction there too, and the proxy can look at each of them.

use std::io;
use std::time::Instant;

use super::failure::Failure;
use super::schema_lock::Alteration;
use super::session::Session;
use super::settings::Setting;
use super::simple::{COMMITTED_BEFORE_DDL, ROLL_BACK_TO_RESTART};
use super::statement::{Class, Statement};
use super::transaction::{Decision, NOT_BEGUN, Rules, State};
use super::translate;
use super::wire::{Frame, put_notice, put_parameter, put_warning};

/// How PostgreSQL is made to run a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way<'a> {
    /// By its text, with results as text and described: a simple query.
    Text,
    /// By this Execute, of a portal that this Bind made.
    Portal { execute: &'a Frame, bind: &'a Frame },
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Outcome {
    Complete,
    /// A portal has rows left.
    Suspended,
    /// It lost against another transaction; PostgreSQL has taken everything back, and the batch is to run again.
    Retry,
    /// The client has its error; PostgreSQL ignores everything up to the next Sync.
    Failed,
    /// The connection is gone.
    Over,
}

/// The number at the end of a command's tag.
fn rows_of_tag(body: &[u8]) -> u64 {
    let tag = body.strip_suffix(b"\0").unwrap_or(body);
    let number = tag.rsplit(|&byte| byte == b' ').next();
    number
        .and_then(|number| std::str::from_utf8(number).ok()?.parse().ok())
        .unwrap_or(0)
}

impl Session {
    /// Runs `statement`; `alone` says that nothing else is in its implicit transaction, if there is no explicit one.
    pub(super) async fn perform(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
        alone: bool,
    ) -> io::Result<Outcome> {
        self.settings_named |= statement.names_setting;
        if let Some(failure) = self.refusal(statement).await? {
            return self.fail(&failure).await;
        }
        let decision = self.decide(&statement.class).await?;
        match &decision {
            Decision::Run | Decision::Release => {}
            Decision::Refuse(failure) => return self.fail(failure).await,
            Decision::Warn(tag) => {
                put_warning(
                    &mut self.out,
                    &Failure::new(self.control.options.release().not_begun(), NOT_BEGUN),
                );
                self.complete(tag);
                return Ok(Outcome::Complete);
            }
            Decision::EndImplicit { commit } => return self.end_implicit(*commit).await,
            Decision::EndReleased => {
                self.transaction.set(State::Idle, Instant::now());
                self.complete("COMMIT");
                return Ok(Outcome::Complete);
            }
            Decision::RollBackToRestart => {
                if let Some(error) = self.backend.run_in_batch(ROLL_BACK_TO_RESTART).await? {
                    return self.relay_failure(error).await;
                }
                self.transaction.set(State::Open, Instant::now());
                self.complete("ROLLBACK");
                return Ok(Outcome::Complete);
            }
            Decision::CommitFirst => {
                let outcome = self.commit_first().await?;
                if outcome != Outcome::Complete {
                    return Ok(outcome);
                }
            }
        }
        if statement.temporary && !self.setting(Setting::TemporaryTables).await? {
            let release = self.control.options.release();
            let failure = Failure::temporary_tables_are_off(release);
            return self.fail(&failure).await;
        }
        if statement.may_commit {
            // What it commits inside cannot be taken back, so the server does not run the whole again.
            self.unsent_from = None;
        }
        if let Some(failure) = self.isolation_refuses(statement).await? {
            return self.fail(&failure).await;
        }
        let releases = decision == Decision::Release;
        if let Some(failure) = self.retry_by_setting(&statement.class).await? {
            if matches!(statement.class, Class::Commit { .. }) {
                return self.fail_commit(&failure).await;
            }
            return self.fail(&failure).await;
        }
        if let Some(injection) = self.injection(statement, alone) {
            return self.suffer(injection, statement, way, releases).await;
        }
        let ends = releases || matches!(statement.class, Class::Commit { .. });
        if ends && let Some(failure) = self.lost_before() {
            return match releases {
                true => self.fail(&failure).await,
                false => self.fail_commit(&failure).await,
            };
        }
        if ends && self.transaction.has_schema_failed() {
            return self.commit_without_schema_change().await;
        }
        if releases {
            return self.release().await;
        }
        if let Some(feed) = &statement.changefeed {
            return self.feed_changes(feed, statement, way).await;
        }
        if let Some(control) = statement.controls {
            return self.control_job(control).await;
        }
        self.look_up_jobs(statement).await?;
        if self.buffers(statement).await? {
            return self.execute_buffered(statement, way).await;
        }
        if statement.class == Class::ShowCommitTimestamp {
            return self.show_commit_timestamp(statement, way).await;
        }
        if let Class::ForceRetry(milliseconds) = statement.class
            && let Err(failure) = self.force_retry(milliseconds).await
        {
            return self.fail(&failure).await;
        }
        self.execute(statement, way).await
    }

    /// What CockroachDB refuses of itself. In a failed transaction everything is refused in the same words.
    pub(super) async fn refusal(&mut self, statement: &Statement) -> io::Result<Option<Failure>> {
        if matches!(self.transaction.state, State::Failed | State::Released) {
            return Ok(None);
        }
        if statement.refusal.is_some() {
            return Ok(statement.refusal.clone());
        }
        if statement.internal && !self.setting(Setting::UnsafeInternals).await? {
            return Ok(Some(Failure::internals_are_closed()));
        }
        if let Some(alteration) = &statement.alters
            && let Some(failure) = self.refuse_alteration(alteration).await?
        {
            return Ok(Some(failure));
        }
        let too_late = statement.class == Class::Begin
            && statement.historical
            && self.transaction.state == State::Idle
            && self.transaction.has_written();
        Ok(too_late.then(|| {
            Failure::new(
                "25000",
                "cannot set fixed timestamp, txn already performed writes",
            )
        }))
    }

    /// A locked table takes changes that unlock it, each in a transaction of its own, and no others.
    async fn refuse_alteration(&mut self, alteration: &Alteration) -> io::Result<Option<Failure>> {
        let Alteration::Change { table, unlocks } = alteration else {
            return Ok(None);
        };
        let key = (self.database.clone(), table.clone());
        if !self.control.locked().contains(&key) {
            return Ok(None);
        }
        let alone = self.transaction.state == State::Idle
            || self.setting(Setting::AutocommitBeforeDdl).await?;
        Ok((!(*unlocks && alone)).then(|| Failure::table_is_locked(table)))
    }

    /// Remembers which tables are locked.
    async fn altered(&mut self, alteration: &Alteration) -> io::Result<()> {
        let (table, locked) = match alteration {
            Alteration::Create { table, locked } => {
                let default = self.setting(Setting::SchemaLocked).await?;
                (table, locked.unwrap_or(default))
            }
            Alteration::Lock { table, locked } => (table, *locked),
            Alteration::Drop { table } => (table, false),
            Alteration::Change { .. } => return Ok(()),
        };
        let key = (self.database.clone(), table.clone());
        let mut tables = self.control.locked();
        if locked {
            tables.insert(key);
        } else {
            tables.remove(&key);
        }
        Ok(())
    }

    /// What CockroachDB does with a statement of this class now.
    pub(super) async fn decide(&mut self, class: &Class) -> io::Result<Decision> {
        // Looked up only where it matters.
        let matters = match self.transaction.state {
            State::Idle => !matches!(class, Class::Data | Class::Write | Class::Session),
            State::Open => *class == Class::Ddl,
            State::Failed | State::Released => false,
        };
        let commits_before_ddl = matters && self.setting(Setting::AutocommitBeforeDdl).await?;
        let rules = Rules {
            version: self.control.options.release(),
            commits_before_ddl,
        };
        Ok(self.transaction.decide(class, rules))
    }

    /// Commits what came before DDL, and says so.
    pub(super) async fn commit_first(&mut self) -> io::Result<Outcome> {
        let error = if self.transaction.state == State::Open {
            self.backend.run_in_batch("COMMIT").await?
        } else {
            self.backend.end_batch().await?
        };
        if let Some(error) = error {
            self.transaction.set(State::Idle, Instant::now());
            return self.relay_failure(error).await;
        }
        self.committed();
        self.forget_transaction();
        put_notice(&mut self.out, &Failure::new("00000", COMMITTED_BEFORE_DDL));
        Ok(Outcome::Complete)
    }

    /// A COMMIT or ROLLBACK in an implicit transaction.
    async fn end_implicit(&mut self, commit: bool) -> io::Result<Outcome> {
        if !commit {
            self.backend.fail_batch().await?;
        }
        let error = self.backend.end_batch().await?;
        self.forget_transaction();
        match error {
            Some(error) if commit => self.relay_failure(error).await,
            _ => {
                self.complete(if commit { "COMMIT" } else { "ROLLBACK" });
                Ok(Outcome::Complete)
            }
        }
    }

    /// The transaction is over, and its portals with it.
    pub(super) fn forget_transaction(&mut self) {
        let now = Instant::now();
        self.transaction.set(State::Idle, now);
        self.transaction.end_implicit(now);
        self.portals.clear();
        self.suspended.clear();
    }

    /// What `inject_retry_errors_enabled` and `inject_retry_errors_on_commit_enabled` make fail: three times in a
    /// transaction that is retried by its savepoint, and every time in one that begins anew. The server retries a
    /// statement outside a transaction by itself.
    async fn retry_by_setting(&mut self, class: &Class) -> io::Result<Option<Failure>> {
        if !self.settings_named || self.transaction.state != State::Open {
            return Ok(None);
        }
        let setting = match class {
            Class::Commit { .. } => Setting::InjectRetriesOnCommit,
            Class::Data | Class::Write | Class::Ddl => Setting::InjectRetries,
            _ => return Ok(None),
        };
        if !self.setting(setting).await? || !self.transaction.takes_injected_retry() {
            return Ok(None);
        }
        self.control.count(|counts| counts.retries += 1);
        let version = self.control.options.release();
        Ok(Some(Failure::injected_retry(setting.name(), version)))
    }

    /// `RELEASE SAVEPOINT cockroach_restart`.
    async fn release(&mut self) -> io::Result<Outcome> {
        match self.backend.run_in_batch("COMMIT").await? {
            Some(error) => self.relay_failure(error).await,
            None => {
                self.committed();
                self.transaction.set(State::Released, Instant::now());
                self.complete("COMMIT");
                Ok(Outcome::Complete)
            }
        }
    }

    /// Lets PostgreSQL run the statement, and relays its answer.
    pub(super) async fn execute(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        self.start(statement, way).await?;
        loop {
            let frame = self.backend.answer().await?;
            match frame.tag {
                b'1' | b'2' | b'n' if matches!(way, Way::Text) => {}
                b'G' => {
                    self.copy_columns = frame
                        .body
                        .get(1..3)
                        .and_then(|count| count.try_into().ok())
                        .map_or(0, u16::from_be_bytes);
                    self.relay(frame, None);
                    self.flush().await?;
                    if !self.copy_in(statement).await? {
                        self.skip().await?;
                        return Ok(Outcome::Failed);
                    }
                }
                b'E' if statement.class == Class::CopyIn => {
                    self.relay_copy_failure(frame, statement);
                    self.skip().await?;
                    return Ok(Outcome::Failed);
                }
                b'E' => return self.relay_failed_statement(frame, statement, way).await,
                b's' => {
                    self.relay(frame, None);
                    return Ok(Outcome::Suspended);
                }
                b'C' | b'I' => {
                    self.report(statement).await?;
                    if let Some(alteration) = &statement.alters {
                        self.altered(alteration).await?;
                    }
                    if let Some(failure) = self.schema_changed(statement).await? {
                        return self.fail(&failure).await;
                    }
                    if matches!(statement.class, Class::Write | Class::CopyIn) {
                        self.transaction.wrote(rows_of_tag(&frame.body));
                    }
                    self.relay(frame, statement.tag);
                    self.ran(statement);
                    return Ok(Outcome::Complete);
                }
                _ => {
                    self.relay(frame, None);
                    self.flush_if_much().await?;
                }
            }
        }
    }

    /// Sends what makes PostgreSQL run the statement.
    pub(super) async fn start(&mut self, statement: &Statement, way: Way<'_>) -> io::Result<()> {
        match way {
            Way::Text => {
                // As PostgreSQL's own simple protocol does.
                self.prepared.remove(b"".as_slice());
                self.portals.remove(b"".as_slice());
                self.backend.send_text(&statement.text).await
            }
            Way::Portal { execute, .. } => self.backend.send_flushed(execute).await,
        }
    }

    async fn relay_failed_statement(
        &mut self,
        error: Frame,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        if self.may_retry(&error) {
            self.backend.end_batch().await?;
            return Ok(Outcome::Retry);
        }
        // CockroachDB parses the whole query before it runs a statement of it.
        if matches!(way, Way::Text)
            && translate::code(&error.body) == "42601"
            && let Some(start) = self.unsent_from
        {
            self.out.truncate(start);
            self.complete_at = None;
        }
        if translate::code(&error.body) == "57014"
            && self.transaction.state == State::Idle
            && statement.class == Class::Write
        {
            self.commit_cancelled(statement, way).await?;
        }
        self.relay_failure(error).await
    }

    /// Tells the client the parameter that a statement has set, changed or not.
    async fn report(&mut self, statement: &Statement) -> io::Result<()> {
        let Some(name) = statement.sets else {
            return Ok(());
        };
        if let Some(value) = self.backend.show_in_batch(name).await? {
            put_parameter(&mut self.out, name, &translate::parameter(name, &value));
            self.reported.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// Remembers what a statement that ran has made of the transaction.
    pub(super) fn ran(&mut self, statement: &Statement) {
        let now = Instant::now();
        match statement.class {
            Class::Begin => self.transaction.set(State::Open, now),
            Class::Commit { chain } | Class::Rollback { chain } => {
                if self.last_tag.as_deref() == Some("COMMIT") {
                    self.committed();
                }
                self.forget_transaction();
                if chain {
                    self.transaction.set(State::Open, now);
                }
            }
            Class::RollbackTo(_) => self.transaction.set(State::Open, now),
            _ => {}
        }
        self.transaction.ran(&statement.class);
    }

    /// Answers a statement with an error; what ran since the last Sync is rolled back, or the transaction fails.
    pub(super) async fn fail(&mut self, failure: &Failure) -> io::Result<Outcome> {
        self.fail_batch(failure).await?;
        Ok(Outcome::Failed)
    }

    /// Answers a COMMIT with an error; the transaction is rolled back and over.
    pub(super) async fn fail_commit(&mut self, failure: &Failure) -> io::Result<Outcome> {
        if self.transaction.state == State::Open {
            self.backend.run_in_batch("ROLLBACK").await?;
            self.forget_transaction();
        }
        self.fail(failure).await
    }

    /// Relays an error of PostgreSQL, which ignores everything up to the next Sync then.
    pub(super) async fn relay_failure(&mut self, error: Frame) -> io::Result<Outcome> {
        self.relay(error, None);
        self.skip().await?;
        Ok(Outcome::Failed)
    }
}

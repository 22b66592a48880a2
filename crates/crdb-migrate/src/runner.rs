//! Running a plan: one runner, with its lease, its session and its journal.

mod alone;
mod note;
mod session;
mod transaction;
mod unlock;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{Engine, PooledExecutor, ScopedSession, SessionSource};
use tokio::time::Instant;

use crate::code::CodeMigration;
use crate::error::{Error, ErrorKind};
use crate::file::Direction;
use crate::journal::{Journal, StepState};
use crate::lease::{self, Heartbeat, Write};
use crate::observer::{Ended, MigrationEvent, Observer, StepEvent};
use crate::options::Options;
use crate::plan::{Execution, Plan, PlannedStep};
use crate::tables::Tables;

/// The migrations in code, by number.
pub(crate) type Code<S> = BTreeMap<i64, Arc<dyn CodeMigration<S>>>;

/// What a runner works with.
pub(crate) struct Runner<'a, S: SessionSource> {
    pub(crate) db: &'a PooledExecutor<S>,
    pub(crate) engine: Engine,
    pub(crate) tables: &'a Tables,
    pub(crate) options: &'a Options,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) code: &'a Code<S>,
    pub(crate) token: i64,
    /// The session that the migrations run on, which the lease names.
    work: ScopedSession<S>,
    work_id: String,
    heartbeat: Heartbeat,
}

/// A step that is tried again this often after failures that took no effect.
pub(super) const ATTEMPTS: u32 = 8;

impl<'a, S: SessionSource> Runner<'a, S> {
    /// Waits for the lease, ends the sessions of the runner before, and begins to renew it.
    pub(crate) async fn start(
        db: &'a PooledExecutor<S>,
        engine: Engine,
        tables: &'a Tables,
        options: &'a Options,
        observer: &'a dyn Observer,
        code: &'a Code<S>,
    ) -> Result<Self, Error> {
        let (work, work_id) = session::open(db, engine).await?;
        let taken = lease::take(db, engine, tables, &work_id, options, observer).await?;
        let heartbeat = Heartbeat::start(db, tables, &taken, options.lease);
        let runner = Self {
            db,
            engine,
            tables,
            options,
            observer,
            code,
            token: taken.token,
            work,
            work_id,
            heartbeat,
        };
        runner.while_leased(runner.fence(&taken.earlier)).await?;
        Ok(runner)
    }

    /// Does something for as long as the lease is held. What is cut off then is looked for by the next runner.
    pub(crate) async fn while_leased<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut lost = self.heartbeat.watch();
        tokio::select! {
            biased;
            () = Heartbeat::lost(&mut lost) => Err(lease::lost()),
            result = work => result,
        }
    }

    /// Runs every step of a plan.
    pub(crate) async fn run(&mut self, plan: &Plan) -> Result<(), Error> {
        let mut lost = self.heartbeat.watch();
        tokio::select! {
            biased;
            () = Heartbeat::lost(&mut lost) => Err(lease::lost()),
            result = self.migrations(plan) => result,
        }
    }

    async fn migrations(&mut self, plan: &Plan) -> Result<(), Error> {
        let mut rest = plan.steps();
        while let Some(first) = rest.first() {
            let same = rest
                .iter()
                .take_while(|step| step.version == first.version)
                .count();
            let (steps, behind) = rest.split_at(same);
            rest = behind;
            let event = MigrationEvent {
                version: first.version,
                name: &first.name,
                direction: first.direction,
                steps: steps.len(),
            };
            self.observer.migration_begins(&event);
            let began = Instant::now();
            let result = self.migration(steps).await;
            self.observer.migration_ended(&event, ended(began, &result));
            result?;
        }
        Ok(())
    }

    async fn migration(&mut self, steps: &[PlannedStep]) -> Result<(), Error> {
        let Some(first) = steps.first() else {
            return Ok(());
        };
        self.note_planned(first).await?;
        let at_once = match first.execution {
            Execution::Together => steps.len(),
            _ => 1,
        };
        for steps in steps.chunks(at_once) {
            if steps
                .iter()
                .any(|step| step.state != Some(StepState::Verified))
            {
                self.observed(steps).await?;
            }
        }
        if first.direction == Direction::Down {
            self.forget(first.version).await?;
        }
        Ok(())
    }

    /// Runs steps between their events.
    async fn observed(&mut self, steps: &[PlannedStep]) -> Result<(), Error> {
        for step in steps {
            self.observer.step_begins(&event(step));
        }
        let began = Instant::now();
        let result = match steps {
            [step] if step.execution == Execution::Alone => self.alone(step).await,
            steps => self.together(steps).await,
        };
        for step in steps {
            self.observer
                .step_ended(&event(step), ended(began, &result));
        }
        result
    }

    /// Notes every statement of a migration before the first of them runs.
    async fn note_planned(&self, first: &PlannedStep) -> Result<(), Error> {
        let steps = number(first.count);
        let mut writes = Vec::new();
        let indexes: Vec<i64> = (0..steps).collect();
        let direction = first.direction.as_str();
        for index in &indexes {
            writes.push(Write {
                text: format!(
                    "INSERT INTO {} (version, direction, step, steps, name, checksum, statement, state, token) \
                     VALUES ($1::INT8, $2::TEXT, $3::INT8, $4::INT8, $5::TEXT, $6::TEXT, $7::TEXT, 'planned', $8::INT8) \
                     ON CONFLICT (version, direction, step) DO UPDATE SET steps = excluded.steps, checksum = excluded.checksum",
                    self.tables.step
                ),
                parameters: vec![
                    &first.version,
                    &direction,
                    index,
                    &steps,
                    &first.name,
                    &first.checksum,
                    &"",
                    &self.token,
                ],
            });
        }
        // A file that was corrected after a failure may have become shorter.
        writes.push(Write {
            text: format!(
                "DELETE FROM {} WHERE version = $1::INT8 AND direction = $2::TEXT AND step >= $3::INT8",
                self.tables.step
            ),
            parameters: vec![&first.version, &direction, &steps],
        });
        self.write("noting what is to run", &writes).await
    }

    /// Removes the lines of a migration that was taken back.
    async fn forget(&self, version: i64) -> Result<(), Error> {
        let write = Write {
            text: format!("DELETE FROM {} WHERE version = $1::INT8", self.tables.step),
            parameters: vec![&version],
        };
        self.write("noting that a migration was taken back", &[write])
            .await
    }

    /// Commits writes of fixed values under the token, on the runner's own session.
    pub(crate) async fn write(&self, attempted: &str, writes: &[Write<'_>]) -> Result<(), Error> {
        // Not on the session that the migrations run on: that one may be busy, or gone.
        lease::write(
            self.db,
            self.engine,
            self.tables,
            self.token,
            attempted,
            writes,
        )
        .await
    }

    /// The journal as it is now.
    pub(crate) async fn journal(&self) -> Result<Journal, Error> {
        Journal::read(self.db, self.tables)
            .await
            .map_err(|error| Error::database("reading the journal", error))
    }

    /// Gives the lease back, whatever the result.
    pub(crate) async fn end_with<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        let is_idle = match &result {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), ErrorKind::Database | ErrorKind::LeaseLost),
        };
        let has_lease = !matches!(&result, Err(error) if error.kind() == ErrorKind::LeaseLost);
        let finished = self.finish(has_lease, is_idle).await;
        let value = result?;
        finished.map(|()| value)
    }

    /// Gives the lease back.
    ///
    /// After a failure that leaves open what its session still does, the lease goes on to name the session, so that the next
    /// runner ends it.
    /// One that is lost is not given back: what kept heartbeats from it would keep that too.
    async fn finish(self, has_lease: bool, is_idle: bool) -> Result<(), Error> {
        let Self {
            db,
            tables,
            token,
            work,
            heartbeat,
            ..
        } = self;
        drop(heartbeat);
        let released = match has_lease {
            true => lease::release(db, tables, token, is_idle).await,
            false => Ok(()),
        };
        // A session whose settings cannot be restored is reset by its source.
        drop(work.end().await);
        released.map_err(|error| Error::database("giving the lease back", error))
    }

    /// How long one statement may take.
    pub(super) fn limit(&self, step: &PlannedStep) -> Duration {
        step.timeout.unwrap_or(self.options.step_timeout)
    }
}

/// Where a step stands in the journal.
pub(crate) fn number(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

fn event(step: &PlannedStep) -> StepEvent<'_> {
    StepEvent {
        version: step.version,
        name: &step.name,
        step: step.step(),
        kind: step.class.kind,
        text: &step.text,
        resumed: step.is_in_doubt(),
    }
}

fn ended<T>(began: Instant, result: &Result<T, Error>) -> Ended {
    Ended {
        elapsed: began.elapsed(),
        failure: result.as_ref().err().map(Error::kind),
    }
}

/// A statement of a migration that failed without effect.
pub(super) fn failed(step: &PlannedStep, source: impl Into<crate::code::CodeError>) -> Error {
    Error::new(
        ErrorKind::Step,
        format!(
            "{}: statement {} of migration {} ({}) failed and took no effect",
            step.place(),
            step.step(),
            step.version,
            step.name
        ),
    )
    .because(source)
}

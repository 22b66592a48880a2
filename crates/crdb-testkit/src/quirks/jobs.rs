//! Schema changes as jobs: they take time, go on when their statement has ended, and can fail.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::failure::Failure;
use super::perform::{Outcome, Way};
use super::session::Session;
use super::statement::{Class, Statement};
use super::tokens::{Token, TokenKind, statements};
use super::transaction::State;
use super::version::CockroachVersion;

/// Where PostgreSQL keeps the jobs that a statement shows.
const KEPT_AS: &str = "crdb_testkit.jobs";

/// How long a session sleeps before it looks again whether a job is complete.
const PAUSE: Duration = Duration::from_millis(10);

/// The job of a schema change.
#[derive(Clone, Debug)]
pub(super) struct Job {
    id: i64,
    description: String,
    created: SystemTime,
    finished: Option<SystemTime>,
    error: Option<String>,
    /// What an operator has made of it.
    order: Order,
}

/// What an operator has said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Run,
    Pause,
    Cancel,
}

impl Job {
    fn shown(&self) -> serde_json::Value {
        let seconds = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64())
        };
        let running = self.finished.is_none();
        let status = self.status();
        json!({
            "job_id": self.id,
            "description": self.description,
            "status": status,
            "created": seconds(self.created),
            "finished": self.finished.map(seconds),
            "fraction_completed": if running { 0.5 } else { 1.0 },
            "error": self.error.as_deref().filter(|_| !running).unwrap_or_default(),
        })
    }

    fn status(&self) -> &'static str {
        match (self.order, self.finished.is_some(), &self.error) {
            (Order::Cancel, ..) => "canceled",
            (Order::Pause, false, _) => "paused",
            (_, false, None) => "running",
            // It has failed, and takes back what it did.
            (_, false, Some(_)) => "reverting",
            (_, true, None) => "succeeded",
            (_, true, Some(_)) => "failed",
        }
    }
}

/// Ends the jobs that have taken as long as jobs take.
fn finish(jobs: &mut [Job], takes: Duration) {
    let now = SystemTime::now();
    for job in jobs.iter_mut().filter(|job| job.finished.is_none()) {
        if job.order == Order::Run && job.created + takes <= now {
            job.finished = Some(now);
        }
    }
}

/// Which jobs a statement waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Job(i64),
    All,
}

/// A `SHOW JOBS`, `SHOW JOB n` or `SHOW JOB WHEN COMPLETE n` that `tokens` begin with: its length, the query that shows it,
/// and what it waits for.
pub(super) fn shown(
    tokens: &[Token<'_>],
    version: CockroachVersion,
) -> Option<(usize, String, Option<Wait>)> {
    let is = |at: usize, word: &str| tokens.get(at).is_some_and(|token| token.is(word));
    if !is(0, "show") {
        return None;
    }
    if is(1, "jobs") && !is(2, "when") {
        return Some((2, query("", version), None));
    }
    if !(is(1, "job") || is(1, "jobs")) {
        return None;
    }
    let waits = is(2, "when") && is(3, "complete");
    let at = if waits { 4 } else { 2 };
    let id = tokens
        .get(at)
        .filter(|token| token.kind == TokenKind::Number)?;
    let wait = waits.then(|| id.text.parse().map_or(Wait::All, Wait::Job));
    let query = query(&format!(" WHERE job_id = {}", id.text), version);
    Some((at + 1, query, wait))
}

/// What PostgreSQL runs to show jobs, with the columns of the release.
fn query(condition: &str, version: CockroachVersion) -> String {
    // TIMESTAMPTZ since v23.2; `started` is gone since v25.3; descriptions are cut since v24.1.
    let time = if version >= CockroachVersion::V24_1 {
        "to_timestamp"
    } else {
        "timestamp 'epoch' + interval '1 second' * "
    };
    let started = if version >= CockroachVersion::V25_4 {
        String::new()
    } else {
        format!("{time}(created) AS started, ")
    };
    let description = if version >= CockroachVersion::V24_1 {
        "left(description, 100) AS description"
    } else {
        "description"
    };
    format!(
        "SELECT job_id, 'SCHEMA CHANGE'::text AS job_type, {description}, ''::text AS statement, current_user::text AS \
         user_name, status, NULL::text AS running_status, {time}(created) AS created, {started}{time}(finished) AS \
         finished, {time}(coalesce(finished, created)) AS modified, fraction_completed, error, NULL::int8 AS \
         coordinator_id FROM json_to_recordset(current_setting('{KEPT_AS}')::json) AS jobs (job_id int8, description \
         text, status text, created float8, finished float8, fraction_completed float8, error text){condition} ORDER BY \
         created DESC, job_id DESC"
    )
}

/// What an operator says to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Pause,
    Resume,
    Cancel,
}

impl Verb {
    const fn word(self) -> &'static str {
        match self {
            Self::Pause => "PAUSE",
            Self::Resume => "RESUME",
            Self::Cancel => "CANCEL",
        }
    }
}

/// `PAUSE JOB n`, `RESUME JOB n` or `CANCEL JOB n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobControl {
    verb: Verb,
    id: i64,
}

/// What a statement says to a job, if it does.
pub(super) fn control(tokens: &[Token<'_>]) -> Option<JobControl> {
    let [verb, job, id] = tokens else {
        return None;
    };
    let verb = [Verb::Pause, Verb::Resume, Verb::Cancel]
        .into_iter()
        .find(|known| verb.is(&known.word().to_ascii_lowercase()))?;
    let id = job.is("job").then(|| id.text.parse().ok())??;
    Some(JobControl { verb, id })
}

/// Tells a job. Gives the statement that takes back what it did, where it was cancelled.
fn tell(jobs: &mut [Job], control: JobControl) -> Result<Option<String>, Failure> {
    let JobControl { verb, id } = control;
    let Some(job) = jobs.iter_mut().find(|job| job.id == id) else {
        return Err(Failure::no_such_job(id));
    };
    let refused = || {
        Err(Failure::job_refuses(
            &verb.word().to_ascii_lowercase(),
            job.status(),
            id,
        ))
    };
    match (verb, job.order) {
        (_, Order::Cancel) => return refused(),
        (Verb::Resume, Order::Run) => return refused(),
        _ if job.finished.is_some() => return refused(),
        (Verb::Pause, _) => job.order = Order::Pause,
        (Verb::Resume, Order::Pause) => job.order = Order::Run,
        (Verb::Cancel, _) => {
            let undo = match job.error {
                Some(_) => None,
                None => match undo(&job.description) {
                    None => return refused(),
                    undo => undo,
                },
            };
            job.order = Order::Cancel;
            job.finished = Some(SystemTime::now());
            return Ok(undo);
        }
    }
    Ok(None)
}

/// What takes a schema change back: a new table or index, or one new column.
fn undo(change: &str) -> Option<String> {
    let tokens = statements(change).pop()?;
    let words: Vec<String> = tokens.iter().map(Token::name).collect();
    let mut at = 0;
    let mut skip = |wanted: &[&str]| {
        let there = words
            .get(at..at + wanted.len())
            .is_some_and(|words| words == wanted);
        at += if there { wanted.len() } else { 0 };
        there
    };
    let alters = skip(&["alter", "table"]);
    if !alters && !skip(&["create"]) {
        return None;
    }
    skip(&["unique"]);
    let kind = match (alters, skip(&["index"])) {
        (true, _) => "TABLE",
        (false, true) => "INDEX",
        (false, false) if skip(&["table"]) => "TABLE",
        _ => return None,
    };
    skip(&["concurrently"]);
    skip(&["if", "exists"]);
    skip(&["if", "not", "exists"]);
    let begin = tokens.get(at)?.start;
    while tokens.get(at + 1).is_some_and(|token| token.is_symbol(".")) {
        at += 2;
    }
    let name = &change[begin..tokens.get(at)?.end()];
    if !alters {
        return Some(format!("DROP {kind} {name}"));
    }
    let mut at = at + 1;
    for wanted in ["add", "column"] {
        if words.get(at).map(String::as_str) != Some(wanted) {
            return None;
        }
        at += 1;
    }
    if words
        .get(at..at + 3)
        .is_some_and(|words| words == ["if", "not", "exists"])
    {
        at += 3;
    }
    // One change only.
    let column = tokens.get(at)?;
    let depth = |text: &str| i32::from(text == "(") - i32::from(text == ")");
    let mut inside = 0;
    for token in tokens.get(at + 1..)? {
        inside += depth(token.text);
        if inside == 0 && token.is_symbol(",") {
            return None;
        }
    }
    Some(format!("ALTER TABLE {name} DROP COLUMN {}", column.text))
}

impl Session {
    /// Gives PostgreSQL the jobs that a statement shows, once they are complete where it waits for that.
    pub(super) async fn look_up_jobs(&mut self, statement: &Statement) -> io::Result<()> {
        if !statement.text.contains(KEPT_AS) {
            return Ok(());
        }
        if let Some(wait) = statement.waits_for {
            self.wait_for_jobs(wait).await;
        }
        let takes = self.control.failures().job_time;
        let jobs: Vec<_> = {
            let mut jobs = self.control.jobs();
            finish(&mut jobs, takes);
            jobs.iter().map(Job::shown).collect()
        };
        let jobs = json!(jobs).to_string().replace('\'', "''");
        self.backend
            .run_in_batch(&format!("SET {KEPT_AS} = '{jobs}'"))
            .await?;
        Ok(())
    }

    async fn wait_for_jobs(&mut self, wait: Wait) {
        loop {
            let takes = self.control.failures().job_time;
            {
                let mut jobs = self.control.jobs();
                finish(&mut jobs, takes);
                let meant = |job: &&Job| wait == Wait::All || wait == Wait::Job(job.id);
                if jobs.iter().filter(meant).all(|job| job.finished.is_some()) {
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Notes a job that begins now. Gives its id.
    fn begin_job(&self, statement: &Statement, error: Option<&str>) -> i64 {
        let mut jobs = self.control.jobs();
        let id = jobs
            .last()
            .map_or(1_000_000_000_000_000_001, |job| job.id + 1);
        jobs.push(Job {
            id,
            description: statement.text.clone(),
            created: SystemTime::now(),
            finished: None,
            error: error.map(str::to_owned),
            order: Order::Run,
        });
        id
    }

    /// A schema change has run: its statement waits for its job. What it waits for is committed, so that it stays when the
    /// session is ended meanwhile. Gives what the statement is answered with where an operator stopped its job.
    pub(super) async fn schema_changed(
        &mut self,
        statement: &Statement,
    ) -> io::Result<Option<Failure>> {
        if statement.class != Class::Ddl {
            return Ok(None);
        }
        let waits = self.transaction.state == State::Idle;
        let takes_time = !self.control.failures().job_time.is_zero();
        if waits && takes_time {
            self.backend.end_batch().await?;
        }
        let job = self.begin_job(statement, None);
        if !waits {
            return Ok(None);
        }
        let stopped = self.wait_for_own_job(job).await;
        if stopped.is_some() {
            self.forget_transaction();
        }
        Ok(stopped)
    }

    /// Waits until the job of the session's own statement has ended or an operator has stopped it, which its statement reports.
    async fn wait_for_own_job(&mut self, id: i64) -> Option<Failure> {
        loop {
            let takes = self.control.failures().job_time;
            {
                let mut jobs = self.control.jobs();
                finish(&mut jobs, takes);
                let job = jobs.iter().find(|job| job.id == id)?;
                match job.order {
                    Order::Pause => return Some(Failure::job_paused(id)),
                    Order::Cancel => return Some(Failure::job_cancelled(id)),
                    Order::Run if job.finished.is_some() => return None,
                    Order::Run => {}
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Pauses, resumes or cancels a job. What a job that is cancelled has done is taken back.
    pub(super) async fn control_job(&mut self, control: JobControl) -> io::Result<Outcome> {
        let takes = self.control.failures().job_time;
        let told = {
            let mut jobs = self.control.jobs();
            finish(&mut jobs, takes);
            tell(&mut jobs, control)
        };
        match told {
            Err(failure) => self.fail(&failure).await,
            Ok(undo) => {
                if let Some(undo) = undo
                    && let Some(error) = self.backend.run_in_batch(&undo).await?
                {
                    return self.relay_failure(error).await;
                }
                self.complete(&format!("{} JOBS 1", control.verb.word()));
                Ok(Outcome::Complete)
            }
        }
    }

    /// A schema change that its job does not carry through. Of its own it fails; in a transaction COMMIT tells.
    pub(super) async fn fail_schema_change(
        &mut self,
        statement: &Statement,
    ) -> io::Result<Outcome> {
        let failure = Failure::backfill_failed();
        let job = self.begin_job(statement, Some(&failure.message));
        if self.transaction.state != State::Open {
            let stopped = self.wait_for_own_job(job).await;
            return self.fail(&stopped.unwrap_or(failure)).await;
        }
        self.transaction.schema_failed();
        self.complete(&statement.ddl_tag());
        self.transaction.ran(&statement.class);
        Ok(Outcome::Complete)
    }

    /// Commits a transaction whose data stays and whose schema change does not.
    pub(super) async fn commit_without_schema_change(&mut self) -> io::Result<Outcome> {
        if let Some(error) = self.backend.run_in_batch("COMMIT").await? {
            return self.relay_failure(error).await;
        }
        self.committed();
        self.forget_transaction();
        self.fail(&Failure::schema_change_aborted()).await
    }

    /// A schema change that its statement does not wait for: the statement is answered 57014, and the job goes on.
    pub(super) async fn leave_schema_change(
        &mut self,
        statement: &Statement,
        way: Way<'_>,
    ) -> io::Result<Outcome> {
        if !self.run_unanswered(statement, way, false).await? {
            return Ok(Outcome::Failed);
        }
        self.begin_job(statement, None);
        if self.transaction.state == State::Idle {
            self.backend.end_batch().await?;
            self.forget_transaction();
        }
        self.fail(&Failure::cancelled()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_made_can_be_taken_back() {
        for (change, back) in [
            ("CREATE INDEX i ON s.t (a)", Some("DROP INDEX i")),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON t (a)",
                Some("DROP INDEX \"I\""),
            ),
            ("CREATE TABLE s.t (a INT8)", Some("DROP TABLE s.t")),
            (
                "ALTER TABLE s.t ADD COLUMN IF NOT EXISTS a DECIMAL(9, 2)",
                Some("ALTER TABLE s.t DROP COLUMN a"),
            ),
            ("ALTER TABLE t ADD COLUMN a INT8, DROP COLUMN b", None),
            ("ALTER TABLE t DROP COLUMN b", None),
            ("DROP TABLE t", None),
        ] {
            assert_eq!(undo(change).as_deref(), back, "{change}");
        }
    }

    #[test]
    fn jobs_are_shown_with_the_columns_of_the_release() {
        let read = |sql: &str, version| shown(&statements(sql)[0], version);
        let (length, old, wait) = read("SHOW JOBS", CockroachVersion::V23_1).unwrap();
        assert_eq!((length, wait), (2, None));
        assert!(
            old.contains("AS started") && !old.contains("to_timestamp"),
            "{old}"
        );
        let (_, new, _) = read("SHOW JOBS", CockroachVersion::V26_2).unwrap();
        assert!(
            !new.contains("AS started") && new.contains("to_timestamp"),
            "{new}"
        );
        let (length, one, wait) =
            read("SHOW JOB WHEN COMPLETE 7", CockroachVersion::V26_2).unwrap();
        assert_eq!((length, wait), (5, Some(Wait::Job(7))));
        assert!(one.contains("WHERE job_id = 7"), "{one}");
        let (_, _, wait) = read("SHOW JOB WHEN COMPLETE $1", CockroachVersion::V26_2).unwrap();
        assert_eq!(wait, Some(Wait::All));
        assert!(read("SHOW node_id", CockroachVersion::V26_2).is_none());
    }
}

//! What is to run: a pure function of files, journal and engine.

mod check;
mod lock;
mod risk;

use std::path::PathBuf;
use std::time::Duration;

use crdb_exec::Engine;
use crdb_sql::dialect::ast::StatementKind;

use crate::error::{Error, ErrorKind};
use crate::file::{Direction, Migration, Script, Setting, Squashed, TransactionMode};
use crate::journal::{Journal, MigrationState, StepState};
use crate::problem::{Problem, ProblemKind, sort};
use crate::statement::{Classified, Evidence, StepKind};

pub(crate) use check::{fits, says_what_ran};
pub use lock::{Blocks, Lock};
pub use risk::{Risk, RiskKind};

/// How a statement and its journal entry go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Execution {
    /// In one transaction with its journal entry, guarded by the lease: it took effect exactly if the entry says so.
    Transaction,
    /// As `Transaction`, together with the file's other statements.
    Together,
    /// Outside a transaction. The journal says before that it begins and afterwards that it is done; what is cut off
    /// between is looked for.
    Alone,
}

impl Execution {
    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Together => "together",
            Self::Alone => "alone",
        }
    }
}

/// One statement that is to run.
#[derive(Clone, Debug)]
pub struct PlannedStep {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) index: usize,
    pub(crate) count: usize,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) checksum: String,
    pub(crate) class: Classified,
    pub(crate) settings: Vec<Setting>,
    pub(crate) execution: Execution,
    pub(crate) timeout: Option<Duration>,
    pub(crate) risks: Vec<Risk>,
    pub(crate) lock: Option<Lock>,
    pub(crate) is_job: bool,
    pub(crate) rewrites: bool,
    pub(crate) state: Option<StepState>,
    pub(crate) table_bytes: Option<i64>,
}

impl PlannedStep {
    /// The migration's number.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The migration's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the migration is applied or taken back.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Which statement of the file, from 1.
    #[must_use]
    pub fn step(&self) -> usize {
        self.index + 1
    }

    /// The file; of a migration in code, its name.
    #[must_use]
    pub fn file(&self) -> &std::path::Path {
        &self.file
    }

    /// The line on which it begins, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What kind of work it does.
    #[must_use]
    pub fn kind(&self) -> StepKind {
        self.class.kind
    }

    /// How it and its journal entry go together.
    #[must_use]
    pub fn execution(&self) -> Execution {
        self.execution
    }

    /// What is risky about it, but for what the file allows.
    #[must_use]
    pub fn risks(&self) -> &[Risk] {
        &self.risks
    }

    /// The strongest lock that it takes on what is there already; `None` where it takes none.
    #[must_use]
    pub fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Whether it is a job of the server, which goes on when its session ends (CockroachDB).
    #[must_use]
    pub fn is_job(&self) -> bool {
        self.is_job
    }

    /// Whether it writes a value for every row: a backfill on CockroachDB, a rewrite or an index build on PostgreSQL.
    #[must_use]
    pub fn rewrites(&self) -> bool {
        self.rewrites
    }

    /// How large the table is that it scans or writes anew, in bytes, with its indexes; `None` where it does not, or where the
    /// server does not tell.
    #[must_use]
    pub fn table_bytes(&self) -> Option<i64> {
        self.table_bytes
    }

    /// How many bytes have to be free for it: three times the table's on CockroachDB, whose documentation of online schema changes
    /// asks for that, and as many as the table's on PostgreSQL; `None` where it writes nothing anew, or where the size is not known.
    #[must_use]
    pub fn free_bytes(&self) -> Option<i64> {
        let bytes = self.table_bytes.filter(|_| self.rewrites)?;
        Some(bytes.saturating_mul(if self.is_job { 3 } else { 1 }))
    }

    /// Whether an earlier runner began it and did not say how it ended.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.state == Some(StepState::Begun)
    }

    /// How far an earlier runner has come with it; `None` when it was not begun.
    #[must_use]
    pub fn state(&self) -> Option<StepState> {
        self.state
    }

    /// The search path that its file sets before it.
    pub(crate) fn search_path(&self) -> Option<&[String]> {
        let mut settings = self.settings.iter().rev();
        settings.find_map(|setting| setting.schemas.as_deref())
    }

    /// Where it stands, for messages.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.file.display(), self.line)
    }
}

/// What is to run, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(crate) steps: Vec<PlannedStep>,
}

impl Plan {
    /// The statements.
    #[must_use]
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The numbers of the migrations that are to run, each once, in order.
    #[must_use]
    pub fn versions(&self) -> Vec<i64> {
        let mut versions: Vec<i64> = self.steps.iter().map(PlannedStep::version).collect();
        versions.dedup();
        versions
    }
}

/// A migration, from files or in code, as the planner sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) version: i64,
    pub(crate) name: &'a str,
    pub(crate) up: Body<'a>,
    pub(crate) down: Option<Body<'a>>,
}

/// What a migration does in one direction.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    Script(&'a Script),
    /// Code, and what stands for its checksum.
    Code(&'a str),
}

impl<'a> Known<'a> {
    pub(crate) fn of(migration: &'a Migration) -> Self {
        Self {
            version: migration.version,
            name: &migration.name,
            up: Body::Script(&migration.up),
            down: migration.down.as_ref().map(Body::Script),
        }
    }

    pub(crate) fn checksum(&self) -> &str {
        match self.up {
            Body::Script(script) => script.checksum.as_str(),
            Body::Code(checksum) => checksum,
        }
    }

    /// The migrations that it stands for.
    pub(crate) fn squashes(&self) -> &'a [Squashed] {
        match self.up {
            Body::Script(script) => &script.header.squashes,
            Body::Code(_) => &[],
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        match self.up {
            Body::Script(script) => script.path.clone(),
            Body::Code(_) => PathBuf::from(self.name),
        }
    }
}

/// Plans to apply what is pending, up to and with `to`.
pub(crate) fn up(
    known: &[Known<'_>],
    journal: &Journal,
    engine: Engine,
    to: Option<i64>,
) -> Result<Plan, Error> {
    if let Some(half) = known
        .iter()
        .find(|one| journal.state(one.version) == MigrationState::PartlyUndone)
    {
        return Err(Error::new(
            ErrorKind::PartlyUndone,
            format!("migration {} ({}) is half undone", half.version, half.name),
        )
        .remedy("run `down` to finish that, then `up`"));
    }
    let wanted = |one: &&Known<'_>| {
        to.is_none_or(|to| one.version <= to)
            && journal.state(one.version) != MigrationState::Applied
    };
    let scripts = known
        .iter()
        .filter(wanted)
        .map(|one| (one, one.up, Direction::Up));
    steps(scripts, journal, engine)
}

/// Plans to take back what has a number above `to`, the highest first.
pub(crate) fn down(
    known: &[Known<'_>],
    journal: &Journal,
    engine: Engine,
    to: i64,
) -> Result<Plan, Error> {
    let mut scripts = Vec::new();
    for one in known.iter().rev() {
        if one.version <= to || journal.state(one.version) == MigrationState::Pending {
            continue;
        }
        if journal.state(one.version) == MigrationState::Begun {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("migration {} ({}) is half applied", one.version, one.name),
            )
            .remedy("run `up` to finish it before it is taken back"));
        }
        let Some(body) = one.down else {
            return Err(Error::new(
                ErrorKind::Irreversible,
                format!("migration {} ({}) has no down file", one.version, one.name),
            )
            .remedy("write one, or take it back by a new migration"));
        };
        scripts.push((one, body, Direction::Down));
    }
    steps(scripts, journal, engine)
}

fn steps<'a>(
    scripts: impl IntoIterator<Item = (&'a Known<'a>, Body<'a>, Direction)>,
    journal: &Journal,
    engine: Engine,
) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut problems = Vec::new();
    for (known, body, direction) in scripts {
        let all = match body {
            Body::Script(script) => script_steps(known, script, direction, engine, &mut problems),
            Body::Code(checksum) => vec![code_step(known, checksum, direction)],
        };
        let before = plan.steps.len();
        let mut last = None;
        for mut step in all {
            let index = i64::try_from(step.index).unwrap_or(i64::MAX);
            step.state = journal
                .line(known.version, direction, index)
                .map(|line| line.state);
            if step.state != Some(StepState::Verified) {
                plan.steps.push(step);
            } else {
                last = Some(step);
            }
        }
        // All of it was taken back, and the runner was cut off before it removed the journal's lines: the last statement stands
        // for that, and does not run again.
        if direction == Direction::Down && plan.steps.len() == before {
            plan.steps.extend(last);
        }
    }
    if problems.is_empty() {
        return Ok(plan);
    }
    sort(&mut problems);
    Err(Error::files(problems))
}

fn code_step(known: &Known<'_>, checksum: &str, direction: Direction) -> PlannedStep {
    PlannedStep {
        version: known.version,
        name: known.name.to_owned(),
        direction,
        index: 0,
        count: 1,
        file: PathBuf::from(known.name),
        line: 1,
        text: format!("code: {}", known.name),
        checksum: checksum.to_owned(),
        class: Classified {
            kind: StepKind::Code,
            evidence: Evidence::Nothing,
            tolerant: false,
            table: None,
        },
        settings: Vec::new(),
        execution: Execution::Transaction,
        timeout: None,
        risks: Vec::new(),
        lock: None,
        is_job: false,
        rewrites: false,
        state: None,
        table_bytes: None,
    }
}

fn script_steps(
    known: &Known<'_>,
    script: &Script,
    direction: Direction,
    engine: Engine,
    problems: &mut Vec<Problem>,
) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    for (index, step) in script.steps.iter().enumerate() {
        let needs_none = needs_no_transaction(step, engine);
        let execution = match script.header.transaction {
            TransactionMode::One if needs_none => {
                let message = format!(
                    "{} cannot run in a transaction with others",
                    first_words(&step.text)
                );
                problems.push(
                    Problem::new(ProblemKind::NeedsNoTransaction, &script.path, message)
                        .line_is(step.line)
                        .help(match engine {
                            Engine::CockroachDb => {
                                "CockroachDB's schema changes are jobs, which a transaction does not hold together: leave `-- transaction: one` out"
                            }
                            _ => "leave `-- transaction: one` out, or give the statement a migration of its own",
                        }),
                );
                Execution::Together
            }
            TransactionMode::One => Execution::Together,
            TransactionMode::None => Execution::Alone,
            TransactionMode::EachStatement if needs_none => Execution::Alone,
            TransactionMode::EachStatement => Execution::Transaction,
        };
        if execution == Execution::Alone
            && let Some(StatementKind::CreateIndex(create)) =
                step.statement.as_ref().map(|statement| &statement.kind)
            && create.index.name.is_none()
        {
            problems.push(
                Problem::new(ProblemKind::Unnamed, &script.path, "the index has no name")
                    .line_is(step.line)
                    .help("name it: after a lost connection the runner looks for it by its name"),
            );
        }
        steps.push(PlannedStep {
            version: known.version,
            name: known.name.to_owned(),
            direction,
            index,
            count: script.steps.len(),
            file: script.path.clone(),
            line: step.line,
            text: step.text.clone(),
            checksum: script.checksum.as_str().to_owned(),
            class: step.class.clone(),
            settings: step.settings.clone(),
            execution,
            timeout: script.header.timeout,
            risks: risk::of(step, engine, &script.header),
            lock: lock::of(step, engine),
            is_job: engine == Engine::CockroachDb && step.class.kind == StepKind::Schema,
            rewrites: risk::rewrites(step, engine),
            state: None,
            table_bytes: None,
        });
    }
    steps
}

/// Whether a statement has to run outside of transactions, or is not held together by one.
fn needs_no_transaction(step: &crate::file::ParsedStep, engine: Engine) -> bool {
    let kind = step.statement.as_ref().map(|statement| &statement.kind);
    if step.class.kind == StepKind::Operation {
        return true;
    }
    match engine {
        Engine::CockroachDb => {
            step.class.kind == StepKind::Schema || matches!(kind, Some(StatementKind::Truncate(_)))
        }
        _ => match kind {
            Some(StatementKind::CreateIndex(create)) => create.concurrently,
            Some(StatementKind::Drop(drop)) => drop.concurrently,
            Some(_) => false,
            None => step
                .text
                .split_whitespace()
                .any(|word| word.eq_ignore_ascii_case("concurrently")),
        },
    }
}

#[cfg(test)]
mod tests;

/// The beginning of a statement, for messages.
pub(crate) fn first_words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    format!("`{} ..`", words.join(" "))
}

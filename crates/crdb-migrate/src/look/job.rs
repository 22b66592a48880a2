//! The jobs of schema changes (CockroachDB).
//!
//! `SHOW JOBS` is read by column name: times are TIMESTAMPTZ since v23.2, descriptions are cut to 100 characters since v24.1,
//! `started` is gone since v25.3. A job that runs is asked for again and again rather than with `SHOW JOB WHEN COMPLETE`,
//! which says nothing while it waits and waits for ever where a job is paused.

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, Row};
use crdb_sql::dialect::parse_one;
use crdb_sql::token::{TokenKind, tokenize};

use super::Begun;

/// Clocks of nodes may differ by half a second; a job may seem older than what began it.
const CLOCKS: f64 = 1.0;

/// Where descriptions are cut.
const CUT: usize = 100;

/// A job of a schema change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    pub(crate) id: i64,
    pub(crate) status: String,
    pub(crate) state: JobState,
    pub(crate) fraction: Option<f64>,
    pub(crate) error: Option<String>,
}

/// What a job's status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    Running,
    Paused,
    Succeeded,
    /// Nothing of it is left.
    Failed,
    /// As `Failed`, because an operator wanted it so.
    Cancelled,
    /// It could not be taken back.
    Stuck,
}

impl JobState {
    fn of(status: &str) -> Self {
        match status {
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "canceled" => Self::Cancelled,
            "paused" | "pause-requested" => Self::Paused,
            "revert-failed" => Self::Stuck,
            _ => Self::Running,
        }
    }
}

const COLUMNS: &str = "job_id, description, status, fraction_completed::FLOAT8 AS fraction, error";

fn read(row: &impl Row) -> Result<Job, ExecError> {
    let status: String = row.get("status")?;
    Ok(Job {
        id: row.get("job_id")?,
        state: JobState::of(&status),
        status,
        fraction: row.get("fraction")?,
        error: row
            .get::<Option<String>>("error")?
            .filter(|error| !error.is_empty()),
    })
}

/// The newest job of this statement that began with it.
pub(crate) async fn newest(
    db: &impl Executor,
    statement: &str,
    begun: Begun,
) -> Result<Option<Job>, ExecError> {
    let text = format!(
        "SELECT {COLUMNS} FROM [SHOW JOBS] WHERE extract(epoch FROM created)::FLOAT8 >= $1::FLOAT8 \
         ORDER BY created DESC, job_id DESC"
    );
    let wanted = Words::of(statement);
    let after = begun.at - CLOCKS;
    for row in db.fetch_all(text.as_str(), &[&after]).await? {
        let description: String = row.get("description")?;
        let job = read(&row)?;
        if begun.earlier_job != Some(job.id) && wanted.are_described_by(&description) {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

/// The job of this id.
pub(crate) async fn by_id(db: &impl Executor, id: i64) -> Result<Option<Job>, ExecError> {
    let text = format!("SELECT {COLUMNS} FROM [SHOW JOBS] WHERE job_id = $1::INT8");
    let row = db.fetch_optional(text.as_str(), &[&id]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The words of a statement as the server prints it, without what qualifies names: a job's description qualifies them all.
#[derive(Debug, PartialEq, Eq)]
struct Words(Vec<String>);

impl Words {
    fn of(text: &str) -> Self {
        let printed = parse_one(text).map(|statement| statement.to_string());
        let text = printed.as_deref().unwrap_or(text);
        let mut words: Vec<String> = Vec::new();
        let mut after_dot = false;
        for token in tokenize(text) {
            let raw = token.text(text);
            if token.kind.is_trivia() || raw == ";" {
                continue;
            }
            if raw == "." {
                after_dot = true;
                continue;
            }
            if std::mem::take(&mut after_dot) {
                words.pop();
            }
            words.push(match token.kind {
                TokenKind::Word => one_name(&raw.to_ascii_lowercase()).to_owned(),
                TokenKind::QuotedIdentifier => raw.trim_matches('"').to_owned(),
                _ => raw.to_owned(),
            });
        }
        Self(words)
    }

    /// Whether a job's description, which may be cut, is of this statement.
    fn are_described_by(&self, description: &str) -> bool {
        let cut = description.chars().count() >= CUT
            && (description.ends_with("...") || parse_one(description).is_err());
        if !cut {
            return Self::of(description) == *self;
        }
        // The last word may be cut too, and a name of it may have lost what it qualifies.
        let whole = description.trim_end_matches('.');
        let whole = whole
            .rfind(|c: char| c.is_whitespace())
            .map_or("", |at| &whole[..at]);
        let words = Self::of(whole).0;
        !words.is_empty() && self.0.starts_with(&words)
    }
}

/// Types have several names, of which releases print one or another.
fn one_name(word: &str) -> &str {
    match word {
        "text" => "string",
        "int" | "integer" | "bigint" | "int64" => "int8",
        "boolean" => "bool",
        "numeric" | "dec" => "decimal",
        "bytea" | "blob" => "bytes",
        "json" => "jsonb",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The states of `pkg/jobs/jobspb` in cockroachdb/cockroach.
    #[test]
    fn every_state_of_a_job_has_its_meaning() {
        for (status, state) in [
            ("pending", JobState::Running),
            ("running", JobState::Running),
            ("reverting", JobState::Running),
            ("cancel-requested", JobState::Running),
            ("pause-requested", JobState::Paused),
            ("paused", JobState::Paused),
            ("succeeded", JobState::Succeeded),
            ("failed", JobState::Failed),
            ("canceled", JobState::Cancelled),
            ("revert-failed", JobState::Stuck),
            ("of a later release", JobState::Running),
        ] {
            assert_eq!(JobState::of(status), state, "{status}");
        }
    }

    #[test]
    fn a_description_is_that_of_its_statement() {
        for (statement, description, same) in [
            (
                "create index by_owner on accounts (owner)",
                "CREATE INDEX by_owner ON bank.public.accounts (owner)",
                true,
            ),
            (
                "CREATE INDEX by_owner ON accounts (owner)",
                "CREATE INDEX by_owner ON bank.public.accounts (balance)",
                false,
            ),
            (
                "ALTER TABLE public.accounts ADD COLUMN note STRING",
                "ALTER TABLE bank.public.accounts ADD COLUMN note STRING",
                true,
            ),
            (
                "ALTER TABLE accounts ADD COLUMN note TEXT",
                "ALTER TABLE bank.public.accounts ADD COLUMN note STRING",
                true,
            ),
            (
                "DROP INDEX accounts@by_owner",
                "GC for DROP INDEX bank.public.accounts@by_owner",
                false,
            ),
        ] {
            assert_eq!(
                Words::of(statement).are_described_by(description),
                same,
                "{statement} / {description}"
            );
        }
    }

    #[test]
    fn a_description_that_was_cut_is_recognized_by_its_beginning() {
        let statement = "CREATE INDEX a_rather_long_name_for_an_index ON accounts (owner, balance, created_at, updated_at, note)";
        let whole = "CREATE INDEX a_rather_long_name_for_an_index ON bank.public.accounts (owner, balance, created_at, updated_at, note)";
        let cut: String = whole.chars().take(100).collect();
        assert!(Words::of(statement).are_described_by(&cut));
        assert!(Words::of(statement).are_described_by(&format!("{}...", &cut[..97])));
        let other = "CREATE INDEX a_rather_long_name_for_an_index ON bank.public.transfers (owner, balance, created_at, updated_at)";
        let cut: String = other.chars().take(100).collect();
        assert!(!Words::of(statement).are_described_by(&cut));
    }
}

//! What a profile says, as types that are written and read as JSON.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::call::Spent;
use super::inspect::{Contention, Explained};
use super::plan::Plan;
use super::statistics::Statistics;
use super::table::Identity;

/// The version of the JSON that this release writes. Fields may be added without a new version.
const VERSION: u32 = 1;

/// How many statements and slow calls the text lists.
const LISTED: usize = 20;

/// Statistics of statements and transactions over a time, those that cost most first.
///
/// As JSON it is what the endpoint answers to `/profile`. All times are in seconds; points in time are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProfileReport {
    /// The version of this form: 1.
    pub version: u32,
    /// When recording began.
    pub from: f64,
    /// When the report was made.
    pub to: f64,
    /// Each statement, by the total of its time.
    pub statements: Vec<StatementProfile>,
    /// Each transaction, by the total of its time.
    pub transactions: Vec<TransactionProfile>,
    /// The latest slow calls, the oldest first.
    pub slow: Vec<SlowCall>,
    /// Which statements waited for which others, those that were seen most often first; empty where nothing asks the server.
    #[serde(default)]
    pub contention: Vec<Contention>,
    /// Why the server could not be asked about contention the last time, if so.
    #[serde(default)]
    pub contention_failure: Option<String>,
}

/// All calls of one statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatementProfile {
    /// Its name; none for a statement without one, `other` for all that came after the limit.
    pub name: Option<String>,
    /// What its texts have in common: see [`fingerprint`](crate::fingerprint).
    pub fingerprint: String,
    /// Its operation and tables: `SELECT accounts owners`.
    pub summary: String,
    /// How often it was called.
    pub calls: u64,
    /// How many calls failed for certain.
    pub failed: u64,
    /// How many calls may or may not have taken effect.
    pub unknown: u64,
    /// How many calls were given up by their caller.
    pub dropped: u64,
    /// Rows given or affected.
    pub rows: u64,
    /// Attempts beyond each call's first.
    pub retries: u64,
    /// Of these, those for a race that was lost to another transaction (40001, 40P01).
    pub collisions: u64,
    /// Where the time went.
    pub times: Times,
    /// The last plans of different shapes, the newest first, where it was slow and an [`Inspector`](super::Inspector) explained it.
    #[serde(default)]
    pub plans: Vec<Plan>,
    /// How often its plan was another than the one before.
    #[serde(default)]
    pub plan_changes: u64,
    /// Why its last explanation failed, if it did.
    #[serde(default)]
    pub plan_failure: Option<String>,
}

/// All calls of one transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransactionProfile {
    /// Its name; `unnamed` for those without one, `other` for all that came after the limit.
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// How many calls failed for certain.
    pub failed: u64,
    /// How many calls may or may not have taken effect.
    pub unknown: u64,
    /// How many calls were given up by their caller.
    pub dropped: u64,
    /// Runs beyond each call's first.
    pub retries: u64,
    /// Of these, those for a race that was lost to another transaction (40001, 40P01).
    pub collisions: u64,
    /// Where the time went.
    pub times: Times,
}

/// Where the time of calls went, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Times {
    /// From the calls to their answers.
    pub total: f64,
    /// Waiting for a session of the pool.
    pub waiting: f64,
    /// In attempts that were made again, and the pauses between them.
    pub retrying: f64,
    /// The rest: the network and the server; of a transaction, the caller's own code too. Values are decoded by the caller, after the call.
    pub working: f64,
    /// The median of a call.
    pub p50: f64,
    /// The 95th percentile of a call.
    pub p95: f64,
    /// The 99th percentile of a call.
    pub p99: f64,
    /// The longest call.
    pub longest: f64,
}

/// One call that was slow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlowCall {
    /// When it began.
    pub at: f64,
    /// Whether it was a transaction.
    pub is_transaction: bool,
    /// The name of the statement or transaction.
    pub name: Option<String>,
    /// The statement's fingerprint; empty for a transaction.
    pub fingerprint: String,
    /// The statement's operation and tables; empty for a transaction.
    pub summary: String,
    /// From the call to its answer.
    pub seconds: f64,
    /// Of these, waiting for a session.
    pub waiting: f64,
    /// Of these, in attempts that were made again.
    pub retrying: f64,
    /// How often it was tried.
    pub attempts: u32,
    /// How often it lost a race to another transaction.
    pub collisions: u64,
    /// The node of its last session, where it waited for one.
    pub node: Option<String>,
    /// How it ended: `ok`, `rolled_back`, `failed`, `unknown`, `dropped`.
    pub outcome: String,
    /// The server's code, where it failed with one.
    pub sqlstate: Option<String>,
}

impl ProfileReport {
    pub(super) fn new(
        from: SystemTime,
        to: SystemTime,
        mut statements: Vec<StatementProfile>,
        mut transactions: Vec<TransactionProfile>,
        slow: Vec<SlowCall>,
        (contention, contention_failure): (Vec<Contention>, Option<String>),
    ) -> Self {
        let longest_first = |a: &Times, b: &Times| b.total.total_cmp(&a.total);
        statements.sort_by(|a, b| longest_first(&a.times, &b.times));
        transactions.sort_by(|a, b| longest_first(&a.times, &b.times));
        Self {
            version: VERSION,
            from: seconds_of(from),
            to: seconds_of(to),
            statements,
            transactions,
            slow,
            contention,
            contention_failure,
        }
    }

    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Numbers, texts and lists are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote, in this release or an older one.
    ///
    /// # Errors
    /// It is no such JSON.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The slow calls that were under way at a moment between these, in seconds since 1970.
    pub fn slow_between(&self, from: f64, to: f64) -> impl Iterator<Item = &SlowCall> {
        self.slow
            .iter()
            .filter(move |call| call.at <= to && call.at + call.seconds >= from)
    }
}

impl Times {
    fn of(statistics: &Statistics) -> Self {
        let quantile = |part| {
            // A quantile is rounded up; no call took longer than the longest.
            let found = statistics.quantiles.quantile(part);
            found.min(statistics.longest).as_secs_f64()
        };
        let spent = statistics.waiting.saturating_add(statistics.retrying);
        Self {
            total: statistics.total.as_secs_f64(),
            waiting: statistics.waiting.as_secs_f64(),
            retrying: statistics.retrying.as_secs_f64(),
            working: statistics.total.saturating_sub(spent).as_secs_f64(),
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            longest: statistics.longest.as_secs_f64(),
        }
    }

    /// What most of the time went into, in words.
    fn verdict(&self) -> &'static str {
        if self.waiting > self.working && self.waiting >= self.retrying {
            "waiting for sessions"
        } else if self.retrying > self.working {
            "retries"
        } else {
            "the server"
        }
    }
}

impl StatementProfile {
    pub(super) fn new(identity: Identity, statistics: &Statistics, explained: Explained) -> Self {
        Self {
            name: identity.name,
            fingerprint: identity.fingerprint,
            summary: identity.summary,
            calls: statistics.calls,
            failed: statistics.failed,
            unknown: statistics.unknown,
            dropped: statistics.dropped,
            rows: statistics.rows,
            retries: statistics.retries,
            collisions: statistics.collisions,
            times: Times::of(statistics),
            plans: explained.plans.into(),
            plan_changes: explained.changes,
            plan_failure: explained.failure,
        }
    }

    /// What people call it: its name, else its operation and tables.
    #[must_use]
    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.summary)
    }
}

impl TransactionProfile {
    pub(super) fn new(identity: Identity, statistics: &Statistics) -> Self {
        Self {
            name: identity.name.unwrap_or_default(),
            calls: statistics.calls,
            failed: statistics.failed,
            unknown: statistics.unknown,
            dropped: statistics.dropped,
            retries: statistics.retries,
            collisions: statistics.collisions,
            times: Times::of(statistics),
        }
    }
}

impl SlowCall {
    pub(super) fn new(
        at: SystemTime,
        is_transaction: bool,
        identity: &Identity,
        elapsed: Duration,
        attempts: u32,
        outcome: &crdb_exec::Outcome,
        spent: &Spent,
    ) -> Self {
        let sqlstate = outcome.failure().and_then(|failure| failure.sqlstate);
        Self {
            at: seconds_of(at),
            is_transaction,
            name: identity.name.clone(),
            fingerprint: identity.fingerprint.clone(),
            summary: identity.summary.clone(),
            seconds: elapsed.as_secs_f64(),
            waiting: spent.waiting.as_secs_f64(),
            retrying: spent.retrying.as_secs_f64(),
            attempts,
            collisions: spent.collisions,
            node: spent.node.as_ref().map(ToString::to_string),
            outcome: outcome.as_str().to_owned(),
            sqlstate: sqlstate.map(|state| state.as_str().to_owned()),
        }
    }

    /// What most of its time went into, in words.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        Times {
            waiting: self.waiting,
            retrying: self.retrying,
            working: self.seconds - self.waiting - self.retrying,
            ..Times::default()
        }
        .verdict()
    }
}

pub(super) fn seconds_of(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}

/// A time as people read it, in a fixed width.
pub(super) fn short(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 0.001 => format!("{:.0}us", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1}ms", seconds * 1e3),
        seconds => format!("{seconds:.2}s"),
    }
}

/// The time of the day, in UTC.
pub(super) fn clock(at: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time of this century"
    )]
    let seconds = at as u64 % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

impl fmt::Display for ProfileReport {
    /// The statements and transactions that cost most, why, and the slow calls: for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: f64 = self.statements.iter().map(|one| one.times.total).sum();
        writeln!(
            f,
            "{:.0} s until {} UTC: {} statements, {} transactions",
            self.to - self.from,
            clock(self.to),
            self.statements.len(),
            self.transactions.len()
        )?;
        writeln!(
            f,
            "\n{:>6} {:>8} {:>9} {:>9} {:>9} {:>7} {:>7} {:>7}  mostly                statement",
            "time", "calls", "p50", "p95", "p99", "wait", "retry", "failed"
        )?;
        for one in self.statements.iter().take(LISTED) {
            line(
                f,
                total,
                one.calls,
                one.failed + one.unknown,
                &one.times,
                one.title(),
            )?;
        }
        if !self.transactions.is_empty() {
            let total: f64 = self.transactions.iter().map(|one| one.times.total).sum();
            writeln!(f, "\ntransactions")?;
            for one in self.transactions.iter().take(LISTED) {
                line(
                    f,
                    total,
                    one.calls,
                    one.failed + one.unknown,
                    &one.times,
                    &one.name,
                )?;
            }
        }
        if !self.slow.is_empty() {
            writeln!(f, "\nslow calls, the latest first (UTC)")?;
            for call in self.slow.iter().rev().take(LISTED) {
                writeln!(f, "{call}")?;
            }
        }
        let waits = !self.contention.is_empty() || self.contention_failure.is_some();
        if waits {
            writeln!(f, "\nwho waited for whom (UTC)")?;
        }
        for one in self.contention.iter().take(LISTED) {
            writeln!(f, "{one}")?;
        }
        if let Some(failure) = &self.contention_failure {
            writeln!(f, "the server could not be asked: {failure}")?;
        }
        let explained =
            |one: &&StatementProfile| !one.plans.is_empty() || one.plan_failure.is_some();
        for (number, one) in self
            .statements
            .iter()
            .filter(explained)
            .take(LISTED)
            .enumerate()
        {
            if number == 0 {
                writeln!(f, "\nplans of slow statements (UTC)")?;
            }
            one.write_plans(f)?;
        }
        Ok(())
    }
}

impl StatementProfile {
    /// Its plans, the newest first.
    fn write_plans(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title())?;
        match self.plan_changes {
            0 => {}
            1 => f.write_str(", its plan has changed")?,
            changes => write!(f, ", its plan has changed {changes} times")?,
        }
        writeln!(f)?;
        if let Some(failure) = &self.plan_failure {
            writeln!(f, "  not explained: {failure}")?;
        }
        for plan in &self.plans {
            let analyzed = if plan.is_analyzed { ", analyzed" } else { "" };
            writeln!(
                f,
                "  {} to {}{analyzed}",
                clock(plan.first),
                clock(plan.last)
            )?;
            for line in plan.to_string().lines() {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

fn line(
    f: &mut fmt::Formatter<'_>,
    all: f64,
    calls: u64,
    failed: u64,
    times: &Times,
    title: &str,
) -> fmt::Result {
    let part = |time: f64, of: f64| if of > 0.0 { time / of * 100.0 } else { 0.0 };
    writeln!(
        f,
        "{:>5.1}% {calls:>8} {:>9} {:>9} {:>9} {:>6.1}% {:>6.1}% {failed:>7}  {:20}  {title}",
        part(times.total, all),
        short(times.p50),
        short(times.p95),
        short(times.p99),
        part(times.waiting, times.total),
        part(times.retrying, times.total),
        times.verdict(),
    )
}

impl fmt::Display for SlowCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.name.as_deref().unwrap_or(&self.summary);
        let rest = (self.seconds - self.waiting - self.retrying).max(0.0);
        write!(
            f,
            "{} {title} took {}, most of it {} (",
            clock(self.at),
            short(self.seconds),
            self.verdict()
        )?;
        if self.waiting > 0.0 {
            write!(f, "{} waiting for a session, ", short(self.waiting))?;
        }
        if self.retrying > 0.0 {
            write!(f, "{} in retries, ", short(self.retrying))?;
        }
        write!(f, "{} for the rest)", short(rest))?;
        if self.attempts > 1 {
            write!(f, "; {} attempts", self.attempts)?;
        }
        match self.collisions {
            0 => {}
            1 => f.write_str("; lost a race")?,
            races => write!(f, "; lost {races} races")?,
        }
        if let Some(node) = &self.node {
            write!(f, "; on {node}")?;
        }
        if self.outcome != "ok" {
            write!(f, "; {}", self.outcome)?;
        }
        match &self.sqlstate {
            Some(sqlstate) => write!(f, " {sqlstate}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(waiting: f64, retrying: f64, working: f64) -> Times {
        Times {
            total: waiting + retrying + working,
            waiting,
            retrying,
            working,
            ..Times::default()
        }
    }

    #[test]
    fn what_took_most_is_said() {
        assert_eq!(times(0.3, 0.0, 0.1).verdict(), "waiting for sessions");
        assert_eq!(times(0.1, 0.3, 0.2).verdict(), "retries");
        assert_eq!(times(0.1, 0.1, 0.2).verdict(), "the server");
        assert_eq!(times(0.0, 0.0, 0.0).verdict(), "the server");
    }

    #[test]
    fn a_line_of_a_slow_call_leaves_out_what_is_nothing() {
        let call = SlowCall {
            at: 14.0 * 3600.0 + 3.0 * 60.0 + 5.0,
            is_transaction: true,
            name: Some("transfer".to_owned()),
            fingerprint: String::new(),
            summary: String::new(),
            seconds: 0.5,
            waiting: 0.0,
            retrying: 0.3,
            attempts: 3,
            collisions: 2,
            node: Some("n1:26257".to_owned()),
            outcome: "failed".to_owned(),
            sqlstate: Some("40001".to_owned()),
        };
        assert_eq!(
            call.to_string(),
            "14:03:05 transfer took 500.0ms, most of it retries (300.0ms in retries, 200.0ms for the rest); 3 attempts; \
             lost 2 races; on n1:26257; failed 40001"
        );
    }
}

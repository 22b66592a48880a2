//! What has changed between two reports, such as before and after a release.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::report::{ProfileReport, StatementProfile};

/// A change of a rate or a time below this part is noise.
const NOISE: f64 = 0.2;

/// A statement with fewer calls than this has too few for quantiles.
const FEW: u64 = 20;

/// Two reports, statement by statement; what has become slower first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Statements whose 95th percentile or rate of failures grew by a fifth or more.
    pub worse: Vec<Change>,
    /// Statements whose 95th percentile fell by a fifth or more.
    pub better: Vec<Change>,
    /// Statements that only the later report has.
    pub new: Vec<Change>,
    /// Statements that only the earlier report has.
    pub gone: Vec<Change>,
    /// Statements whose latest plans, where both reports have one, differ in shape.
    pub plans_changed: Vec<String>,
}

/// A statement in two reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Its name, else its operation and tables.
    pub title: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Calls before and after.
    pub calls: [u64; 2],
    /// The part of the calls that failed, before and after.
    pub failing: [f64; 2],
    /// The 95th percentile in seconds, before and after.
    pub p95: [f64; 2],
}

impl ProfileReport {
    /// What has changed from this report to a `later` one.
    #[must_use]
    pub fn compare(&self, later: &Self) -> Comparison {
        let by_key = |report: &'_ Self| -> BTreeMap<_, _> {
            let statements = report.statements.iter().cloned();
            statements.map(|one| (key(&one), one)).collect()
        };
        let (before, after) = (by_key(self), by_key(later));
        let mut comparison = Comparison {
            worse: Vec::new(),
            better: Vec::new(),
            new: Vec::new(),
            gone: Vec::new(),
            plans_changed: Vec::new(),
        };
        for (key, earlier) in &before {
            match after.get(key) {
                Some(now) => {
                    comparison.add(Change::new(Some(earlier), Some(now)));
                    if let (Some(before), Some(after)) = (earlier.plans.first(), now.plans.first())
                        && before.shape != after.shape
                    {
                        comparison.plans_changed.push(now.title().to_owned());
                    }
                }
                None => comparison.gone.push(Change::new(Some(earlier), None)),
            }
        }
        for (_, now) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
            comparison.new.push(Change::new(None, Some(now)));
        }
        comparison
            .worse
            .sort_by(|a, b| b.slower().total_cmp(&a.slower()));
        comparison
            .better
            .sort_by(|a, b| a.slower().total_cmp(&b.slower()));
        comparison
    }
}

/// A named statement stays itself when its text changes.
fn key(statement: &StatementProfile) -> (Option<String>, String) {
    match &statement.name {
        Some(name) => (Some(name.clone()), String::new()),
        None => (None, statement.fingerprint.clone()),
    }
}

impl Comparison {
    fn add(&mut self, change: Change) {
        if change.calls.iter().any(|calls| *calls < FEW) {
            return;
        }
        let fails_more = change.failing[1] > change.failing[0] * (1.0 + NOISE)
            && change.failing[1] - change.failing[0] > 0.001;
        if fails_more || change.slower() >= 1.0 + NOISE {
            self.worse.push(change);
        } else if change.slower() <= 1.0 - NOISE {
            self.better.push(change);
        }
    }
}

impl Change {
    fn new(before: Option<&StatementProfile>, after: Option<&StatementProfile>) -> Self {
        let both = [before, after];
        let known = after.or(before);
        #[allow(clippy::cast_precision_loss, reason = "a part of calls")]
        let failing =
            |one: &StatementProfile| (one.failed + one.unknown) as f64 / one.calls.max(1) as f64;
        Self {
            title: known.map(|one| one.title().to_owned()).unwrap_or_default(),
            fingerprint: known.map(|one| one.fingerprint.clone()).unwrap_or_default(),
            calls: both.map(|one| one.map_or(0, |one| one.calls)),
            failing: both.map(|one| one.map_or(0.0, failing)),
            p95: both.map(|one| one.map_or(0.0, |one| one.times.p95)),
        }
    }

    /// How many times as long its 95th percentile is.
    fn slower(&self) -> f64 {
        if self.p95[0] > 0.0 {
            self.p95[1] / self.p95[0]
        } else {
            1.0
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, changes) in [
            ("worse", &self.worse),
            ("better", &self.better),
            ("new", &self.new),
            ("gone", &self.gone),
        ] {
            for change in changes {
                writeln!(
                    f,
                    "{title:7} {}: p95 {:.1} ms -> {:.1} ms, failing {:.1}% -> {:.1}%, calls {} -> {}",
                    change.title,
                    change.p95[0] * 1e3,
                    change.p95[1] * 1e3,
                    change.failing[0] * 100.0,
                    change.failing[1] * 100.0,
                    change.calls[0],
                    change.calls[1],
                )?;
            }
        }
        for title in &self.plans_changed {
            writeln!(f, "plan    {title}: another plan than before")?;
        }
        let all = [&self.worse, &self.better, &self.new, &self.gone];
        if all.into_iter().all(Vec::is_empty) && self.plans_changed.is_empty() {
            writeln!(
                f,
                "no statement has become slower or faster by a fifth, and none is new or gone"
            )?;
        }
        Ok(())
    }
}

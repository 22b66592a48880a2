//! A statement's plan, without values.
//!
//! Of what EXPLAIN prints, only what is known to hold no value is taken: operations, tables, indexes, numbers of rows and times. Filters,
//! spans and sort keys, which show constants and parameters, are left out.

mod read;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::query_text::Fnv;

/// How a server runs a statement, as it said at some moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan {
    /// The same for plans with the same steps on the same tables and indexes: 16 hexadecimal digits.
    pub shape: String,
    /// When it was first seen, in seconds since 1970.
    pub first: f64,
    /// When it was last seen, in seconds since 1970.
    pub last: f64,
    /// Whether the statement was run for it (`EXPLAIN ANALYZE`) when it was last seen.
    pub is_analyzed: bool,
    /// Its steps, each before those that it reads from.
    pub steps: Vec<PlanStep>,
    /// The indexes that CockroachDB recommends, as statements.
    #[serde(default)]
    pub recommendations: Vec<String>,
}

/// A step of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlanStep {
    /// How many steps are above it.
    pub depth: usize,
    /// What it does, as the server calls it: `Seq Scan`, `index join`.
    pub operation: String,
    /// The table that it reads or writes.
    pub table: Option<String>,
    /// The index that it reads.
    pub index: Option<String>,
    /// Whether it reads a table or an index whole.
    pub is_full: bool,
    /// The rows that the server expects it to give.
    pub estimated_rows: Option<f64>,
    /// The rows that it gave, where the plan was analyzed: in all of its runs together.
    pub actual_rows: Option<f64>,
    /// The time that it took, with the steps below it on PostgreSQL and without them on CockroachDB, in seconds, where the plan was
    /// analyzed.
    pub seconds: Option<f64>,
    /// The time that it waited for other transactions, in seconds, where the plan was analyzed and CockroachDB says so.
    pub contention_seconds: Option<f64>,
}

impl Plan {
    /// Reads what EXPLAIN printed. `None` where it is no plan of CockroachDB (v21.2 and later) or PostgreSQL.
    pub(super) fn read<'a>(
        lines: impl IntoIterator<Item = &'a str>,
        at: f64,
        is_analyzed: bool,
    ) -> Option<Self> {
        let read::Tree {
            steps,
            recommendations,
        } = read::tree(lines)?;
        Some(Self {
            shape: shape(&steps),
            first: at,
            last: at,
            is_analyzed,
            steps,
            recommendations,
        })
    }

    /// The tables and indexes that it reads whole.
    pub fn read_whole(&self) -> impl Iterator<Item = &str> {
        self.steps
            .iter()
            .filter(|step| step.is_full)
            .filter_map(|step| step.table.as_deref())
    }
}

fn shape(steps: &[PlanStep]) -> String {
    let mut hash = Fnv::new();
    for step in steps {
        let depth = step.depth.to_string();
        let parts = [
            depth.as_str(),
            step.operation.as_str(),
            step.table.as_deref().unwrap_or_default(),
            step.index.as_deref().unwrap_or_default(),
            if step.is_full { "full" } else { "" },
        ];
        for part in parts {
            hash.add_all(part);
            hash.add(0);
        }
    }
    hash.digits()
}

impl fmt::Display for Plan {
    /// One line a step, indented by its depth.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.steps.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{:indent$}{step}", "", indent = step.depth * 2)?;
        }
        for recommendation in &self.recommendations {
            write!(f, "\nrecommended: {recommendation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PlanStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        match (&self.table, &self.index) {
            (Some(table), Some(index)) => write!(f, " {table}@{index}")?,
            (Some(name), None) | (None, Some(name)) => write!(f, " {name}")?,
            (None, None) => {}
        }
        if self.is_full {
            f.write_str(", whole")?;
        }
        match (self.actual_rows, self.estimated_rows) {
            (Some(actual), Some(estimated)) => {
                write!(f, ", {actual} rows ({estimated} expected)")?;
            }
            (Some(rows), None) => write!(f, ", {rows} rows")?,
            (None, Some(rows)) => write!(f, ", {rows} rows expected")?,
            (None, None) => {}
        }
        if let Some(seconds) = self.seconds {
            write!(f, ", {}", super::report::short(seconds))?;
        }
        match self.contention_seconds {
            Some(seconds) if seconds > 0.0 => {
                let waited = super::report::short(seconds);
                write!(f, ", {waited} waiting for other transactions")
            }
            _ => Ok(()),
        }
    }
}

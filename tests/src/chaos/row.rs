//! What a reliability row is, and what it gives.

use super::checker::Violation;
use super::context::Context;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How much a row has to do to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many.
    pub count: u64,
    /// Of what.
    pub unit: &'static str,
}

/// A row of the reliability table.
pub trait Row: Sync {
    /// Its name there, such as `R1`.
    fn id(&self) -> &'static str;

    /// What is done, in a line.
    fn title(&self) -> &'static str;

    /// How much of it counts.
    fn size(&self) -> Size;

    /// Whether the proof is the harness's own work. The others run a crate's tests, or its fuzz targets, again.
    fn is_native(&self) -> bool {
        true
    }

    /// Programs that it needs beyond what every test needs.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Runs until [`Context::goes_on`] says that it is enough.
    ///
    /// An error means that it could not be run; what was found wrong belongs into the report.
    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>>;
}

/// A figure of a run, beside how much was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was counted or measured.
    pub name: String,
    /// How much; none of what was waited for and did not come.
    pub value: Option<f64>,
    /// In what unit; empty for plain counts.
    pub unit: Cow<'static, str>,
}

/// What a run gave.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// How much was done, in the unit of the row's size.
    pub done: u64,
    /// What must not have happened.
    pub violations: Vec<Violation>,
    /// What else was counted.
    pub figures: Vec<Figure>,
    /// What was drawn.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
}

/// A picture of a run, which is kept beside the page.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The name of its file.
    pub file: &'static str,
    /// What it shows, in a line.
    pub title: &'static str,
    /// Itself.
    pub svg: String,
}

impl Report {
    /// Adds a plain count.
    #[allow(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
    pub fn count(&mut self, name: impl Into<String>, value: u64) {
        self.figure(name, value as f64, "");
    }

    /// Adds a figure.
    pub fn figure(
        &mut self,
        name: impl Into<String>,
        value: impl Into<Option<f64>>,
        unit: &'static str,
    ) {
        self.figures.push(Figure {
            name: name.into(),
            value: value.into(),
            unit: unit.into(),
        });
    }

    /// Adds what another part of the same row gave.
    pub fn add(&mut self, part: Self) {
        self.done += part.done;
        self.violations.extend(part.violations);
        self.figures.extend(part.figures);
        self.pictures.extend(part.pictures);
    }

    /// How it counts.
    #[must_use]
    pub fn verdict(&self, size: Size) -> Verdict {
        if !self.violations.is_empty() {
            Verdict::Missed
        } else if self.done < size.count {
            Verdict::Short
        } else {
            Verdict::Met
        }
    }
}

/// How a run counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The row's size was reached, and nothing was wrong.
    Met,
    /// Nothing was wrong, and it was less than the row's size.
    Short,
    /// Something was wrong.
    Missed,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Met => "met",
            Self::Short => "short",
            Self::Missed => "MISSED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_than_the_size_is_never_met() {
        let size = Size {
            count: 10,
            unit: "cuts",
        };
        let mut report = Report {
            done: 9,
            ..Report::default()
        };
        assert_eq!(report.verdict(size), Verdict::Short);
        report.done = 10;
        assert_eq!(report.verdict(size), Verdict::Met);
        report.violations.push(Violation::new("a rule", "broken"));
        assert_eq!(report.verdict(size), Verdict::Missed);
    }
}

//! What a test's output says about its row.

use crate::chaos::checker::Violation;
use crate::chaos::row::{Figure, Report};
use anyhow::{Context as _, ensure};

/// The output of one test, and what was read from it.
pub(super) struct Lines {
    mark: String,
    all: Vec<String>,
    done: Option<(u64, String)>,
    figures: Vec<Figure>,
    violations: Vec<Violation>,
}

impl Lines {
    /// Those of a test that is proof of this row.
    pub(super) fn of(row: &str) -> Self {
        Self {
            mark: format!("row {row}: "),
            all: Vec::new(),
            done: None,
            figures: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Takes in a line. Gives what it says about the row, if it does.
    pub(super) fn hear<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        self.all.push(line.to_owned());
        // libtest may have begun the line with the test's name.
        let (_, said) = line.split_once(&self.mark)?;
        if !self.read(said) {
            let detail = format!("it does not say what such lines may say: {line}");
            self.fail(Violation::new(
                "a crate's own test cannot be understood",
                detail,
            ));
        }
        Some(said)
    }

    fn read(&mut self, said: &str) -> bool {
        let Some((word, rest)) = said.split_once(' ') else {
            return false;
        };
        match word {
            "done" => rest.split_once(' ').is_some_and(|(count, unit)| {
                let count = count.parse().ok();
                self.done = count.map(|count| (count, unit.to_owned()));
                count.is_some()
            }),
            "figure" => figure(rest)
                .map(|figure| self.figures.push(figure))
                .is_some(),
            "wrong" => {
                self.fail(Violation::new("a rule of the crate's own test", rest));
                true
            }
            _ => false,
        }
    }

    /// Adds something that is wrong.
    pub(super) fn fail(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// Whether libtest said that one test passed, which it does not when there is none of that name.
    pub(super) fn one_passed(&self) -> bool {
        let passed = |line: &String| line.starts_with("test result: ok. 1 passed");
        self.all.iter().any(passed)
    }

    /// The whole output.
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }

    /// What is wrong.
    pub(super) fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Adds what was done, counted and wrong to the row's report.
    ///
    /// # Errors
    /// When a test that passed did not say how much it did, in the row's unit.
    pub(super) fn add_to(self, report: &mut Report, unit: &str) -> anyhow::Result<()> {
        match self.done {
            Some((count, of)) => {
                ensure!(of == unit, "a test counts {of}, its row {unit}");
                report.done += count;
            }
            None if self.violations.is_empty() => {
                return Err(anyhow::anyhow!("`{}done N {unit}` is missing", self.mark))
                    .context("a test did not say how much it did");
            }
            None => {}
        }
        report.figures.extend(self.figures);
        report.violations.extend(self.violations);
        Ok(())
    }
}

/// Reads `name = number unit`, of which the unit may be missing.
fn figure(text: &str) -> Option<Figure> {
    let (name, value) = text.split_once(" = ")?;
    let (number, unit) = value.split_once(' ').unwrap_or((value, ""));
    Some(Figure {
        name: name.to_owned(),
        value: Some(number.parse().ok()?),
        unit: unit.to_owned().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Lines {
        let mut lines = Lines::of("R9");
        for line in text.lines() {
            lines.hear(line);
        }
        lines
    }

    #[test]
    fn counts_figures_and_failures_are_read() {
        let lines = heard(
            "running 1 test\ntest it ... row R9: done 12 cases\nrow R9: figure kept = 3\n\
             row R9: figure slowest = 1.5 ms\nrow R9: wrong a rule: broken\nrow R99: done 5 cases\n\
             test result: ok. 1 passed; 0 failed",
        );
        assert!(lines.one_passed());
        let mut report = Report::default();
        lines.add_to(&mut report, "cases").unwrap();
        assert_eq!(report.done, 12);
        let figures: Vec<_> = report
            .figures
            .iter()
            .map(|figure| (figure.name.as_str(), figure.value, &*figure.unit))
            .collect();
        assert_eq!(
            figures,
            [("kept", Some(3.0), ""), ("slowest", Some(1.5), "ms")]
        );
        assert_eq!(report.violations[0].detail, "a rule: broken");
    }

    #[test]
    fn what_is_not_said_is_not_done() {
        let mut report = Report::default();
        let error = heard("ok").add_to(&mut report, "cases").unwrap_err();
        assert!(
            format!("{error:#}").contains("row R9: done N cases"),
            "{error:#}"
        );
        assert!(
            heard("row R9: done 3 runs")
                .add_to(&mut report, "cases")
                .is_err()
        );
        assert!(!heard("test result: ok. 0 passed").one_passed());
    }

    #[test]
    fn a_line_that_cannot_be_read_is_wrong() {
        for line in [
            "done many cases",
            "figure kept 3",
            "done",
            "perhaps 3 cases",
        ] {
            let lines = heard(&format!("row R9: {line}"));
            assert_eq!(lines.violations().len(), 1, "{line}");
        }
    }
}

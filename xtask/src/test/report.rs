//! What is said after all tests have run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::libtest::{NEEDS_COCKROACH, NEEDS_OWN_SERVER, Outcome};
use crdb_cli::table;

/// The outcomes of one test program.
#[derive(Debug)]
pub(crate) struct Suite {
    pub(crate) package: String,
    pub(crate) target: String,
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    pub(crate) took: Duration,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Suite {
    fn count(&self) -> Count {
        let mut count = Count::default();
        for outcome in self.outcomes.values() {
            match outcome {
                Outcome::Passed => count.passed += 1,
                Outcome::Failed(_) => count.failed += 1,
                Outcome::NotRun(_) | Outcome::Ignored(_) => count.skipped += 1,
            }
        }
        count
    }

    /// One line as the suite ends.
    pub(crate) fn line(&self) -> String {
        let Count {
            passed,
            failed,
            skipped,
        } = self.count();
        format!(
            "test: {} {}: {passed} ok, {failed} wrong, {skipped} not run, {:.1} s",
            self.package,
            self.target,
            self.took.as_secs_f64()
        )
    }
}

/// Everything that ran, and what did not.
#[derive(Debug, Default)]
pub(crate) struct Report {
    suites: Vec<Suite>,
}

impl Report {
    pub(crate) fn add(&mut self, suite: Suite) {
        self.suites.push(suite);
    }

    /// Nothing failed; when `strict`, nothing was left out either but what needs CockroachDB, or another server than the
    /// one that was asked for by name.
    pub(crate) fn is_success(&self, strict: bool) -> bool {
        self.outcomes().all(|(_, _, outcome)| match outcome {
            Outcome::Passed => true,
            Outcome::Failed(_) => false,
            Outcome::NotRun(why) => !strict || why.starts_with(NEEDS_OWN_SERVER),
            Outcome::Ignored(why) => !strict || why.starts_with(NEEDS_COCKROACH),
        })
    }

    fn outcomes(&self) -> impl Iterator<Item = (&Suite, &str, &Outcome)> {
        self.suites.iter().flat_map(|suite| {
            suite
                .outcomes
                .iter()
                .map(move |(name, outcome)| (suite, name.as_str(), outcome))
        })
    }

    fn total(&self) -> Count {
        self.suites
            .iter()
            .map(Suite::count)
            .fold(Count::default(), |sum, count| Count {
                passed: sum.passed + count.passed,
                failed: sum.failed + count.failed,
                skipped: sum.skipped + count.skipped,
            })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self
            .suites
            .iter()
            .filter(|suite| !suite.outcomes.is_empty())
            .map(|suite| {
                let count = suite.count();
                [
                    suite.package.clone(),
                    suite.target.clone(),
                    count.passed.to_string(),
                    count.failed.to_string(),
                    count.skipped.to_string(),
                    format!("{:.1}", suite.took.as_secs_f64()),
                ]
            })
            .collect();
        let header = [
            "package", "target", "passed", "failed", "not run", "seconds",
        ];
        let table = table(header, rows);
        writeln!(f, "\n{table}")?;

        let mut needs_cockroach = Vec::new();
        let mut not_run = Vec::new();
        for (suite, name, outcome) in self.outcomes() {
            let name = format!("{} {}: {name}", suite.package, suite.target);
            match outcome {
                Outcome::Passed => {}
                Outcome::Failed(text) => writeln!(f, "\nfailed: {name}\n{text}")?,
                Outcome::NotRun(why) => not_run.push(format!("{name}: {why}")),
                Outcome::Ignored(why) => {
                    if let Some(why) = why.strip_prefix(NEEDS_COCKROACH) {
                        needs_cockroach.push(format!("{name}: {why}"));
                    } else if why.is_empty() {
                        not_run.push(format!("{name}: ignored without a reason"));
                    } else {
                        not_run.push(format!("{name}: {why}"));
                    }
                }
            }
        }
        for (title, list) in [
            ("did not run because they need CockroachDB", needs_cockroach),
            ("did not run", not_run),
        ] {
            if !list.is_empty() {
                writeln!(f, "\n{} {title}:", list.len())?;
                for line in list {
                    writeln!(f, "  {line}")?;
                }
            }
        }
        let Count {
            passed,
            failed,
            skipped,
        } = self.total();
        writeln!(f, "\n{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[(&str, Outcome)]) -> Report {
        let mut report = Report::default();
        report.add(Suite {
            package: "crdb-auth".to_owned(),
            target: "lib".to_owned(),
            outcomes: outcomes
                .iter()
                .map(|(name, outcome)| ((*name).to_owned(), outcome.clone()))
                .collect(),
            took: Duration::from_millis(1200),
        });
        report
    }

    #[test]
    fn strict_forgives_only_what_needs_cockroach_or_another_server() {
        let cockroach = Outcome::Ignored("needs CockroachDB: it drains".to_owned());
        let own = Outcome::NotRun("needs a server of its own: three nodes".to_owned());
        let slow = Outcome::Ignored("slow".to_owned());
        let absent = Outcome::NotRun("krb5kdc is not installed".to_owned());
        let failed = Outcome::Failed("boom".to_owned());
        for (outcome, relaxed, strict) in [
            (Outcome::Passed, true, true),
            (cockroach, true, true),
            (own, true, true),
            (slow, true, false),
            (absent, true, false),
            (failed, false, false),
        ] {
            let report = report(&[("a", outcome.clone())]);
            assert_eq!(report.is_success(false), relaxed, "{outcome:?}");
            assert_eq!(report.is_success(true), strict, "{outcome:?}");
        }
    }

    #[test]
    fn the_end_names_what_did_not_run_and_closes_with_the_counts() {
        let text = report(&[
            ("a", Outcome::Passed),
            ("b", Outcome::Failed("boom\n".to_owned())),
            ("c", Outcome::NotRun("no KDC".to_owned())),
            (
                "d",
                Outcome::Ignored("needs CockroachDB: it drains".to_owned()),
            ),
        ])
        .to_string();
        assert!(text.contains("failed: crdb-auth lib: b\nboom"), "{text}");
        assert!(
            text.contains("1 did not run:\n  crdb-auth lib: c: no KDC"),
            "{text}"
        );
        assert!(
            text.contains(
                "1 did not run because they need CockroachDB:\n  crdb-auth lib: d: it drains"
            ),
            "{text}"
        );
        assert!(
            text.ends_with("\n1 passed, 1 failed, 2 skipped\n"),
            "{text}"
        );
    }
}

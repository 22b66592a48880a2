//! Reading what Rust's test programs print.

use std::collections::BTreeMap;

/// How one test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It passed.
    Passed,
    /// It failed; what it had printed.
    Failed(String),
    /// Something that it needs is not here; what.
    NotRun(String),
    /// It is marked to be ignored; the reason given, if any.
    Ignored(String),
}

/// How the reason of a test begins that needs the real server.
pub(crate) const NEEDS_COCKROACH: &str = "needs CockroachDB: ";

/// How the reason begins of a test that cannot use the server that CRDB_TEST_URL names: `crdb-testkit` says it.
pub(crate) const NEEDS_OWN_SERVER: &str = "needs a server of its own: ";

/// How the panic of a test begins that found something missing.
const DID_NOT_RUN: &str = "did not run: ";

/// Reads a test program's whole output. A line that is not libtest's is passed over.
pub(crate) fn parse(output: &str) -> BTreeMap<String, Outcome> {
    let printed = sections(output);
    let mut outcomes = BTreeMap::new();
    for line in output.lines() {
        let Some((name, result)) = result_line(line) else {
            continue;
        };
        let outcome = if result == "ok" || result.starts_with("ok ") {
            Outcome::Passed
        } else if let Some(reason) = result.strip_prefix("ignored") {
            Outcome::Ignored(reason.trim_start_matches(", ").to_owned())
        } else if result.starts_with("FAILED") {
            let text = printed.get(name).cloned().unwrap_or_default();
            match missing(&text) {
                Some(what) => Outcome::NotRun(what.to_owned()),
                None => Outcome::Failed(text),
            }
        } else {
            continue;
        };
        outcomes.insert(name.to_owned(), outcome);
    }
    outcomes
}

/// `test NAME ... RESULT`, with what libtest appends to names taken off.
fn result_line(line: &str) -> Option<(&str, &str)> {
    let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let name = [" - should panic", " - compile fail", " - compile"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix))
        .unwrap_or(name);
    Some((name, result.trim()))
}

/// What each failed test had printed: the parts under `---- NAME stdout ----`.
fn sections(output: &str) -> BTreeMap<&str, String> {
    let mut sections = BTreeMap::new();
    let mut current: Option<&str> = None;
    for line in output.lines() {
        if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            current = Some(name);
        } else if line == "failures:" || line.starts_with("test result: ") {
            current = None;
        } else if let Some(name) = current {
            let text: &mut String = sections.entry(name).or_default();
            if !(text.is_empty() && line.is_empty()) {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    sections
}

/// What was missing, when the first panic says that something was.
fn missing(printed: &str) -> Option<&str> {
    let mut lines = printed.lines();
    lines.find(|line| line.starts_with("thread '") && line.contains(" panicked at "))?;
    lines.next()?.strip_prefix(DID_NOT_RUN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 6 tests
test login::tests::trust ... ok
test login::tests::refuses - should panic ... ok
test login::tests::kerberos ... FAILED
test nodes::drained ... ignored, needs CockroachDB: only it drains
test nodes::old ... ignored
noise that a child process wrote
test wrong ... FAILED

failures:

---- login::tests::kerberos stdout ----

thread 'login::tests::kerberos' (4242) panicked at crates/crdb-testkit/src/kdc.rs:12:5:
did not run: krb5kdc is not installed (cargo xtask setup)
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

---- wrong stdout ----
before
thread 'wrong' (4243) panicked at src/lib.rs:1:1:
assertion failed: did not run: is not how this message begins

failures:
    login::tests::kerberos
    wrong

test result: FAILED. 2 passed; 2 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s
";

    #[test]
    fn every_kind_of_outcome_is_told_apart() {
        let outcomes = parse(OUTPUT);
        assert_eq!(outcomes.len(), 6);
        assert_eq!(outcomes["login::tests::trust"], Outcome::Passed);
        assert_eq!(outcomes["login::tests::refuses"], Outcome::Passed);
        assert_eq!(
            outcomes["login::tests::kerberos"],
            Outcome::NotRun("krb5kdc is not installed (cargo xtask setup)".to_owned())
        );
        assert_eq!(
            outcomes["nodes::drained"],
            Outcome::Ignored("needs CockroachDB: only it drains".to_owned())
        );
        assert_eq!(outcomes["nodes::old"], Outcome::Ignored(String::new()));
        let Outcome::Failed(text) = &outcomes["wrong"] else {
            panic!("{:?}", outcomes["wrong"]);
        };
        assert!(text.starts_with("before\nthread 'wrong'"), "{text}");
    }

    #[test]
    fn examples_in_documentation_are_tests_too() {
        let outcomes = parse(
            "test crates/crdb-sql/src/lib.rs - Query (line 12) ... ok\n\
             test crates/crdb-sql/src/lib.rs - Query (line 30) - compile fail ... ok\n\
             test crates/crdb-sql/src/lib.rs - Query (line 40) - compile ... FAILED\n",
        );
        assert_eq!(
            outcomes["crates/crdb-sql/src/lib.rs - Query (line 12)"],
            Outcome::Passed
        );
        assert_eq!(
            outcomes["crates/crdb-sql/src/lib.rs - Query (line 30)"],
            Outcome::Passed
        );
        assert_eq!(
            outcomes["crates/crdb-sql/src/lib.rs - Query (line 40)"],
            Outcome::Failed(String::new())
        );
    }
}

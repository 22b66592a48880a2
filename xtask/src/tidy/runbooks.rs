//! The runbooks: each has the form that its reader expects at night, commands that a test runs, and SQL that is SQL.

use std::fs;
use std::path::Path;

use anyhow::Result;
use crdb_sql::dialect::{parse_one, split_statements};

use super::finding::Finding;

const RULE: &str = "runbooks";
const DIRECTORY: &str = "docs/runbooks";
const SECTIONS: [&str; 4] = ["What is seen", "Look", "Mend", "Over"];

/// The toolkit's alerts. R20 of the chaos harness runs the page of each while it fires; the tests of the bank service run all others.
const ALERTS: &str = "crates/crdb-observe/monitoring/alerts.yml";

/// What the names of the toolkit's alerts begin with.
const PREFIX: &str = "Crdb";

/// Checks every page but the list of them.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let directory = root.join(DIRECTORY);
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    let mut names: Vec<String> = fs::read_dir(directory)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.retain(|name| name.ends_with(".md") && name != "README.md");
    names.sort();
    let alerts = fs::read_to_string(root.join(ALERTS))?;
    for name in names {
        let path = format!("{DIRECTORY}/{name}");
        let page = fs::read_to_string(root.join(&path))?;
        if is_run_by_nothing(&name, &alerts) {
            let message = format!("it is the page of no alert in {ALERTS}, so no test runs it");
            findings.push(Finding::new(RULE, path.clone(), message));
        }
        for (line, message) in problems(&page) {
            findings.push(Finding::new(RULE, format!("{path}:{line}"), message));
        }
    }
    Ok(findings)
}

/// Whether a page looks like one of the toolkit's alerts, and is none.
fn is_run_by_nothing(name: &str, alerts: &str) -> bool {
    let alert = name.strip_suffix(".md").unwrap_or(name);
    let is_it = |line: &str| line.trim().strip_prefix("- alert: ") == Some(alert);
    alert.starts_with(PREFIX) && !alerts.lines().any(is_it)
}

/// What is wrong with a page, with its lines.
fn problems(page: &str) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    let mut sections = Vec::new();
    let mut has_commands = false;
    let mut block: Option<(usize, bool, String)> = None;
    for (number, line) in (1..).zip(page.lines()) {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            match block.take() {
                None => {
                    has_commands |= language == "sh";
                    if !matches!(language, "sh" | "sql") {
                        let message = "no test runs or parses this block: mark it `sh` or `sql`";
                        problems.push((number, message.to_owned()));
                    }
                    block = Some((number, language == "sql", String::new()));
                }
                Some((start, true, text)) => problems.extend(statements(start, &text)),
                Some(_) => {}
            }
        } else if let Some((_, _, text)) = &mut block {
            text.push_str(line);
            text.push('\n');
        } else if let Some(section) = line.strip_prefix("## ") {
            sections.push(section);
        }
    }
    if sections != SECTIONS {
        let wanted = SECTIONS.join(", ");
        problems.push((1, format!("its sections are not: {wanted}")));
    }
    if !has_commands {
        problems.push((1, "it has no block marked `sh` that a test runs".to_owned()));
    }
    problems
}

/// The statements of a block that the dialect does not read.
fn statements(start: usize, text: &str) -> Vec<(usize, String)> {
    split_statements(text)
        .into_iter()
        .filter_map(|statement| {
            let error = parse_one(statement.text).err()?;
            Some((start + statement.line, format!("no SQL: {error}")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_and_sql_are_checked() {
        let page = |sql: &str| {
            format!(
                "# A\n## What is seen\n## Look\n```sh\n## no section\n```\n   ```sql\n   {sql}\n   ```\n## Mend\n## Over\n"
            )
        };
        assert_eq!(problems(&page("SHOW JOBS;")), []);
        let found = problems(&page("SHOW JOBS; SELEC 1;"));
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().map(|(line, _)| *line), Some(8));
        let found = problems("# A\n## Look\n```sh\n```\n");
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_page_that_no_test_runs_is_found() {
        let sections = "# A\n## What is seen\n## Look\n## Mend\n## Over\n";
        let found = problems(sections);
        assert_eq!(found.len(), 1, "{found:?}");
        for language in ["", "bash", "console"] {
            let found = problems(&format!("{sections}```sh\n```\n```{language}\n```\n"));
            assert_eq!(found.len(), 1, "{found:?}");
        }
        let alerts = "groups:\n  - rules:\n      - alert: CrdbGone\n";
        for (name, is_run) in [
            ("CrdbGone.md", true),
            ("CrdbGo.md", false),
            ("CrdbGone2.md", false),
            ("BankSlow.md", true),
            ("restore.md", true),
        ] {
            assert_eq!(is_run_by_nothing(name, alerts), !is_run, "{name}");
        }
    }
}

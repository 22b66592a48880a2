//! The page of facts about CockroachDB: each has a test that is there, or the reason why it has none.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::finding::Finding;

const RULE: &str = "facts";
const PAGE: &str = "docs/server-facts.md";

/// What the last cell of a row begins its reason with.
const REASONS: [&str; 2] = ["Left out: ", "For clients: "];

/// Reads the rows of the page's tables.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let path = root.join(PAGE);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let page = fs::read_to_string(path)?;
    let found = problems(&page, |file| fs::read_to_string(root.join(file)).ok());
    Ok(found
        .into_iter()
        .map(|(line, message)| Finding::new(RULE, format!("{PAGE}:{line}"), message))
        .collect())
}

/// What is wrong with the page, with its lines; `read` gives the text of a file of the workspace.
fn problems(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    for (number, line) in (1..).zip(page.lines()) {
        let cell = match last_cell(line) {
            Row::None => continue,
            Row::Odd => {
                problems.push((number, "a row has three cells".to_owned()));
                continue;
            }
            Row::Asked(cell) => cell,
        };
        let tests: Vec<_> = cell
            .split('`')
            .skip(1)
            .step_by(2)
            .filter_map(test)
            .collect();
        let reason = REASONS.iter().any(|reason| {
            cell.split_once(reason)
                .is_some_and(|(_, why)| !why.trim().is_empty())
        });
        if tests.is_empty() && !reason {
            let message = "it names neither a test, as `path/to/file.rs::name`, nor a reason, as \"Left out: ..\"";
            problems.push((number, message.to_owned()));
        }
        for (file, name) in tests {
            match read(file) {
                None => problems.push((number, format!("there is no {file}"))),
                Some(source) if !has_test(&source, name) => {
                    problems.push((number, format!("{file} has no test called {name}")));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

/// What a line is.
enum Row<'a> {
    /// None of a table, or a table's head.
    None,
    /// Not of three cells.
    Odd,
    /// A fact, with its last cell.
    Asked(&'a str),
}

fn last_cell(line: &str) -> Row<'_> {
    if !line.starts_with('|') {
        return Row::None;
    }
    let inner = line.trim_matches('|').trim();
    let cells: Vec<_> = inner.split(" | ").map(str::trim).collect();
    match cells.as_slice() {
        ["fact" | "---", ..] => Row::None,
        [_, _, asked] => Row::Asked(asked),
        _ => Row::Odd,
    }
}

/// The file and the name of `path/to/file.rs::name`.
fn test(code: &str) -> Option<(&str, &str)> {
    let (file, name) = code.rsplit_once("::")?;
    file.ends_with(".rs").then_some((file, name))
}

/// Whether a source has a function of this name right under an attribute that makes it a test.
fn has_test(source: &str, name: &str) -> bool {
    let Ok(file) = syn::parse_file(source) else {
        return false;
    };
    let mut tests = Tests {
        wanted: name,
        found: false,
    };
    syn::visit::visit_file(&mut tests, &file);
    tests.found || in_proptest(source, name)
}

/// Looks for a test of one name.
struct Tests<'a> {
    wanted: &'a str,
    found: bool,
}

impl<'ast> syn::visit::Visit<'ast> for Tests<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let is_test = function.attrs.iter().any(|attribute| {
            attribute
                .path()
                .segments
                .last()
                .is_some_and(|last| last.ident == "test")
        });
        self.found |= is_test && function.sig.ident == self.wanted;
        syn::visit::visit_item_fn(self, function);
    }
}

/// Functions within `proptest!` are no syntax before the macro has seen them.
fn in_proptest(source: &str, name: &str) -> bool {
    let function = format!("fn {name}(");
    source.contains("proptest!")
        && source
            .split_once(&function)
            .is_some_and(|(before, _)| before.trim_end().ends_with("#[test]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(row: &str) -> Vec<String> {
        let page = format!("| fact | source | asked by |\n| --- | --- | --- |\n{row}\n");
        let read = |file: &str| {
            let source = "mod a { #[tokio::test] async fn asks() {} fn helps() {} }\nproptest! { #[test] fn many(a in 0..1) {} }";
            (file == "tests/a.rs").then(|| source.to_owned())
        };
        let found = problems(&page, read);
        assert!(found.iter().all(|(line, _)| *line == 3), "{found:?}");
        found.into_iter().map(|(_, message)| message).collect()
    }

    #[test]
    fn a_row_has_a_test_that_is_there_or_a_reason() {
        for good in [
            "| it drains | M | `tests/a.rs::asks` |",
            "| it drains | M | `tests/a.rs::many` and `more` |",
            "| it drains | M | Left out: it does not |",
            "| it drains | M | `tests/a.rs::asks`; the rest: Left out: it does not |",
        ] {
            assert_eq!(told(good), [""; 0], "{good}");
        }
        for (bad, why) in [
            ("| it drains | M | `asks` |", "neither a test"),
            ("| it drains | M | Left out:  |", "neither a test"),
            ("| it drains | M | `tests/b.rs::asks` |", "no tests/b.rs"),
            ("| it drains | M | `tests/a.rs::gone` |", "called gone"),
            ("| it drains | M | `tests/a.rs::helps` |", "called helps"),
            ("| it drains | `tests/a.rs::asks` |", "three cells"),
        ] {
            let found = told(bad);
            assert!(
                found.len() == 1 && found[0].contains(why),
                "{bad}: {found:?}"
            );
        }
    }
}

//! Files that hold the same code twice, because neither crate knows the other.

use std::fs;
use std::path::Path;

use super::finding::Finding;

/// Decisions 0029 and 0031 have the reasons.
const PAIRS: [[&str; 2]; 2] = [
    [
        "crates/crdb-auth/src/quoted.rs",
        "crates/crdb-exec/src/quoted.rs",
    ],
    [
        "crates/crdb-wire/src/far_time.rs",
        "crates/crdb-exec/src/value/far_time.rs",
    ],
];

/// Compares the code of each pair, but for comments, attributes and visibility.
pub(crate) fn check(root: &Path) -> Vec<Finding> {
    PAIRS
        .iter()
        .filter_map(|[one, other]| {
            let [left, right] = [one, other].map(|path| fs::read_to_string(root.join(path)).ok());
            let line = match (left, right) {
                (Some(left), Some(right)) => first_difference(&left, &right)?,
                // Another tree than this one.
                (None, None) => return None,
                // One was moved, and the pair would be compared no more.
                (Some(_), None) | (None, Some(_)) => 1,
            };
            Some(Finding::new(
                "copies",
                format!("{one}:{line}"),
                format!("{other} has other code here: both hold one rule, change both"),
            ))
        })
        .collect()
}

/// The first line of `left`, from 1, whose code `right` does not have at its place.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    let mut others = code(right);
    for (number, line) in code(left) {
        if others.next().map(|(_, line)| line) != Some(line) {
            return Some(number);
        }
    }
    others.next().map(|_| left.lines().count())
}

fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("//") && !line.starts_with("#["))
        .map(|(number, line)| {
            let line = line.strip_prefix("pub(crate) ").unwrap_or(line);
            (number, line.strip_prefix("pub ").unwrap_or(line))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_compared_and_comments_are_not() {
        let one = "//! One.\n\n/// Adds.\n#[must_use]\npub fn add() {\n    1\n}\n";
        assert_eq!(first_difference(one, "pub(crate) fn add() {\n1\n}"), None);
        assert_eq!(
            first_difference(one, "pub(crate) fn add() {\n2\n}"),
            Some(6)
        );
        assert_eq!(
            first_difference(one, "fn add() {\n1\n}\nfn more() {}"),
            Some(7)
        );
        assert_eq!(first_difference(one, "fn add() {\n1"), Some(7));
    }
}

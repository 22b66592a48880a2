//! Refuses paths of one machine in the tree.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::finding::Finding;
use super::manifests::{relative, walk};

/// How absolute paths begin that exist on one machine only. Put together at compile time, so that this file passes.
const PERSONAL: [&str; 3] = [
    concat!("/", "home/"),
    concat!("/", "Users/"),
    concat!("/", "root/"),
];

/// Reads every text file of the tree.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    walk(root, &mut |path| {
        let Ok(text) = fs::read_to_string(path) else {
            return;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(personal) = machine_path(line) {
                findings.push(Finding::new(
                    "machine",
                    format!("{}:{}", relative(root, path), number + 1),
                    format!("{personal} is a path of one machine: derive it, or use a placeholder"),
                ));
            }
        }
    })?;
    Ok(findings)
}

/// The machine's path in this line, if there is one.
fn machine_path(line: &str) -> Option<&str> {
    PERSONAL.iter().find_map(|personal| {
        let (at, _) = line.match_indices(personal).find(|(at, _)| {
            // A path begins here, rather than going on from a URL or a relative path.
            !line[..*at].ends_with(|before: char| {
                before.is_alphanumeric()
                    || matches!(before, '.' | '_' | '-' | '}' | '~' | '*' | '>' | ')')
            })
        })?;
        let end = line[at..]
            .find(|next: char| next.is_whitespace() || matches!(next, '"' | '\'' | '`' | ')' | ','))
            .map_or(line.len(), |length| at + length);
        Some(&line[at..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_path_is_found_and_a_url_is_not() {
        let home = concat!("see \"/", "home/ada/project\" there");
        assert_eq!(machine_path(home), Some(concat!("/", "home/ada/project")));
        assert_eq!(
            machine_path(concat!("https://example.com/", "home/x")),
            None
        );
        assert_eq!(machine_path("target/debug"), None);
    }
}

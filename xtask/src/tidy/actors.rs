//! Refuses words that hide who acts.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::finding::Finding;
use super::manifests::{relative, walk};

/// Words that stand for an actor without naming it. Put together at compile time, so that this file passes.
const UNNAMED: [&str; 3] = [
    concat!("some", "body"),
    concat!("who", "ever"),
    concat!("no", "body"),
];

/// Reads the sources, the documentation and the manifests.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    walk(root, &mut |path| {
        let read = path
            .extension()
            .is_some_and(|end| end == "rs" || end == "md" || end == "toml");
        if !read {
            return;
        }
        let Ok(text) = fs::read_to_string(path) else {
            return;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = unnamed(line) {
                findings.push(Finding::new(
                    "actors",
                    format!("{}:{}", relative(root, path), number + 1),
                    format!(
                        "\"{word}\" hides who acts: name the pool, the caller, the server, the user"
                    ),
                ));
            }
        }
    })?;
    Ok(findings)
}

/// The first such word in a line. In quotes it is a name: a user of the system, a word that is written about.
fn unnamed(line: &str) -> Option<&'static str> {
    let lower = line.to_lowercase();
    UNNAMED.into_iter().find(|word| {
        lower.match_indices(word).any(|(at, _)| {
            let before = lower[..at].chars().next_back();
            let after = lower[at + word.len()..].chars().next();
            let part = |near: Option<char>| near.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let quote = |near: Option<char>| near.is_some_and(|c| matches!(c, '`' | '"'));
            let is_word = !part(before) && !part(after);
            let is_quoted = quote(before) && quote(after);
            is_word && !is_quoted
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_and_a_name_is_not() {
        let [first, second, third] = UNNAMED;
        assert_eq!(unnamed(&format!("waits until {first} asks")), Some(first));
        assert_eq!(
            unnamed(&format!("{}ever asks", concat!("Wh", "o"))),
            Some(second)
        );
        assert_eq!(unnamed(&format!("runs as `{third}`")), None);
        assert_eq!(unnamed(&format!("account_of(\"{third}\")")), None);
        assert_eq!(unnamed("a body, some bodies"), None);
    }
}

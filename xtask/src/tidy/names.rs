//! Refuses public names that are spelled otherwise than elsewhere, or that say in a figure what a plain word says.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::finding::Finding;
use super::manifests::{relative, walk};

/// Words that no name has, and what to write. The glossary has the rest.
const REFUSED: [(&str, &str); 8] = [
    ("canceled", "`cancelled`, as everywhere"),
    ("told", "what is reported, and by which side"),
    ("telling", "what is reported"),
    (
        "patience",
        "`timeout` for a duration, `deadline` for an instant",
    ),
    ("rouse", "`wake`"),
    ("dirt", "`dirty`, or what was changed"),
    ("materials", "what they are"),
    ("stuff", "what it is"),
];

/// What may stand before the name of a public item.
const ITEMS: [&str; 8] = [
    "fn ", "struct ", "enum ", "trait ", "type ", "const ", "static ", "mod ",
];

/// Reads the published crates.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    walk(&root.join("crates"), &mut |path| {
        let place = relative(root, path);
        if path.extension().is_none_or(|end| end != "rs") || !place.contains("/src/") {
            return;
        }
        let Ok(text) = fs::read_to_string(path) else {
            return;
        };
        for (name, number) in public(&text) {
            for (word, instead) in REFUSED {
                if words(name).any(|part| part == word) {
                    findings.push(Finding::new(
                        "names",
                        format!("{place}:{number}"),
                        format!("`{name}` says \"{word}\": write {instead}"),
                    ));
                }
            }
        }
    })?;
    Ok(findings)
}

/// The names of public items and of the variants of public enums, with their lines.
fn public(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut in_enum = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let found = match line.trim_start().strip_prefix("pub ") {
            Some(rest) => {
                in_enum = rest.starts_with("enum ");
                let rest = rest.trim_start_matches("const fn ");
                let rest = rest
                    .trim_start_matches("async ")
                    .trim_start_matches("unsafe ");
                ITEMS
                    .iter()
                    .find_map(|item| rest.strip_prefix(item))
                    .or(Some(rest))
            }
            None => {
                in_enum &= line != "}";
                // A variant stands one level in.
                let variant = line.strip_prefix("    ").filter(|_| in_enum)?;
                variant.starts_with(char::is_uppercase).then_some(variant)
            }
        }?;
        let end = found.find(|c: char| !c.is_alphanumeric() && c != '_');
        Some((&found[..end.unwrap_or(found.len())], index + 1))
    })
}

/// The words of a name, in lower case: `RollBack` and `roll_back` have two.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && !before.is_uppercase()) {
            parts.push(String::new());
        }
        if c != '_' {
            match parts.last_mut() {
                Some(part) => part.extend(c.to_lowercase()),
                None => parts.push(c.to_lowercase().collect()),
            }
        }
        before = c;
    }
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_name_are_found() {
        let of = |name| {
            words(name)
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
        };
        assert_eq!(of("RollBack"), ["roll", "back"]);
        assert_eq!(of("roll_back"), ["roll", "back"]);
        assert_eq!(of("ROLL_BACK"), ["roll", "back"]);
        assert_eq!(of("Told"), ["told"]);
    }

    #[test]
    fn public_names_are_found_and_others_are_not() {
        let text = "\
pub enum End {
    /// Says so.
    Told(Arc<str>),
    Closed,
}
enum Inner {
    Told,
}
impl End {
    pub const fn patience(&self) {}
    pub(crate) fn told(&self) {}
    pub async fn wait(&self) {}
    pub told: bool,
}
";
        let names: Vec<&str> = public(text).map(|(name, _)| name).collect();
        assert_eq!(names, ["End", "Told", "Closed", "patience", "wait", "told"]);
    }
}

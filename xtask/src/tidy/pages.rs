//! The pages of the documentation: links that lead somewhere, a guide that is whole, quoted code that is the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::finding::Finding;
use super::manifests::{relative, walk};

const RULE: &str = "pages";
/// The sources of the guide, as mdBook reads them.
const GUIDE: &str = "docs/guide/src";

/// Reads every Markdown file.
pub(crate) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut pages = Vec::new();
    walk(root, &mut |path| {
        if path.extension().is_some_and(|end| end == "md") {
            pages.push(path.to_path_buf());
        }
    })?;
    let mut findings = Vec::new();
    for path in &pages {
        let page = Page::of(&fs::read_to_string(path)?);
        let place = |line: usize| format!("{}:{line}", relative(root, path));
        for link in &page.links {
            if let Some(message) = broken(root, path, &page, link) {
                findings.push(Finding::new(RULE, place(link.line), message));
            }
        }
        for line in &page.ignored {
            findings.push(Finding::new(
                RULE,
                place(*line),
                "`ignore` makes an example one that did not run; let it compile, quote a file (file=PATH), or begin it with ```rs",
            ));
        }
        for quote in &page.quotes {
            if let Some(message) = differs(root, quote) {
                findings.push(Finding::new(RULE, place(quote.line), message));
            }
        }
    }
    findings.extend(unlisted(root, &pages)?);
    Ok(findings)
}

/// What a page holds, as far as the rules go.
#[derive(Debug, Default)]
struct Page {
    links: Vec<Link>,
    quotes: Vec<Quote>,
    /// Lines where an example begins that no test runs.
    ignored: Vec<usize>,
    anchors: BTreeSet<String>,
}

/// `[text](target)`.
#[derive(Debug, PartialEq, Eq)]
struct Link {
    target: String,
    line: usize,
}

/// A code block that is part of a file: its fence says `file=PATH`.
#[derive(Debug)]
struct Quote {
    file: String,
    text: String,
    line: usize,
}

impl Page {
    fn of(text: &str) -> Self {
        let mut page = Self::default();
        let mut block: Option<Option<Quote>> = None;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                block = match block.take() {
                    Some(quote) => {
                        page.quotes.extend(quote);
                        None
                    }
                    None if is_ignored(fence) => {
                        page.ignored.push(number);
                        Some(None)
                    }
                    None => Some(file_of(fence).map(|file| Quote {
                        file: file.to_owned(),
                        text: String::new(),
                        line: number,
                    })),
                };
                continue;
            }
            match &mut block {
                Some(Some(quote)) => {
                    quote.text.push_str(line);
                    quote.text.push('\n');
                }
                Some(None) => {}
                None => {
                    if let Some(heading) = line.strip_prefix('#') {
                        page.anchors.insert(anchor(heading.trim_start_matches('#')));
                    }
                    page.links.extend(targets(line).map(|target| Link {
                        target: target.to_owned(),
                        line: number,
                    }));
                }
            }
        }
        page
    }
}

/// Whether rustdoc would leave the example out and count it.
fn is_ignored(fence: &str) -> bool {
    fence.split(',').any(|word| word.trim() == "ignore") && file_of(fence).is_none()
}

/// The PATH of `rust,file=PATH`.
fn file_of(fence: &str) -> Option<&str> {
    fence
        .split([',', ' '])
        .find_map(|word| word.strip_prefix("file="))
}

/// The targets of a line's links, outside of `code`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let outside = line.split('`').step_by(2);
    outside.flat_map(|piece| {
        piece.match_indices("](").filter_map(|(at, open)| {
            let rest = &piece[at + open.len()..];
            let target = &rest[..rest.find(')')?];
            Some(target.split(' ').next().unwrap_or(target))
        })
    })
}

/// The anchor that GitHub and mdBook make of a heading.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|character| match character {
            ' ' => Some('-'),
            '-' | '_' => Some(character),
            _ => character.is_alphanumeric().then_some(character),
        })
        .collect()
}

/// Why a link leads nowhere, if so.
fn broken(root: &Path, page: &Path, here: &Page, link: &Link) -> Option<String> {
    let target = link.target.as_str();
    // What rustdoc resolves has `::` in it.
    if target.contains("::") || target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        page.to_path_buf()
    } else {
        page.parent().unwrap_or(root).join(file)
    };
    if !path.exists() {
        return Some(format!("{target} leads nowhere"));
    }
    if fragment.is_empty() || path.extension().is_none_or(|end| end != "md") {
        return None;
    }
    let has = if file.is_empty() {
        here.anchors.contains(fragment)
    } else {
        fs::read_to_string(&path).is_ok_and(|text| Page::of(&text).anchors.contains(fragment))
    };
    (!has).then(|| format!("{} has no heading for #{fragment}", relative(root, &path)))
}

/// Why a quoted block is not what its file says, if so.
fn differs(root: &Path, quote: &Quote) -> Option<String> {
    let Ok(file) = fs::read_to_string(root.join(&quote.file)) else {
        return Some(format!("it quotes {}, which cannot be read", quote.file));
    };
    let plain = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (file, block) = (plain(&file), plain(&quote.text));
    // `..` alone in a line stands for lines that are left out.
    let mut rest = file.as_slice();
    for piece in block.split(|line| line == ".." || line == "// ..") {
        if piece.is_empty() {
            continue;
        }
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece) else {
            return Some(format!(
                "it is not, or not in this order, in {}: {}",
                quote.file,
                piece.first().map_or("", String::as_str)
            ));
        };
        rest = &rest[at + piece.len()..];
    }
    None
}

/// Pages of the guide that its summary does not list.
fn unlisted(root: &Path, pages: &[PathBuf]) -> Result<Vec<Finding>> {
    let guide = root.join(GUIDE);
    let summary = guide.join("SUMMARY.md");
    if !guide.is_dir() {
        return Ok(Vec::new());
    }
    let listed: BTreeSet<PathBuf> = Page::of(&fs::read_to_string(&summary)?)
        .links
        .iter()
        .map(|link| guide.join(&link.target))
        .collect();
    let own = pages.iter().filter(|page| page.starts_with(&guide));
    let missing = own.filter(|page| **page != summary && !listed.contains(*page));
    Ok(missing
        .map(|page| Finding::new(RULE, relative(root, page), "SUMMARY.md does not list it"))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut found: Vec<String> = check(root.path())
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        found.sort();
        found
    }

    #[test]
    fn examples_are_not_ignored() {
        let found = findings(&[(
            "a.md",
            "```rust,ignore\nlet x;\n```\n```rs\n```\n```rust\n```rust,ignore\n```\n```rust,no_run\n```",
        )]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("a.md:1: pages: `ignore`"), "{found:?}");
    }

    #[test]
    fn links_lead_to_files_and_headings() {
        let found = findings(&[
            (
                "a.md",
                "# One `two`, three\n[x](b.md) [x](b.md#four-five) [x](#one-two-three) [x](https://x.org)\n```\n[x](gone.md)\n```\n`[x](gone.md)`",
            ),
            (
                "b.md",
                "## Four-five\n[x](gone.md) [x](a.md#gone)\n[x](#gone)",
            ),
        ]);
        assert_eq!(
            found,
            [
                "b.md:2: pages: a.md has no heading for #gone",
                "b.md:2: pages: gone.md leads nowhere",
                "b.md:3: pages: b.md has no heading for #gone",
            ]
        );
    }

    #[test]
    fn quoted_code_is_the_code() {
        let page = |text: &str| format!("```rust,no_run,file=a.rs\n{text}\n```");
        let code = "fn a() {\n    one();\n    two();\n    three();\n}\n";
        for (text, is_whole) in [
            ("one();\ntwo();", true),
            ("fn a() {\n    // ..\n    three();", true),
            ("three();\n// ..\none();", false),
            ("four();", false),
        ] {
            let found = findings(&[("a.md", &page(text)), ("a.rs", code)]);
            assert_eq!(found.is_empty(), is_whole, "{text}: {found:?}");
        }
        assert_eq!(findings(&[("a.md", &page("one();"))]).len(), 1);
    }

    #[test]
    fn the_summary_lists_every_page() {
        let found = findings(&[
            ("docs/guide/src/SUMMARY.md", "[a](a.md)"),
            ("docs/guide/src/a.md", ""),
            ("docs/guide/src/b.md", ""),
        ]);
        assert_eq!(
            found,
            ["docs/guide/src/b.md: pages: SUMMARY.md does not list it"]
        );
    }
}

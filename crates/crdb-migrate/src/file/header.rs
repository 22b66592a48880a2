//! The comment lines at the head of a file.

use std::path::Path;
use std::time::Duration;

use crate::problem::{Problem, ProblemKind};

/// What `-- transaction:` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionMode {
    /// Nothing: each statement with its journal entry in a transaction of its own, where the engine allows it.
    #[default]
    EachStatement,
    /// `none`: each statement outside of any transaction.
    None,
    /// `one`: all statements in one transaction.
    One,
}

/// What the header of a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub(crate) allowed: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) transaction: TransactionMode,
    pub(crate) unparsed: bool,
    pub(crate) squashes: Vec<Squashed>,
    pub(crate) docs: String,
}

/// A migration that a file stands for, or several that a squashed file stood for before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Squashed {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) checksum: String,
}

impl Squashed {
    /// Whether it is a migration of its own, and not a squashed one.
    pub(crate) fn is_single(&self) -> bool {
        self.from == self.to
    }

    /// `7 CHECKSUM`, or `1-7 CHECKSUM`.
    fn read(value: &str) -> Option<Self> {
        let (versions, checksum) = value.split_once(' ')?;
        let (from, to) = versions.split_once('-').unwrap_or((versions, versions));
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        let checksum = checksum.trim();
        let hexadecimal = checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
        (0 < from && from <= to && checksum.len() == 64 && hexadecimal).then(|| Self {
            from,
            to,
            checksum: checksum.to_owned(),
        })
    }
}

impl std::fmt::Display for Squashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.from)?;
        if !self.is_single() {
            write!(f, "-{}", self.to)?;
        }
        write!(f, " {}", self.checksum)
    }
}

impl Header {
    /// Whether a problem of this code is allowed.
    #[must_use]
    pub fn allows(&self, code: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == code)
    }

    /// How long one statement may take; `None` where the header does not say.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How statements and transactions go together.
    #[must_use]
    pub fn transaction(&self) -> TransactionMode {
        self.transaction
    }

    /// The lines that are no annotations: what the migration is for.
    #[must_use]
    pub fn docs(&self) -> &str {
        &self.docs
    }
}

const KEYS: [&str; 5] = ["allow", "squashes", "timeout", "transaction", "verify"];

/// Own codes that a header can allow, besides the lints of crdb-sql.
const OWN_CODES: [&str; 5] = [
    "data_loss",
    "full_rewrite",
    "long_lock",
    "breaks_query",
    "gap",
];

/// Reads the comment lines before the first statement.
pub(crate) fn parse(file: &Path, text: &str, problems: &mut Vec<Problem>) -> Header {
    let mut header = Header::default();
    let mut docs = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut in_header = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let Some(comment) = line.strip_prefix("--") else {
            in_header &= line.is_empty();
            continue;
        };
        let content = comment.trim_start_matches('-').trim();
        let key_and_value = content
            .split_once(':')
            .map(|(key, value)| (key.trim(), value.trim()));
        let mut report = |message: String, help: &str| {
            problems.push(
                Problem::new(ProblemKind::Header, file, message)
                    .line_is(index + 1)
                    .help(help),
            );
        };
        match key_and_value {
            Some((key, _)) if KEYS.contains(&key) && !in_header => report(
                format!("`{key}:` stands below the first statement, where it has no effect"),
                "annotations stand at the head of the file and concern all of it",
            ),
            Some((key, value)) if KEYS.contains(&key) => {
                let once = !matches!(key, "allow" | "squashes");
                if once && seen.contains(&key) {
                    report(
                        format!("`{key}` is said twice"),
                        "keep one of the two lines",
                    );
                }
                seen.push(key);
                if let Err((message, help)) = header.read(key, value) {
                    report(message, help);
                }
            }
            Some((key, _)) if in_header && is_misspelt(key) => report(
                format!("`{key}` is not an annotation"),
                "those of a migration are `allow`, `squashes`, `timeout`, `transaction` and `verify`",
            ),
            _ if in_header => docs.push(content),
            _ => {}
        }
    }
    header.docs = docs.join("\n").trim().to_owned();
    header
}

/// The text without the annotations at its head.
pub(super) fn without_annotations(text: &str) -> String {
    let mut in_header = true;
    let is_annotation = |line: &str| {
        let comment = line.trim().strip_prefix("--");
        let key = comment.and_then(|comment| comment.trim_start_matches('-').split_once(':'));
        key.is_some_and(|(key, _)| KEYS.contains(&key.trim()))
    };
    let lines = text.lines().filter(|line| {
        in_header &= line.trim().is_empty() || line.trim_start().starts_with("--");
        !(in_header && is_annotation(line))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a word was meant to be a key.
fn is_misspelt(word: &str) -> bool {
    KEYS.iter()
        .any(|key| strsim::damerau_levenshtein(word, key) <= 2 && word.len() >= 4)
}

impl Header {
    fn read(&mut self, key: &str, value: &str) -> Result<(), (String, &'static str)> {
        match key {
            "timeout" => {
                let timeout = crdb_sql::parse_duration(value)
                    .map_err(|message| (message, "write `-- timeout: 30s`"))?;
                self.timeout = Some(timeout);
            }
            "transaction" => {
                self.transaction = match value {
                    "none" => TransactionMode::None,
                    "one" => TransactionMode::One,
                    _ => {
                        return Err((
                            format!("`{value}` is neither `none` nor `one`"),
                            "leave the line out for a transaction each statement",
                        ));
                    }
                };
            }
            "squashes" => {
                let squashed = Squashed::read(value).ok_or_else(|| {
                    (
                        format!("`{value}` is not a number and a checksum"),
                        "`squash` writes these lines; bring the file back from version control",
                    )
                })?;
                self.squashes.push(squashed);
            }
            "verify" if value == "server" => self.unparsed = true,
            "verify" => {
                return Err((
                    format!("`{value}` cannot verify a migration"),
                    "the only form is `-- verify: server`",
                ));
            }
            _ => {
                for code in value.split(',').map(str::trim) {
                    let lint = crdb_sql::Code::from_name(code).is_some_and(crdb_sql::Code::is_lint);
                    if !lint && !OWN_CODES.contains(&code) {
                        return Err((
                            format!("`{code}` is nothing that can be allowed"),
                            "write the code that stands in brackets in the message",
                        ));
                    }
                    self.allowed.push(code.to_owned());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Header, Vec<String>) {
        let mut problems = Vec::new();
        let header = parse(Path::new("1_a.up.sql"), text, &mut problems);
        (header, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_header_is_read() {
        let (header, problems) = read(
            "-- Balances by owner.\n--\n-- timeout: 1h\n-- transaction: none\n-- allow: mixed_ddl, data_loss\n\nSELECT 1;",
        );
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(header.timeout, Some(Duration::from_secs(3_600)));
        assert_eq!(header.transaction, TransactionMode::None);
        assert!(header.allows("mixed_ddl") && header.allows("data_loss"));
        assert_eq!(header.docs(), "Balances by owner.");
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let (_, problems) = read(
            "-- timeout: soon\n-- transaction: many\n-- allow: nonsense\n-- timout: 1s\n-- timeout: 1s\nSELECT 1;\n-- allow: mixed_ddl\n",
        );
        let lines: Vec<&str> = problems
            .iter()
            .filter_map(|problem| problem.split(':').nth(1))
            .collect();
        assert_eq!(lines, ["1", "2", "3", "4", "5", "7"], "{problems:#?}");
    }
}

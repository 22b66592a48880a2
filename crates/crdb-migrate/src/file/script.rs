//! One migration: its files, cut into steps.

use std::path::{Path, PathBuf};

use crdb_sql::dialect::ast::Statement;
use crdb_sql::dialect::{parse_one, split_statements};

use super::checksum::{Checksum, normalized};
use super::header::{self, Header};
use crate::problem::{Problem, ProblemKind};
use crate::statement::{Classified, Role, StepKind, role, role_by_words};

/// A numbered change of the schema or the data, from files.
#[derive(Clone, Debug)]
pub struct Migration {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) up: Script,
    pub(crate) down: Option<Script>,
}

impl Migration {
    /// Its number: 7 for `0007_add_index.up.sql`.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Its name: `add_index`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What applies it.
    #[must_use]
    pub fn up(&self) -> &Script {
        &self.up
    }

    /// What takes it back, where there is a file for that.
    #[must_use]
    pub fn down(&self) -> Option<&Script> {
        self.down.as_ref()
    }
}

/// A file of a migration.
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) checksum: Checksum,
    pub(crate) header: Header,
    pub(crate) steps: Vec<ParsedStep>,
}

impl Script {
    /// The file, as it was named to the loader.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text, with line ends as `\n`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What tells whether it was edited.
    #[must_use]
    pub fn checksum(&self) -> &Checksum {
        &self.checksum
    }

    /// What its header says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// `SET name = value`, which holds for the steps behind it in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) text: String,
    /// The schemas of a search path.
    pub(crate) schemas: Option<Vec<String>>,
}

/// One statement that is run.
#[derive(Clone, Debug)]
pub(crate) struct ParsedStep {
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) class: Classified,
    pub(crate) settings: Vec<Setting>,
    /// Its tree; `None` where only the server can read it.
    pub(crate) statement: Option<Statement>,
}

/// Reads a file. What is wrong with it is added to `problems`.
pub(super) fn read(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Script {
    let text = normalized(text);
    let header = header::parse(path, &text, problems);
    let mut steps = Vec::new();
    let mut settings: Vec<Setting> = Vec::new();
    for piece in split_statements(&text) {
        let mut report = |kind, line, message: String, help: &str| {
            problems.push(Problem::new(kind, path, message).line_is(line).help(help));
        };
        let (role, statement) = match parse_one(piece.text) {
            Ok(statement) => (role(&statement), Some(statement)),
            Err(_) if header.unparsed => (role_by_words(piece.text), None),
            Err(error) => {
                report(
                    ProblemKind::Syntax,
                    piece.line + error.line() - 1,
                    error.message().to_owned(),
                    "a file that is right and still refused here can say `-- verify: server`",
                );
                continue;
            }
        };
        match role {
            Role::Refused(kind, what, help) => {
                let first = piece.text.split_whitespace().next().unwrap_or_default();
                report(kind, piece.line, format!("`{first} ..` {what}"), help);
            }
            Role::Setting(name, schemas) => settings.push(Setting {
                name,
                schemas,
                text: piece.text.to_owned(),
            }),
            Role::Unset(name) => settings.retain(|setting| setting.name != name),
            Role::Step(class) => steps.push(ParsedStep {
                line: piece.line,
                text: piece.text.to_owned(),
                class,
                settings: settings.clone(),
                statement,
            }),
        }
    }
    let script = Script {
        path: path.to_path_buf(),
        checksum: Checksum::of(&text),
        header,
        steps,
        text,
    };
    script.check(problems);
    script
}

impl Script {
    fn check(&self, problems: &mut Vec<Problem>) {
        if self.steps.is_empty() && !problems.iter().any(|problem| problem.file() == self.path) {
            problems.push(
                Problem::new(
                    ProblemKind::Empty,
                    &self.path,
                    "there is no statement in it",
                )
                .help("a migration that does nothing any more can hold `SELECT 1`"),
            );
        }
        let schema = |step: &&ParsedStep| step.class.kind == StepKind::Schema;
        let changes = self.steps.iter().find(schema);
        let data = self
            .steps
            .iter()
            .find(|step| step.class.kind == StepKind::Data);
        if let (Some(schema), Some(data)) = (changes, data)
            && !self.header.allows(ProblemKind::Mixed.as_str())
        {
            problems.push(
                Problem::new(
                    ProblemKind::Mixed,
                    &self.path,
                    format!(
                        "the file changes the schema (line {}) and data",
                        schema.line
                    ),
                )
                .line_is(data.line)
                .help("make two migrations, or write `-- allow: mixed_ddl` at its head"),
            );
        }
    }
}

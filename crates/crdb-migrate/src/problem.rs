//! What is wrong with migration files.

use std::fmt;
use std::path::{Path, PathBuf};

/// What kind of problem it is. [`as_str`](Self::as_str) is what `-- allow:` takes, where it can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A file or directory cannot be read, is too large, or is not UTF-8.
    Unreadable,
    /// A file's name is not `0007_add_index.up.sql` or `0007_add_index.down.sql`.
    FileName,
    /// Two migrations have the same number.
    DuplicateVersion,
    /// A number is left out.
    Gap,
    /// A down file has no up file.
    DownWithoutUp,
    /// A header line cannot be understood.
    Header,
    /// A file has no statement.
    Empty,
    /// A statement is not in the dialect's grammar.
    Syntax,
    /// A statement begins or ends a transaction, which is the runner's business.
    TransactionControl,
    /// A statement that no migration may hold: COPY from the client, PREPARE, cursors, LISTEN.
    Forbidden,
    /// Data and schema changes are in one file, and the header does not allow it.
    Mixed,
    /// `-- transaction: one` with a statement that cannot run in a transaction on this engine.
    NeedsNoTransaction,
    /// A statement that runs outside a transaction creates an index without a name, by which the runner could look for it.
    Unnamed,
    /// A file that has run was edited since.
    Edited,
    /// A migration that has run is not among the files.
    Missing,
    /// A file's number is below one that has run.
    OutOfOrder,
    /// A file that stands for others is not as `squash` writes them, or the database has run a part of what it stands for.
    Squashed,
    /// A lint of crdb-sql.
    Lint(crdb_sql::Code),
    /// A query of the service does not fit the schema after the migrations.
    BreaksQuery,
}

impl ProblemKind {
    /// The stable text form, in snake case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::FileName => "file_name",
            Self::DuplicateVersion => "duplicate_version",
            Self::Gap => "gap",
            Self::DownWithoutUp => "down_without_up",
            Self::Header => "header",
            Self::Empty => "empty",
            Self::Syntax => "syntax",
            Self::TransactionControl => "transaction_control",
            Self::Forbidden => "forbidden",
            Self::Mixed => "mixed_ddl",
            Self::NeedsNoTransaction => "needs_no_transaction",
            Self::Unnamed => "unnamed",
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::OutOfOrder => "out_of_order",
            Self::Squashed => "squashed",
            Self::Lint(code) => code.as_str(),
            Self::BreaksQuery => "breaks_query",
        }
    }

    /// Whether it keeps migrations from running. `plan` and checks report the others.
    #[must_use]
    pub fn is_error(self) -> bool {
        !matches!(self, Self::Lint(_) | Self::BreaksQuery)
    }
}

/// One problem, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    file: PathBuf,
    line: Option<usize>,
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, file: &Path, message: impl Into<String>) -> Self {
        Self {
            kind,
            file: file.to_path_buf(),
            line: None,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn line_is(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What kind of problem it is.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The file, as it was named to the loader.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The line, from 1; `None` where the whole file is meant.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// What is wrong, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, where that is not obvious.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": [{}] {}", self.kind.as_str(), self.message)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

/// In the order of files and lines.
pub(crate) fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| {
        (&a.file, a.line, a.kind, &a.message).cmp(&(&b.file, b.line, b.kind, &b.message))
    });
}

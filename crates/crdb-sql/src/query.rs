//! A named query and what its header says.

pub(crate) mod arrange;
mod follower_read;
mod hash;
mod meaning;

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use hash::ContentHash;
pub use meaning::{CacheRule, Cardinality, Nullability, Retry, Staleness, Verify};

use crate::header::Header;
use crate::placeholder::Numbered;
use crate::problem::Code;
#[cfg(feature = "checks")]
use crate::problem::Problem;
use crate::source::SourceFile;

/// One statement of a `.sql` file, with the name and the annotations of its header.
///
/// Immutable; a [`Repository`](crate::Repository) holds each in an `Arc`.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    name: Arc<str>,
    text: Arc<str>,
    follower_read: Option<Arc<str>>,
    parameters: Vec<Parameter>,
    header: Header,
    hash: ContentHash,
    source: Arc<SourceFile>,
    body: Range<usize>,
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) sql_type: Option<String>,
    pub(crate) nullability: Nullability,
    pub(crate) null_elements: bool,
    pub(crate) docs: String,
}

impl Parameter {
    /// The name in the file, without the colon. A `$2` that no annotation names is called `p2`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that the header declares, as written there.
    #[must_use]
    pub fn sql_type(&self) -> Option<&str> {
        self.sql_type.as_deref()
    }

    /// Whether the header allows NULL.
    #[must_use]
    pub fn nullability(&self) -> Nullability {
        self.nullability
    }

    /// Whether the header says that an array's elements can be NULL.
    #[must_use]
    pub fn has_null_elements(&self) -> bool {
        self.null_elements
    }

    /// What the header says about it, in Markdown; empty where it says nothing.
    #[must_use]
    pub fn docs(&self) -> &str {
        &self.docs
    }
}

/// What a header says about a result column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) sql_type: Option<String>,
    pub(crate) nullability: Nullability,
    pub(crate) null_elements: bool,
    pub(crate) docs: String,
}

impl Column {
    /// The column's name in the result.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that the header declares, as written there.
    #[must_use]
    pub fn sql_type(&self) -> Option<&str> {
        self.sql_type.as_deref()
    }

    /// Whether the header says that it can be NULL.
    #[must_use]
    pub fn nullability(&self) -> Nullability {
        self.nullability
    }

    /// Whether the header says that an array's elements can be NULL.
    #[must_use]
    pub fn has_null_elements(&self) -> bool {
        self.null_elements
    }

    /// What the header says about it, in Markdown; empty where it says nothing.
    #[must_use]
    pub fn docs(&self) -> &str {
        &self.docs
    }
}

impl Query {
    /// What the header says of the generated row type.
    #[cfg(feature = "codegen")]
    pub(crate) fn row_notes(&self) -> (Option<&str>, &[String]) {
        (self.header.row.as_deref(), &self.header.derives)
    }

    /// What the header says that the struct of the arguments derives.
    #[cfg(feature = "codegen")]
    pub(crate) fn argument_derives(&self) -> &[String] {
        &self.header.argument_derives
    }

    /// # Errors
    /// Why the statement cannot read the past that its header asks for.
    pub(crate) fn new(
        name: String,
        header: Header,
        numbered: Numbered,
        source: Arc<SourceFile>,
        body: Range<usize>,
    ) -> Result<Self, &'static str> {
        let follower_read = header
            .staleness
            .map(|staleness| follower_read::text(&numbered.text, staleness))
            .transpose()?;
        let parameters = header.described(&numbered.names);
        Ok(Self {
            name: name.into(),
            hash: ContentHash::of(numbered.text.as_bytes()),
            text: numbered.text.into(),
            follower_read: follower_read.map(Into::into),
            parameters,
            header,
            source,
            body,
        })
    }

    /// The full name: the directories below the root and the name in the header, joined by dots.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The statement as it is sent: parameters are `$1`, `$2`, .., without header and closing semicolon.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// [`text`](Self::text) as a handle that outlives the query.
    #[must_use]
    pub fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// [`name`](Self::name) as a handle that outlives the query.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The parameters, `$1` first.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What the header says about result columns, in the header's order.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.header.columns
    }

    /// How many rows the caller expects.
    #[must_use]
    pub fn cardinality(&self) -> Cardinality {
        self.header.cardinality
    }

    /// When the statement may be run again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.header.retry
    }

    /// How long one run of the statement may take; `None` where the header leaves that to the caller.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.header.timeout
    }

    /// How old the data may be; `None` means current.
    #[must_use]
    pub fn staleness(&self) -> Option<Staleness> {
        self.header.staleness
    }

    /// How long an answer may be reused: what `-- cache` says, else what [`staleness`](Self::staleness) allows. `None` means
    /// that no answer is kept.
    #[must_use]
    pub fn cache_rule(&self) -> Option<CacheRule> {
        self.header.cache_rule()
    }

    /// Whether the header itself says `-- cache`.
    #[cfg(feature = "checks")]
    pub(crate) fn says_cache(&self) -> bool {
        self.header.cache.is_some()
    }

    /// [`text`](Self::text) with the `AS OF SYSTEM TIME` that [`staleness`](Self::staleness) asks for: what to send to
    /// CockroachDB outside a transaction. Another server has no such clause and gets `text`, and so does a statement
    /// inside a transaction, which reads as of one time for all its statements.
    #[must_use]
    pub fn follower_read_text(&self) -> Option<&str> {
        self.follower_read.as_deref()
    }

    /// Labels for metrics, routing and search.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.header.tags
    }

    /// The free text of the header, in Markdown.
    #[must_use]
    pub fn docs(&self) -> &str {
        &self.header.docs
    }

    /// Who can tell whether the statement is right.
    #[must_use]
    pub fn verify(&self) -> Verify {
        self.header.verify
    }

    /// The lints that the header allows.
    #[must_use]
    pub fn allowed(&self) -> &[Code] {
        &self.header.allowed
    }

    /// SHA-256 of [`text`](Self::text): two queries with the same hash are the same to a server.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The file it was read from, as it was named to the loader.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.source.path()
    }

    pub(crate) fn name_span(&self) -> Range<usize> {
        self.header.name_span.clone()
    }

    #[cfg(feature = "checks")]
    pub(crate) fn source(&self) -> &SourceFile {
        &self.source
    }

    /// Where the statement stands in its file.
    #[cfg(feature = "checks")]
    pub(crate) fn body(&self) -> Range<usize> {
        self.body.clone()
    }

    /// The statement as it stands in its file.
    #[cfg(feature = "checks")]
    pub(crate) fn source_text(&self) -> &str {
        self.source.text().get(self.body.clone()).unwrap_or("")
    }

    #[cfg(feature = "checks")]
    pub(crate) fn parameter_notes(&self) -> &[crate::header::ParameterNote] {
        &self.header.parameters
    }

    #[cfg(feature = "codegen")]
    pub(crate) fn column_spans(&self) -> &[Range<usize>] {
        &self.header.column_spans
    }

    /// What a server said about the text, pointing at a character from 1.
    #[cfg(feature = "checks")]
    pub(crate) fn server_problem(&self, message: &str, position: Option<usize>) -> Problem {
        let offset = position.and_then(|position| {
            let character = position.checked_sub(1)?;
            self.text
                .char_indices()
                .nth(character)
                .map(|(offset, _)| offset)
        });
        self.problem_in_text(Code::Server, &format!("the server says: {message}"), offset)
    }

    /// A problem at a byte of the text, shown where that byte comes from in the file.
    #[cfg(feature = "checks")]
    pub(crate) fn problem_in_text(
        &self,
        code: Code,
        message: &str,
        offset: Option<usize>,
    ) -> Problem {
        let span = match offset {
            Some(offset) => {
                let places = crate::placeholder::Places::of(self.source_text());
                let inside = places.in_source(offset);
                let start = self.body.start + inside;
                let rest = self.source.text().get(start..self.body.end).unwrap_or("");
                let token = crate::token::tokenize(rest).next();
                start..start + token.map_or(0, |token| token.span.end)
            }
            None => self.name_span(),
        };
        Problem::at(code, &self.source, span, message).of_query(&self.name)
    }

    /// Whether a caller could not tell the two apart, wherever they stand.
    pub(crate) fn same_meaning(&self, other: &Self) -> bool {
        self.name == other.name
            && self.text == other.text
            && self.parameters == other.parameters
            && self.header.same_meaning(&other.header)
    }

    /// The line of its `-- name:`, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.position(self.header.name_span.start).line
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("name", &self.name)
            .field("text", &self.text)
            .field("parameters", &self.parameters)
            .field("cardinality", &self.cardinality())
            .field("file", &self.file())
            .field("line", &self.line())
            .finish_non_exhaustive()
    }
}

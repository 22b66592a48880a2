//! Statements with parts that SQL cannot parametrize.
//!
//! A template is a query whose header says `-- template: select` (or insert, update, delete). Its text may hold four things
//! beside SQL, and anything else is refused when it is loaded:
//!
//! - `{% if name %} .. {% elif name %} .. {% else %} .. {% endif %}`, where `name` is a `-- flag`, or a parameter that its
//!   `-- param` line calls `optional`; with `not`, `and`, `or` and parentheses;
//! - `{{ name }}`, where `name` is an `-- ident`: one of a list in the header, or a checked and quoted identifier;
//! - `{% include "accounts/_visible.sql" %}`, a fragment from a file whose name begins with an underscore;
//! - `:name`, a bind parameter, as everywhere.
//!
//! So a value never becomes text: there is no way to write that down, and the renderer takes nothing but the template's own text and safe identifiers.

mod cache;
mod compile;
mod condition;
pub(crate) mod identifier;
pub(crate) mod part;
mod render;
mod variant;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use render::{Argument, Rendered};
pub use variant::Variant;

use crate::header::{Choice, Shape};
use crate::problem::{Code, Problem};
use crate::query::{CacheRule, Cardinality, Retry, Staleness};
use crate::repository::file::TemplateSource;
use crate::source::SourceFile;
use cache::Cache;
use part::Part;

/// The most flags and optional parameters that a template may have.
const MAX_SWITCHES: usize = 32;

/// A query whose text depends on flags, identifiers and on which optional parameters are given.
#[derive(Debug)]
pub struct Template {
    source: TemplateSource,
    /// What can be on or off: flags, then optional parameters.
    switches: Vec<String>,
    /// Every parameter that a text can have.
    parameters: Vec<String>,
    parts: Vec<Part>,
    cache: Cache,
}

impl Template {
    /// Makes a template, or says everything that is wrong with it.
    pub(crate) fn compile(
        source: TemplateSource,
        fragments: &BTreeMap<String, Arc<SourceFile>>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let notes = &source.header.template;
        let flags = notes.flags.iter().map(|flag| flag.name.clone());
        let switches: Vec<String> = flags.chain(notes.optional.iter().cloned()).collect();
        if switches.len() > MAX_SWITCHES {
            let message =
                format!("a template has at most {MAX_SWITCHES} flags and optional parameters");
            let span = source.header.name_span.clone();
            problems.push(
                Problem::at(Code::Template, &source.source, span, message).of_query(&source.name),
            );
            return None;
        }
        let before = problems.len();
        let parts = compile::compile(&source, &switches, fragments, problems);
        if problems.len() > before {
            return None;
        }
        let template = Self {
            source,
            switches,
            parameters: part::parameters(&parts),
            parts,
            cache: Cache::default(),
        };
        let found = template.unsound_variants();
        let sound = found.is_empty();
        problems.extend(found);
        sound.then_some(template)
    }

    /// The full name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// How many rows the caller expects.
    #[must_use]
    pub fn cardinality(&self) -> Cardinality {
        self.source.header.cardinality
    }

    /// What every rendered text is.
    #[must_use]
    pub fn shape(&self) -> Shape {
        // Only a header with a shape makes a template.
        self.source.header.template.shape.unwrap_or(Shape::Select)
    }

    /// When a rendered statement may be run again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.source.header.retry
    }

    /// How long one run may take.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.source.header.timeout
    }

    /// The free text of the header, in Markdown.
    #[must_use]
    pub fn docs(&self) -> &str {
        &self.source.header.docs
    }

    /// The names of its flags, in the header's order.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.source
            .header
            .template
            .flags
            .iter()
            .map(|flag| flag.name.as_str())
    }

    /// The flags and what the header says about them.
    #[cfg(feature = "codegen")]
    pub(crate) fn flag_docs(&self) -> impl Iterator<Item = (&str, &str)> {
        let flags = self.source.header.template.flags.iter();
        flags.map(|flag| (flag.name.as_str(), flag.docs.as_str()))
    }

    /// The names of the parameters that may be left out, in the header's order.
    pub fn optional(&self) -> impl Iterator<Item = &str> {
        self.source
            .header
            .template
            .optional
            .iter()
            .map(String::as_str)
    }

    /// The names of its identifiers, and what they may be.
    pub fn identifiers(&self) -> impl Iterator<Item = (&str, &Choice)> {
        let notes = &self.source.header.template.identifiers;
        notes.iter().map(|note| (note.name.as_str(), &note.choice))
    }

    /// The file it was read from, as it was named to the loader.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.source.source.path()
    }

    /// The line of its `-- name:`, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source
            .source
            .position(self.source.header.name_span.start)
            .line
    }

    /// What its text is made of.
    #[cfg(feature = "codegen")]
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What the header says of the generated row type.
    #[cfg(feature = "codegen")]
    pub(crate) fn row_notes(&self) -> (Option<&str>, &[String]) {
        (
            self.source.header.row.as_deref(),
            &self.source.header.derives,
        )
    }

    /// What the header says that the struct of the arguments derives.
    #[cfg(feature = "codegen")]
    pub(crate) fn argument_derives(&self) -> &[String] {
        &self.source.header.argument_derives
    }

    /// What the header says of the columns.
    #[cfg(feature = "codegen")]
    pub(crate) fn columns(&self) -> &[crate::query::Column] {
        &self.source.header.columns
    }

    /// How old the state may be that its statements read.
    #[must_use]
    pub fn staleness(&self) -> Option<Staleness> {
        self.source.header.staleness
    }

    /// How long an answer may be reused: see [`Query::cache_rule`](crate::Query::cache_rule).
    #[must_use]
    pub fn cache_rule(&self) -> Option<CacheRule> {
        self.source.header.cache_rule()
    }

    /// A problem with the template as a whole.
    pub(crate) fn problem(&self, code: Code, message: impl Into<String>) -> Problem {
        let span = self.source.header.name_span.clone();
        Problem::at(code, &self.source.source, span, message).of_query(self.name())
    }
}

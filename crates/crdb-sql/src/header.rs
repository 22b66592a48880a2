//! The header of a query: its name line and its annotations.

mod annotation;
mod duration;
mod parse;
mod template;

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

pub use duration::parse as parse_duration;
pub(crate) use parse::{is_name_line, looks_like_annotation, parse};
pub(crate) use template::TemplateNotes;
pub use template::{Choice, Shape};

use crate::problem::Code;
use crate::query::{CacheRule, Cardinality, Column, Parameter, Retry, Staleness, Verify};

/// Everything that stands between `-- name:` and the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) cardinality: Cardinality,
    pub(crate) docs: String,
    pub(crate) parameters: Vec<ParameterNote>,
    pub(crate) columns: Vec<Column>,
    pub(crate) column_spans: Vec<Range<usize>>,
    pub(crate) retry: Retry,
    pub(crate) timeout: Option<Duration>,
    pub(crate) staleness: Option<Staleness>,
    pub(crate) cache: Option<CacheRule>,
    pub(crate) tags: Vec<String>,
    pub(crate) verify: Verify,
    pub(crate) allowed: Vec<Code>,
    pub(crate) template: TemplateNotes,
    /// The Rust type of its rows.
    pub(crate) row: Option<String>,
    /// What the type of its rows derives besides.
    pub(crate) derives: Vec<String>,
    /// What the struct of its arguments derives besides; that struct then owns its values.
    pub(crate) argument_derives: Vec<String>,
}

/// A `-- param` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterNote {
    /// Where the name stands.
    pub(crate) span: Range<usize>,
    /// The number, where the line reads `-- param $1 id: UUID`.
    pub(crate) number: Option<usize>,
    pub(crate) parameter: Parameter,
}

impl Header {
    /// The parameters of a text, which calls `$1` by the first of `names` and so on, with what the header says about
    /// them.
    pub(crate) fn described(&self, names: &[Option<String>]) -> Vec<Parameter> {
        let mut by_name: HashMap<&str, &ParameterNote> = HashMap::new();
        let mut by_number: HashMap<usize, &ParameterNote> = HashMap::new();
        for note in &self.parameters {
            match note.number {
                Some(number) => by_number.entry(number).or_insert(note),
                None => by_name.entry(&note.parameter.name).or_insert(note),
            };
        }
        let parameter = |(index, name): (usize, &Option<String>)| {
            let note = match name {
                Some(name) => by_name.get(name.as_str()),
                None => by_number.get(&(index + 1)),
            };
            note.map_or_else(
                || Parameter {
                    name: name.clone().unwrap_or_else(|| format!("p{}", index + 1)),
                    sql_type: None,
                    nullability: crate::query::Nullability::Unknown,
                    null_elements: false,
                    docs: String::new(),
                },
                |note| note.parameter.clone(),
            )
        };
        names.iter().enumerate().map(parameter).collect()
    }

    /// How long an answer may be reused, by `cache` or else by `staleness`.
    pub(crate) fn cache_rule(&self) -> Option<CacheRule> {
        let by_staleness = || self.staleness?.cache_rule();
        self.cache.or_else(by_staleness)
    }

    /// # Errors
    /// Why no answer can be kept although the header asks for it.
    pub(crate) fn check_cache(&self) -> Result<(), &'static str> {
        match (self.cache, self.staleness) {
            (None, _) => Ok(()),
            (Some(_), _) if !self.cardinality.returns_rows() => {
                Err("only the rows of a query can be kept")
            }
            (Some(_), Some(Staleness::Exactly(_))) => {
                Err("an answer that is kept is not of exactly the time that `staleness` asks for")
            }
            (Some(_), _) => Ok(()),
        }
    }

    /// Whether both say the same, wherever they stand.
    pub(crate) fn same_meaning(&self, other: &Self) -> bool {
        let described = |header: &Self| -> Vec<Parameter> {
            header
                .parameters
                .iter()
                .map(|note| note.parameter.clone())
                .collect()
        };
        let placeless = |header: &Self| Self {
            name_span: 0..0,
            parameters: Vec::new(),
            column_spans: Vec::new(),
            ..header.clone()
        };
        described(self) == described(other) && placeless(self) == placeless(other)
    }
}

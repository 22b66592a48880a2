//! Typed Rust functions from queries.
//!
//! [`generate`] is pure: queries, what an engine said about them ([`Descriptions`]) and what the schema's files say about
//! NULL go in, the text of a Rust module comes out, the same for the same input. A caller that can reach an engine prepares each
//! statement there and keeps the answers in a file beside the queries, so that everybody else needs no engine.

#[cfg(feature = "templates")]
mod builder;
mod description;
mod emit;
mod ident;
mod item;
mod nullability;
mod rust_type;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use description::{DescribedColumn, Description, Descriptions, ParseDescriptionsError};

use crate::error::Error;
#[cfg(feature = "templates")]
use crate::problem::Code;
use crate::problem::Problems;
use crate::query::{Nullability, Query};
use crate::repository::Repository;
use crate::schema::Schema;

/// How the generated module looks.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) exec: String,
    pub(crate) types: BTreeMap<String, String>,
    pub(crate) command: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            exec: "crdb_exec".to_owned(),
            types: BTreeMap::new(),
            command: "cargo xtask codegen".to_owned(),
        }
    }
}

impl Options {
    /// The path by which the generated code reaches `crdb-exec`. Default: `crdb_exec`.
    #[must_use]
    pub fn exec_path(mut self, path: impl Into<String>) -> Self {
        self.exec = path.into();
        self
    }

    /// Uses a Rust type of the caller's, by its full path, for a SQL type. It must implement postgres-types' `ToSql`
    /// and `FromSql`.
    #[must_use]
    pub fn rust_type(mut self, sql_type: &str, path: impl Into<String>) -> Self {
        let canonical = crate::schema::canonical_type(sql_type);
        self.types.insert(canonical, path.into());
        self
    }

    /// The path of crdb-exec, as it is written everywhere.
    fn exec(&self) -> String {
        absolute(&self.exec)
    }

    /// The command that the module's first line names as its origin. Default: `cargo xtask codegen`.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }
}

/// A path that no module or type of the generated code can hide: one of another crate gets its leading `::`.
fn absolute(path: &str) -> String {
    let first = path.split("::").next().unwrap_or("");
    let relative = matches!(first, "" | "crate" | "self" | "super" | "$crate");
    let is_crate = path.contains("::") || path == "crdb_exec";
    let is_name = first.chars().all(|c| c.is_alphanumeric() || c == '_');
    if relative || !is_crate || !is_name {
        path.to_owned()
    } else {
        format!("::{path}")
    }
}

/// Writes the module for all queries of a repository.
///
/// The code compiles whatever the names of the database and of the queries are: it names everything by absolute paths,
/// and numbers what would become one identifier (`x_2`).
///
/// Its layout is rustfmt's except for long lines; format it before it is compared or committed.
///
/// A query's types come from its description, found by content hash; what its header declares goes first. A query whose
/// header declares the types of all parameters and columns needs no description.
///
/// # Errors
///
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) with every query that has no description, whose header speaks of
/// columns that the statement does not have, or that has a type without a Rust counterpart; and with every template that
/// can become more than 256 texts.
pub fn generate(
    repository: &Repository,
    schema: &Schema,
    descriptions: &Descriptions,
    options: &Options,
) -> Result<String, Error> {
    let mut problems = Vec::new();
    let mut items = Vec::new();
    let mut enums = rust_type::Enums::new(schema, descriptions);
    for query in repository {
        match item::Item::new(query, schema, descriptions, options, &mut enums) {
            Ok(item) => items.push(item),
            Err(found) => problems.extend(found),
        }
    }
    #[cfg_attr(
        not(feature = "templates"),
        allow(unused_mut, reason = "templates add to it")
    )]
    let mut content = emit::Content {
        items,
        #[cfg(feature = "templates")]
        builders: Vec::new(),
        left_out: Vec::new(),
    };
    #[cfg(feature = "templates")]
    for template in repository.templates() {
        let Some(variants) = template.variants() else {
            if template.has_too_many_variants() {
                let problem = template
                    .problem(Code::Template, "it can become more than 256 texts")
                    .help("drop flags or optional parameters, or split it into several templates");
                problems.push(problem);
            } else {
                content
                    .left_out
                    .push((template.name(), "it takes identifiers that no list names"));
            }
            continue;
        };
        match builder::Builder::new(
            template,
            variants,
            schema,
            descriptions,
            options,
            &mut enums,
        ) {
            Ok(builder) => content.builders.push(builder),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Error::invalid(Problems::new(problems)));
    }
    Ok(emit::module(content, &enums, options))
}

/// Which columns of a query's result are never NULL, as far as that is proven; empty where the number of columns cannot be
/// told.
///
/// A column is [`NotNull`](crate::Nullability::NotNull) only by proof, on CockroachDB and on PostgreSQL: NOT NULL columns of
/// tables on no optional side of a join, literals, operators and casts of what is not NULL, counts, ..
/// Everything else is [`Unknown`](crate::Nullability::Unknown), and so is the whole result of a statement that the dialect
/// does not know. What a header declares is not looked at.
///
/// ```
/// use crdb_sql::codegen::proven_nullability;
/// use crdb_sql::schema::Schema;
/// use crdb_sql::{Nullability, Repository};
///
/// let mut schema = Schema::default();
/// schema.apply("CREATE TABLE accounts (id INT8 PRIMARY KEY, note STRING)");
/// let file = "-- name: list :many\nSELECT id, note FROM accounts";
/// let repository = Repository::from_embedded(&[("accounts.sql", file)])?;
/// let query = repository.get("accounts.list")?;
/// assert_eq!(
///     proven_nullability(&query, &schema),
///     [Nullability::NotNull, Nullability::Unknown]
/// );
/// # Ok::<(), crdb_sql::Error>(())
/// ```
#[must_use]
pub fn proven_nullability(query: &Query, schema: &Schema) -> Vec<Nullability> {
    let analysis = nullability::Analysis::of(query, schema);
    let columns = analysis.columns.iter();
    columns
        .map(|column| {
            if column.not_null {
                Nullability::NotNull
            } else {
                Nullability::Unknown
            }
        })
        .collect()
}

/// Every statement that [`generate`] wants described: the queries, and the texts that templates can become.
#[must_use]
pub fn statements(repository: &Repository) -> Vec<Arc<Query>> {
    #[cfg_attr(
        not(feature = "templates"),
        allow(unused_mut, reason = "templates add to it")
    )]
    let mut statements: Vec<Arc<Query>> = repository.iter().cloned().collect();
    #[cfg(feature = "templates")]
    for template in repository.templates() {
        let variants = template.variants().unwrap_or_default();
        statements.extend(variants.into_iter().map(|variant| Arc::new(variant.query)));
    }
    statements
}

//! Typed Rust functions from queries.
//!
//! [`generate`] is pure: queries, what an engine said about them ([`Descriptions`]) and what the schema's files say about
//! NULL go in, the text of a Rust module comes out, the same for the same input. A caller that can reach an engine prepares each
//! statement there and keeps the answers in a file beside the queries, so that others need no engine.

mod builder;
mod description;
mod emit;
mod ident;
mod item;
mod nullability;
mod project;
mod row;
mod rust_type;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use description::{DescribedColumn, Description, Descriptions, ParseDescriptionsError};
pub use project::{Project, build};

use crate::error::Error;
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
    pub(crate) derives: Vec<String>,
    /// The crate whose re-exports types of other crates are reached through.
    pub(crate) types_root: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            exec: "crdb_exec".to_owned(),
            types: BTreeMap::new(),
            command: "crdb codegen".to_owned(),
            derives: Vec::new(),
            types_root: None,
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

    /// Names everything through crdb-facade, so that a crate needs no other dependency: crdb-exec as `crdb_facade::exec`, and the types
    /// of chrono, uuid, rust_decimal and serde_json by the re-exports that the facade's features `chrono`, `uuid`, `decimal` and
    /// `json` have.
    #[must_use]
    pub fn facade(self) -> Self {
        self.exec_path("crdb_facade::exec")
            .types_path("crdb_facade")
    }

    /// The path of the module or crate in which the generated code finds `chrono`, `uuid`, `rust_decimal` and `serde_json`. Default:
    /// the crates of these names.
    #[must_use]
    pub fn types_path(mut self, path: impl Into<String>) -> Self {
        self.types_root = Some(path.into());
        self
    }

    /// Lets every row type derive this, by its path: `serde::Serialize`, or one of your own. A header does it for one query with
    /// `-- derive: serde::Serialize`.
    ///
    /// Enums derive serde's two with the rows, as their labels.
    #[must_use]
    pub fn derive(mut self, path: impl Into<String>) -> Self {
        self.derives.push(path.into());
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

    /// A type of another crate.
    fn foreign(&self, path: &str) -> String {
        match &self.types_root {
            None => format!("::{path}"),
            Some(root) => format!("{}::{path}", absolute(root)),
        }
    }

    /// The path of crdb-exec, as it is written everywhere.
    fn exec(&self) -> String {
        absolute(&self.exec)
    }

    /// The command that the module's first line names as its origin. Default: `crdb codegen`.
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
    let is_crate = path.contains("::") || matches!(path, "crdb_exec" | "crdb_facade");
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
/// A template becomes a builder that puts its text together when it is run. Of a template with more than 256 texts samples are
/// described (everything off, everything on, each switch and each identifier by itself); its columns are NOT NULL where each of up to 4,096
/// texts proves it, else where the header says so.
///
/// A query's types come from its description, found by content hash; what its header declares goes first. A query whose
/// header declares the types of all parameters and columns needs no description.
///
/// # Errors
///
/// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) with every query that has no description, whose header mentions
/// columns that the statement does not have, or that has a type without a Rust counterpart.
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
    let mut content = emit::Content {
        items,
        builders: Vec::new(),
        rows: row::SharedRows::new(),
        left_out: Vec::new(),
    };
    for template in repository.templates() {
        if template.has_free_identifier() {
            content
                .left_out
                .push((template.name(), "it takes identifiers that no list names"));
            continue;
        }
        match builder::Builder::new(
            template,
            &template.described(),
            schema,
            descriptions,
            options,
            &mut enums,
        ) {
            Ok(builder) => content.builders.push(builder),
            Err(found) => problems.extend(found),
        }
    }
    for item in &content.items {
        let problem = |message| item.problem(message);
        let shared = row::share(&mut content.rows, &item.user(&problem));
        problems.extend(shared);
    }
    for builder in &content.builders {
        let problem = |message| builder.template.problem(Code::BadAnnotation, message);
        let shared = row::share(&mut content.rows, &builder.user(&problem));
        problems.extend(shared);
    }
    if !problems.is_empty() {
        return Err(Error::invalid(Problems::new(problems)));
    }
    Ok(emit::module(content, &mut enums, options))
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

/// Every statement that [`generate`] wants described: the queries, and the texts that templates can become (samples of them
/// where they are more than 256).
#[must_use]
pub fn statements(repository: &Repository) -> Vec<Arc<Query>> {
    let mut statements: Vec<Arc<Query>> = repository.iter().cloned().collect();
    for template in repository.templates() {
        if !template.has_free_identifier() {
            let described = template.described().into_iter();
            statements.extend(described.map(|variant| Arc::new(variant.query)));
        }
    }
    statements
}

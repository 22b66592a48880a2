//! Lints of crdb-sql on migrations, and queries that a migration would break.

use std::collections::BTreeSet;
use std::path::Path;

use crdb_exec::SessionSource;
use crdb_sql::dialect::facts::Facts;
use crdb_sql::dialect::parse;
use crdb_sql::schema::Schema;
use crdb_sql::{Code, Query, Repository, lint_query};

use crate::error::Error;
use crate::file::{Migration, Migrations, Script};
use crate::migrator::Migrator;
use crate::plan::Plan;
use crate::problem::{Problem, ProblemKind, sort};

/// The line that makes a query of a file for the lints.
const NAME: &str = "-- name: migration :exec\n";

impl Migrations {
    /// What the lints of crdb-sql say about the up files, each with the schema that the files before it make: keys that grow
    /// with time, foreign keys without an index, changes of types, statements without WHERE, and so on. A file allows one by its
    /// code: `-- allow: alter_column_type`.
    #[must_use]
    pub fn lint(&self) -> Vec<Problem> {
        let mut schema = Schema::default();
        let mut problems = Vec::new();
        for migration in &self.all {
            lint(&migration.up, &schema, &mut problems);
            schema.apply(migration.up.text());
        }
        sort(&mut problems);
        problems
    }

    /// The queries of a service that fit the schema of the migrations up to `applied`, and no longer fit it once all
    /// are applied: they name a table or a column that is gone. A program with these queries must not run any more when the
    /// migrations do. A file whose header says `-- allow: breaks_query` is passed over.
    #[must_use]
    pub fn broken_queries(&self, applied: i64, queries: &Repository) -> Vec<Problem> {
        broken_queries(&self.all, &|version| version <= applied, queries)
    }
}

impl<S: SessionSource> Migrator<S> {
    /// Sets the queries of the programs that run meanwhile: `up` refuses migrations that would break one of them, before
    /// anything runs. By default none is asked about.
    #[must_use]
    pub fn queries(mut self, queries: Repository) -> Self {
        self.queries = Some(queries);
        self
    }

    /// Refuses a plan after which a query does not fit the schema any more.
    pub(crate) fn fits_queries(&self, plan: &Plan) -> Result<(), Error> {
        let broken = self.queries_broken_by(plan);
        if broken.is_empty() {
            return Ok(());
        }
        Err(Error::files(broken))
    }

    /// The [`queries`](Self::queries) that a plan would break, for which `up` refuses it.
    #[must_use]
    pub fn queries_broken_by(&self, plan: &Plan) -> Vec<Problem> {
        let Some(queries) = &self.queries else {
            return Vec::new();
        };
        let pending = plan.versions();
        let last = pending.last().copied().unwrap_or(0);
        // What is left for later breaks nothing yet.
        let near: Vec<Migration> = self
            .migrations
            .iter()
            .filter(|one| one.version <= last)
            .cloned()
            .collect();
        broken_queries(&near, &|version| !pending.contains(&version), queries)
    }
}

/// The queries that migrations break of which `is_applied` is false, each reported once, for the first that breaks it.
fn broken_queries(
    all: &[Migration],
    is_applied: &dyn Fn(i64) -> bool,
    queries: &Repository,
) -> Vec<Problem> {
    let mut schema = Schema::default();
    for migration in all.iter().filter(|one| is_applied(one.version)) {
        schema.apply(migration.up.text());
    }
    let queries: Vec<&Query> = queries.iter().map(|query| &**query).collect();
    // What did not fit before is not broken by a migration.
    let mut known: Vec<BTreeSet<String>> = queries
        .iter()
        .map(|query| missing(query, &schema, &schema))
        .collect();
    let mut problems = Vec::new();
    for migration in all.iter().filter(|one| !is_applied(one.version)) {
        let before = schema.clone();
        schema.apply(migration.up.text());
        let allowed = migration
            .up
            .header
            .allows(ProblemKind::BreaksQuery.as_str());
        for (query, known) in queries.iter().zip(&mut known) {
            for found in missing(query, &before, &schema) {
                if !known.insert(found.clone()) || allowed {
                    continue;
                }
                let message = format!(
                    "query `{}` after migration {} ({}): {found}",
                    query.name(),
                    migration.version,
                    migration.name
                );
                problems.push(
                    Problem::new(ProblemKind::BreaksQuery, query.file(), message)
                        .line_is(query.line())
                        .help("first run programs that do without it, then the migration"),
                );
            }
        }
    }
    sort(&mut problems);
    problems
}

/// What a query names that `schema` has not: columns by the lint, tables by `known`, which had them.
fn missing(query: &Query, known: &Schema, schema: &Schema) -> BTreeSet<String> {
    let mut missing: BTreeSet<String> = lint_query(query, schema)
        .iter()
        .filter(|problem| problem.code() == Code::UnknownColumn)
        .map(|problem| problem.message().to_owned())
        .collect();
    for statement in parse(query.text()).unwrap_or_default() {
        for table in Facts::of(&statement).tables {
            let name = table.name.to_string();
            if known.table(&name).is_some() && schema.table(&name).is_none() {
                missing.insert(format!("the table `{name}` is gone"));
            }
        }
    }
    missing
}

fn lint(script: &Script, schema: &Schema, problems: &mut Vec<Problem>) {
    let text = format!("{NAME}{}", without_header(script.text()));
    let Ok(repository) = Repository::from_embedded(&[("migration.sql", &text)]) else {
        // A file that the loader of queries does not take is one that only the server reads.
        return;
    };
    for query in &repository {
        for found in &lint_query(query, schema) {
            let told = matches!(found.code(), Code::SeveralStatements | Code::MixedDdl);
            if told || script.header.allows(found.code().as_str()) {
                continue;
            }
            let mut problem = Problem::new(
                ProblemKind::Lint(found.code()),
                Path::new(&script.path),
                found.message(),
            );
            if let Some(line) = found.line() {
                problem = problem.line_is(line.saturating_sub(1).max(1));
            }
            if let Some(help) = found.suggestion() {
                problem = problem.help(help);
            }
            problems.push(problem);
        }
    }
}

/// The text with as many lines, and without annotations that queries do not have.
fn without_header(text: &str) -> String {
    let mut in_header = true;
    let lines = text.lines().map(|line| {
        in_header &= line.trim().is_empty() || line.trim_start().starts_with("--");
        if in_header { "--" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

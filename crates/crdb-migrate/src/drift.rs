//! Whether the database has the schema that its files make.

use std::collections::BTreeMap;

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, PooledExecutor, Row, SessionSource};

use crate::error::{Error, ErrorKind};
use crate::file::Migrations;
use crate::journal::MigrationState;
use crate::migrator::Migrator;
use crate::tables::Tables;

/// What differs between the database and a fresh application of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Drift {
    differences: Vec<Difference>,
}

/// One object that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Difference {
    /// What it is and how it is called: `column public.accounts.note`.
    pub object: String,
    /// How the files make it; `None` where they do not.
    pub expected: Option<String>,
    /// How it is in the database; `None` where it is not.
    pub found: Option<String>,
}

impl Drift {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// What differs, in the order of its names.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    fn between(expected: &Objects, found: &Objects) -> Self {
        let mut names: Vec<&String> = expected.keys().chain(found.keys()).collect();
        names.sort();
        names.dedup();
        let differences = names
            .into_iter()
            .filter(|name| expected.get(*name) != found.get(*name))
            .map(|name| Difference {
                object: name.clone(),
                expected: expected.get(name).cloned(),
                found: found.get(name).cloned(),
            })
            .collect();
        Self { differences }
    }
}

/// Objects by kind and name, each with its definition.
type Objects = BTreeMap<String, String>;

impl<S: SessionSource> Migrator<S> {
    /// Applies the files of every migration that has run to an empty scratch database, and compares the schemas: tables, columns,
    /// indexes, constraints, views, enums, sequences and routines of all schemas but the server's own.
    ///
    /// `scratch` reaches a database on a server of the same version. It is left as the files make it. Migrations in code are
    /// left out: they change data.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] when the scratch database is not empty; as [`up`](Self::up), for the files on it.
    pub async fn verify<T: SessionSource>(
        &self,
        scratch: &PooledExecutor<T>,
    ) -> Result<Drift, Error> {
        let known = self.known()?;
        let place = self.place().await?;
        let journal = self.journal(&known, &place.tables).await?;
        let applied = self
            .migrations
            .iter()
            .filter(|one| journal.state(one.version()) == MigrationState::Applied);
        let applied = Migrations {
            all: applied.cloned().collect(),
        };
        let rehearsal = Migrator::new(scratch.clone(), applied)
            .options(self.options.clone())
            .observer(self.observer.clone());
        let there = rehearsal.place().await?;
        rehearsal.refuse_full(&there.tables).await?;
        rehearsal.up().await?;
        let expected = objects(scratch, &there.tables).await.map_err(|error| {
            Error::database("reading the schema of the scratch database", error)
        })?;
        let found = objects(&self.db, &place.tables)
            .await
            .map_err(|error| Error::database("reading the schema of the database", error))?;
        Ok(Drift::between(&expected, &found))
    }

    pub(crate) async fn refuse_full(&self, tables: &Tables) -> Result<(), Error> {
        let attempted = "looking whether the scratch database is empty";
        let objects = objects(&self.db, tables)
            .await
            .map_err(|error| Error::database(attempted, error))?;
        match objects.keys().next() {
            None => Ok(()),
            Some(first) => Err(Error::new(
                ErrorKind::Refused,
                format!("the scratch database is not empty: it has {first}"),
            )
            .remedy("create one for this alone, and drop it afterwards")),
        }
    }
}

/// Schemas that are the server's own.
const SYSTEM: &str =
    "('pg_catalog', 'information_schema', 'pg_toast', 'crdb_internal', 'pg_extension')";

/// What is read: the kind of object, and a query for its name, its table and its definition.
fn queries() -> [(&'static str, String); 7] {
    [
        (
            "column",
            format!(
                "SELECT table_schema || '.' || table_name || '.' || column_name, table_name, \
                 udt_name || coalesce('(' || character_maximum_length::TEXT || ')', '') || \
                 CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || column_default, '') || \
                 coalesce(' AS ' || nullif(generation_expression, ''), '') \
                 FROM information_schema.columns WHERE table_schema NOT IN {SYSTEM}"
            ),
        ),
        (
            "relation",
            format!(
                "SELECT n.nspname || '.' || c.relname, c.relname::TEXT, c.relkind::TEXT FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname NOT IN {SYSTEM} AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
            ),
        ),
        (
            "index",
            format!(
                "SELECT schemaname || '.' || tablename || '.' || indexname, tablename::TEXT, indexdef \
                 FROM pg_catalog.pg_indexes WHERE schemaname NOT IN {SYSTEM}"
            ),
        ),
        (
            "constraint",
            format!(
                "SELECT n.nspname || '.' || c.relname || '.' || k.conname, c.relname::TEXT, \
                 pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k \
                 JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname NOT IN {SYSTEM}"
            ),
        ),
        (
            "view",
            format!(
                "SELECT schemaname || '.' || viewname, viewname::TEXT, definition FROM pg_catalog.pg_views \
                 WHERE schemaname NOT IN {SYSTEM}"
            ),
        ),
        (
            "enum",
            format!(
                "SELECT n.nspname || '.' || t.typname, t.typname::TEXT, string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) \
                 FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid \
                 JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname NOT IN {SYSTEM} \
                 GROUP BY n.nspname, t.typname"
            ),
        ),
        (
            "routine",
            format!(
                "SELECT n.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', \
                 p.proname::TEXT, p.prosrc FROM pg_catalog.pg_proc p \
                 JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname NOT IN {SYSTEM}"
            ),
        ),
    ]
}

async fn objects(db: &impl Executor, tables: &Tables) -> Result<Objects, ExecError> {
    let database: String = db
        .fetch_one("SELECT current_database()::TEXT", &[])
        .await?
        .get(0)?;
    // CockroachDB qualifies names in definitions with the database.
    let qualifier = format!("{database}.");
    let mut objects = Objects::new();
    for (kind, query) in queries() {
        let text = format!("SELECT a::TEXT, b::TEXT, d::TEXT FROM ({query}) AS found (a, b, d)");
        for row in db.fetch_all(text.as_str(), &[]).await? {
            let relation: String = row.get(1)?;
            if tables.are_called(&relation) {
                continue;
            }
            let name: String = row.get(0)?;
            let definition: Option<String> = row.get(2)?;
            let definition = definition.unwrap_or_default().replace(&qualifier, "");
            objects.insert(format!("{kind} {name}"), definition);
        }
    }
    Ok(objects)
}

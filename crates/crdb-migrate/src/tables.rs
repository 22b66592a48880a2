//! The two tables in which a runner keeps its journal and its lease.

use crdb_exec::{Error as ExecError, Executor, ExecutorExt, Row};

use crate::error::{Error, ErrorKind};
use crate::lease::{GUARDED, RENEWED};

/// How the tables are called: `crdb_migration_step` and `crdb_migration_lease` by default, in the schema in which the
/// session creates tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableNames {
    schema: Option<String>,
    prefix: String,
}

impl Default for TableNames {
    fn default() -> Self {
        Self {
            schema: None,
            prefix: "crdb_migration".to_owned(),
        }
    }
}

impl TableNames {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The schema that holds both tables. It has to be there.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// What both names begin with. Services that share a schema need different ones.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Asks the server which schema is meant.
    pub(crate) async fn resolve(&self, db: &impl Executor) -> Result<Tables, Error> {
        let schema = match &self.schema {
            Some(schema) => schema.clone(),
            None => {
                let row = db
                    .fetch_one("SELECT current_schema()::TEXT", &[])
                    .await
                    .map_err(|error| Error::database("asking for the current schema", error))?;
                let schema: Option<String> = row
                    .get(0)
                    .map_err(|error| Error::database("asking for the current schema", error))?;
                schema.ok_or_else(|| {
                    Error::new(
                        ErrorKind::Preflight,
                        "the session has no schema to create tables in",
                    )
                    .remedy("create the schema of its search_path, or name another in TableNames")
                })?
            }
        };
        Ok(Tables {
            step: format!(
                "{}.{}",
                quoted(&schema),
                quoted(&format!("{}_step", self.prefix))
            ),
            lease: format!(
                "{}.{}",
                quoted(&schema),
                quoted(&format!("{}_lease", self.prefix))
            ),
            schema,
            prefix: self.prefix.clone(),
        })
    }
}

/// A name in double quotes.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The tables by their full names.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) step: String,
    pub(crate) lease: String,
    pub(crate) schema: String,
    prefix: String,
}

/// How often the tables are tried to be created, while other runners do the same.
const ATTEMPTS: u32 = 10;

impl Tables {
    /// Whether a relation is one of the two.
    pub(crate) fn are_called(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|rest| matches!(rest, "_step" | "_lease"))
    }

    /// Whether both tables are there.
    pub(crate) async fn exist(&self, db: &impl Executor) -> Result<bool, ExecError> {
        let names = [
            format!("{}_step", self.prefix),
            format!("{}_lease", self.prefix),
        ];
        let row = db
            .fetch_one(
                "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1::TEXT AND c.relname IN ($2::TEXT, $3::TEXT)",
                &[&self.schema, &names[0], &names[1]],
            )
            .await?;
        Ok(row.get::<i64>(0)? == 2)
    }

    /// Creates them, where they are not there. Several runners may do so at once.
    pub(crate) async fn create(&self, db: &impl Executor) -> Result<(), Error> {
        let attempted = "creating the tables of the journal and the lease";
        let database = |error| Error::database(attempted, error);
        let steps = format!(
            "CREATE TABLE IF NOT EXISTS {} (version INT8 NOT NULL, direction TEXT NOT NULL, step INT8 NOT NULL, \
             steps INT8 NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, statement TEXT NOT NULL, state TEXT NOT NULL, \
             token INT8 NOT NULL, planned_at TIMESTAMPTZ NOT NULL DEFAULT now(), begun_at TIMESTAMPTZ, \
             done_at TIMESTAMPTZ, verified_at TIMESTAMPTZ, job INT8, earlier_job INT8, was_there BOOL, unlocked TEXT, \
             progress TEXT, error TEXT, PRIMARY KEY (version, direction, step))",
            self.step
        );
        let lease = format!(
            "CREATE TABLE IF NOT EXISTS {} (id INT8 NOT NULL PRIMARY KEY, token INT8 NOT NULL, owner TEXT NOT NULL, \
             sessions TEXT NOT NULL, expires_at TIMESTAMPTZ NOT NULL, writes INT8 NOT NULL)",
            self.lease
        );
        let rows = format!(
            "INSERT INTO {} (id, token, owner, sessions, expires_at, writes) \
             VALUES ({GUARDED}, 0, '', '', now(), 0), ({RENEWED}, 0, '', '', now(), 0) ON CONFLICT (id) DO NOTHING",
            self.lease
        );
        let there = self.exist(db).await.map_err(database)?;
        let texts: &[&String] = if there {
            &[&rows]
        } else {
            &[&steps, &lease, &rows]
        };
        for text in texts {
            let mut attempt = 1;
            while let Err(error) = db.execute(text.as_str(), &[]).await {
                // PostgreSQL's IF NOT EXISTS does not wait for another session that creates the same table: 23505, 42P07, and 42710 for
                // the type of its rows.
                let race = error.is_unique_violation()
                    || error
                        .sqlstate()
                        .is_some_and(|state| matches!(state.as_str(), "42P07" | "42710"))
                    || error.is_retryable()
                    || error.is_outcome_unknown();
                if !race || attempt == ATTEMPTS {
                    return Err(database(error).remedy(
                        "grant the runner's user CREATE on the schema, or create them by hand",
                    ));
                }
                attempt += 1;
                tokio::time::sleep(std::time::Duration::from_millis(20 * u64::from(attempt))).await;
            }
        }
        Ok(())
    }
}

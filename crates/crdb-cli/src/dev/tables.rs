//! The tables of a new database.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use crdb_facade::Database;
use crdb_facade::migrate::Migrations;
use crdb_sql::dialect::split_statements;

/// Where migrations are, if the command line does not say.
const USUAL: &str = "sql/migrations";

/// Where the tables come from.
pub(super) enum Tables {
    None,
    /// Files that are run in the order of their names.
    Schema(PathBuf),
    Migrations(PathBuf),
}

impl Tables {
    /// What the command line asks for.
    pub(super) fn of(arguments: &super::Arguments) -> Self {
        if let Some(directory) = &arguments.schema {
            return Self::Schema(directory.clone());
        }
        match &arguments.migrations {
            Some(directory) => Self::Migrations(directory.clone()),
            None if !arguments.empty && Path::new(USUAL).is_dir() => Self::Migrations(USUAL.into()),
            None => Self::None,
        }
    }

    /// Creates them, and says what was done, if anything.
    ///
    /// # Errors
    /// What is wrong with a file, with its line, or what the server has against it.
    pub(super) async fn create(&self, database: &Database) -> Result<Option<String>> {
        match self {
            Self::None => Ok(None),
            Self::Schema(directory) => {
                create(database, directory).await?;
                Ok(Some(format!("the files of {}", directory.display())))
            }
            Self::Migrations(directory) => {
                let report = database.migrate(Migrations::load(directory)?).await?;
                Ok(Some(format!(
                    "{} migrations of {}",
                    report.migrations().len(),
                    directory.display()
                )))
            }
        }
    }
}

/// Runs every file of the directory, statement by statement.
async fn create(database: &Database, directory: &Path) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir(directory)
        .with_context(|| format!("reading {}", directory.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    // What takes a migration back makes no schema.
    files.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".sql") && !name.ends_with(".down.sql")
    });
    files.sort();
    for file in files {
        let text =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        run_statements(database, &text, |_, _| {})
            .await
            .with_context(|| format!("creating the tables of {}", file.display()))?;
    }
    Ok(())
}

/// Runs a text's statements one by one: CockroachDB wants data definitions outside of a common transaction. Tells `progress`
/// after each how many are done, and of how many.
///
/// # Errors
/// The first that the server refuses.
pub async fn run_statements(
    database: &Database,
    text: &str,
    mut progress: impl FnMut(usize, usize),
) -> Result<()> {
    let statements = split_statements(text);
    let count = statements.len();
    for (done, statement) in statements.into_iter().enumerate() {
        let (line, text) = (statement.line, statement.text);
        let head = text.lines().next().unwrap_or_default();
        database
            .execute(text, &[])
            .await
            .with_context(|| format!("line {line}: running {head}"))?;
        progress(done + 1, count);
    }
    Ok(())
}

//! Code generated from a directory: what the command and a build script share.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Descriptions, Options, generate, statements};
use crate::error::{Error, ErrorKind};
use crate::query::Query;
use crate::repository::{Layout, Repository};
use crate::schema::Schema;

/// A project's SQL directory: its queries, its schema, and `descriptions.txt`, which keeps what an engine said about the queries.
#[derive(Debug)]
pub struct Project {
    layout: Layout,
    repository: Repository,
    schema: Schema,
    descriptions: Descriptions,
    descriptions_file: PathBuf,
}

impl Project {
    /// Reads the directory, which has the [`Layout`] of a project's SQL. It has no descriptions where the file is not there yet.
    ///
    /// # Errors
    /// [`ErrorKind::Directory`] when something cannot be read; [`ErrorKind::Invalid`] with everything that is wrong with the queries
    /// or the schema, and where `descriptions.txt` is not what codegen writes.
    pub fn open(sql: impl AsRef<Path>) -> Result<Self, Error> {
        let sql = sql.as_ref();
        if !sql.is_dir() {
            // Refused by its own name; of a file the layout is that of its directory.
            Repository::load(sql)?;
        }
        let layout = Layout::of(sql);
        let repository = Repository::load(layout.queries())?;
        let schema = match layout.schema() {
            Some(directory) => Schema::load(directory)?,
            None => Schema::default(),
        };
        if schema.problems().has_errors() {
            return Err(Error::invalid(schema.problems().clone()));
        }
        let directory = layout.queries().parent().unwrap_or(sql);
        let descriptions_file = directory.join("descriptions.txt");
        let descriptions = read(&descriptions_file)?;
        Ok(Self {
            layout,
            repository,
            schema,
            descriptions,
            descriptions_file,
        })
    }

    /// Where its queries and its schema are.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The queries.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The schema; empty where there is none.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What an engine said about the queries.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions {
        &self.descriptions
    }

    /// The file of the descriptions.
    #[must_use]
    pub fn descriptions_file(&self) -> &Path {
        &self.descriptions_file
    }

    /// Takes other descriptions: those that an engine gave just now.
    pub fn describe(&mut self, descriptions: Descriptions) {
        self.descriptions = descriptions;
    }

    /// Whether the descriptions are of this schema.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let described = self.descriptions.schema();
        described.is_none_or(|hash| hash == self.schema.hash())
    }

    /// The statements that no engine has been asked about.
    #[must_use]
    pub fn undescribed(&self) -> Vec<Arc<Query>> {
        let mut statements = statements(&self.repository);
        statements.retain(|query| !self.descriptions.contains(query.hash()));
        statements
    }

    /// The module, as [`generate`] writes it.
    ///
    /// # Errors
    /// As [`generate`].
    pub fn generate(&self, options: &Options) -> Result<String, Error> {
        generate(&self.repository, &self.schema, &self.descriptions, options)
    }
}

fn read(file: &Path) -> Result<Descriptions, Error> {
    let failed =
        |kind, message: String| Error::new(kind, format!("reading {}: {message}", file.display()));
    match fs::read_to_string(file) {
        Ok(text) => text
            .parse()
            .map_err(|error: super::ParseDescriptionsError| {
                failed(ErrorKind::Invalid, error.to_string())
            }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Descriptions::default()),
        Err(error) => Err(failed(ErrorKind::Directory, error.to_string())),
    }
}

/// Generates the code in a build script: reads the SQL directory, writes `queries.rs` into `OUT_DIR`, tells cargo when to run the
/// script again, and returns the file's path.
///
/// ```no_run
/// // build.rs; the manifest has crdb-sql in [build-dependencies]
/// fn main() -> Result<(), crdb_sql::Error> {
///     crdb_sql::codegen::build("sql", &crdb_sql::codegen::Options::default())?;
///     Ok(())
/// }
/// ```
///
/// ```rs
/// // src/main.rs
/// mod queries {
///     include!(concat!(env!("OUT_DIR"), "/queries.rs"));
/// }
/// ```
///
/// A build asks no server: types come from the headers and from `descriptions.txt`, which the codegen command writes
/// once for each changed statement and which is committed. The code is the command's, without its head and not formatted.
///
/// # Errors
/// As [`Project::open`] and [`generate`]; [`ErrorKind::Invalid`] also when the schema has changed since the descriptions were
/// written; [`ErrorKind::Output`] when `OUT_DIR` is not set or the file cannot be written.
pub fn build(sql: impl AsRef<Path>, options: &Options) -> Result<PathBuf, Error> {
    let sql = sql.as_ref();
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| {
        let message =
            "OUT_DIR is not set: codegen::build is for build scripts, which cargo runs with it";
        Error::new(ErrorKind::Output, message)
    })?;
    // Cargo looks at every file of the directory. A build script tells it on standard output.
    let told = writeln!(
        std::io::stdout(),
        "cargo::rerun-if-changed={}",
        sql.display()
    );
    told.map_err(|error| {
        Error::new(
            ErrorKind::Output,
            format!("telling cargo what to watch: {error}"),
        )
    })?;
    let project = Project::open(sql)?;
    if !project.is_current() {
        let message = format!(
            "the schema has changed since {} was written: run `{}`",
            project.descriptions_file().display(),
            options.command
        );
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    let code = project.generate(options)?;
    let file = Path::new(&out).join("queries.rs");
    fs::write(&file, included(&code)).map_err(|error| {
        let message = format!("writing {}: {error}", file.display());
        Error::io(ErrorKind::Output, &file, message, error)
    })?;
    Ok(file)
}

/// The module without its documentation, which `include!` does not take.
fn included(code: &str) -> String {
    let lines = code.lines().filter(|line| !line.starts_with("//!"));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

//! A database, a directory, and the program in it.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crdb_testkit::{Database, Engine, Injection, QuirksOptions, QuirksProxy};
use serde_json::Value;
use tempfile::TempDir;

/// A directory in which the program runs, with or without a database that it finds there.
pub(crate) struct Bed {
    pub(crate) directory: TempDir,
    url: Option<String>,
    nodes: Option<String>,
    proxy: Option<QuirksProxy>,
    database: Option<(&'static Engine, Database)>,
}

impl Bed {
    /// Without a database.
    pub(crate) fn bare() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            url: None,
            nodes: None,
            proxy: None,
            database: None,
        }
    }

    /// With a database of its own on the engine of the tests.
    pub(crate) async fn new() -> Self {
        Self::on(Engine::shared().await).await
    }

    /// With a database of its own on PostgreSQL, whatever else the tests run on.
    pub(crate) async fn postgres() -> Self {
        Self::on(Engine::shared_postgres().await).await
    }

    async fn on(engine: &'static Engine) -> Self {
        let database = engine.create_database().await;
        Self {
            url: Some(database.url().to_owned()),
            database: Some((engine, database)),
            ..Self::bare()
        }
    }

    /// With a database behind a proxy that answers as CockroachDB does.
    pub(crate) async fn imitated() -> Self {
        let engine = Engine::shared_postgres().await;
        let database = engine.create_database().await;
        let proxy = QuirksProxy::start(engine, QuirksOptions::default())
            .await
            .unwrap();
        Self {
            url: Some(database.url().to_owned()),
            nodes: Some(format!("{}:{}", proxy.host(), proxy.port())),
            proxy: Some(proxy),
            database: Some((engine, database)),
            ..Self::bare()
        }
    }

    pub(crate) fn inject(&self, injection: Injection) {
        self.proxy.as_ref().unwrap().inject(injection);
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> &str {
        self.url.as_deref().unwrap()
    }

    /// How long schema changes take behind the proxy.
    pub(crate) fn slow_schema_changes(&self, takes: std::time::Duration) {
        self.proxy.as_ref().unwrap().slow_schema_changes(takes);
    }

    /// What a statement of one value gives, asked on the server itself.
    pub(crate) async fn ask(&self, sql: &str) -> Option<String> {
        let (engine, database) = self.database.as_ref().unwrap();
        engine.execute_in(database.name(), sql).await.unwrap()
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// The program with these arguments.
    pub(crate) fn crdb<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crdb"));
        command.args(arguments).current_dir(self.directory.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CRDB_") {
                command.env_remove(name);
            }
        }
        if let Some(url) = &self.url {
            command.env("CRDB_AUTH__URL", url);
        }
        if let Some(nodes) = &self.nodes {
            command.env("CRDB_AUTH__NODES", nodes);
            // Its question would meet what is injected for the command's own statements.
            command.env("CRDB_AUTH__CHECK_AT_OPEN", "false");
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end, beside what else runs here.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        run(self.crdb(arguments)).await
    }
}

/// Runs a command to its end, beside what else runs here.
pub(crate) async fn run(mut command: Command) -> Ran {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    Ran(output.await.unwrap())
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap()
    }

    pub(crate) fn out(&self) -> &str {
        std::str::from_utf8(&self.0.stdout).unwrap()
    }

    pub(crate) fn err(&self) -> &str {
        std::str::from_utf8(&self.0.stderr).unwrap()
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.out()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error on standard error as JSON.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let last = self.err().lines().last().unwrap_or_default();
        let value: Value =
            serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        value["error"].clone()
    }

    /// Checks the exit code, and shows all where it is another.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(
            self.code(),
            code,
            "stdout:\n{}\nstderr:\n{}",
            self.out(),
            self.err()
        );
        self
    }
}

/// Whether the directory holds only these files.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

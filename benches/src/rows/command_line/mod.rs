//! P14: the program `crdb`.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use tempfile::TempDir;
use tokio::process::Command;

use super::headings;
use crate::row::{Heading, Row, Settings};
use crate::{
    case::{Bound, Case, MeasureError, Metric, Role, Sample, Subject, Target},
    limit::FirstRowLimit,
    program::{built, output, time_to_first_row, variables},
    server::Server,
};

/// The row.
#[derive(Debug)]
pub(super) struct CommandLine;

const NAME: &str = "crdb";

impl Row for CommandLine {
    fn heading(&self) -> Heading {
        headings::COMMAND_LINE
    }

    fn cases<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> BoxFuture<'a, Result<Vec<Case>, MeasureError>> {
        async move {
            let server = Server::start(settings).await?;
            let program = built(NAME)?;
            let target = |metric, limit| Target {
                subject: NAME,
                metric,
                bound: Bound::AtMost(limit),
            };
            Ok(vec![
                Case {
                    name: "process start to first row of a named query".to_owned(),
                    metrics: vec![Metric::lower("time", "ms")],
                    targets: vec![target("time", 30.0)],
                    rounds: if settings.quick { 5 } else { 20 },
                    subjects: vec![
                        Box::new(NamedQuery::new(program.clone(), &server)?),
                        Box::new(FirstRowLimit { server }),
                    ],
                },
                Case {
                    name: "size of the program".to_owned(),
                    metrics: vec![Metric::lower("size", "MiB")],
                    targets: vec![target("size", 25.0)],
                    rounds: 1,
                    subjects: vec![Box::new(Size { program })],
                },
            ])
        }
        .boxed()
    }
}

/// `crdb query one.one`, in a directory with a configuration and that query.
struct NamedQuery {
    program: PathBuf,
    server: Arc<Server>,
    directory: TempDir,
}

impl NamedQuery {
    fn new(program: PathBuf, server: &Arc<Server>) -> Result<Self, MeasureError> {
        let directory = tempfile::tempdir()?;
        let sql = directory.path().join("sql");
        std::fs::create_dir(&sql)?;
        std::fs::write(
            sql.join("one.sql"),
            "-- name: one :one\nSELECT 1::INT8 AS one;\n",
        )?;
        std::fs::write(
            directory.path().join("crdb.yaml"),
            "sql: { directory: sql }\n",
        )?;
        Ok(Self {
            program,
            server: Arc::clone(server),
            directory,
        })
    }
}

impl Subject for NamedQuery {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!("query one.one --format csv, {}", self.server.transport())
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let mut command = Command::new(&self.program);
            command
                .args(["query", "one.one", "--format", "csv"])
                .current_dir(self.directory.path())
                .envs(variables(&self.server));
            time_to_first_row(NAME, &mut command).await
        }
        .boxed()
    }
}

/// The program's file without its symbols, which are kept beside it for reading a crash.
struct Size {
    program: PathBuf,
}

impl Subject for Size {
    fn name(&self) -> &'static str {
        NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        "default features, the workspace's release profile, stripped".to_owned()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let directory = tempfile::tempdir()?;
            let stripped = directory.path().join(NAME);
            let mut command = Command::new("strip");
            command.arg("-o").arg(&stripped).arg(&self.program);
            output(&mut command).await?;
            let bytes = std::fs::metadata(&stripped)?.len();
            Ok(Sample::new().with("size", bytes as f64 / (1024.0 * 1024.0)))
        }
        .boxed()
    }
}

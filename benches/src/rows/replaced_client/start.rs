//! A program of this toolkit from its start to the end after one row.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::process::Command;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    program::time_to_first_row,
    server::Server,
    tls::Tls,
};

/// Runs the program `first_row`, which is built beside this one.
pub(super) struct FirstRow {
    program: PathBuf,
    server: Arc<Server>,
}

impl FirstRow {
    pub(super) const NAME: &str = "crdb-facade";

    pub(super) fn new(server: &Arc<Server>) -> Result<Self, MeasureError> {
        let program = std::env::current_exe()?.with_file_name("first_row");
        if !program.is_file() {
            return Err("the program first_row is not built: use cargo xtask bench".into());
        }
        Ok(Self {
            program,
            server: Arc::clone(server),
        })
    }
}

/// The environment's name for a key of crdb-facade's configuration.
fn variable(key: &str) -> String {
    format!("CRDB_{}", key.replace('.', "__").to_uppercase())
}

impl Subject for FirstRow {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn role(&self) -> Role {
        Role::Ours
    }

    fn settings(&self) -> String {
        format!(
            "a program with the whole stack, {}",
            self.server.transport()
        )
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let server = &self.server;
            let mut command = Command::new(&self.program);
            command
                .env(
                    "CRDB_AUTH__NODES",
                    format!("{}:{}", server.host(), server.port()),
                )
                .env("CRDB_AUTH__USER", server.user())
                .env("CRDB_AUTH__PASSWORD", server.password())
                .env("CRDB_AUTH__DATABASE", server.database())
                .envs(
                    Tls::settings(server.tls())
                        .into_iter()
                        .map(|(key, value)| (variable(key), value)),
                );
            time_to_first_row("first_row", &mut command).await
        }
        .boxed()
    }
}

//! A program of this toolkit from its start to the end after one row.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::process::Command;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    program::{built, time_to_first_row, variables},
    server::Server,
};

/// Runs the program `first_row`, which is built beside this one.
pub(super) struct FirstRow {
    program: PathBuf,
    server: Arc<Server>,
}

impl FirstRow {
    pub(super) const NAME: &str = "crdb-facade";

    pub(super) fn new(server: &Arc<Server>) -> Result<Self, MeasureError> {
        let program = built("first_row")?;
        Ok(Self {
            program,
            server: Arc::clone(server),
        })
    }
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
            let mut command = Command::new(&self.program);
            command.envs(variables(&self.server));
            time_to_first_row("first_row", &mut command).await
        }
        .boxed()
    }
}

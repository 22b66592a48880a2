//! A program that holds connections and says what they cost it.

use std::{path::PathBuf, process::Stdio, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::process::Command;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    idle::{Cost, Kind},
    server::Server,
};

/// Runs the program `idle_connections`, which is built beside this one: a new process each time, so that no pool pays for
/// what another one has left behind.
pub(super) struct Keeper {
    kind: Kind,
    connections: u32,
    program: PathBuf,
    server: Arc<Server>,
}

impl Keeper {
    pub(super) fn new(
        kind: Kind,
        connections: u32,
        server: &Arc<Server>,
    ) -> Result<Self, MeasureError> {
        let program = std::env::current_exe()?.with_file_name("idle_connections");
        if !program.is_file() {
            return Err("the program idle_connections is not built: use cargo xtask bench".into());
        }
        Ok(Self {
            kind,
            connections,
            program,
            server: Arc::clone(server),
        })
    }
}

impl Subject for Keeper {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn role(&self) -> Role {
        self.kind.role()
    }

    fn settings(&self) -> String {
        self.kind.settings().to_owned()
    }

    fn is_another_program(&self) -> bool {
        true
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let server = &self.server;
            let output = Command::new(&self.program)
                .args([self.kind.name(), &self.connections.to_string()])
                .args([server.host(), &server.port().to_string()])
                .args([server.trust_user(), server.database()])
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output()
                .await?;
            if !output.status.success() {
                let words = String::from_utf8_lossy(&output.stderr);
                let status = output.status;
                return Err(format!("idle_connections ended with {status}: {words}").into());
            }
            let cost: Cost = serde_json::from_slice(&output.stdout)?;
            let each = |bytes: i64| bytes as f64 / 1024.0 / f64::from(self.connections);
            Ok(Sample::new()
                .with("resident", each(cost.resident))
                .with("allocated", each(cost.allocated)))
        }
        .boxed()
    }
}

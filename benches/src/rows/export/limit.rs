//! COPY in the binary format, drained by psql.

use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    psql,
    server::Server,
};

/// What the server can send.
pub(super) struct CopyOut {
    server: Arc<Server>,
}

impl CopyOut {
    pub(super) fn new(server: &Arc<Server>) -> Self {
        Self {
            server: Arc::clone(server),
        }
    }
}

impl Subject for CopyOut {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        "psql \\copy"
    }

    fn role(&self) -> Role {
        Role::Limit
    }

    fn settings(&self) -> String {
        "FORMAT binary, to /dev/null, its start included".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let command = "\\copy wide TO '/dev/null' WITH (FORMAT binary)";
            let took = psql::run(&self.server, command).await?;
            Ok(Sample::new().with("time", took.as_secs_f64()))
        }
        .boxed()
    }
}

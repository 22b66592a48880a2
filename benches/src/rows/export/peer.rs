//! connectorx and ADBC, which read a query into Arrow in memory, in a Python of their own.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::{BoxFuture, FutureExt as _};
use tokio::process::Command;

use crate::{
    case::{MeasureError, Role, Sample, Subject},
    program::output,
    python::{environment, script},
    server::Server,
};

/// The Python packages, at the versions that are measured.
const PACKAGES: [&str; 4] = [
    "connectorx==0.4.6",
    "adbc-driver-postgresql==1.13.0",
    "adbc-driver-manager==1.13.0",
    "pyarrow==21.0.0",
];

/// What runs `peers/arrow.py`.
#[derive(Clone, Debug)]
pub(super) struct Readers {
    python: PathBuf,
    rows: i64,
    server: Arc<Server>,
}

impl Readers {
    /// Makes their Python environment.
    ///
    /// # Errors
    /// Where Python or the packages are missing.
    pub(super) async fn prepare(server: &Arc<Server>, rows: i64) -> Result<Self, MeasureError> {
        let imports = "connectorx, adbc_driver_postgresql, pyarrow";
        Ok(Self {
            python: environment("arrow", &PACKAGES, imports).await?,
            rows,
            server: Arc::clone(server),
        })
    }
}

/// One of them, whose own clock runs from the query to the end of the table.
pub(super) struct Reader {
    readers: Readers,
    name: &'static str,
}

impl Reader {
    pub(super) fn connectorx(readers: &Readers) -> Self {
        Self {
            readers: readers.clone(),
            name: "connectorx",
        }
    }

    pub(super) fn adbc(readers: &Readers) -> Self {
        Self {
            readers: readers.clone(),
            name: "adbc",
        }
    }
}

impl Subject for Reader {
    fn is_another_program(&self) -> bool {
        true
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn role(&self) -> Role {
        Role::Peer
    }

    fn settings(&self) -> String {
        "into memory, one connection, the start of Python left out".to_owned()
    }

    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
        async move {
            let Readers {
                python,
                rows,
                server,
            } = &self.readers;
            // The test kit's own server: its user and password need no escapes.
            let url = format!(
                "postgresql://{}:{}@{}:{}/{}?sslmode=disable",
                server.user(),
                server.password(),
                server.host(),
                server.port(),
                server.database()
            );
            let mut command = Command::new(python);
            command
                .arg(script("arrow.py"))
                .args([self.name, &url, &rows.to_string()]);
            let seconds: f64 = output(&mut command).await?.trim().parse()?;
            Ok(Sample::new().with("time", seconds))
        }
        .boxed()
    }
}

//! JDBC from Python: jaydebeapi on JPype on pgjdbc, in a Python of its own.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::process::Command;

use crate::{
    case::MeasureError,
    program::output,
    python::{environment, script},
    server::Server,
};

/// Where Debian and Fedora put the driver.
const DRIVER: &str = "/usr/share/java/postgresql.jar";

/// The Python packages, at the versions that are measured.
const PACKAGES: [&str; 2] = ["jaydebeapi==1.2.3", "JPype1==1.7.1"];

/// What runs `peers/jdbc.py`.
#[derive(Debug, Clone)]
pub(super) struct Jdbc {
    python: PathBuf,
    script: PathBuf,
    server: Arc<Server>,
}

impl Jdbc {
    /// Makes its Python environment.
    ///
    /// # Errors
    /// Where Java, the driver, Python or the packages are missing.
    pub(super) async fn prepare(server: &Arc<Server>) -> Result<Self, MeasureError> {
        if !Path::new(DRIVER).is_file() {
            return Err(format!("{DRIVER} is missing: cargo xtask setup --benches").into());
        }
        output(Command::new("java").arg("-version")).await?;
        let python = environment("jdbc", &PACKAGES, "jaydebeapi, jpype").await?;
        Ok(Self {
            python,
            script: script("jdbc.py"),
            server: Arc::clone(server),
        })
    }

    /// How it runs, for the table.
    pub(super) fn settings() -> String {
        format!(
            "{}, pgjdbc of the distribution, prepareThreshold 5",
            PACKAGES.join(", ")
        )
    }

    /// Runs one mode of the script and gives the figures that it prints, one a line.
    ///
    /// # Errors
    /// Where the script fails, with its last words.
    pub(super) async fn run(
        &self,
        mode: &str,
        count: Option<usize>,
    ) -> Result<Vec<f64>, MeasureError> {
        let tls = match self.server.tls() {
            Some(tls) => format!("sslmode=verify-full&sslrootcert={}", tls.root.display()),
            None => "sslmode=disable".to_owned(),
        };
        let url = format!(
            "jdbc:postgresql://{}:{}/{}?{tls}",
            self.server.host(),
            self.server.port(),
            self.server.database()
        );
        let mut command = Command::new(&self.python);
        command
            .arg(&self.script)
            .args([
                DRIVER,
                mode,
                &url,
                self.server.user(),
                self.server.password(),
            ])
            .args(count.map(|count| count.to_string()));
        output(&mut command)
            .await?
            .lines()
            .map(|line| Ok(line.trim().parse()?))
            .collect()
    }
}

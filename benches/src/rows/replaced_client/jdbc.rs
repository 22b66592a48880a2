//! JDBC from Python: jaydebeapi on JPype on pgjdbc, in a Python of its own.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
};

use tokio::process::Command;

use crate::{case::MeasureError, server::Server};

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
    /// Makes a Python environment beside this program, once, with the packages from the package index.
    ///
    /// # Errors
    /// Where Java, the driver, Python or the packages are missing.
    pub(super) async fn prepare(server: &Arc<Server>) -> Result<Self, MeasureError> {
        if !Path::new(DRIVER).is_file() {
            return Err(format!("{DRIVER} is missing: cargo xtask setup --benches").into());
        }
        output(Command::new("java").arg("-version")).await?;
        let program = std::env::current_exe()?;
        let beside = program.parent().unwrap_or(Path::new("."));
        let environment = beside.join("peers/jdbc");
        let python = environment.join("bin/python");
        if output(Command::new(&python).args(["-c", "import jaydebeapi, jpype"]))
            .await
            .is_err()
        {
            output(
                Command::new("python3")
                    .args(["-m", "venv"])
                    .arg(&environment),
            )
            .await?;
            output(
                Command::new(&python)
                    .args(["-m", "pip", "install", "--quiet"])
                    .args(PACKAGES),
            )
            .await?;
        }
        Ok(Self {
            python,
            script: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/jdbc.py"),
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

/// What a command prints.
async fn output(command: &mut Command) -> Result<String, MeasureError> {
    let name = command.as_std().get_program().display().to_string();
    let output = command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        let last = words.lines().last().unwrap_or_default();
        return Err(format!("{name} ended with {}: {last}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

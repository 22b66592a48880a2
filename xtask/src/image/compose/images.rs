//! Stand-ins for the public images that the file names, from this machine's programs.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::image::archive::Tree;
use crate::image::closure;
use crate::image::daemon::Daemon;
use crate::image::stand_in;
use crate::setup;
use crate::workspace::{self, succeed};

/// Where CockroachDB's image has its program.
const COCKROACH: &str = "cockroach/cockroach";

/// What the shell scripts of the file call.
const APPLETS: [&str; 5] = ["sh", "cp", "chmod", "chown", "sleep"];

pub(super) struct Images<'a> {
    daemon: &'a Daemon,
    directory: &'a Path,
}

impl<'a> Images<'a> {
    /// Archives are written to `directory`.
    pub(super) fn new(daemon: &'a Daemon, directory: &'a Path) -> Self {
        Self { daemon, directory }
    }

    /// Makes all of them, with the program that [`build`] has made.
    ///
    /// # Errors
    /// When a program is missing.
    pub(super) fn import(&self, target: &Path) -> Result<()> {
        let program = target.join("debug/examples/stand_in");
        self.cockroach(&program)?;
        self.collector(&program)?;
        self.prometheus()?;
        self.prober()
    }

    /// PostgreSQL behind the quirks proxy, a shell, and what the scripts call.
    fn cockroach(&self, program: &Path) -> Result<()> {
        let mut tree = with_program(COCKROACH, program)?;
        let programs = stand_in::add_server(&mut tree)?;
        let initdb = programs.join("initdb");
        closure::add_file(&mut tree, &initdb)?;
        closure::add(&mut tree, &initdb)?;
        let share = stand_in::share(&programs)?;
        closure::add_directory(&mut tree, &share)?;
        let shell = fs::read(found("busybox")?).context("reading busybox")?;
        for applet in APPLETS {
            tree.file(&format!("bin/{applet}"), 0o755, shell.clone());
        }
        let users = b"root:x:0:0:root:/:/bin/sh\npostgres:x:65534:65534::/:/bin/sh\n";
        tree.file("etc/passwd", 0o644, users.to_vec());
        tree.directory("tmp");
        let path = format!("ENV PATH=/cockroach:/bin:{}", programs.display());
        self.add(
            &tree,
            "cockroachdb/cockroach:v25.2.0",
            &[&format!("ENTRYPOINT [\"/{COCKROACH}\"]"), &path],
        )
    }

    fn collector(&self, program: &Path) -> Result<()> {
        let tree = with_program("otelcol", program)?;
        self.add(
            &tree,
            "otel/opentelemetry-collector:0.104.0",
            &["ENTRYPOINT [\"/otelcol\"]"],
        )
    }

    fn prometheus(&self) -> Result<()> {
        let mut tree = with_program("bin/prometheus", &found("prometheus")?)?;
        tree.directory("prometheus");
        let command = "CMD [\"--config.file=/etc/prometheus/prometheus.yml\", \"--storage.tsdb.path=/prometheus\"]";
        self.add(
            &tree,
            "prom/prometheus:v2.53.0",
            &["ENTRYPOINT [\"/bin/prometheus\"]", command],
        )
    }

    fn prober(&self) -> Result<()> {
        let name = "prometheus-blackbox-exporter";
        let tree = with_program("bin/blackbox_exporter", &found(name)?)?;
        self.add(
            &tree,
            "prom/blackbox-exporter:v0.25.0",
            &["ENTRYPOINT [\"/bin/blackbox_exporter\"]"],
        )
    }

    fn add(&self, tree: &Tree, name: &str, changes: &[&str]) -> Result<()> {
        let archive = self.directory.join("image.tar");
        fs::write(&archive, tree.tar()?).context("writing an image's archive")?;
        let archive = archive.display().to_string();
        let mut arguments = vec!["import"];
        for change in changes {
            arguments.extend(["--change", change]);
        }
        arguments.extend([archive.as_str(), name]);
        let id = self.daemon.docker(&arguments)?;
        ensure!(!id.is_empty(), "{name} was not imported");
        Ok(())
    }
}

/// Builds the program that stands in for CockroachDB and for the collector.
///
/// # Errors
/// When it does not compile.
pub(super) fn build(root: &Path) -> Result<()> {
    succeed(
        workspace::cargo()
            .args(["build", "--quiet", "--package", "crdb-testkit"])
            .args(["--all-features", "--example", "stand_in"])
            .current_dir(root),
    )
}

/// A tree with a program of this machine at `path`, and with the libraries of the program.
pub(super) fn with_program(path: &str, program: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let bytes = fs::read(program).with_context(|| format!("reading {}", program.display()))?;
    tree.file(path, 0o755, bytes);
    closure::add(&mut tree, program)?;
    Ok(tree)
}

fn found(name: &str) -> Result<std::path::PathBuf> {
    setup::program(name)
        .with_context(|| format!("{name} is missing; run `cargo xtask setup --compose`"))
}

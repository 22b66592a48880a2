//! The engine of last resort: PostgreSQL as WebAssembly, from a package that only this compiles.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A running engine. It ends when the pipe to it closes, so also when this process is killed.
#[derive(Debug)]
pub(crate) struct Embedded {
    child: Child,
    pipe: Option<ChildStdin>,
    port: u16,
}

impl Embedded {
    /// Compiles the engine if need be, which takes minutes once, and starts it.
    ///
    /// # Errors
    /// When it does not compile, or does not start.
    pub(crate) fn start() -> Result<Self> {
        let target = workspace::target_directory()?.join("embedded");
        let program = build(&target)?;
        let mut child = Command::new(program)
            // It unpacks itself once; what it unpacks is a product of the build.
            .env("XDG_CACHE_HOME", target.join("cache"))
            // Ctrl-C in a terminal reaches this process, whose end is then the engine's sign to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the embedded engine could not be started")?;
        let pipe = child.stdin.take();
        let output = child
            .stdout
            .take()
            .context("the embedded engine has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let Ok(port) = line.trim().parse() else {
            drop(pipe);
            let status = child.wait()?;
            bail!("the embedded engine did not start ({status})");
        };
        Ok(Self { child, pipe, port })
    }

    /// How it is reached. It takes any password, has no TLS, and serves one session at a time.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgresql://postgres:any@127.0.0.1:{}/template1?sslmode=disable",
            self.port
        )
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Err(error) = self.child.wait() {
            eprintln!("demo: the embedded engine's end was not seen: {error}");
        }
    }
}

/// The program, compiled.
fn build(target: &std::path::Path) -> Result<PathBuf> {
    let program = target.join("debug/embedded-engine");
    if !program.is_file() {
        println!("Compiling the embedded engine, once; that takes some minutes.");
    }
    let status = workspace::cargo()
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(workspace::root()?.join("xtask/embedded/Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .stdin(Stdio::null())
        .status()
        .context("cargo build could not be started")?;
    if !status.success() {
        bail!("the embedded engine does not compile; the compiler's words are above");
    }
    Ok(program)
}

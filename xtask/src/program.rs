//! `cargo xtask program`: the program `crdb` as it is shipped.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::artefact::{self, Built, CRDB, Linking, Program, mebibytes, write};
use crate::image::closure::is_static;
use crate::workspace;

/// The program is not larger than this.
const LARGEST: usize = 25 << 20;

/// Builds the program `crdb` as one static file, with all formats of rows.
///
/// Writes `target/program/crdb`, and its bill of materials beside it. It runs on every Linux of its architecture, whatever C library is
/// there; names are found in `/etc/hosts` and by DNS. Login by Kerberos is not in it, since that library loads modules: build it with
/// `cargo install crdb-cli --features kerberos` where it is needed.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Build a second time in a copy of the tree, and compare the bytes
    #[arg(long)]
    reproduce: bool,
    /// Try it: that it is static and small, and asks a server over TLS
    #[arg(long)]
    test: bool,
}

/// Builds, and does what was asked for with the result.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    let target = workspace::target_directory()?;
    // Dependencies that the image has too are compiled once.
    let place = target.join("image/build");
    let program = Program::build(&root, &target, &place, CRDB, Linking::Static)?;
    let built = Built::read(&root, &program)?;
    let path = target.join("program/crdb");
    // A copy keeps the right to be run.
    write(&target.join("program/crdb.cdx.json"), &built.bill)?;
    fs::copy(&program.path, &path).with_context(|| format!("writing {}", path.display()))?;
    println!(
        "{}: {:.1} MiB, version {}",
        path.display(),
        mebibytes(built.program.len()),
        program.version
    );
    if arguments.reproduce {
        let second = artefact::again(&root, &target, CRDB, Linking::Static, Built::read)?;
        ensure!(
            second == built,
            "two builds of the same sources differ: their bytes are {} and {}",
            built.program.len(),
            second.program.len()
        );
        println!("a second build, in another directory, gave the same bytes");
    }
    if arguments.test {
        test(&path, built.program.len())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries the program with a server that it starts itself, whose certificate it verifies.
fn test(program: &Path, size: usize) -> Result<()> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .context("ldd could not be started")?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(
        is_static(&out, &err),
        "the program is not static: {out}{err}"
    );
    println!("ok: it needs no library and no loader");
    ensure!(
        size <= LARGEST,
        "the program has {:.1} MiB, which is more than {:.0}",
        mebibytes(size),
        mebibytes(LARGEST)
    );
    println!("ok: {:.1} MiB, stripped", mebibytes(size));

    let directory = tempfile::tempdir().context("no temporary directory")?;
    let queries = directory.path().join("sql");
    fs::create_dir(&queries)?;
    fs::write(
        queries.join("one.sql"),
        "-- name: one :one\nSELECT 41::INT8 + 1 AS answer;\n",
    )?;
    fs::write(
        directory.path().join("crdb.yaml"),
        "version: 1\nsql: { directory: sql }\n",
    )?;
    let program = program.canonicalize()?;
    let output = Command::new(&program)
        .args(["dev", "--empty", "--", "sh", "-euc"])
        .arg("\"$0\" doctor; \"$0\" query one.one --format csv")
        .arg(&program)
        .current_dir(directory.path())
        .output()
        .context("the program could not be started")?;
    // CSV ends its lines as RFC 4180 says.
    let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    ensure!(
        output.status.success() && said.contains("TLS") && said.ends_with("answer\n42\n"),
        "crdb dev: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    println!("ok: it finds `localhost`, verifies the server's certificate, logs in and asks");
    Ok(())
}

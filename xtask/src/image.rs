//! `cargo xtask image`: the container image of the bank service.

mod archive;
mod closure;
mod daemon;
mod program;
mod sbom;
mod stand_in;
mod trial;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::workspace;
use archive::{Image, Tree};
use program::{Linking, Program};

/// Builds the container image of `examples/bank-service`, without a container engine.
///
/// Writes `target/image/bank-service.tar`, which `docker load`, `podman load` and `skopeo` read, and the bill of materials
/// beside it. The image holds one static program, runs as user 65532, and needs no writable file. Its bytes depend on the
/// sources and the toolchain alone.
///
/// A program that logs in by Kerberos cannot be static: `--kerberos` adds the shared libraries that it needs, from this machine.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Build with login by Kerberos, and with the shared libraries for it
    #[arg(long)]
    kerberos: bool,
    /// Build a second time in a copy of the tree, and compare the bytes
    #[arg(long)]
    reproduce: bool,
    /// Run the image: two containers and an engine on a private network of a container engine of its own (needs root)
    #[arg(long)]
    test: bool,
}

/// Builds, and does what was asked for with the result.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    let target = workspace::target_directory()?;
    let linking = if arguments.kerberos {
        Linking::Shared
    } else {
        Linking::Static
    };
    let place = target.join("image");
    let program = Program::build(&root, &target, &place.join("build"), linking)?;
    let built = assemble(&root, &program, linking)?;
    let name = match linking {
        Linking::Static => "bank-service",
        Linking::Shared => "bank-service-kerberos",
    };
    let archive = place.join(format!("{name}.tar"));
    write(&archive, &built.archive)?;
    write(&place.join(format!("{name}.cdx.json")), &built.sbom)?;
    println!(
        "{}: {:.1} MiB, image {}",
        archive.display(),
        mebibytes(built.archive.len()),
        built.digest
    );
    if arguments.reproduce {
        reproduce(&root, &target, linking, &built)?;
    }
    if arguments.test {
        return trial::run(&archive, &built.reference, linking);
    }
    Ok(ExitCode::SUCCESS)
}

/// What goes out.
struct Built {
    archive: Vec<u8>,
    sbom: Vec<u8>,
    digest: String,
    reference: String,
}

fn assemble(root: &Path, program: &Program, linking: Linking) -> Result<Built> {
    let bytes =
        fs::read(&program.path).with_context(|| format!("reading {}", program.path.display()))?;
    let sbom = sbom::of(root, &bytes, program)?;
    let mut tree = Tree::default();
    tree.file("bank-service", 0o755, bytes);
    tree.file("usr/share/sbom/bank-service.cdx.json", 0o644, sbom.clone());
    tree.file(
        "etc/passwd",
        0o644,
        b"bank:x:65532:65532:bank:/:/sbin/nologin\n".to_vec(),
    );
    tree.file("etc/group", 0o644, b"bank:x:65532:\n".to_vec());
    // Where configuration, secrets and the audit log are mounted.
    for directory in ["etc/bank", "run/secrets", "var/lib/bank"] {
        tree.directory(directory);
    }
    if linking == Linking::Shared {
        closure::add(&mut tree, &program.path)?;
        closure::add_kerberos(&mut tree)?;
    }
    let image = Image {
        tree,
        version: program.version.clone(),
        revision: program.revision.clone(),
        created: program.created.clone(),
        linking,
    };
    let (archive, digest) = image.archive()?;
    Ok(Built {
        archive,
        sbom,
        digest,
        reference: image.reference(),
    })
}

/// Builds in another directory, from a copy of what git tracks, and compares.
fn reproduce(root: &Path, target: &Path, linking: Linking, first: &Built) -> Result<()> {
    let copy = tempfile::tempdir().context("no temporary directory")?;
    let tree = copy.path().join("tree");
    workspace::copy_tracked(root, &tree)?;
    let mut program = Program::build(&tree, target, &copy.path().join("build"), linking)?;
    // The copy has no history.
    program.stamp(root)?;
    let second = assemble(&tree, &program, linking)?;
    ensure!(
        second.archive == first.archive,
        "two builds of the same sources differ: {} and {}",
        first.digest,
        second.digest
    );
    println!("a second build, in another directory, gave the same bytes");
    Ok(())
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<()> {
    let what = || format!("writing {}", path.display());
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).with_context(what)?;
    }
    fs::write(path, bytes).with_context(what)
}

fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

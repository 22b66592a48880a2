//! `cargo xtask image`: the container image of the bank service.

mod archive;
pub(crate) mod closure;
mod compose;
mod daemon;
mod stand_in;
mod traffic;
mod trial;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::artefact::{self, BANK_SERVICE, Built, Linking, Program, mebibytes, write};
use crate::workspace;
use archive::{Image, Tree};

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
    /// Run `deploy/compose/compose.yaml` with the image and `crdb`, and with stand-ins for what cannot be fetched (needs root)
    #[arg(long, conflicts_with = "kerberos")]
    compose: bool,
    /// The same with this archive of an image and this program, in the network of this process
    #[arg(long, num_args = 2, value_names = ["IMAGE", "PROGRAM"], hide = true)]
    compose_here: Vec<PathBuf>,
}

/// Builds, and does what was asked for with the result.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = workspace::root()?;
    let target = workspace::target_directory()?;
    if let [image, program] = arguments.compose_here.as_slice() {
        compose::run_here(&root, &target, image, program)?;
        return Ok(ExitCode::SUCCESS);
    }
    let linking = if arguments.kerberos {
        Linking::Shared
    } else {
        Linking::Static
    };
    let place = target.join("image");
    let program = Program::build(&root, &target, &place.join("build"), BANK_SERVICE, linking)?;
    let built = assemble(&root, &program)?;
    let name = match linking {
        Linking::Static => "bank-service",
        Linking::Shared => "bank-service-kerberos",
    };
    let archive = place.join(format!("{name}.tar"));
    write(&archive, &built.archive)?;
    write(&place.join(format!("{name}.cdx.json")), &built.bill)?;
    println!(
        "{}: {:.1} MiB, image {}",
        archive.display(),
        mebibytes(built.archive.len()),
        built.digest
    );
    if arguments.reproduce {
        let second = artefact::again(&root, &target, BANK_SERVICE, linking, assemble)?;
        ensure!(
            second.archive == built.archive,
            "two builds of the same sources differ: {} and {}",
            built.digest,
            second.digest
        );
        println!("a second build, in another directory, gave the same bytes");
    }
    if arguments.test {
        trial::run(&archive, &built.reference, linking)?;
    }
    if arguments.compose {
        compose::run(&root, &target, &archive)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What goes out.
struct Packed {
    archive: Vec<u8>,
    bill: Vec<u8>,
    digest: String,
    reference: String,
}

fn assemble(root: &Path, program: &Program) -> Result<Packed> {
    let Built {
        program: bytes,
        bill,
    } = Built::read(root, program)?;
    let mut tree = Tree::default();
    tree.file("bank-service", 0o755, bytes);
    tree.file("usr/share/sbom/bank-service.cdx.json", 0o644, bill.clone());
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
    if program.linking == Linking::Shared {
        closure::add(&mut tree, &program.path)?;
        closure::add_kerberos(&mut tree)?;
    }
    let image = Image {
        tree,
        version: program.version.clone(),
        revision: program.revision.clone(),
        created: program.created.clone(),
        linking: program.linking,
    };
    let (archive, digest) = image.archive()?;
    Ok(Packed {
        archive,
        bill,
        digest,
        reference: image.reference(),
    })
}

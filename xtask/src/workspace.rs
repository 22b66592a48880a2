//! Where the workspace is and what cargo knows about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// The directory of the workspace's root manifest.
///
/// # Errors
/// When the current directory is not inside a cargo workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let output = cargo()
        .args(["locate-project", "--workspace", "--message-format", "plain"])
        .output()
        .context("cargo locate-project could not be started")?;
    if !output.status.success() {
        bail!(
            "no workspace here: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let manifest = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    manifest
        .parent()
        .map(Path::to_path_buf)
        .context("the workspace manifest has no directory")
}

/// The cargo that runs this program, or the one on PATH.
pub(crate) fn cargo_path() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// A command of [`cargo_path`].
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(cargo_path());
    forget_package(&mut command);
    command
}

/// Takes from a command's environment what cargo has told this program of its own package.
///
/// Build scripts get the same of theirs, by the same names, and that of `ring` asks to be run again when they change:
/// a build below `cargo xtask` and one without it would take turns at compiling all that stands on it.
pub(crate) fn forget_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
}

/// Whether a program that gets these arguments only answers about itself.
pub(crate) fn only_asks(arguments: &[String]) -> bool {
    let questions = ["--help", "-h", "--list"];
    arguments
        .iter()
        .any(|argument| questions.contains(&argument.as_str()))
}

/// Builds with these arguments, then runs a program that came out with `words`; its exit code is this one's.
///
/// # Errors
/// When it does not compile, or one of the two cannot be started.
pub(crate) fn build_and_run(
    arguments: &[&str],
    program: &str,
    words: &[String],
) -> Result<ExitCode> {
    let root = root()?;
    let built = cargo()
        .arg("build")
        .args(arguments)
        .current_dir(&root)
        .status()
        .context("cargo build could not be started")?;
    if !built.success() {
        bail!("{program} does not compile; the compiler's words are above");
    }
    let profile = match arguments.contains(&"--release") {
        true => "release",
        false => "debug",
    };
    let mut command = Command::new(target_directory()?.join(profile).join(program));
    forget_package(&mut command);
    let status = command
        .args(words)
        .current_dir(&root)
        .status()
        .with_context(|| format!("{program} could not be started"))?;
    Ok(match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    })
}

/// The target triple that this machine's compiler builds for.
///
/// # Errors
/// When `rustc` cannot be run.
pub(crate) fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("rustc could not be started")?;
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc -vV names no host")
}

/// `cargo metadata` of the manifest in `directory`: its graph with all features, as this machine resolves it.
///
/// # Errors
/// When cargo refuses the manifest, with cargo's own words.
pub(crate) fn metadata(directory: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .cargo_path(cargo_path())
        .other_options(["--filter-platform".to_owned(), host()?])
        .manifest_path(directory.join("Cargo.toml"))
        .features(cargo_metadata::CargoOpt::AllFeatures)
        .exec()
        .with_context(|| format!("cargo metadata failed in {}", directory.display()))
}

/// Where builds go.
///
/// # Errors
/// When cargo refuses the workspace's manifest.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .cargo_path(cargo_path())
        .manifest_path(root()?.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("cargo metadata failed")?;
    Ok(metadata.target_directory.into_std_path_buf())
}

/// The feature of what is compared with: other clients, which take longer to compile than the rest. `cargo xtask bench`
/// turns it on, and `cargo xtask chaos` for R4.
const PEERS: &str = "peers";

/// Cargo's arguments for these packages, all where none is named, with default features or with all but [`PEERS`].
pub(crate) fn selection(
    metadata: &Metadata,
    packages: &[String],
    all_features: bool,
) -> Vec<String> {
    let mut arguments: Vec<String> = match packages {
        [] => vec!["--workspace".to_owned()],
        named => named
            .iter()
            .flat_map(|name| ["--package".to_owned(), name.clone()])
            .collect(),
    };
    if all_features {
        let mut features = vec!["--features".to_owned()];
        let chosen = metadata.workspace_packages().into_iter().filter(|package| {
            packages.is_empty() || packages.iter().any(|name| *name == *package.name)
        });
        features.push(
            chosen
                .flat_map(optional)
                .map(|(package, feature)| format!("{package}/{feature}"))
                .collect::<Vec<_>>()
                .join(","),
        );
        arguments.extend(features);
    }
    arguments
}

/// The packages that have a feature which is off by default and is not [`PEERS`], by name.
pub(crate) fn with_options(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    packages
        .into_iter()
        .filter(|package| optional(package).next().is_some())
        .map(|package| package.name.to_string())
        .collect()
}

/// The features of a package that are off by default, but for [`PEERS`].
fn optional(package: &Package) -> impl Iterator<Item = (&str, &str)> {
    let default = package.features.get("default");
    let is_default = move |name: &String| default.is_some_and(|names| names.contains(name));
    package
        .features
        .keys()
        .filter(move |name| *name != "default" && *name != PEERS && !is_default(name))
        .map(|name| (package.name.as_str(), name.as_str()))
}

/// Runs a command that has to succeed.
///
/// # Errors
/// When it cannot be started or fails: which command, and how.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{} could not be started", written(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", written(command));
    }
    Ok(())
}

/// The command as it is typed.
fn written(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut words = vec![
        program
            .file_name()
            .unwrap_or(command.get_program())
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    format!("`{}`", words.join(" "))
}

/// Copies what git tracks, as it lies in the work tree.
///
/// # Errors
/// When git cannot be asked, or a file cannot be copied.
pub(crate) fn copy_tracked(from: &Path, to: &Path) -> Result<()> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(from)
        .output()
        .context("git could not be started")?;
    for name in String::from_utf8(output.stdout)?.split('\0') {
        let source = from.join(name);
        if name.is_empty() || !source.is_file() {
            continue;
        }
        let target = to.join(name);
        if let Some(directory) = target.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::copy(&source, &target).with_context(|| format!("{name} could not be copied"))?;
    }
    Ok(())
}

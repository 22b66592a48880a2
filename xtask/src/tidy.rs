//! `cargo xtask tidy`: the rules of this workspace that neither rustc nor clippy checks.
//!
//! Each rule is a function from what it looks at to findings; [`run`] gathers what they look at.

mod actors;
mod copies;
mod facts;
mod finding;
mod layers;
mod machine;
mod manifests;
mod names;
mod pages;
mod runbooks;
mod sources;
mod transitive;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::workspace;
use finding::Finding;

/// Checks what the compiler does not.
///
/// The layers and their arrows (normal, optional, build and dev dependencies), source files that no module reaches,
/// names that say nothing, manifests that do not share the lint table, READMEs and changelogs, paths of one
/// machine, words that hide who acts, public names that are spelled in two ways,
/// code that two crates hold alike, links and quoted code of the pages, form and SQL of the runbooks, the
/// tests that the page of facts about CockroachDB names. Prints every finding with its place; exits with 1 when there is one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The workspace to check, by its directory
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Also list the source files above this many lines (a hint to split, not a fault)
    #[arg(long, value_name = "LINES", default_value_t = 600)]
    long: usize,
}

/// Runs every rule.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let root = match &arguments.root {
        Some(root) => root.canonicalize()?,
        None => workspace::root()?,
    };
    let report = check(&root, arguments.long)?;
    for (path, lines) in &report.long_files {
        println!("long: {} has {lines} lines", path.display());
    }
    for finding in &report.findings {
        println!("{finding}");
    }
    println!(
        "tidy: {} packages, {} source files, {} findings",
        report.packages,
        report.files,
        report.findings.len()
    );
    Ok(if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What a check of a workspace found.
struct Report {
    findings: Vec<Finding>,
    long_files: Vec<(PathBuf, usize)>,
    packages: usize,
    files: usize,
}

fn check(root: &Path, long: usize) -> Result<Report> {
    let metadata = workspace::metadata(root)?;
    let mut findings = layers::check(&metadata);
    findings.extend(transitive::check(&metadata));

    let packages = manifests::find(root)?;
    let mut files = 0;
    let mut long_files = Vec::new();
    for package in &packages {
        findings.extend(manifests::check(root, package)?);
        let sources = sources::Sources::of(package)?;
        findings.extend(sources.check(root));
        long_files.extend(sources.longer_than(root, long));
        files += sources.len();
    }
    findings.extend(machine::check(root)?);
    findings.extend(actors::check(root)?);
    findings.extend(copies::check(root));
    findings.extend(names::check(root)?);
    findings.extend(pages::check(root)?);
    findings.extend(runbooks::check(root)?);
    findings.extend(facts::check(root)?);
    long_files.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    Ok(Report {
        findings,
        long_files,
        packages: packages.len(),
        files,
    })
}

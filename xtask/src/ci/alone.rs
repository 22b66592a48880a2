//! Each crate by itself, as a user has it who wants that layer only.
//!
//! In the workspace's own builds cargo unites the features that all packages ask for, so that a crate can lack one
//! unnoticed.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use cargo_metadata::Package;

use super::context::Context;
use crate::workspace::succeed;

/// A crate with a feature that new services have, and that no other step compiles without what the workspace's own packages add to it.
const USUAL: (&str, &str) = ("crdb-facade", "migrate");

/// Checks every crate with its default features, and the usual ones; all failures are named.
pub(crate) fn run(context: &Context) -> Result<()> {
    check(context, |package, features| match features {
        Features::Default => true,
        Features::None => false,
        Features::Only(feature) => USUAL == (package.name.as_str(), feature),
    })
}

/// Checks every crate without features and with each alone; all failures are named.
pub(crate) fn each(context: &Context) -> Result<()> {
    check(context, |_, features| *features != Features::Default)
}

fn check(context: &Context, wanted: fn(&Package, &Features) -> bool) -> Result<()> {
    let mut failures = Vec::new();
    for package in context.crates() {
        let chosen = choices(package).into_iter();
        for features in chosen.filter(|features| wanted(package, features)) {
            let arguments = arguments(package, &features);
            let checked = succeed(
                context
                    .cargo(&["clippy", "--quiet", "--lib"])
                    .args(&arguments)
                    .args(["--", "-D", "warnings"]),
            );
            println!(
                "{} {}: {}",
                package.name,
                describe(&features),
                if checked.is_ok() { "ok" } else { "failed" }
            );
            if checked.is_err() {
                failures.push(format!("{} {}", package.name, describe(&features)));
            }
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("; "));
    }
    Ok(())
}

/// Which features are on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Features {
    Default,
    None,
    Only(String),
}

/// Every choice that makes a difference for this crate.
fn choices(package: &Package) -> BTreeSet<Features> {
    let mut choices = BTreeSet::from([Features::Default]);
    let default = package.features.get("default").map_or(0, Vec::len);
    if default > 0 {
        choices.insert(Features::None);
    }
    for name in package.features.keys() {
        if name != "default" {
            choices.insert(Features::Only(name.clone()));
        }
    }
    choices
}

fn arguments(package: &Package, features: &Features) -> Vec<String> {
    let mut arguments = vec!["--package".to_owned(), package.name.to_string()];
    match features {
        Features::Default => {}
        Features::None => arguments.push("--no-default-features".to_owned()),
        Features::Only(feature) => arguments.extend([
            "--no-default-features".to_owned(),
            "--features".to_owned(),
            feature.clone(),
        ]),
    }
    arguments
}

fn describe(features: &Features) -> String {
    match features {
        Features::Default => "with default features".to_owned(),
        Features::None => "without features".to_owned(),
        Features::Only(feature) => format!("with {feature} alone"),
    }
}

//! `cargo xtask test`: every test of the workspace, with what it needs set up first.

mod build;
mod execute;
mod libtest;
#[cfg(feature = "engine")]
mod quirks;
mod report;
mod side_by_side;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::setup;
use crate::workspace;
pub(crate) use libtest::NEEDS_COCKROACH;
use report::Report;
use side_by_side::side_by_side;

/// Sets up what the tests need and runs all of them, the examples in the documentation included.
///
/// A test that needs a program which is not here says so, and is listed at the end with its reason rather than as a
/// failure. A test marked `#[ignore = "needs CockroachDB: .."]` runs when CRDB_TEST_URL is set or a cockroach binary
/// is on PATH. The last line is `N passed, N failed, N skipped`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Fail on every test that did not run, except those that need CockroachDB, or another server than CRDB_TEST_URL's
    #[arg(long)]
    strict: bool,
    /// Turn on every feature of every package, but for the clients that only benchmarks compare with
    #[arg(long)]
    all_features: bool,
    /// Run tests that have a long form in that form, by setting CRDB_TEST_LONG; this takes many minutes
    #[arg(long)]
    long: bool,
    /// Take the machine as it is: neither look for system packages nor install them
    #[arg(long)]
    no_setup: bool,
    /// Only packages that have a feature which is off by default: with the others, default features are all features
    #[arg(long, conflicts_with = "package")]
    with_options: bool,
    /// Run the tests that use servers against the quirks proxy as this release, such as v22.2, or as `all`; may be repeated.
    /// Tests that set no release of their own have their proxies speak like it, too
    #[arg(long, value_name = "RELEASE")]
    quirks: Vec<String>,
    /// How many test programs run at a time; each runs its tests in parallel. Most of them wait more than they compute
    #[arg(long, value_name = "NUMBER", default_value = "3")]
    jobs: NonZeroUsize,
    /// Only this package; may be given more than once
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Only test programs of this name, such as a file in `tests`, or of one the tests in a module: `executor::transactions`; may be
    /// repeated. All are built
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// Only tests whose name contains this
    filter: Option<String>,
}

impl Arguments {
    /// What the names of a program's tests contain, one of these; `None` where the program is not to run.
    fn filters(&self, target: &str) -> Option<Vec<String>> {
        let all = || Some(self.filter.iter().cloned().collect());
        if self.target.is_empty() {
            return all();
        }
        let mut modules = Vec::new();
        for wanted in &self.target {
            match wanted.split_once("::") {
                None if wanted == target => return all(),
                Some((program, module)) if program == target => modules.push(format!("{module}::")),
                _ => {}
            }
        }
        (!modules.is_empty()).then_some(modules)
    }

    /// The programs that are to run, with what the names of their tests contain.
    fn wanted<'e>(
        &self,
        executables: impl IntoIterator<Item = &'e build::Executable>,
    ) -> Vec<(&'e build::Executable, Vec<String>)> {
        let filters = |it: &'e build::Executable| Some((it, self.filters(&it.target)?));
        executables.into_iter().filter_map(filters).collect()
    }
}

/// Runs the tests.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    #[cfg(not(feature = "engine"))]
    if !arguments.quirks.is_empty() {
        return crate::relaunch::with_feature("engine");
    }
    ensure!(
        arguments.filter.is_none() || arguments.target.iter().all(|it| !it.contains("::")),
        "a module and a part of a name are given; libtest takes one of them: leave out either"
    );
    let root = workspace::root()?;
    if !arguments.no_setup {
        setup::prepare(setup::Purpose::Tests, "test");
    }
    let metadata = workspace::metadata(&root)?;
    let selection = build::Selection {
        packages: if arguments.with_options {
            workspace::with_options(&metadata)
        } else {
            arguments.package.clone()
        },
        all_features: arguments.all_features,
    };
    #[cfg(feature = "engine")]
    if !arguments.quirks.is_empty() {
        return against_quirks(arguments, &root, &metadata, &selection);
    }
    let cockroach = setup::cockroach();
    match &cockroach {
        Some(place) => println!("test: CockroachDB found: {place}"),
        None => println!(
            "test: no CockroachDB (CRDB_TEST_URL is not set, no cockroach on PATH): its tests are listed at the end"
        ),
    }

    let mut report = Report::default();
    let filter = arguments.filter.as_deref();
    let executables = build::executables(&root, &metadata, &selection)?;
    let also = cockroach.is_some().then_some(libtest::NEEDS_COCKROACH);
    let wanted = arguments.wanted(&executables);
    for suite in side_by_side(arguments.jobs, &wanted, |(executable, filters)| {
        execute::run(executable, filters, also, arguments.long, &[])
    })? {
        report.add(suite);
    }
    // Only libraries have examples, and cargo takes a selection without one for a mistake.
    if executables
        .iter()
        .any(|it| it.target == "lib" && arguments.filters(&it.target).is_some())
    {
        for suite in execute::documentation(&root, &metadata, &selection, filter)? {
            report.add(suite);
        }
    }
    print!("{report}");
    Ok(if report.is_success(arguments.strict) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs the tests of the packages that use servers, and do not imitate them, as one release after the other.
#[cfg(feature = "engine")]
fn against_quirks(
    arguments: &Arguments,
    root: &std::path::Path,
    metadata: &cargo_metadata::Metadata,
    selection: &build::Selection,
) -> Result<ExitCode> {
    let uses_servers = |name: &str| {
        metadata.packages.iter().any(|package| {
            package.name.as_str() == name
                && package
                    .dependencies
                    .iter()
                    .any(|dependency| dependency.name == TESTKIT)
        })
    };
    let executables = build::executables(root, metadata, selection)?;
    let mut report = Report::default();
    quirks::each(&arguments.quirks, |release, environment| {
        // A library's own tests ask no server.
        let asks = |it: &build::Executable| it.target != "lib" && uses_servers(&it.package);
        let wanted = arguments.wanted(executables.iter().filter(|it| asks(it)));
        let also = Some(libtest::NEEDS_COCKROACH);
        for mut suite in side_by_side(arguments.jobs, &wanted, |(executable, filters)| {
            execute::run(executable, filters, also, arguments.long, environment)
        })? {
            suite.target = format!("{} as {release}", suite.target);
            report.add(suite);
        }
        Ok(())
    })?;
    print!("{report}");
    Ok(if report.is_success(arguments.strict) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whose tests are about imitating servers.
#[cfg(feature = "engine")]
const TESTKIT: &str = "crdb-testkit";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn filters(line: &[&str], target: &str) -> Option<Vec<String>> {
        let line = Line::try_parse_from([&["test"], line].concat()).unwrap();
        line.arguments.filters(target)
    }

    #[test]
    fn a_target_is_a_program_or_a_module_of_one() {
        let some = |filters: &[&str]| Some(filters.iter().map(ToString::to_string).collect());
        assert_eq!(filters(&[], "a"), some(&[]));
        assert_eq!(filters(&["part"], "a"), some(&["part"]));
        assert_eq!(filters(&["--target", "a", "part"], "a"), some(&["part"]));
        assert_eq!(filters(&["--target", "a"], "b"), None);
        let modules = ["--target", "a::x", "--target", "a::y", "--target", "b"];
        assert_eq!(filters(&modules, "a"), some(&["x::", "y::"]));
        assert_eq!(filters(&modules, "b"), some(&[]));
        assert_eq!(filters(&modules, "x"), None);
        // The whole program has the module's tests, too.
        assert_eq!(
            filters(&["--target", "a::x", "--target", "a"], "a"),
            some(&[])
        );
    }
}

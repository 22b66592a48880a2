//! `cargo xtask test`: every test of the workspace, with what it needs set up first.

mod build;
mod execute;
mod libtest;
#[cfg(feature = "engine")]
mod quirks;
mod report;
mod side_by_side;
mod target;

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::setup;
use crate::workspace;
pub(crate) use libtest::NEEDS_COCKROACH;
use report::{Report, Suite};
use side_by_side::side_by_side;
use target::{Target, Wanted};

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
    /// How many test programs run at a time; each runs its tests in parallel. Without it three, most of which wait more than they
    /// compute; on CockroachDB, which computes more, two
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    /// Only this package; may be given more than once
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// Only test programs of this name, such as a file in `tests`, or of one the tests in a module: `executor::transactions`; may be
    /// repeated. All are built
    #[arg(long, value_name = "NAME")]
    target: Vec<Target>,
    /// Only tests whose name contains this
    filter: Option<String>,
}

/// Runs the tests.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    #[cfg(not(feature = "engine"))]
    if !arguments.quirks.is_empty() {
        return crate::relaunch::with_feature("engine");
    }
    let wanted = Wanted::new(&arguments.target, arguments.filter.as_deref())?;
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
        return against_quirks(arguments, wanted, &root, &metadata, &selection);
    }
    let cockroach = setup::cockroach();
    match &cockroach {
        Some(place) => println!("test: CockroachDB found: {place}"),
        None => println!(
            "test: no CockroachDB (CRDB_TEST_URL is not set, no cockroach on PATH): its tests are listed at the end"
        ),
    }

    let executables = build::executables(&root, &metadata, &selection)?;
    let also = cockroach.is_some().then_some(libtest::NEEDS_COCKROACH);
    let usual = if cockroach.is_some() {
        WITH_COCKROACH
    } else {
        USUAL
    };
    let jobs = arguments.jobs.unwrap_or(usual);
    let run = |executable: &_, filters: &[String]| {
        execute::run(executable, filters, also, arguments.long, &[])
    };
    let suites = run_wanted(jobs, wanted, &executables, run)?;
    let mut report = Report::default();
    suites.into_iter().for_each(|suite| report.add(suite));
    // Only libraries have examples, and cargo takes a selection without one for a mistake.
    if executables
        .iter()
        .any(|it| it.target == "lib" && wanted.is_whole(&it.target))
    {
        let filter = arguments.filter.as_deref();
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

/// How many test programs run at a time.
const USUAL: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);
const WITH_COCKROACH: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

/// Runs those of the programs that are asked for.
fn run_wanted<'e>(
    jobs: NonZeroUsize,
    wanted: Wanted<'_>,
    executables: impl IntoIterator<Item = &'e build::Executable>,
    run: impl Fn(&build::Executable, &[String]) -> Result<Suite> + Sync,
) -> Result<Vec<Suite>> {
    let filters = |it: &'e build::Executable| Some((it, wanted.filters(&it.target)?));
    let chosen: Vec<_> = executables.into_iter().filter_map(filters).collect();
    let suites = side_by_side(jobs, &chosen, |(executable, filters)| {
        run(executable, filters)
    })?;
    wanted.check(&suites)?;
    Ok(suites)
}

/// Runs the tests of the packages that use servers, and do not imitate them, as one release after the other.
#[cfg(feature = "engine")]
fn against_quirks(
    arguments: &Arguments,
    wanted: Wanted<'_>,
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
        let also = Some(libtest::NEEDS_COCKROACH);
        let run = |executable: &_, filters: &[String]| {
            execute::run(executable, filters, also, arguments.long, environment)
        };
        let asking = executables.iter().filter(|it| asks(it));
        let jobs = arguments.jobs.unwrap_or(USUAL);
        for mut suite in run_wanted(jobs, wanted, asking, run)? {
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

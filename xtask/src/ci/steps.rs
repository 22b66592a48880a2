//! The steps, in the order in which they run: what fails fastest first.

use anyhow::{Result, ensure};

use super::context::Context;
use super::{alone, chaos, deployment, release};
use crate::tool;
use crate::workspace::succeed;

/// When a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// In every run.
    Always,
    /// With `--full`.
    Full,
}

/// One thing that has to hold.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) purpose: &'static str,
    pub(crate) extent: Extent,
    pub(crate) run: fn(&Context) -> Result<()>,
}

const fn always(
    name: &'static str,
    purpose: &'static str,
    run: fn(&Context) -> Result<()>,
) -> Step {
    Step {
        name,
        purpose,
        extent: Extent::Always,
        run,
    }
}

const fn full(name: &'static str, purpose: &'static str, run: fn(&Context) -> Result<()>) -> Step {
    Step {
        name,
        purpose,
        extent: Extent::Full,
        run,
    }
}

/// All of them.
pub(crate) const STEPS: &[Step] = &[
    always("fmt", "the code is formatted", fmt),
    always("tidy", "the rules that no compiler checks", |context| {
        context.xtask(&["tidy"])
    }),
    always(
        "setup",
        "the system packages that builds and tests need",
        |context| context.xtask(&["setup"]),
    ),
    always(
        "deny",
        "licences, banned crates and sources of the dependencies",
        deny,
    ),
    // Default features are the step `alone`'s.
    always(
        "clippy",
        "no warnings in any target, with all features",
        clippy,
    ),
    always(
        "doc",
        "documentation without warnings, with all features, as docs.rs shows it",
        |context| doc(context, true),
    ),
    always(
        "alone",
        "each crate by itself, with default features",
        alone::run,
    ),
    always(
        "sql",
        "the SQL files are formatted and without lints",
        |context| context.xtask(&["sql", "check"]),
    ),
    always(
        "codegen",
        "the generated code is what its sources give",
        |context| {
            context.xtask(&["codegen", "--check"])?;
            let odd = "tests/tests/generated/odd";
            let out = format!("{odd}/generated.rs");
            context.xtask(&[
                "codegen", "--check", "--facade", "--sql", odd, "--out", &out,
            ])?;
            for example in ["bank-service", "library-service"] {
                let sql = format!("examples/{example}/sql");
                let out = format!("examples/{example}/src/generated.rs");
                let derive = "crdb_facade::serde::Serialize";
                context.xtask(&[
                    "codegen", "--check", "--facade", "--derive", derive, "--sql", &sql, "--out",
                    &out,
                ])?;
                context.xtask(&["sql", "check", &sql])?;
            }
            Ok(())
        },
    ),
    always("test", "all tests with all features", |context| {
        context.test(&["--strict", "--all-features"])
    }),
    // Its one option takes another way to log in; elsewhere features add code to what the step before has tested.
    always(
        "test-default",
        "the tests of login without Kerberos",
        |context| context.test(&["--strict", "--package", "crdb-auth"]),
    ),
    // Where the release matters most; `quirks-full` asks everything as every release, migrations too, which take longest. Proxies that a
    // test starts by itself speak like the newest already, in the step `test`.
    always(
        "quirks",
        "transactions, verdicts and what lies above them on the oldest release that is imitated in full, and on the newest",
        |context| {
            let always = [
                "verdicts",
                "executor::cockroach_habits",
                "executor::transactions",
                "database",
                "data",
            ];
            for (release, targets) in [
                ("v22.2", [always.as_slice(), &["cache"]].concat()),
                ("v26.2", always.to_vec()),
            ] {
                let mut arguments = vec!["--strict", "--all-features", "--quirks", release];
                for target in targets {
                    arguments.extend(["--target", target]);
                }
                context.test_by(context.program("xtask")?, &arguments)?;
            }
            Ok(())
        },
    ),
    always(
        "benches",
        "every micro-benchmark runs once, unmeasured",
        benches,
    ),
    always("demo", "the demo runs to its end", |context| {
        succeed(context.program("xtask")?.arg("demo"))
    }),
    always(
        "chaos",
        "nothing wrong is seen while things break, for a short time",
        chaos::short,
    ),
    always(
        "fuzz",
        "every fuzz target survives the same ten thousand inputs",
        // By a seed: what fails here was broken by the change, and not found by chance.
        |context| {
            // So few inputs take less time than the optimizer would.
            succeed(
                context
                    .cargo(&["xtask", "fuzz", "--runs", "10000", "--seed", "1"])
                    .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            )
        },
    ),
    // Most of the time goes to what optional dependencies compile with each choice.
    full(
        "features",
        "each crate without features, and with each feature alone",
        alone::each,
    ),
    full(
        "doc-default",
        "documentation without warnings, with default features",
        |context| doc(context, false),
    ),
    full(
        "chaos-full",
        "the same up to each row's full size",
        |context| context.xtask(&["chaos", "--check"]),
    ),
    full(
        "fuzz-full",
        "every fuzz target survives ten million inputs",
        |context| context.xtask(&["fuzz", "--runs", "10000000"]),
    ),
    full(
        "test-long",
        "all tests with all features, the long forms too",
        |context| context.test(&["--strict", "--all-features", "--long"]),
    ),
    full(
        "test-default-full",
        "the tests of packages whose default features are not all, with those",
        |context| context.test(&["--strict", "--with-options"]),
    ),
    full(
        "quirks-full",
        "all tests that use servers, on the quirks proxy as every release",
        |context| context.test(&["--strict", "--all-features", "--quirks", "all"]),
    ),
    full(
        "peers",
        "no warnings in what compares with other clients",
        |context| {
            succeed(
                context
                    .cargo(&["clippy", "--quiet", "--all-targets"])
                    .args(["--package", "crdb-benches", "--package", "crdb-tests"])
                    .args(["--all-features", "--", "-D", "warnings"]),
            )
        },
    ),
    full(
        "embedded",
        "the demo with the engine that needs no system package",
        |context| context.xtask(&["demo", "--engine", "embedded"]),
    ),
    full(
        "deployment",
        "the Kubernetes objects render, and are what Kubernetes knows",
        deployment::run,
    ),
    full(
        "program",
        "the static program crdb has the same bytes twice, and works",
        |context| context.xtask(&["program", "--reproduce", "--test"]),
    ),
    full(
        "image",
        "the container image has the same bytes twice, and works, also as the compose file runs it",
        |context| context.xtask(&["image", "--reproduce", "--test", "--compose"]),
    ),
    full(
        "semver",
        "no breaking change since the last release without a new version",
        release::semver,
    ),
    full(
        "minimal",
        "the oldest versions that the manifests promise compile",
        release::minimal,
    ),
];

fn fmt(context: &Context) -> Result<()> {
    succeed(&mut context.cargo(&["fmt", "--all", "--check"]))
}

fn deny(context: &Context) -> Result<()> {
    let deny = tool::CARGO_DENY.provide(&context.target())?;
    succeed(
        std::process::Command::new(deny)
            .args(["--all-features", "check", "--hide-inclusion-graph"])
            .args(["licenses", "bans", "sources"])
            .current_dir(&context.root),
    )
}

fn clippy(context: &Context) -> Result<()> {
    succeed(
        context
            .cargo(&["clippy", "--quiet", "--all-targets"])
            .args(context.everything(true))
            .args(["--", "-D", "warnings"]),
    )
}

fn doc(context: &Context, all_features: bool) -> Result<()> {
    ensure!(
        std::env::var_os("RUSTDOCFLAGS").is_none(),
        "RUSTDOCFLAGS is set; unset it, this step sets its own"
    );
    succeed(
        context
            .cargo(&["doc", "--quiet", "--no-deps"])
            .args(context.everything(all_features))
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// A benchmark that is not asked to measure runs its code once, in the profile that the tests have compiled already.
fn benches(context: &Context) -> Result<()> {
    let names = context.benchmarks();
    if names.is_empty() {
        println!("no crate has a micro-benchmark");
        return Ok(());
    }
    let mut command = context.cargo(&["test", "--quiet"]);
    command.args(context.everything(true));
    for name in names {
        command.args(["--bench", &name]);
    }
    succeed(&mut command)
}

//! Running test programs, with an end to those that hang.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use cargo_metadata::Metadata;

use super::build::{Executable, Selection};
use super::libtest::{self, Outcome};
use super::report::Suite;
use crate::workspace;

/// A test program that prints nothing for so long hangs: libtest itself speaks up after a minute.
const SILENCE: Duration = Duration::from_secs(600);

/// What a test program started may outlive it for so long.
const LINGERING: Duration = Duration::from_secs(15);

/// Runs one test program: its tests whose names contain one of `filters`, all where there are none; in their long form where they
/// have one and it is asked for; and those of its ignored tests whose reason begins with `also`; in this environment besides its own.
pub(crate) fn run(
    executable: &Executable,
    filters: &[String],
    also: Option<&str>,
    long: bool,
    environment: &[(&'static str, OsString)],
) -> Result<Suite> {
    let started = Instant::now();
    let command = || {
        let mut command = command(executable);
        command.envs(long.then_some(("CRDB_TEST_LONG", "1")));
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
    };
    let run = finish(command().args(filters))?;
    let mut outcomes = libtest::parse(&run.output);
    let mut ended = ending(executable, &run, &outcomes);

    let needy: Vec<String> = outcomes
        .iter()
        .filter(|(_, outcome)| {
            matches!(outcome, Outcome::Ignored(why) if also.is_some_and(|start| why.starts_with(start)))
        })
        .map(|(name, _)| name.clone())
        .collect();
    if !needy.is_empty() {
        let run = finish(command().args(["--ignored", "--exact"]).args(&needy))?;
        let more = libtest::parse(&run.output);
        ended = ended.or_else(|| ending(executable, &run, &more));
        outcomes.extend(more);
    }
    if let Some(ending) = ended {
        outcomes.insert("(the whole program)".to_owned(), Outcome::Failed(ending));
    }
    let suite = Suite {
        package: executable.package.clone(),
        target: executable.target.clone(),
        outcomes,
        took: started.elapsed(),
    };
    println!("{}", suite.line());
    Ok(suite)
}

/// Runs the examples in the documentation; one suite for each package.
pub(crate) fn documentation(
    root: &Path,
    metadata: &Metadata,
    selection: &Selection,
    filter: Option<&str>,
) -> Result<Vec<Suite>> {
    let run = finish(
        workspace::cargo()
            .args(["test", "--doc", "--no-fail-fast"])
            .args(selection.arguments(metadata))
            .arg("--")
            .args(filter)
            .current_dir(root),
    )?;
    let mut suites = Vec::new();
    // cargo announces each library; what follows is that library's.
    for part in run.output.split("   Doc-tests ").skip(1) {
        let (name, output) = part.split_once('\n').unwrap_or((part, ""));
        let outcomes = libtest::parse(output);
        if outcomes.is_empty() {
            continue;
        }
        let suite = Suite {
            package: name.trim().replace('_', "-"),
            target: "documentation".to_owned(),
            outcomes,
            took: finished_in(output),
        };
        println!("{}", suite.line());
        suites.push(suite);
    }
    let failed = suites
        .iter()
        .flat_map(|suite| suite.outcomes.values())
        .any(|outcome| matches!(outcome, Outcome::Failed(_) | Outcome::NotRun(_)));
    if !run.status.success() && !failed {
        let outcome = Outcome::Failed(run.output);
        suites.push(Suite {
            package: "(all)".to_owned(),
            target: "documentation".to_owned(),
            outcomes: BTreeMap::from([("cargo test --doc".to_owned(), outcome)]),
            took: Duration::ZERO,
        });
    }
    Ok(suites)
}

/// The time that rustdoc says its tests took, all groups of a package together.
fn finished_in(output: &str) -> Duration {
    output
        .lines()
        .filter(|line| line.starts_with("test result: "))
        .filter_map(|line| line.rsplit_once("finished in ")?.1.strip_suffix('s'))
        .filter_map(|seconds| seconds.parse().ok())
        .map(Duration::from_secs_f64)
        .sum()
}

/// The program in the environment that cargo gives to tests.
fn command(executable: &Executable) -> Command {
    let mut command = Command::new(&executable.path);
    command
        .args(["--color", "never"])
        .current_dir(&executable.directory)
        .env("CARGO_MANIFEST_DIR", &executable.directory)
        .env("CARGO_PKG_NAME", &executable.package)
        .env("CARGO_PKG_VERSION", &executable.version);
    command
}

/// A program that has ended.
struct Run {
    output: String,
    status: ExitStatus,
    /// Why it did not end as programs do, if so.
    trouble: Option<String>,
}

/// Runs a program to its end, both its outputs in the order in which they come.
fn finish(command: &mut Command) -> Result<Run> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().display()))?;
    // The command holds the writing end; without letting go of it the reader would never see the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (lines, incoming) = channel();
    let reading = std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if lines
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                break;
            }
        }
    });
    let mut output = String::new();
    let mut last_word = Instant::now();
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let trouble = loop {
        match incoming.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                output.push_str(&line);
                output.push('\n');
                last_word = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) if ended.is_none() => {
                ended = child.try_wait()?.map(|status| (status, Instant::now()));
                if ended.is_none() && last_word.elapsed() > SILENCE {
                    child.kill()?;
                    break Some(format!(
                        "printed nothing for {} s and was killed",
                        SILENCE.as_secs()
                    ));
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if ended.is_some_and(|(_, at)| at.elapsed() > LINGERING) {
                    break Some("ended, but something that it started still runs".to_owned());
                }
            }
            Err(RecvTimeoutError::Disconnected) => break None,
        }
    };
    let status = child.wait()?;
    if trouble.is_none() {
        reading
            .join()
            .map_err(|_| anyhow!("the thread that reads a test's output panicked"))?;
    }
    Ok(Run {
        output,
        status,
        trouble,
    })
}

/// What is wrong with a program that did not end as libtest ends, if something is.
fn ending(
    executable: &Executable,
    run: &Run,
    outcomes: &BTreeMap<String, Outcome>,
) -> Option<String> {
    let all_told = run
        .output
        .lines()
        .any(|line| line.starts_with("test result: "));
    let failed = outcomes
        .values()
        .any(|outcome| matches!(outcome, Outcome::Failed(_) | Outcome::NotRun(_)));
    if run.trouble.is_none() && all_told && (run.status.success() || failed) {
        return None;
    }
    let how = run
        .trouble
        .clone()
        .unwrap_or_else(|| format!("ended with {}", run.status));
    let unfinished: Vec<String> = names(executable)
        .into_iter()
        .filter(|name| !outcomes.contains_key(name))
        .collect();
    let tail: Vec<&str> = run.output.lines().rev().take(20).collect();
    let tail: Vec<&str> = tail.into_iter().rev().collect();
    Some(format!(
        "it {how}; without a result: {}\n{}\n",
        unfinished.join(", "),
        tail.join("\n")
    ))
}

/// The names of the tests in a program; none when it does not tell.
fn names(executable: &Executable) -> Vec<String> {
    let output = command(executable)
        .args(["--list", "--format", "terse"])
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        return Vec::new();
    };
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

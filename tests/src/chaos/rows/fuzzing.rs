//! R8: hostile input, by `cargo xtask fuzz`.

use crate::chaos::checker::Violation;
use crate::chaos::context::Context;
use crate::chaos::program::{self, Program};
use crate::chaos::row::{Report, Row, Size};
use anyhow::{Context as _, ensure};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use std::fs;
use std::time::Duration;

pub(super) struct Fuzzing;

/// What `cargo xtask fuzz --json` says of one target, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Target {
    #[serde(rename = "crate")]
    package: String,
    target: String,
    runs: u64,
    peak_memory_mib: f64,
    failure: Option<String>,
    input: Option<String>,
}

impl Row for Fuzzing {
    fn id(&self) -> &'static str {
        "R8"
    }

    fn title(&self) -> &'static str {
        "fuzzed messages, types, logins, connection strings and SQL: no panic, no hang, bounded memory"
    }

    fn size(&self) -> Size {
        Size {
            count: 10_000_000,
            unit: "runs of each target",
        }
    }

    fn is_native(&self) -> bool {
        false
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            let targets = fuzz(context, &["--list".to_owned()]).await?;
            let count = targets.lines.iter().filter(|line| !line.is_empty()).count();
            let file = std::env::temp_dir().join(format!("chaos-fuzz-{}.json", std::process::id()));
            let mut arguments = vec!["--json".to_owned(), file.display().to_string()];
            arguments.extend(["--runs".to_owned(), self.size().count.to_string()]);
            if let Some(limit) = context.limit() {
                arguments.extend(["--seconds".to_owned(), share(limit, count).to_string()]);
            }
            let ended = fuzz(context, &arguments).await?;
            let text = fs::read_to_string(&file);
            drop(fs::remove_file(&file));
            let text = text.with_context(|| ended.last_words())?;
            let report = tell(&text)?;
            ensure!(
                ended.succeeded || !report.violations.is_empty(),
                "{}",
                ended.last_words()
            );
            if !report.violations.is_empty() {
                context
                    .evidence()
                    .keep_output("R8", &report.violations, &ended.lines)?;
            }
            Ok(report)
        }
        .boxed()
    }
}

/// The seconds for each of `count` targets, of which as many run side by side as there are processors.
fn share(limit: Duration, count: usize) -> u64 {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let turns = count.div_ceil(jobs).max(1) as u64;
    (limit.as_secs() / turns).max(1)
}

fn tell(text: &str) -> anyhow::Result<Report> {
    let targets = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<Vec<Target>, _>>()
        .context("the words of cargo xtask fuzz")?;
    let mut report = Report {
        done: targets.iter().map(|target| target.runs).min().unwrap_or(0),
        ..Report::default()
    };
    report.count("targets", targets.len() as u64);
    report.count(
        "runs of all",
        targets.iter().map(|target| target.runs).sum(),
    );
    let memory = targets.iter().map(|target| target.peak_memory_mib);
    report.figure("memory at most", memory.fold(0.0, f64::max), "MiB");
    for target in targets {
        if let Some(failure) = target.failure {
            let input = target.input.unwrap_or_default();
            let detail = format!("{}/{}: {failure} {input}", target.package, target.target);
            report
                .violations
                .push(Violation::new("a fuzz target failed", detail));
        }
    }
    Ok(report)
}

struct Ended {
    succeeded: bool,
    lines: Vec<String>,
}

impl Ended {
    fn last_words(&self) -> String {
        let from = self.lines.len().saturating_sub(10);
        format!(
            "cargo xtask fuzz gave no results: {}",
            self.lines[from..].join("\n")
        )
    }
}

async fn fuzz(context: &Context, arguments: &[String]) -> anyhow::Result<Ended> {
    let mut words = vec![program::cargo(), "xtask".to_owned(), "fuzz".to_owned()];
    words.extend_from_slice(arguments);
    let mut running = Program::start(&words, program::workspace()?, &[])?;
    let mut lines = Vec::new();
    let listing = arguments.iter().any(|argument| argument == "--list");
    while let Some(line) = running.line().await {
        if !listing {
            context.say(&line);
        }
        lines.push(line);
    }
    let succeeded = running.end().await?.success();
    Ok(Ended { succeeded, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_target_counts_and_a_failure_is_told() {
        let line = |target: &str, runs: u64, rest: &str| {
            format!(
                "{{\"crate\":\"crdb-auth\",\"target\":\"{target}\",\"runs\":{runs},\"seconds\":1.0,\
                 \"peak_memory_mib\":40,{rest}}}\n"
            )
        };
        let fine = "\"failure\":null,\"input\":null";
        let report = tell(&(line("tap", 50, fine) + &line("scram", 20, fine))).unwrap();
        assert_eq!((report.done, report.violations.len()), (20, 0));
        let failed = line("tap", 5, "\"failure\":\"panicked\",\"input\":\"target/x\"");
        let report = tell(&failed).unwrap();
        assert_eq!(
            report.violations[0].detail,
            "crdb-auth/tap: panicked target/x"
        );
        assert!(tell("no JSON").is_err());
    }
}

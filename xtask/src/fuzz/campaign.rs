//! Runs targets and reads what libFuzzer says.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::build::Build;
use super::progress::Progress;
use super::target::Target;

/// What one input may cost before it counts as a failure: 512 MiB, 10 s; and inputs up to 4 KiB where a target says nothing
/// else.
pub(super) const BOUNDS: &[&str] = &["-rss_limit_mb=512", "-timeout=10", "-max_len=4096"];

/// Last words of a target that are kept for when it fails.
const LAST_WORDS: usize = 30;

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Runs of each target.
    pub(super) runs: Option<u64>,
    /// The most time for each target.
    pub(super) time: Option<Duration>,
}

impl Extent {
    pub(super) fn time(time: Duration) -> Self {
        Self {
            runs: None,
            time: Some(time),
        }
    }
}

/// Targets under libFuzzer.
pub(super) struct Campaign<'a> {
    pub(super) build: &'a Build,
    pub(super) extent: Extent,
    /// What libFuzzer's choices follow from; chance where there is none.
    pub(super) seed: Option<u32>,
}

/// What became of a target.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) target: Target,
    pub(super) runs: u64,
    pub(super) took: Duration,
    /// The most memory that it used, in MiB.
    pub(super) peak_memory: u64,
    pub(super) failure: Option<Failure>,
}

/// Why a target ended before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The panic's message, or libFuzzer's word for it.
    pub(super) what: String,
    /// The input, when libFuzzer wrote one.
    pub(super) input: Option<String>,
    /// What the target said at last.
    pub(super) last_words: Vec<String>,
}

impl Outcome {
    pub(super) fn runs_per_second(&self) -> f64 {
        self.runs as f64 / self.took.as_secs_f64().max(0.001)
    }

    /// Whether it did not fail, and ran at all.
    pub(super) fn is_good(&self, extent: Extent) -> bool {
        self.failure.is_none() && (self.runs > 0 || extent.runs == Some(0))
    }
}

impl Campaign<'_> {
    /// Runs the targets, `jobs` at a time. A target that fails does not end the others.
    ///
    /// # Errors
    /// When a target cannot be started.
    pub(super) fn run(&self, targets: &[Target], jobs: usize) -> Result<Vec<Outcome>> {
        let queue = Mutex::new(targets.iter().collect::<VecDeque<_>>());
        let next = || queue.lock().ok()?.pop_front();
        let work = || -> Result<Vec<Outcome>> {
            let mut outcomes = Vec::new();
            while let Some(target) = next() {
                outcomes.push(self.one(target)?);
            }
            Ok(outcomes)
        };
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..jobs.min(targets.len()))
                .map(|_| scope.spawn(work))
                .collect();
            threads
                .into_iter()
                .map(std::thread::ScopedJoinHandle::join)
                .collect()
        });
        let mut outcomes = Vec::new();
        for result in results {
            match result {
                Ok(more) => outcomes.extend(more?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcomes.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(outcomes)
    }

    fn one(&self, target: &Target) -> Result<Outcome> {
        let (corpus, failures) = (self.build.corpus(target), self.build.failures(target));
        for directory in [&corpus, &failures] {
            fs::create_dir_all(directory)
                .with_context(|| format!("{} could not be made", directory.display()))?;
        }
        let mut command = Command::new(self.build.program(target));
        // Of what is said twice, libFuzzer takes the last.
        command.args(BOUNDS).args(&target.options);
        command.arg("-print_final_stats=1");
        command.arg(format!("-artifact_prefix={}/", failures.display()));
        if let Some(runs) = self.extent.runs {
            command.arg(format!("-runs={runs}"));
        }
        if let Some(time) = self.extent.time {
            command.arg(format!("-max_total_time={}", time.as_secs()));
        }
        if let Some(seed) = self.seed {
            command.arg(format!("-seed={seed}"));
        }
        command.arg(&corpus);
        if target.seeds().is_dir() {
            command.arg(target.seeds());
        }
        let started = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{target} could not be started"))?;
        let mut words = Words::default();
        let mut progress = Progress::new(target, self.extent);
        if let Some(output) = child.stderr.take() {
            for line in BufReader::new(output).split(b'\n') {
                let line = line.context("libFuzzer's output cannot be read")?;
                words.hear(&String::from_utf8_lossy(&line));
                progress.show(words.runs);
            }
        }
        let status = child.wait().context("libFuzzer cannot be waited for")?;
        let (runs, peak_memory) = (words.runs, words.peak_memory);
        let failure = (!status.success()).then(|| words.failure(&status.to_string()));
        Ok(Outcome {
            target: target.clone(),
            runs,
            took: started.elapsed(),
            peak_memory,
            failure,
        })
    }
}

/// What libFuzzer has said so far.
#[derive(Debug, Default)]
struct Words {
    runs: u64,
    peak_memory: u64,
    panic: Option<String>,
    summary: Option<String>,
    input: Option<String>,
    last: VecDeque<String>,
    /// The next line is a panic's message.
    message_follows: bool,
}

impl Words {
    fn hear(&mut self, line: &str) {
        if std::mem::take(&mut self.message_follows) {
            self.panic.get_or_insert_with(|| line.to_owned());
        }
        if let Some(counted) = line.strip_prefix('#') {
            let digits = counted
                .find(|next: char| !next.is_ascii_digit())
                .unwrap_or(counted.len());
            self.runs = counted[..digits].parse().unwrap_or(self.runs);
            return;
        }
        if let Some(runs) = line.strip_prefix("stat::number_of_executed_units:") {
            self.runs = runs.trim().parse().unwrap_or(self.runs);
        } else if let Some(memory) = line.strip_prefix("stat::peak_rss_mb:") {
            self.peak_memory = memory.trim().parse().unwrap_or(0);
        } else if let Some(summary) = line.strip_prefix("SUMMARY: libFuzzer: ") {
            self.summary = Some(summary.to_owned());
        } else if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.input = Some(path.trim().to_owned());
        } else if line.contains("panicked at") {
            self.message_follows = true;
        }
        if self.last.len() == LAST_WORDS {
            self.last.pop_front();
        }
        self.last.push_back(line.to_owned());
    }

    fn failure(self, status: &str) -> Failure {
        Failure {
            what: self
                .panic
                .or(self.summary)
                .unwrap_or_else(|| format!("ended with {status}")),
            input: self.input,
            last_words: self.last.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Words {
        let mut words = Words::default();
        text.lines().for_each(|line| words.hear(line));
        words
    }

    #[test]
    fn figures_are_read() {
        let words = heard(
            "INFO: Seed: 1\n#2\tINITED cov: 3 ft: 3 corp: 1/1b exec/s: 0 rss: 27Mb\n\
             #30000\tDONE   cov: 114 ft: 127 corp: 16/219b lim: 254 exec/s: 0 rss: 27Mb\n\
             stat::number_of_executed_units: 30001\nstat::peak_rss_mb:              28\n",
        );
        assert_eq!((words.runs, words.peak_memory), (30_001, 28));
    }

    #[test]
    fn a_panic_and_its_input_are_read() {
        let failure = heard(
            "#7\tNEW    cov: 3\nthread '<unnamed>' (1) panicked at src/lib.rs:3:5:\nthe rule is broken\n\
             SUMMARY: libFuzzer: deadly signal\n\
             artifact_prefix='x/'; Test unit written to x/crash-aa\n",
        )
        .failure("exit status: 77");
        assert_eq!(failure.what, "the rule is broken");
        assert_eq!(failure.input.as_deref(), Some("x/crash-aa"));
        assert!(
            failure
                .last_words
                .iter()
                .any(|line| line.contains("lib.rs:3:5"))
        );
    }

    #[test]
    fn other_failures_are_named_as_libfuzzer_does() {
        let failure = heard("SUMMARY: libFuzzer: timeout\n").failure("exit status: 70");
        assert_eq!(failure.what, "timeout");
        assert_eq!(heard("").failure("signal: 9").what, "ended with signal: 9");
    }
}

//! Runs a case: interleaved rounds, repeated while the figures are too noisy for a verdict.

use std::time::Instant;

use crate::{
    case::{Case, MeasureError, Metric, Role, Sample},
    resources::{processor_time, resident_bytes},
    statistics::Summary,
    verdict::{Judgement, Verdict, judge},
};

/// How often a case is measured again while a target stays inconclusive.
pub const MAX_REPEATS: usize = 5;

/// What all rounds of one subject gave.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectResult {
    /// Its name.
    pub name: &'static str,
    /// Whose figure it is.
    pub role: Role,
    /// The settings under which it ran.
    pub settings: String,
    /// The counted rounds, in order.
    pub samples: Vec<Sample>,
    /// Processor time of this process in each counted round, in seconds.
    pub processor_seconds: Vec<f64>,
    /// Resident memory after each counted round, in MiB.
    pub resident_mebibytes: Vec<f64>,
}

impl SubjectResult {
    /// The figures of one metric, round by round.
    #[must_use]
    pub fn values(&self, metric: &str) -> Vec<f64> {
        self.samples
            .iter()
            .filter_map(|sample| sample.get(metric))
            .collect()
    }
}

/// What a case gave.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// The row, for example `P2`.
    pub row: &'static str,
    /// The case's name.
    pub case: String,
    /// What was measured.
    pub metrics: Vec<Metric>,
    /// By whom, in the order in which they are printed.
    pub subjects: Vec<SubjectResult>,
    /// What came of each target.
    pub judgements: Vec<Judgement>,
}

impl CaseResult {
    /// The median and quartiles of one subject's metric.
    #[must_use]
    pub fn summary(&self, subject: &str, metric: &str) -> Option<Summary> {
        Summary::of(
            &self
                .subjects
                .iter()
                .find(|result| result.name == subject)?
                .values(metric),
        )
    }
}

/// Measures `case`, calling `progress` with the subject and the round before each round.
///
/// One round of each subject is not counted. Then every subject does one round after another, so that a drift of the
/// machine meets all of them, in an order that measures no subject always after the same neighbour. While a target is
/// inconclusive the rounds are repeated, up to [`MAX_REPEATS`] times, and all count.
///
/// # Errors
/// The first error of a subject; what was measured until then is dropped, because a case without one of its peers
/// proves nothing.
///
/// # Cancel safety
/// Dropping the future ends the measurement; the subjects are dropped with it.
pub async fn run(
    row: &'static str,
    mut case: Case,
    progress: &mut (dyn FnMut(&str, usize) + Send),
) -> Result<CaseResult, MeasureError> {
    let mut results: Vec<SubjectResult> = case
        .subjects
        .iter()
        .map(|subject| SubjectResult {
            name: subject.name(),
            role: subject.role(),
            settings: subject.settings(),
            samples: Vec::new(),
            processor_seconds: Vec::new(),
            resident_mebibytes: Vec::new(),
        })
        .collect();
    for subject in &mut case.subjects {
        progress(subject.name(), 0);
        subject.round().await?;
    }
    let mut judgements = Vec::new();
    for _ in 0..MAX_REPEATS {
        for _ in 0..case.rounds {
            one_round_each(&mut case, &mut results, progress).await?;
        }
        judgements = judge_all(&case, &results);
        if !judgements
            .iter()
            .any(|judgement| judgement.verdict == Verdict::Inconclusive)
        {
            break;
        }
    }
    Ok(CaseResult {
        row,
        case: case.name,
        metrics: case.metrics,
        subjects: results,
        judgements,
    })
}

async fn one_round_each(
    case: &mut Case,
    results: &mut [SubjectResult],
    progress: &mut (dyn FnMut(&str, usize) + Send),
) -> Result<(), MeasureError> {
    let round = results.first().map_or(0, |result| result.samples.len());
    for index in order(case.subjects.len(), round) {
        let subject = &mut case.subjects[index];
        let result = &mut results[index];
        progress(subject.name(), result.samples.len() + 1);
        let processor = processor_time();
        let started = Instant::now();
        let sample = subject.round().await?;
        let wall = started.elapsed().as_secs_f64();
        let processor = (processor_time() - processor).as_secs_f64();
        let sample = sample.with("wall", wall).with("cpu", processor);
        result.processor_seconds.push(processor);
        let memory = if subject.is_another_program() {
            None
        } else {
            resident_bytes()
        };
        result
            .resident_mebibytes
            .push(memory.map_or(f64::NAN, |bytes| bytes as f64 / (1024.0 * 1024.0)));
        result.samples.push(sample);
    }
    Ok(())
}

/// The order of `count` subjects in a round: a design of Williams (1949), in which over `count` rounds, twice as many where
/// `count` is odd, each subject follows each other one equally often.
fn order(count: usize, round: usize) -> impl Iterator<Item = usize> {
    let backwards = count % 2 == 1 && round / count % 2 == 1;
    (0..count).map(move |step| {
        let step = if backwards { count - 1 - step } else { step };
        // 0, 1, -1, 2, -2 and so on: each difference to the next one occurs once.
        let zigzag = if step % 2 == 1 {
            step.div_ceil(2)
        } else {
            count - step / 2
        };
        (round + zigzag) % count
    })
}

fn judge_all(case: &Case, results: &[SubjectResult]) -> Vec<Judgement> {
    let values = |subject: &str, metric: &str| {
        results
            .iter()
            .find(|result| result.name == subject)
            .map(|result| result.values(metric))
    };
    case.targets
        .iter()
        .filter_map(|target| {
            let peer = target
                .bound
                .peer()
                .and_then(|peer| values(peer, target.metric));
            judge(
                *target,
                &values(target.subject, target.metric)?,
                peer.as_deref(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use futures_util::future::{BoxFuture, FutureExt};

    use super::*;
    use crate::case::{Bound, Subject, Target};

    struct Scripted {
        name: &'static str,
        values: Vec<f64>,
        next: usize,
    }

    impl Subject for Scripted {
        fn name(&self) -> &'static str {
            self.name
        }

        fn role(&self) -> Role {
            Role::Ours
        }

        fn settings(&self) -> String {
            String::new()
        }

        fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>> {
            let value = self
                .values
                .get(self.next % self.values.len().max(1))
                .copied();
            self.next += 1;
            async move {
                value
                    .map(|value| Sample::new().with("p50", value))
                    .ok_or_else(|| "broken".into())
            }
            .boxed()
        }
    }

    fn case(ours: &[f64], peer: &[f64]) -> Case {
        Case {
            name: "scripted".to_owned(),
            metrics: vec![Metric::lower("p50", "us")],
            subjects: vec![
                Box::new(Scripted {
                    name: "ours",
                    values: ours.to_vec(),
                    next: 0,
                }),
                Box::new(Scripted {
                    name: "peer",
                    values: peer.to_vec(),
                    next: 0,
                }),
            ],
            targets: vec![Target {
                subject: "ours",
                metric: "p50",
                bound: Bound::RatioAtMost("peer", 1.0),
            }],
            rounds: 5,
        }
    }

    #[tokio::test]
    async fn a_clear_difference_needs_no_repeat() {
        let result = run("P0", case(&[1.0], &[2.0]), &mut |_, _| {})
            .await
            .expect("measured");
        assert_eq!(result.judgements[0].verdict, Verdict::Met);
        assert_eq!(result.subjects[0].samples.len(), 5);
        assert_eq!(result.summary("ours", "p50").expect("rounds").median, 1.0);
    }

    #[tokio::test]
    async fn noise_is_repeated_and_then_called_inconclusive() {
        let result = run("P0", case(&[1.0, 3.0], &[2.0]), &mut |_, _| {})
            .await
            .expect("measured");
        assert_eq!(result.judgements[0].verdict, Verdict::Inconclusive);
        assert_eq!(result.subjects[1].samples.len(), 5 * MAX_REPEATS);
    }

    #[tokio::test]
    async fn a_peer_that_fails_fails_the_case() {
        let error = run("P0", case(&[1.0], &[]), &mut |_, _| {})
            .await
            .expect_err("the peer is broken");
        assert_eq!(error.to_string(), "broken");
    }

    #[tokio::test]
    async fn rounds_are_interleaved_and_the_order_changes() {
        let mut order = Vec::new();
        run("P0", case(&[1.0], &[2.0]), &mut |name, round| {
            order.push((name.to_owned(), round));
        })
        .await
        .expect("measured");
        let names: Vec<&str> = order
            .iter()
            .skip(2)
            .take(4)
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["ours", "peer", "peer", "ours"]);
    }

    #[test]
    fn everybody_follows_everybody_equally_often() {
        for count in 2..=7 {
            let rounds = if count % 2 == 1 { 2 * count } else { count };
            let mut follows = vec![vec![0; count]; count];
            for round in 0..rounds {
                let order: Vec<usize> = order(count, round).collect();
                for pair in order.windows(2) {
                    follows[pair[0]][pair[1]] += 1;
                }
            }
            for (first, row) in follows.iter().enumerate() {
                for (second, times) in row.iter().enumerate() {
                    let expected = if first == second { 0 } else { rounds / count };
                    assert_eq!(*times, expected, "{first} before {second} of {count}");
                }
            }
        }
    }
}

//! What runs, on standard error.

use std::sync::Mutex;

use crdb_facade::migrate::{Ended, JobEvent, Observer, StepEvent, WaitEvent};

/// Says each statement and how it ended.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// What was said of a job last, which is not said again.
    job: Mutex<Option<(i64, String)>>,
}

impl Observer for Progress {
    fn waiting(&self, event: &WaitEvent<'_>) {
        if event.waited.as_millis() < 1_000 {
            eprintln!("waiting for {}", event.owner);
        }
    }

    fn step_begins(&self, event: &StepEvent<'_>) {
        let resumed = if event.resumed { ", begun before" } else { "" };
        let text: String = event.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(100).collect();
        eprintln!(
            "{} {}.{}{resumed}: {text}",
            event.version, event.name, event.step
        );
    }

    fn step_ended(&self, event: &StepEvent<'_>, ended: Ended) {
        let how = match ended.failure {
            None => "done",
            Some(kind) => kind.as_str(),
        };
        eprintln!(
            "{} {}.{}: {how} after {:.2} s",
            event.version,
            event.name,
            event.step,
            ended.elapsed.as_secs_f64()
        );
    }

    fn job(&self, event: &JobEvent<'_>) {
        let percent = event.fraction.map_or_else(String::new, |fraction| {
            format!(", {:.0} %", fraction * 100.0)
        });
        let said = (event.id, format!("{}{percent}", event.status));
        let Ok(mut last) = self.job.lock() else {
            return;
        };
        if last.as_ref() != Some(&said) {
            eprintln!("  job {}: {}", said.0, said.1);
            *last = Some(said);
        }
    }
}

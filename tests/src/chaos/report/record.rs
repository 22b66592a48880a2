//! What is known of a row's latest run: a line for programs, and a file beside the page.

use super::{Ran, Setting};
use crate::chaos::row::{Figure, Row, Verdict};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// A run of a row, with what it takes to run it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The row, for example `R1`.
    pub row: String,
    /// What it does, in a line.
    pub title: String,
    /// How much was done.
    pub done: u64,
    /// How much counts.
    pub size: u64,
    /// In what unit.
    pub unit: String,
    /// How long it took.
    pub seconds: f64,
    /// How it counts; none when it could not be run.
    pub verdict: Option<Verdict>,
    /// What must not have happened.
    pub violations: Vec<String>,
    /// What else was counted.
    pub figures: Vec<Figure>,
    /// Why it could not be run.
    pub error: Option<String>,
    /// The server.
    pub engine: String,
    /// The machine.
    pub machine: String,
    /// The seed.
    pub seed: u64,
    /// On how many lanes statements outside transactions ran.
    #[serde(default)]
    pub lanes: u32,
    /// The command that does the same again.
    pub command: String,
    /// The files of the pictures that were drawn, and what they show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<(String, String)>,
}

impl Record {
    pub(super) fn of(ran: &Ran, setting: &Setting) -> Self {
        let size = ran.row.size();
        let report = ran.result.as_ref().ok();
        Self {
            row: ran.row.id().to_owned(),
            title: ran.row.title().to_owned(),
            done: report.map_or(0, |report| report.done),
            size: size.count,
            unit: size.unit.to_owned(),
            seconds: ran.took.as_secs_f64().round(),
            verdict: ran.verdict(),
            violations: report
                .map(|report| report.violations.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            figures: report.map_or_else(Vec::new, |report| report.figures.clone()),
            error: ran.result.as_ref().err().map(|error| format!("{error:#}")),
            engine: setting.engine.clone(),
            machine: setting.machine.clone(),
            seed: setting.seed,
            lanes: setting.lanes,
            command: setting.again(ran.row.id()),
            pictures: report.map_or_else(Vec::new, |report| {
                let pictures = report.pictures.iter();
                pictures
                    .map(|picture| (picture.file.to_owned(), picture.title.to_owned()))
                    .collect()
            }),
        }
    }

    /// Writes it into `directory`, in place of the row's earlier run.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        let file = file(directory, &self.row, self.lanes > 0);
        let text = serde_json::to_string_pretty(self)? + "\n";
        fs::write(&file, text).with_context(|| file.display().to_string())
    }

    /// The row's name, and whether it ran on lanes.
    #[must_use]
    pub fn name(&self) -> String {
        let lanes = if self.lanes > 0 { ", lanes" } else { "" };
        format!("{}{lanes}", self.row)
    }

    /// The latest runs of a row that `directory` keeps: the one without lanes, then the one on lanes, as far as there are any.
    ///
    /// # Errors
    /// When there is something else in its place.
    pub fn kept(directory: &Path, row: &dyn Row) -> anyhow::Result<Vec<Self>> {
        let files = [false, true].map(|lanes| file(directory, row.id(), lanes));
        let read = |file: &PathBuf| {
            let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
            serde_json::from_str(&text)
                .with_context(|| format!("{} is no record of a row", file.display()))
        };
        files
            .iter()
            .filter(|file| file.exists())
            .map(read)
            .collect()
    }
}

fn file(directory: &Path, row: &str, lanes: bool) -> PathBuf {
    let lanes = if lanes { "-lanes" } else { "" };
    directory.join(format!("{row}{lanes}.json"))
}

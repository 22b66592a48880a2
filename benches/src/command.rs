//! The command behind `cargo xtask bench`.

use std::{
    fs::File,
    io::{BufReader, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    baseline,
    case::MeasureError,
    machine, report,
    rows::{self, Row, Settings},
    runner::{self, CaseResult},
    verdict::Verdict,
};

/// Measures this toolkit beside its peers, in one run.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "cargo xtask bench",
    after_help = "Exit status: 0 measured (with --check: every target met), 1 a target \
    missed or a row not run (only with --check), 2 wrong arguments, 3 inconclusive (only with --check)."
)]
pub struct Arguments {
    /// Rows to measure, for example P2; all where none is named.
    pub rows: Vec<String>,
    /// Shorter rounds, for a look rather than a claim; writes no page.
    #[arg(long)]
    pub quick: bool,
    /// Writes one JSON object a figure to FILE.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Fails when a target is missed or a named row did not run.
    #[arg(long)]
    pub check: bool,
    /// Compares with the figures that an earlier run wrote with --json.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Measures against this server rather than one that is started.
    #[arg(long, value_name = "URL")]
    pub engine: Option<String>,
    /// Writes the page and its plots into DIR; a full run of all rows writes them into docs.
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Lists the rows that can be measured.
    #[arg(long)]
    pub list: bool,
}

/// Runs the command and says how it ended.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command's output"
)]
pub async fn run(arguments: Arguments) -> ExitCode {
    let watched = std::io::stderr().is_terminal();
    match measure(&arguments, &mut |line| println!("{line}"), &mut |note| {
        if watched {
            eprint!("\r\x1b[2K{note}");
        }
    })
    .await
    {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::from(2)
        }
    }
}

async fn measure(
    arguments: &Arguments,
    print: &mut (dyn FnMut(&str) + Send),
    note: &mut (dyn FnMut(&str) + Send),
) -> Result<ExitCode, MeasureError> {
    let rows = select(&arguments.rows)?;
    if arguments.list {
        for row in rows {
            print(&format!("{:4} {}", row.id(), row.title()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let earlier = match &arguments.baseline {
        Some(file) => report::read_records(BufReader::new(open(file)?))?,
        None => Vec::new(),
    };
    let settings = Settings {
        quick: arguments.quick,
        engine: arguments.engine.clone(),
    };
    let mut results = Vec::new();
    let mut not_run = Vec::new();
    for row in rows {
        match measure_row(row, &settings, print, note).await {
            Ok(cases) => results.extend(cases),
            Err(error) => {
                print(&format!("{} did not run: {error}", row.id()));
                not_run.push((row.id().to_owned(), error.to_string()));
            }
        }
    }
    let records: Vec<_> = results.iter().flat_map(report::records).collect();
    for change in baseline::compare(&earlier, &records)
        .iter()
        .filter(|change| change.beyond_noise)
    {
        print(&format!(
            "since the baseline: {} {:.3} -> {:.3}",
            change.what, change.before, change.now
        ));
    }
    if let Some(file) = &arguments.json {
        let mut writer = BufWriter::new(
            File::create(file)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?,
        );
        report::write_records(&records, &mut writer)?;
        writer.flush()?;
    }
    let whole = arguments.rows.is_empty() && !arguments.quick;
    let page = arguments
        .page
        .as_deref()
        .or_else(|| whole.then(|| Path::new("docs")));
    if let Some(directory) = page {
        write_page(directory, arguments, &results, &not_run)?;
    }
    Ok(exit_code(arguments.check, &results, !not_run.is_empty()))
}

async fn measure_row(
    row: &'static dyn Row,
    settings: &Settings,
    print: &mut (dyn FnMut(&str) + Send),
    note: &mut (dyn FnMut(&str) + Send),
) -> Result<Vec<CaseResult>, MeasureError> {
    let mut results = Vec::new();
    for case in row.cases(settings).await? {
        let name = case.name.clone();
        let result = runner::run(row.id(), case, &mut |subject, round| {
            note(&format!("{} {name}: {subject}, round {round}", row.id()));
        })
        .await?;
        note("");
        print(&report::table(&result));
        results.push(result);
    }
    Ok(results)
}

fn select(names: &[String]) -> Result<Vec<&'static dyn Row>, MeasureError> {
    let all = rows::all();
    if names.is_empty() {
        return Ok(all);
    }
    names
        .iter()
        .map(|name| {
            all.iter()
                .copied()
                .find(|row| row.id().eq_ignore_ascii_case(name))
                .ok_or_else(|| {
                    let known: Vec<_> = all.iter().map(|row| row.id()).collect();
                    format!(
                        "there is no row {name:?}; the rows are {}",
                        known.join(", ")
                    )
                    .into()
                })
        })
        .collect()
}

fn open(file: &Path) -> Result<File, MeasureError> {
    File::open(file)
        .map_err(|error| format!("cannot read the baseline {}: {error}", file.display()).into())
}

fn write_page(
    directory: &Path,
    arguments: &Arguments,
    results: &[CaseResult],
    not_run: &[(String, String)],
) -> Result<(), MeasureError> {
    std::fs::create_dir_all(directory.join("benchmarks"))?;
    let engine = arguments.engine.as_deref().map_or(
        "PostgreSQL, started for the run",
        |_| "the server given by --engine",
    );
    let command = format!("cargo xtask bench {}", arguments.rows.join(" "));
    let machine = machine::describe(engine, command.trim_end());
    std::fs::write(
        directory.join("benchmarks.md"),
        report::page(&machine, results, not_run),
    )?;
    for (index, result) in results.iter().enumerate() {
        for metric in &result.metrics {
            let file = directory.join(report::plot_file(index, result, metric.name));
            std::fs::write(file, report::plot(result, metric))?;
        }
    }
    Ok(())
}

fn exit_code(check: bool, results: &[CaseResult], any_not_run: bool) -> ExitCode {
    if !check {
        return ExitCode::SUCCESS;
    }
    let verdicts = || {
        results
            .iter()
            .flat_map(|result| &result.judgements)
            .map(|judgement| judgement.verdict)
    };
    if any_not_run || verdicts().any(|verdict| verdict == Verdict::Missed) {
        ExitCode::from(1)
    } else if verdicts().any(|verdict| verdict == Verdict::Inconclusive) {
        ExitCode::from(3)
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_row_is_refused_with_the_known_ones() {
        let Err(error) = select(&["P77".to_owned()]) else {
            panic!("there is no P77")
        };
        assert!(
            error
                .to_string()
                .starts_with("there is no row \"P77\"; the rows are"),
            "{error}"
        );
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}

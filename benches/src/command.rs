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
    machine,
    report::{self, Record, RowResult},
    row::{Row, Settings},
    rows,
    runner::{self, CaseResult},
    verdict::Verdict,
};

/// Measures this toolkit beside its peers, in one run.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "cargo xtask bench",
    after_help = "Exit status: 0 measured (with --check: every target met), 1 a target \
    missed or a row not run (only with --check), 2 wrong arguments, 3 inconclusive."
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
    /// Writes the rows that were measured into DIR/benchmarks.md, with their plots, and leaves the page's other rows as
    /// they are; a full run of all rows writes into docs.
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
    for row in rows {
        let cases = measure_row(row, &settings, print, note).await;
        if let Err(error) = &cases {
            print(&format!("{} did not run: {error}", row.id()));
        }
        results.push(RowResult {
            id: row.id(),
            title: row.title(),
            cases: cases.map_err(|error| error.to_string()),
        });
    }
    let cases = || results.iter().flat_map(|row| row.cases.iter().flatten());
    let records: Vec<_> = cases().flat_map(report::records).collect();
    let spread = |record: &Record| {
        cases()
            .find(|case| case.row == record.row && case.case == record.case)
            .and_then(|case| case.summary(&record.subject, &record.metric))
            .map_or(0.0, |summary| summary.spread())
    };
    for change in baseline::compare(&earlier, &records, spread)
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
        write_page(directory, arguments, &results)?;
    }
    Ok(exit_code(arguments.check, &results))
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
    results: &[RowResult<'_>],
) -> Result<(), MeasureError> {
    std::fs::create_dir_all(directory.join("benchmarks"))?;
    let engine = arguments.engine.as_deref().map_or(
        "PostgreSQL, started for the run",
        |_| "the server given by --engine",
    );
    let file = directory.join("benchmarks.md");
    let before = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        before => before.unwrap_or_default(),
    };
    let page = report::page(&before, &machine::describe(engine), results);
    std::fs::write(file, page)?;
    for row in results {
        if let Ok(cases) = &row.cases {
            let file = directory.join(report::plot_file(row.id));
            std::fs::write(file, report::plot(row.id, cases))?;
        }
    }
    Ok(())
}

fn exit_code(check: bool, results: &[RowResult<'_>]) -> ExitCode {
    let verdicts: Vec<_> = results
        .iter()
        .flat_map(|row| row.cases.iter().flatten())
        .flat_map(|result| &result.judgements)
        .map(|judgement| judgement.verdict)
        .collect();
    let any_not_run = results.iter().any(|row| row.cases.is_err());
    if check && (any_not_run || verdicts.contains(&Verdict::Missed)) {
        ExitCode::from(1)
    } else if verdicts.contains(&Verdict::Inconclusive) {
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
    fn the_exit_code_tells_missed_not_run_and_inconclusive_apart() {
        let row = |verdict| {
            let mut case = report::example();
            case.judgements[0].verdict = verdict;
            RowResult {
                id: "P2",
                title: "a row",
                cases: Ok(vec![case]),
            }
        };
        let not_run = || RowResult {
            id: "P0",
            title: "a row",
            cases: Err("java is missing".to_owned()),
        };
        let (met, missed) = (row(Verdict::Met), row(Verdict::Missed));
        let inconclusive = row(Verdict::Inconclusive);
        assert_eq!(exit_code(true, &[met]), ExitCode::SUCCESS);
        assert_eq!(exit_code(true, &[not_run()]), ExitCode::from(1));
        assert_eq!(exit_code(false, &[not_run()]), ExitCode::SUCCESS);
        assert_eq!(exit_code(false, &[inconclusive]), ExitCode::from(3));
        assert_eq!(exit_code(false, &[missed]), ExitCode::SUCCESS);
        let both = [row(Verdict::Missed), row(Verdict::Inconclusive)];
        assert_eq!(exit_code(true, &both), ExitCode::from(1));
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}

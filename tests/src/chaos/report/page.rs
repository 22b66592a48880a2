//! `docs/reliability.md`: the latest run of each row, misses shown as misses.

use super::{Record, shown};
use crate::chaos::row::Row;
use std::fmt::Write as _;

/// The page, from the rows that there are and the latest runs of each.
#[must_use]
pub fn page(rows: &[(&dyn Row, Vec<Record>)]) -> String {
    let mut page = "# Reliability\n\n\
         Written by `cargo xtask chaos --page docs`. Each row runs a workload while things around it break, and checks what \
         was seen. Each row has a size, in the column *of*: a run that stays below it is *short*, never *met*. What is shown \
         of a row is its latest run, which is also kept as JSON in `reliability/`; running one row leaves the others as they \
         are.\n\n\
         | row | what | done | of | violations | time | verdict |\n| --- | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    // Writing into a String does not fail.
    for (row, records) in rows {
        if records.is_empty() {
            let _ = writeln!(
                page,
                "| {} | {} | - | {} {} | - | - | not run |",
                row.id(),
                row.title(),
                row.size().count,
                row.size().unit
            );
        }
        for record in records {
            let _ = line(&mut page, record);
        }
    }
    for record in rows.iter().flat_map(|(_, records)| records) {
        let _ = details(&mut page, record);
    }
    page
}

fn line(page: &mut String, record: &Record) -> std::fmt::Result {
    let row = record.name();
    let Record {
        title, size, unit, ..
    } = record;
    match record.verdict {
        Some(verdict) => writeln!(
            page,
            "| {row} | {title} | {} | {size} {unit} | {} | {:.0} s | {verdict} |",
            record.done,
            record.violations.len(),
            record.seconds
        ),
        None => writeln!(
            page,
            "| {row} | {title} | - | {size} {unit} | - | - | did not run |"
        ),
    }
}

fn details(page: &mut String, record: &Record) -> std::fmt::Result {
    write!(
        page,
        "\n## {}: {}\n\n{}; {}; `{}`\n",
        record.name(),
        record.title,
        record.engine,
        record.machine,
        record.command
    )?;
    if let Some(error) = &record.error {
        writeln!(page, "\nIt did not run: {error}")?;
    }
    if !record.figures.is_empty() {
        page.push_str("\n| figure | value |\n| --- | ---: |\n");
    }
    for figure in &record.figures {
        writeln!(page, "| {} | {} |", figure.name, shown(figure))?;
    }
    for (file, title) in &record.pictures {
        write!(page, "\n![{title}](reliability/{file})\n")?;
    }
    for violation in &record.violations {
        write!(page, "\n- **wrong**: {violation}\n")?;
    }
    Ok(())
}

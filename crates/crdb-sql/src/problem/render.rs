//! The text form of a problem.

use std::fmt;

use super::Problem;

pub(super) fn problem(problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        "{}[{}]: {}",
        problem.severity, problem.code, problem.message
    )?;
    if let Some(query) = &problem.query {
        write!(f, " (query `{query}`)")?;
    }
    let file = problem.place.file.display();
    let Some(stretch) = &problem.place.stretch else {
        write!(f, "\n  --> {file}")?;
        if let Some(help) = &problem.help {
            write!(f, "\n  = {help}")?;
        }
        return Ok(());
    };
    let number = stretch.line.to_string();
    let margin = " ".repeat(number.len());
    // Tabs stay tabs, so that the marks stand under the text at any tab width.
    let indent: String = stretch
        .text
        .chars()
        .take(stretch.column - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let marks = "^".repeat(stretch.width);
    write!(f, "\n{margin}--> {file}:{number}:{}", stretch.column)?;
    write!(f, "\n{margin} |")?;
    write!(f, "\n{number} | {}", stretch.text)?;
    write!(f, "\n{margin} | {indent}{marks}")?;
    if let Some(help) = &problem.help {
        write!(f, "\n{margin} = {help}")?;
    }
    Ok(())
}

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
    let excerpt = &stretch.excerpt;
    let indent: String = excerpt
        .text
        .chars()
        .take(excerpt.before)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let marks = "^".repeat(excerpt.marked);
    write!(f, "\n{margin}--> {file}:{number}:{}", stretch.column)?;
    write!(f, "\n{margin} |")?;
    let text: String = excerpt.text.chars().map(shown).collect();
    write!(f, "\n{number} | {text}")?;
    write!(f, "\n{margin} | {indent}{marks}")?;
    if let Some(help) = &problem.help {
        write!(f, "\n{margin} = {help}")?;
    }
    Ok(())
}

/// A control character as its picture, which a terminal shows and does not obey.
fn shown(c: char) -> char {
    match c {
        '\t' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\x7f' => '\u{2421}',
        _ if c.is_control() => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

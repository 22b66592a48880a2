//! What is said to people: colours where the terminal has them and `NO_COLOR` is not set.

use std::io::{IsTerminal as _, stdout};

use anstyle::{AnsiColor, Style};

const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Says an error on standard error.
pub(crate) fn error(message: &str) {
    anstream::eprintln!("{RED}error:{RED:#} {message}");
}

/// Says on standard error what a run is doing or has done.
pub(crate) fn note(message: &str) {
    anstream::eprintln!("{DIM}{message}{DIM:#}");
}

/// How many cells standard output is wide, where it is a terminal.
pub(crate) fn width() -> Option<u16> {
    let output = stdout();
    if !output.is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(output)
        .ok()
        .map(|size| size.ws_col)
        .filter(|width| *width > 0)
}

/// `1 row`, `2 rows`.
pub(crate) fn rows(count: u64) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} row{ending}")
}

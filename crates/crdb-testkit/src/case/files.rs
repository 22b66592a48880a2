//! The SQL files that prepare a database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::Target;
use crate::error::{Error, ErrorKind};
use crate::quirks::{Token, statements};

/// An SQL file.
#[derive(Debug)]
pub(super) struct Script {
    path: PathBuf,
    text: String,
}

impl Script {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::io("read the SQL file", path, source))?;
        Ok(Self {
            path: path.to_owned(),
            text,
        })
    }

    /// Runs its statements one by one, so that each is a transaction of its own unless the file says `BEGIN`.
    pub(super) async fn run(&self, target: &Target<'_>) -> Result<(), Error> {
        let pieces = pieces(&self.text);
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text).collect();
        target.run_each(&texts).await.map_err(|(index, error)| {
            let line = pieces.get(index).map_or(1, |piece| piece.line);
            let message = format!("{}:{line}", self.path.display());
            Error::new(error.kind(), message).with_source(error)
        })
    }
}

/// The SQL files of a directory in the order of the numbers that their names begin with; `.down.sql` is left out.
pub(super) fn directory(path: &Path) -> Result<Vec<Script>, Error> {
    let unreadable = |source| Error::io("read the directory of SQL files", path, source);
    let mut files: BTreeMap<(u64, String), PathBuf> = BTreeMap::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !file.is_file() || !name.ends_with(".sql") || name.ends_with(".down.sql") {
            continue;
        }
        files.insert((number(&name)?, name), file);
    }
    let invalid = |message| Err(Error::new(ErrorKind::InvalidInput, message));
    if files.is_empty() {
        return invalid(format!("there is no SQL file in {}", path.display()));
    }
    let mut names = files.keys();
    let mut last = names.next();
    for next in names {
        if let Some((number, name)) = last.filter(|last| last.0 == next.0) {
            return invalid(format!(
                "{name} and {} in {} have the same number, {number}",
                next.1,
                path.display()
            ));
        }
        last = Some(next);
    }
    files
        .into_values()
        .map(|file| Script::read(&file))
        .collect()
}

/// The number that the name of a migration begins with.
fn number(name: &str) -> Result<u64, Error> {
    let end = name
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(name.len());
    name[..end].parse().map_err(|_| {
        let message = format!("the name {name} does not begin with a number, such as 0001_{name}");
        Error::new(ErrorKind::InvalidInput, message)
    })
}

/// One statement of a file.
#[derive(Debug, PartialEq, Eq)]
struct Piece<'a> {
    text: &'a str,
    /// Counted from 1.
    line: usize,
}

/// Cuts a file into its statements. `BEGIN ATOMIC .. END` of a function's body stays in one piece.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for statement in statements(text) {
        let (Some(first), Some(last)) = (statement.first(), statement.last()) else {
            continue;
        };
        let (start, depth) = open.take().unwrap_or((first.start, 0));
        let depth = depth_after(&statement, depth);
        if depth > 0 {
            open = Some((start, depth));
        } else {
            pieces.push(piece(text, start, last.end()));
        }
    }
    // A body without its end: the server says what is wrong with it.
    pieces.extend(open.map(|(start, _)| piece(text, start, text.len())));
    pieces
}

fn piece(text: &str, start: usize, end: usize) -> Piece<'_> {
    Piece {
        text: &text[start..end],
        line: 1 + text[..start].matches('\n').count(),
    }
}

/// How many bodies and CASE expressions of bodies are open behind these tokens.
fn depth_after(tokens: &[Token<'_>], before: usize) -> usize {
    let mut depth = before;
    let mut previous: Option<&Token<'_>> = None;
    for token in tokens {
        let begins = token.is("ATOMIC") && previous.is_some_and(|token| token.is("BEGIN"));
        if begins || (depth > 0 && token.is("CASE")) {
            depth += 1;
        } else if token.is("END") {
            depth = depth.saturating_sub(1);
        }
        previous = Some(token);
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_keep_their_lines_and_bodies_stay_whole() {
        let text = "-- ;\nCREATE TABLE a (b INT);\n\nINSERT INTO a VALUES (1)\n;\n\
                    CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\nSELECT $$;$$";
        let found = pieces(text);
        let lines: Vec<_> = found.iter().map(|piece| piece.line).collect();
        assert_eq!(lines, [2, 4, 6, 7]);
        assert!(found[2].text.ends_with("SELECT 2; END"));
        assert_eq!(found[3].text, "SELECT $$;$$");
    }

    #[test]
    fn a_name_without_a_number_says_what_to_write() {
        assert_eq!(number("0012_a.up.sql").unwrap(), 12);
        let error = number("accounts.sql").unwrap_err();
        assert!(error.to_string().contains("0001_accounts.sql"), "{error}");
    }
}

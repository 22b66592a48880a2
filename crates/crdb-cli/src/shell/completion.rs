//! What helps while a statement is typed: completion, and lines that go on until the semicolon.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crdb_sql::dialect::keyword::Keyword;
use crdb_sql::token::{Token, TokenKind, tokenize};
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::catalog::{Catalog, quoted};
use super::command::NAMES;
use super::input::is_whole;

/// Completes words and asks whether a line goes on, for the line editor.
pub(super) struct Completion {
    catalog: Arc<Mutex<Catalog>>,
    queries: Vec<String>,
}

impl Completion {
    pub(super) fn new<'a>(
        catalog: Arc<Mutex<Catalog>>,
        queries: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self {
            catalog,
            queries: queries.map(str::to_owned).collect(),
        }
    }

    /// Where the word at the end of `line` begins, and what it may become.
    fn candidates(&self, line: &str) -> (usize, Vec<String>) {
        let start = line
            .rfind(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c)))
            .map_or(0, |before| {
                before + line[before..].chars().next().map_or(1, char::len_utf8)
            });
        let word = &line[start..];
        let found = match line.trim_start().strip_prefix('\\') {
            Some(command) => self.of_command(command, word),
            None => self.of_statement(&line[..start], word),
        };
        match word.rfind('.') {
            // Columns are given without what they are columns of.
            Some(dot) if !line.trim_start().starts_with('\\') => (start + dot + 1, found),
            _ => (start, found),
        }
    }

    fn of_command(&self, command: &str, word: &str) -> Vec<String> {
        match command.split_once(char::is_whitespace) {
            None => matching(NAMES.iter().copied(), command),
            Some(("run", _)) => matching(self.queries.iter().map(String::as_str), word),
            Some(("d", _)) => match self.catalog.lock() {
                Ok(catalog) => names(catalog.tables(), word),
                Err(_) => Vec::new(),
            },
            Some(_) => Vec::new(),
        }
    }

    fn of_statement(&self, before: &str, word: &str) -> Vec<String> {
        let Ok(catalog) = self.catalog.lock() else {
            return Vec::new();
        };
        let tokens: Vec<Token> = tokenize(before)
            .filter(|token| !token.kind.is_trivia())
            .collect();
        let mentioned = mentioned(before, &tokens, &catalog);
        if let Some((owner, column)) = word.rsplit_once('.') {
            let owner = owner.trim_matches('"');
            let table = mentioned.get(owner).map_or(owner, String::as_str);
            return names(catalog.columns(table), column);
        }
        let wants_table = tokens.last().is_some_and(|last| {
            ["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "UPSERT"]
                .iter()
                .any(|keyword| last.is_keyword(before, keyword))
        });
        if wants_table {
            return names(catalog.tables(), word);
        }
        let mut found: Vec<String> = mentioned
            .values()
            .flat_map(|table| names(catalog.columns(table), word))
            .collect();
        if !word.is_empty() {
            let lower = word.chars().all(|c| !c.is_uppercase());
            found.extend(
                matching(Keyword::all().map(Keyword::as_str), &word.to_uppercase())
                    .into_iter()
                    .map(|keyword| {
                        if lower {
                            keyword.to_lowercase()
                        } else {
                            keyword
                        }
                    }),
            );
            found.extend(names(catalog.tables(), word));
        }
        found.sort();
        found.dedup();
        found
    }
}

/// The tables that a statement names so far, by the names under which their columns can be reached.
fn mentioned(text: &str, tokens: &[Token], catalog: &Catalog) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (index, token) in tokens.iter().enumerate() {
        let name = token.text(text).trim_matches('"');
        if !catalog.tables().any(|table| table == name) {
            continue;
        }
        found.insert(name.to_owned(), name.to_owned());
        let next = tokens.get(index + 1);
        let alias = match next {
            Some(next) if next.is_keyword(text, "AS") => tokens.get(index + 2),
            other => other,
        };
        if let Some(alias) = alias.filter(|alias| alias.kind == TokenKind::Word) {
            let alias = alias.text(text);
            if Keyword::find(alias).is_none() {
                found.insert(alias.to_owned(), name.to_owned());
            }
        }
    }
    found
}

/// Names as SQL reads them back, that begin with what was typed.
fn names<'a>(all: impl Iterator<Item = &'a str>, word: &str) -> Vec<String> {
    let typed = word.trim_start_matches('"');
    let begins = |name: &&str| name.starts_with(typed) || name.starts_with(&typed.to_lowercase());
    all.filter(begins).map(quoted).collect()
}

fn matching<'a>(all: impl Iterator<Item = &'a str>, word: &str) -> Vec<String> {
    all.filter(|name| name.starts_with(word))
        .map(str::to_owned)
        .collect()
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(line.get(..position).unwrap_or(line)))
    }
}

impl Validator for Completion {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_whole(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(line: &str) -> (usize, Vec<String>) {
        let catalog = Catalog::of(&[
            ("accounts", &["id", "owner", "Opened at"]),
            ("transfers", &["id", "amount"]),
        ]);
        let queries = ["accounts.get", "accounts.put"];
        Completion::new(Arc::new(Mutex::new(catalog)), queries.into_iter()).candidates(line)
    }

    #[track_caller]
    fn gives(line: &str, start: usize, wanted: &[&str]) {
        let (at, found) = complete(line);
        assert_eq!(at, start, "{line}: {found:?}");
        for wanted in wanted {
            assert!(
                found.iter().any(|found| found == wanted),
                "{line}: {found:?}"
            );
        }
    }

    #[test]
    fn tables_follow_from_and_columns_their_table() {
        assert_eq!(
            complete("SELECT * FROM acc"),
            (14, vec!["accounts".to_owned()])
        );
        assert_eq!(
            complete("SELECT a.o").1,
            Vec::<String>::new(),
            "no table is known yet"
        );
        gives("UPDATE accounts SET ow", 20, &["owner"]);
        gives(
            "SELECT * FROM accounts WHERE accounts.",
            38,
            &["id", "owner", "\"Opened at\""],
        );
        gives("SELECT * FROM accounts AS a WHERE a.o", 36, &["owner"]);
        gives("SELECT * FROM accounts a WHERE a.o", 33, &["owner"]);
    }

    #[test]
    fn keywords_take_the_case_of_what_was_typed() {
        gives("sel", 0, &["select"]);
        gives("SEL", 0, &["SELECT"]);
        gives("UPSERT INTO accounts RETURN", 21, &["RETURNING"]);
    }

    #[test]
    fn commands_and_queries_are_completed() {
        gives("\\d acc", 3, &["accounts"]);
        gives("\\run accounts.g", 5, &["accounts.get"]);
        gives("\\d", 1, &["d", "dn", "dq"]);
    }
}

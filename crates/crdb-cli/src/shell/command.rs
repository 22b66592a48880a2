//! The shell's own commands, which begin with a backslash.

use anyhow::Result;

use super::describe::Description;
use crate::exit::Usage;

/// What `\?` shows.
pub(super) const HELP: &str = "\
\\d            tables, views and sequences
\\d NAME       a table's columns, indexes and constraints
\\dn           schemas
\\l            databases
\\dq           named queries
\\run NAME A=1 B='two words'   a named query with its parameters
\\?            this list
\\q            end the shell; so does Ctrl-D
A statement ends with a semicolon. Ctrl-C takes back what was typed, or cancels what runs.";

/// The names, for completion.
pub(super) const NAMES: [&str; 8] = ["d", "dn", "l", "dq", "run", "?", "q", "quit"];

/// A command, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help,
    Quit,
    Queries,
    Query {
        name: String,
        parameters: Vec<(String, String)>,
    },
    Describe(Description),
}

impl Command {
    /// Reads what follows the backslash.
    ///
    /// # Errors
    /// [`Usage`] for what is no command.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim().trim_end_matches(';').trim_end();
        match (name, rest) {
            ("?" | "h" | "help", _) => Ok(Self::Help),
            ("q" | "quit", _) => Ok(Self::Quit),
            ("d" | "dt", "") => Ok(Self::Describe(Description::Tables)),
            ("d" | "dt", table) => Ok(Self::Describe(Description::table(table))),
            ("dn", _) => Ok(Self::Describe(Description::Schemas)),
            ("l", _) => Ok(Self::Describe(Description::Databases)),
            ("dq", _) => Ok(Self::Queries),
            ("run", "") => Err(Usage::new("\\run NAME runs a named query; \\dq lists them").into()),
            ("run", rest) => Self::query(rest),
            _ => Err(Usage::new(format!("there is no command \\{name}; \\? lists them")).into()),
        }
    }

    fn query(text: &str) -> Result<Self> {
        let mut words = words(text)?.into_iter();
        let name = words.next().unwrap_or_default();
        let parameters = words
            .map(|word| match word.split_once('=') {
                Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
                _ => Err(Usage::new(format!(
                    "write the parameter `{word}` as NAME=VALUE"
                ))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self::Query { name, parameters })
    }
}

/// Words, parted by spaces that are in no quotes. Within quotes a doubled one stands for itself.
fn words(text: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\'' if quoted && characters.peek() == Some(&'\'') => {
                characters.next();
                word.get_or_insert_default().push('\'');
            }
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err(Usage::new("a quote is not closed").into());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        assert_eq!(Command::parse("q").unwrap(), Command::Quit);
        assert_eq!(
            Command::parse("d accounts;").unwrap(),
            Command::Describe(Description::table("accounts"))
        );
        assert_eq!(
            Command::parse("run accounts.put id=7 owner='O''Brien, Ada' note=''").unwrap(),
            Command::Query {
                name: "accounts.put".to_owned(),
                parameters: vec![
                    ("id".to_owned(), "7".to_owned()),
                    ("owner".to_owned(), "O'Brien, Ada".to_owned()),
                    ("note".to_owned(), String::new()),
                ],
            }
        );
        for wrong in ["nothing", "run", "run a b", "run a b='c"] {
            assert!(Command::parse(wrong).is_err(), "{wrong}");
        }
    }
}

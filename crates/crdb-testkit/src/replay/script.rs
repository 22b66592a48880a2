//! The form of the files.

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::quirks::CockroachVersion;

/// A message to send: its name and its fields.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) fields: String,
    pub(super) line: usize,
}

/// What does not count in a step, and for whom it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) only_cockroach: Option<bool>,
    pub(super) since: Option<CockroachVersion>,
    pub(super) before: Option<CockroachVersion>,
    pub(super) ignored: Vec<String>,
    pub(super) ignore_table_oids: bool,
    pub(super) ignore_type_oids: bool,
    pub(super) ignore_type_sizes: bool,
    pub(super) ignore_constraint: bool,
    pub(super) keep_message: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Send {
        options: Options,
        messages: Vec<Message>,
    },
    Let {
        name: String,
        messages: Vec<Message>,
    },
    Until {
        line: usize,
        options: Options,
        /// The types of the messages to read up to, one after the other.
        kinds: Vec<String>,
        /// What must have come, a line of JSON each.
        expected: Vec<String>,
    },
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Script {
    pub(super) only_cockroach: Option<bool>,
    pub(super) steps: Vec<Step>,
}

fn invalid(line: usize, what: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("line {line}: {what}"))
}

impl Script {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mut script = Self::default();
        let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
        while let Some((line, command)) = lines.next() {
            let command = command.trim();
            if command.is_empty() || command.starts_with('#') {
                continue;
            }
            let mut words = command.split_whitespace();
            let name = words.next().unwrap_or_default();
            let arguments: Vec<&str> = words.collect();
            if name == "subtest" {
                continue;
            }
            // The input reaches to the dashes, and what is expected to the next empty line.
            let mut input = Vec::new();
            let mut expected = Vec::new();
            let mut dashes = false;
            for (line, text) in lines.by_ref() {
                if !dashes && text.trim() == "----" {
                    dashes = true;
                } else if !dashes {
                    input.push((line, text.trim()));
                } else if text.trim().is_empty() {
                    break;
                } else {
                    expected.push(text.trim().to_owned());
                }
            }
            if !dashes {
                return Err(invalid(line, "a step ends with `----`"));
            }
            input.retain(|(_, text)| !text.is_empty() && !text.starts_with('#'));
            match name {
                "only" => {
                    script.only_cockroach = Some(match arguments.as_slice() {
                        ["crdb"] => true,
                        ["noncrdb"] => false,
                        _ => return Err(invalid(line, "`only` is for crdb or noncrdb")),
                    });
                }
                "send" => script.steps.push(Step::Send {
                    options: Options::parse(line, &arguments)?,
                    messages: messages(&input),
                }),
                "let" => {
                    let [name] = arguments.as_slice() else {
                        return Err(invalid(line, "`let` takes one name"));
                    };
                    script.steps.push(Step::Let {
                        name: (*name).to_owned(),
                        messages: messages(&input),
                    });
                }
                "until" | "receive" => script.steps.push(Step::Until {
                    line,
                    options: Options::parse(line, &arguments)?,
                    kinds: input.iter().map(|(_, text)| (*text).to_owned()).collect(),
                    expected,
                }),
                other => return Err(invalid(line, &format!("`{other}` is not a step"))),
            }
        }
        Ok(script)
    }
}

fn messages(input: &[(usize, &str)]) -> Vec<Message> {
    input
        .iter()
        .map(|(line, text)| {
            let (name, fields) = text.split_once(' ').unwrap_or((text, "{}"));
            Message {
                name: name.to_owned(),
                fields: fields.to_owned(),
                line: *line,
            }
        })
        .collect()
}

impl Message {
    /// Its fields, with the values of `let` in them.
    pub(super) fn fields(&self, text: &str) -> Result<Value, Error> {
        serde_json::from_str(text).map_err(|source| {
            invalid(self.line, "the fields of a message are JSON").with_source(source)
        })
    }
}

impl Options {
    fn parse(line: usize, arguments: &[&str]) -> Result<Self, Error> {
        let mut options = Self::default();
        for argument in arguments {
            let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
            match name {
                "crdb_only" => options.only_cockroach = Some(true),
                "noncrdb_only" => options.only_cockroach = Some(false),
                "since" => options.since = Some(value.parse()?),
                "before" => options.before = Some(value.parse()?),
                "ignore" => options.ignored.extend(
                    value
                        .trim_matches(['(', ')'])
                        .split(',')
                        .map(|kind| kind.trim().to_owned()),
                ),
                "ignore_table_oids" => options.ignore_table_oids = true,
                "ignore_type_oids" => options.ignore_type_oids = true,
                "ignore_data_type_sizes" => options.ignore_type_sizes = true,
                "ignore_constraint_name" => options.ignore_constraint = true,
                "keepErrMessage" => options.keep_message = true,
                // How Go's test runner maps codes; and whether null is shown, which it always is here.
                "mapError" | "keepnulls" | "ignore_oids" => {}
                other => return Err(invalid(line, &format!("`{other}` is not an option"))),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# what it is\n\nonly crdb\n----\n\nsend crdb_only\nQuery {\"String\": \"SELECT 1\"}\nSync\n----\n\n\
                        subtest one\n\nuntil ignore=RowDescription since=v25.2 keepErrMessage\nReadyForQuery\n\
                        ReadyForQuery\n----\n{\"Type\":\"ReadyForQuery\",\"TxStatus\":\"I\"}\n\nlet $x\n\
                        Query {\"String\": \"SELECT 2\"}\n----\n";

    #[test]
    fn a_file_is_a_list_of_steps() {
        let script = Script::parse(FILE).unwrap();
        assert_eq!(script.only_cockroach, Some(true));
        let [
            Step::Send { options, messages },
            until,
            Step::Let { name, .. },
        ] = script.steps.as_slice()
        else {
            panic!("{script:?}")
        };
        assert_eq!(options.only_cockroach, Some(true));
        assert_eq!(messages[0].name, "Query");
        assert_eq!(messages[1].fields, "{}");
        let Step::Until {
            line,
            options,
            kinds,
            expected,
        } = until
        else {
            panic!("{until:?}")
        };
        assert_eq!((*line, kinds.len(), expected.len()), (13, 2, 1));
        assert_eq!(options.ignored, ["RowDescription"]);
        assert_eq!(options.since, Some(CockroachVersion::V25_2));
        assert!(options.keep_message);
        assert_eq!(name, "$x");
    }

    #[test]
    fn what_cannot_be_understood_is_told_with_its_line() {
        for (text, line) in [
            ("send\nSync\n", "line 1"),
            ("\nspend\n----\n", "line 2"),
            ("until strange\n----\n", "line 1"),
            ("only here\n----\n", "line 1"),
        ] {
            let error = Script::parse(text).unwrap_err();
            assert!(error.to_string().contains(line), "{error}");
        }
    }
}

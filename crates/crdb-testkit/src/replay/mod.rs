//! Replaying CockroachDB's own wire tests, and tests in their form.
//!
//! A file is a list of steps: `send` writes messages, `until` and `receive` read up to given ones and say what they must be,
//! `let` keeps a value for later steps, `only crdb` leaves the file to CockroachDB. Options of a step restrict it to one
//! server (`crdb_only`, `noncrdb_only`) or name what does not count (`ignore=NoticeResponse`, `ignore_table_oids`,
//! `ignore_type_oids`, `ignore_data_type_sizes`, `ignore_constraint_name`); with `keepErrMessage` the text of errors counts.
//! Messages are JSON, as the `pgtest` files of `cockroachdb/cockroach` write them. A step may be restricted to releases as
//! well (`since=v25.2`, `before=v26.2`), which those files do not know, and `$process_id` is the session's by its BackendKeyData.

mod answer;
mod client;
mod compare;
mod message;
mod script;

use std::collections::HashMap;
use std::fmt;

use self::client::Client;
use self::script::{Options, Script, Step};
use crate::engine::{Credentials, Engine, EngineKind, Login};
use crate::error::Error;
use crate::quirks::CockroachVersion;

/// The server that is asked, and as whom: without TLS, by a user who is let in without being asked or with a password in
/// clear.
#[derive(Clone, Debug)]
pub struct ReplayTarget {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
    /// It is CockroachDB, or takes itself for it.
    pub(crate) cockroach: bool,
    /// The release, where it is known.
    pub(crate) version: Option<CockroachVersion>,
}

impl ReplayTarget {
    /// A CockroachDB, or what imitates it.
    #[must_use]
    pub fn cockroach(host: &str, port: u16, user: &str, database: &str) -> Self {
        Self {
            host: host.to_owned(),
            port,
            user: user.to_owned(),
            password: String::new(),
            database: database.to_owned(),
            cockroach: true,
            version: None,
        }
    }

    /// An engine: a database of it, as the user who is let in without being asked, or as its administrator where there is
    /// no such user.
    #[must_use]
    pub fn of(engine: &Engine, database: &str) -> Self {
        let user = engine
            .try_login(Login::Trust)
            .map_or(engine.user(), Credentials::user);
        let mut target = Self::cockroach(engine.host(), engine.port(), user, database)
            .password(engine.password());
        target.cockroach = engine.kind() == EngineKind::CockroachDb;
        target.version = release(engine.version()).filter(|_| target.cockroach);
        target
    }

    /// The release that answers: steps of other releases are left out. Without it every step counts.
    #[must_use]
    pub fn version(mut self, version: CockroachVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// The password, for a server that asks for it in clear.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    /// A PostgreSQL: the steps for CockroachDB alone are left out, and those for others are taken.
    #[must_use]
    pub fn postgres(mut self) -> Self {
        self.cockroach = false;
        self
    }
}

/// The newest release of those that the proxy knows which is not newer than this version of CockroachDB.
fn release(version: &str) -> Option<CockroachVersion> {
    let number = |text: &str| -> Option<(u32, u32)> {
        let (_, text) = text.split_once('v')?;
        let mut parts = text.split(|character: char| !character.is_ascii_digit());
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    };
    let wanted = number(version)?;
    CockroachVersion::ALL
        .into_iter()
        .rev()
        .find(|known| number(known.series()).is_some_and(|known| known <= wanted))
}

/// A step whose answer was not the one that the file has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disagreement {
    /// The line of the file at which the step begins, from 1.
    pub line: usize,
    /// The messages that the file has.
    pub expected: Vec<String>,
    /// The messages that came; the last one tells when the server fell silent or hung up.
    pub actual: Vec<String>,
}

impl Disagreement {
    /// A disagreement at this line.
    #[must_use]
    pub fn new(line: usize, expected: Vec<String>, actual: Vec<String>) -> Self {
        Self {
            line,
            expected,
            actual,
        }
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "line {}", self.line)?;
        let same = self
            .expected
            .iter()
            .zip(&self.actual)
            .take_while(|(expected, actual)| expected == actual)
            .count();
        if same > 0 {
            writeln!(f, "  ({same} as expected)")?;
        }
        for line in self.expected.iter().skip(same) {
            writeln!(f, "  - {line}")?;
        }
        for line in self.actual.iter().skip(same) {
            writeln!(f, "  + {line}")?;
        }
        Ok(())
    }
}

/// What came of a file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Replay {
    /// Steps whose answers were compared.
    pub steps: usize,
    /// Those that differed.
    pub disagreements: Vec<Disagreement>,
    /// The file is not for this server.
    pub skipped: bool,
}

/// Replays the text of one file in a session of its own.
///
/// A step that differs does not end the replay; what is left of its answer is thrown away, so that the next step begins
/// with its own.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the line when the text cannot be understood,
/// [`ErrorKind::Io`](crate::ErrorKind::Io) and [`ErrorKind::Database`](crate::ErrorKind::Database) when the session cannot
/// begin.
pub async fn replay(target: &ReplayTarget, text: &str) -> Result<Replay, Error> {
    let script = Script::parse(text)?;
    let mut replay = Replay::default();
    if script
        .only_cockroach
        .is_some_and(|only| only != target.cockroach)
    {
        replay.skipped = true;
        return Ok(replay);
    }
    let mut client = Client::connect(target).await?;
    let mut values: HashMap<String, String> = HashMap::new();
    known(&mut values, &client);
    for step in &script.steps {
        match step {
            Step::Send { options, messages } => {
                if options.fits(target) {
                    let bytes = message::encode_all(messages, &values)?;
                    client.send(&bytes).await;
                }
            }
            Step::Let { name, messages } => {
                let bytes = message::encode_all(messages, &values)?;
                client.send(&bytes).await;
                let answers = client.until(&["ReadyForQuery".to_owned()]).await;
                if let Some(value) = answers.iter().find_map(answer::first_value) {
                    values.insert(name.clone(), value);
                }
            }
            Step::Until {
                line,
                options,
                kinds,
                expected,
            } => {
                if !options.fits(target) {
                    continue;
                }
                replay.steps += 1;
                let actual = client.until(kinds).await;
                let ended_well = kinds.last().is_none_or(|last| {
                    actual
                        .last()
                        .is_some_and(|value| answer::kind(value) == *last)
                });
                if let Some(difference) = compare::differ(expected, &actual, options, &values)? {
                    replay.disagreements.push(Disagreement::new(
                        *line,
                        difference.expected,
                        difference.actual,
                    ));
                }
                if !ended_well {
                    client = Client::connect(target).await?;
                    known(&mut values, &client);
                }
            }
        }
    }
    Ok(replay)
}

/// What every file may name of its session.
fn known(values: &mut HashMap<String, String>, client: &Client) {
    if let Some(id) = client.process_id() {
        values.insert("$process_id".to_owned(), id.to_string());
    }
}

impl Options {
    /// Whether a step is for this server.
    fn fits(&self, target: &ReplayTarget) -> bool {
        let released = match target.version {
            None => true,
            Some(version) => {
                self.since.is_none_or(|since| version >= since)
                    && self.before.is_none_or(|before| version < before)
            }
        };
        released
            && self
                .only_cockroach
                .is_none_or(|only| only == target.cockroach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_in_between_is_the_older_neighbour() {
        for (version, known) in [
            ("CockroachDB v26.2.1", Some(CockroachVersion::V26_2)),
            ("CockroachDB v26.1.0", Some(CockroachVersion::V25_4)),
            (
                "CockroachDB CCL v23.2.7 (x86_64",
                Some(CockroachVersion::V23_1),
            ),
            ("CockroachDB v21.2.0", None),
            ("PostgreSQL 15.6", None),
        ] {
            assert_eq!(release(version), known, "{version}");
        }
    }
}

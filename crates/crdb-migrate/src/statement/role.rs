//! What a statement may be in a migration: a step, a setting, or nothing.

use crdb_sql::dialect::ast::{Ident, SetScope, Statement, StatementKind, Utility, UtilityKind};

use super::evidence::{alter, create, plain, step};
use super::{Classified, Evidence, StepKind};
use crate::problem::ProblemKind;

/// What a statement of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step of its own.
    Step(Classified),
    /// A setting for the steps behind it: its name, and the schemas of a search path.
    Setting(String, Option<Vec<String>>),
    /// A setting for the steps behind it is none any more.
    Unset(String),
    /// Not for a migration: why, and what to do.
    Refused(ProblemKind, &'static str, &'static str),
}

const CONTROL: Role = Role::Refused(
    ProblemKind::TransactionControl,
    "begins or ends a transaction",
    "leave it out: the runner keeps transactions together with its journal; `-- transaction: one` makes the file one",
);

fn forbidden(what: &'static str, help: &'static str) -> Role {
    Role::Refused(ProblemKind::Forbidden, what, help)
}

/// What a parsed statement is.
pub(crate) fn role(statement: &Statement) -> Role {
    match &statement.kind {
        StatementKind::Transaction(_) => CONTROL,
        StatementKind::Set(set) => match set.scope {
            SetScope::Cluster => Role::Step(step(StepKind::Operation, Evidence::Repeatable)),
            SetScope::Local => forbidden(
                "sets something for one transaction",
                "write SET: the runner resets it at the end of each statement",
            ),
            SetScope::Default | SetScope::Session if !set.name.is_empty() => {
                let name: Vec<&str> = set.name.iter().map(Ident::value).collect();
                let name = name.join(".");
                let mut values = set.values.iter().map(ToString::to_string);
                if let (Some(value), None) = (values.next(), values.next())
                    && value.eq_ignore_ascii_case("default")
                {
                    return Role::Unset(name);
                }
                let schemas = (name == "search_path").then(|| {
                    let values = set.values.iter().map(ToString::to_string);
                    values.map(|value| unquoted(&value)).collect()
                });
                Role::Setting(name, schemas)
            }
            _ => forbidden("sets more than one variable", "write one SET for each"),
        },
        StatementKind::Prepare(_) | StatementKind::Execute(_) => {
            forbidden("prepares a statement", "write the statement itself")
        }
        StatementKind::Utility(utility) => utility_role(utility),
        _ => Role::Step(plain(statement)),
    }
}

/// A name or string without its quotes.
fn unquoted(value: &str) -> String {
    for quote in ["\"", "'"] {
        if let Some(inner) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner.replace(&quote.repeat(2), quote);
        }
    }
    value.to_owned()
}

fn utility_role(utility: &Utility) -> Role {
    let repeatable = |kind| Role::Step(step(kind, Evidence::Repeatable));
    let unseen = |kind| Role::Step(step(kind, Evidence::Nothing));
    match utility.kind {
        UtilityKind::Grant
        | UtilityKind::Revoke
        | UtilityKind::Comment
        | UtilityKind::ConfigureZone
        | UtilityKind::Ranges
        | UtilityKind::Refresh => repeatable(StepKind::Schema),
        UtilityKind::Statistics => repeatable(StepKind::Operation),
        UtilityKind::Alter => Role::Step(alter(utility)),
        UtilityKind::Create => Role::Step(create(utility)),
        UtilityKind::Drop | UtilityKind::Role => unseen(StepKind::Schema),
        UtilityKind::Show | UtilityKind::Call | UtilityKind::Do => unseen(StepKind::Data),
        UtilityKind::Reset | UtilityKind::Discard | UtilityKind::Deallocate => forbidden(
            "resets the session",
            "leave it out: the runner resets what a migration has set",
        ),
        UtilityKind::Copy => forbidden(
            "copies rows from or to the client",
            "write INSERT, or load the rows outside of migrations",
        ),
        UtilityKind::Cursor | UtilityKind::Notification => {
            forbidden("is for a session that goes on", "leave it out")
        }
        _ => unseen(StepKind::Operation),
    }
}

/// What a statement is that only the server can read (`-- verify: server`), by its first words.
pub(crate) fn role_by_words(text: &str) -> Role {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .take(3)
        .map(str::to_ascii_lowercase)
        .collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "begin" | "start" | "commit" | "end" | "rollback" | "abort" | "savepoint" | "release" => {
            CONTROL
        }
        "copy" => forbidden(
            "copies rows from or to the client",
            "write INSERT, or load the rows outside of migrations",
        ),
        "set" | "reset" | "discard" | "deallocate" | "prepare" | "execute" | "listen"
        | "unlisten" | "notify" => forbidden(
            "changes the session and cannot be read by the dialect",
            "write it so that the dialect can read it, or leave it out",
        ),
        "vacuum" | "reindex" | "cluster" | "analyze" | "analyse" => {
            Role::Step(step(StepKind::Operation, Evidence::Repeatable))
        }
        "alter" if word(1) == "system" => {
            Role::Step(step(StepKind::Operation, Evidence::Repeatable))
        }
        "insert" | "update" | "delete" | "select" | "with" | "merge" | "call" | "do" => {
            Role::Step(step(StepKind::Data, Evidence::Nothing))
        }
        _ => Role::Step(step(StepKind::Schema, Evidence::Nothing)),
    }
}

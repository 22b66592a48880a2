//! What a statement of a migration is, and how one sees afterwards whether it took effect. Pure.

use crdb_sql::dialect::ast::{
    AlterTableAction, ColumnAction, DropTarget, Ident, ObjectKind, ObjectName, Part, SetScope,
    Statement, StatementKind, TableConstraint, Utility, UtilityKind,
};
use crdb_sql::dialect::facts::Facts;
use crdb_sql::dialect::facts::StatementClass;
use crdb_sql::dialect::keyword::Keyword;

use crate::problem::ProblemKind;

/// What kind of work a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StepKind {
    /// Changes the schema.
    Schema,
    /// Reads or writes rows.
    Data,
    /// Works on the server rather than in a transaction: `VACUUM`, `BACKUP`, `SET CLUSTER SETTING`.
    Operation,
    /// Rust code, with a transaction of its own.
    Code,
}

impl StepKind {
    /// A lasting name in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Data => "data",
            Self::Operation => "operation",
            Self::Code => "code",
        }
    }
}

/// A name and the schema that qualifies it, as the server folds them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Qualified {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

impl Qualified {
    fn of(name: &ObjectName) -> Self {
        let mut parts = name.parts.iter().rev().map(Ident::value);
        let own = parts.next().unwrap_or_default().to_owned();
        Self {
            name: own,
            schema: parts.next().map(str::to_owned),
        }
    }
}

/// Something in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Object {
    /// A table, view, sequence or materialized view.
    Relation(Qualified),
    Index {
        table: Option<Qualified>,
        index: Qualified,
    },
    Column {
        table: Qualified,
        column: String,
    },
    Constraint {
        table: Qualified,
        constraint: String,
        /// Whether its rows have to have been checked.
        validated: bool,
    },
    Type(Qualified),
    Schema(String),
}

/// An object that is there, or is not, once a statement has taken effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Expectation {
    pub(crate) object: Object,
    pub(crate) present: bool,
}

/// How one sees whether a statement took effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Evidence {
    /// By objects in the catalog; all of them change together.
    Objects(Vec<Expectation>),
    /// One need not see: running it twice does the same as running it once.
    Repeatable,
    /// One cannot see.
    Nothing,
}

/// A statement that a migration runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Classified {
    pub(crate) kind: StepKind,
    pub(crate) evidence: Evidence,
    /// Whether it says `IF EXISTS` or `IF NOT EXISTS`.
    pub(crate) tolerant: bool,
    /// The table that is altered or indexed, as it is written.
    pub(crate) table: Option<String>,
}

impl Classified {
    /// Whether it makes indexes and nothing else.
    pub(crate) fn makes_indexes(&self) -> bool {
        matches!(&self.evidence, Evidence::Objects(objects)
            if objects.iter().all(|one| one.present && matches!(one.object, Object::Index { .. })))
    }
}

/// What a statement of a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A step of its own.
    Step(Classified),
    /// A setting for the steps behind it: its name, and the schemas of a search path.
    Setting(String, Option<Vec<String>>),
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

fn step(kind: StepKind, evidence: Evidence) -> Classified {
    Classified {
        kind,
        evidence,
        tolerant: false,
        table: None,
    }
}

fn present(object: Object) -> Evidence {
    Evidence::Objects(vec![Expectation {
        object,
        present: true,
    }])
}

fn plain(statement: &Statement) -> Classified {
    let mut classified = match &statement.kind {
        StatementKind::CreateTable(create) => Classified {
            tolerant: create.if_not_exists,
            ..step(
                StepKind::Schema,
                present(Object::Relation(Qualified::of(&create.name))),
            )
        },
        StatementKind::CreateIndex(create) => {
            let table = Qualified::of(&create.table);
            let evidence = create
                .index
                .name
                .as_ref()
                .map_or(Evidence::Nothing, |name| {
                    present(Object::Index {
                        index: Qualified {
                            schema: table.schema.clone(),
                            name: name.value().to_owned(),
                        },
                        table: Some(table),
                    })
                });
            Classified {
                tolerant: create.if_not_exists,
                table: Some(create.table.to_string()),
                ..step(StepKind::Schema, evidence)
            }
        }
        StatementKind::CreateView(create) if create.or_replace => {
            step(StepKind::Schema, Evidence::Repeatable)
        }
        StatementKind::CreateView(create) => Classified {
            tolerant: create.if_not_exists,
            ..step(
                StepKind::Schema,
                present(Object::Relation(Qualified::of(&create.name))),
            )
        },
        StatementKind::CreateSequence(create) => Classified {
            tolerant: create.if_not_exists,
            ..step(
                StepKind::Schema,
                present(Object::Relation(Qualified::of(&create.name))),
            )
        },
        StatementKind::CreateType(create) => Classified {
            tolerant: create.if_not_exists,
            ..step(
                StepKind::Schema,
                present(Object::Type(Qualified::of(&create.name))),
            )
        },
        StatementKind::CreateRoutine(create) => {
            let evidence = if create.or_replace {
                Evidence::Repeatable
            } else {
                Evidence::Nothing
            };
            step(StepKind::Schema, evidence)
        }
        StatementKind::Drop(drop) => {
            let gone = |target: &DropTarget| {
                let object = match target {
                    DropTarget::Index(name) => Object::Index {
                        table: name.table.as_ref().map(Qualified::of),
                        index: Qualified::of(&name.index),
                    },
                    DropTarget::Object(name) => match drop.kind {
                        ObjectKind::Database => return None,
                        ObjectKind::Schema => Object::Schema(name.name().to_owned()),
                        ObjectKind::Type => Object::Type(Qualified::of(name)),
                        _ => Object::Relation(Qualified::of(name)),
                    },
                    _ => return None,
                };
                Some(Expectation {
                    object,
                    present: false,
                })
            };
            let gone: Option<Vec<_>> = drop.targets.iter().map(gone).collect();
            let kind = if drop.kind == ObjectKind::Database {
                StepKind::Operation
            } else {
                StepKind::Schema
            };
            Classified {
                tolerant: drop.if_exists,
                ..step(kind, gone.map_or(Evidence::Nothing, Evidence::Objects))
            }
        }
        StatementKind::AlterTable(alter) => {
            let table = Qualified::of(&alter.table);
            let mut tolerant = alter.if_exists;
            let mut evidence = Evidence::Repeatable;
            for action in &alter.actions {
                let (own, if_exists) = action_evidence(action, &table);
                tolerant |= if_exists;
                evidence = join(evidence, own);
            }
            Classified {
                tolerant,
                table: Some(alter.table.to_string()),
                ..step(StepKind::Schema, evidence)
            }
        }
        _ => {
            let kind = match Facts::of(statement).class {
                StatementClass::Ddl => StepKind::Schema,
                _ => StepKind::Data,
            };
            step(kind, Evidence::Nothing)
        }
    };
    if let Evidence::Objects(objects) = &classified.evidence
        && objects.is_empty()
    {
        classified.evidence = Evidence::Nothing;
    }
    classified
}

/// The evidence of two changes that take effect together.
fn join(a: Evidence, b: Evidence) -> Evidence {
    match (a, b) {
        (Evidence::Nothing, _) | (_, Evidence::Nothing) => Evidence::Nothing,
        (Evidence::Repeatable, other) | (other, Evidence::Repeatable) => other,
        (Evidence::Objects(mut a), Evidence::Objects(b)) => {
            a.extend(b);
            Evidence::Objects(a)
        }
    }
}

/// What one change of a table leaves, and whether it says `IF EXISTS` or `IF NOT EXISTS`.
fn action_evidence(action: &AlterTableAction, table: &Qualified) -> (Evidence, bool) {
    let column = |name: &Ident, present| Expectation {
        object: Object::Column {
            table: table.clone(),
            column: name.value().to_owned(),
        },
        present,
    };
    let constraint = |name: &Ident, validated, present| Expectation {
        object: Object::Constraint {
            table: table.clone(),
            constraint: name.value().to_owned(),
            validated,
        },
        present,
    };
    let one = |expectation| Evidence::Objects(vec![expectation]);
    match action {
        AlterTableAction::AddColumn {
            if_not_exists,
            column: added,
        } => (one(column(&added.name, true)), *if_not_exists),
        AlterTableAction::DropColumn {
            if_exists,
            column: dropped,
            ..
        } => (one(column(dropped, false)), *if_exists),
        AlterTableAction::RenameColumn {
            column: old,
            new_name,
        } => (
            Evidence::Objects(vec![column(old, false), column(new_name, true)]),
            false,
        ),
        AlterTableAction::RenameConstraint {
            constraint: old,
            new_name,
        } => (
            Evidence::Objects(vec![
                constraint(old, false, false),
                constraint(new_name, false, true),
            ]),
            false,
        ),
        AlterTableAction::AddConstraint {
            if_not_exists,
            constraint: added,
            not_valid,
        } => {
            let name = match added {
                TableConstraint::Check { name, .. }
                | TableConstraint::Unique { name, .. }
                | TableConstraint::ForeignKey { name, .. } => name.as_ref(),
                _ => None,
            };
            let evidence = name.map_or(Evidence::Nothing, |name| {
                one(constraint(name, !not_valid, true))
            });
            (evidence, *if_not_exists)
        }
        AlterTableAction::DropConstraint {
            if_exists,
            constraint: dropped,
            ..
        } => (one(constraint(dropped, false, false)), *if_exists),
        AlterTableAction::ValidateConstraint(_) => (Evidence::Repeatable, false),
        AlterTableAction::AlterColumn { action, .. } => match action {
            ColumnAction::SetDefault(_)
            | ColumnAction::DropDefault
            | ColumnAction::SetOnUpdate(_)
            | ColumnAction::DropOnUpdate
            | ColumnAction::SetNotNull
            | ColumnAction::DropNotNull
            | ColumnAction::SetVisible(_)
            | ColumnAction::SetType { using: None, .. } => (Evidence::Repeatable, false),
            ColumnAction::DropIdentity { if_exists: true } => (Evidence::Repeatable, true),
            _ => (Evidence::Nothing, false),
        },
        AlterTableAction::Other(parts) => {
            let sets = matches!(parts.first(), Some(Part::Keyword(Keyword::SET)));
            let evidence = if sets {
                Evidence::Repeatable
            } else {
                Evidence::Nothing
            };
            (evidence, false)
        }
        _ => (Evidence::Nothing, false),
    }
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

/// The table, view or sequence that is renamed, and everything else that `ALTER` does.
fn alter(utility: &Utility) -> Classified {
    let keywords = |wanted: Keyword| {
        utility
            .parts
            .iter()
            .position(|part| *part == Part::Keyword(wanted))
    };
    let name_at = |part: &Part| match part {
        Part::Object(name) => Some(Qualified::of(name)),
        Part::Table(table) => Some(Qualified::of(&table.name)),
        Part::Name(name) => Some(Qualified {
            schema: None,
            name: name.value().to_owned(),
        }),
        _ => None,
    };
    let tolerant = keywords(Keyword::EXISTS).is_some();
    let relation = [Keyword::TABLE, Keyword::VIEW, Keyword::SEQUENCE]
        .iter()
        .any(|kind| utility.parts.get(1) == Some(&Part::Keyword(*kind)));
    let evidence = match keywords(Keyword::RENAME) {
        Some(at) if relation => {
            let old = utility.parts[..at].iter().find_map(name_at);
            let new = utility.parts[at..].iter().find_map(name_at);
            match (old, new) {
                (Some(old), Some(mut new)) => {
                    new.schema = new.schema.or_else(|| old.schema.clone());
                    Evidence::Objects(vec![
                        Expectation {
                            object: Object::Relation(old),
                            present: false,
                        },
                        Expectation {
                            object: Object::Relation(new),
                            present: true,
                        },
                    ])
                }
                _ => Evidence::Nothing,
            }
        }
        Some(_) => Evidence::Nothing,
        None if keywords(Keyword::OWNER).is_some() => Evidence::Repeatable,
        None => Evidence::Nothing,
    };
    Classified {
        tolerant,
        ..step(StepKind::Schema, evidence)
    }
}

/// `CREATE SCHEMA` and `CREATE DATABASE`, and everything else that has no tree of its own.
fn create(utility: &Utility) -> Classified {
    let has = |wanted: Keyword| utility.parts.contains(&Part::Keyword(wanted));
    let second = utility.parts.get(1);
    let tolerant = has(Keyword::EXISTS);
    if second == Some(&Part::Keyword(Keyword::SCHEMA)) {
        let name = utility.parts.iter().find_map(|part| match part {
            Part::Name(name) => Some(name.value().to_owned()),
            Part::Object(name) => Some(name.name().to_owned()),
            _ => None,
        });
        let evidence = name.map_or(Evidence::Nothing, |name| present(Object::Schema(name)));
        return Classified {
            tolerant,
            ..step(StepKind::Schema, evidence)
        };
    }
    let kind = if second == Some(&Part::Keyword(Keyword::DATABASE)) {
        StepKind::Operation
    } else {
        StepKind::Schema
    };
    let evidence = if tolerant || has(Keyword::REPLACE) {
        Evidence::Repeatable
    } else {
        Evidence::Nothing
    };
    Classified {
        tolerant,
        ..step(kind, evidence)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crdb_sql::dialect::parse_one;

    fn classify(sql: &str) -> Classified {
        match role(&parse_one(sql).unwrap()) {
            Role::Step(classified) => classified,
            other => unreachable!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn what_a_statement_leaves_is_known() {
        let relation = |schema: Option<&str>, name: &str, present| Expectation {
            object: Object::Relation(Qualified {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            }),
            present,
        };
        let objects = |sql: &str| match classify(sql).evidence {
            Evidence::Objects(objects) => objects,
            other => unreachable!("{sql}: {other:?}"),
        };
        assert_eq!(
            objects("CREATE TABLE b.public.\"T\" (a INT8)"),
            [relation(Some("public"), "T", true)]
        );
        assert_eq!(
            objects("DROP TABLE a, s.b"),
            [relation(None, "a", false), relation(Some("s"), "b", false)]
        );
        assert_eq!(
            objects("ALTER TABLE s.a RENAME TO b"),
            [
                relation(Some("s"), "a", false),
                relation(Some("s"), "b", true)
            ]
        );
        assert_eq!(
            objects("ALTER TABLE t ADD COLUMN a INT8, DROP COLUMN IF EXISTS b, ALTER COLUMN c DROP NOT NULL").len(),
            2
        );
        assert_eq!(objects("CREATE SCHEMA s").len(), 1);
        assert_eq!(objects("CREATE TYPE e AS ENUM ('a')").len(), 1);
        assert_eq!(objects("DROP INDEX t@i").len(), 1);
    }

    #[test]
    fn statements_are_of_a_kind() {
        use StepKind::{Data, Operation, Schema};
        for (sql, kind, repeatable) in [
            ("CREATE INDEX i ON t (a)", Schema, false),
            ("CREATE INDEX ON t (a)", Schema, false),
            ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", Schema, true),
            (
                "ALTER TABLE t ALTER COLUMN a TYPE STRING USING a::STRING",
                Schema,
                false,
            ),
            ("ALTER TABLE t SET (schema_locked = false)", Schema, true),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", Schema, true),
            ("GRANT SELECT ON t TO app", Schema, true),
            ("COMMENT ON TABLE t IS 'x'", Schema, true),
            ("TRUNCATE t", Data, false),
            ("INSERT INTO t VALUES (1)", Data, false),
            ("SELECT setval('s', 7)", Data, false),
            ("SET CLUSTER SETTING a.b = 1", Operation, true),
            ("CREATE DATABASE d", Operation, false),
        ] {
            let found = classify(sql);
            assert_eq!(found.kind, kind, "{sql}");
            assert_eq!(found.evidence == Evidence::Repeatable, repeatable, "{sql}");
        }
        for sql in [
            "BEGIN",
            "COMMIT",
            "SAVEPOINT a",
            "SET LOCAL a = 1",
            "RESET a",
            "PREPARE a AS SELECT 1",
        ] {
            assert!(
                matches!(role(&parse_one(sql).unwrap()), Role::Refused(..)),
                "{sql}"
            );
        }
        assert_eq!(
            role(&parse_one("SET search_path = a, \"B\"").unwrap()),
            Role::Setting(
                "search_path".to_owned(),
                Some(vec!["a".to_owned(), "B".to_owned()])
            )
        );
    }
}

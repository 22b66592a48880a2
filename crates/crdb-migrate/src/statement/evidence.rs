//! What a statement leaves in the catalog, by which one sees whether it took effect.

use crdb_sql::dialect::ast::{
    AlterTableAction, ColumnAction, DropTarget, Ident, ObjectKind, Part, Statement, StatementKind,
    TableConstraint, Utility,
};
use crdb_sql::dialect::facts::{Facts, StatementClass};
use crdb_sql::dialect::keyword::Keyword;

use super::{Classified, Evidence, Expectation, Object, Qualified, StepKind};

pub(super) fn step(kind: StepKind, evidence: Evidence) -> Classified {
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

pub(super) fn plain(statement: &Statement) -> Classified {
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

/// The table, view or sequence that is renamed, and everything else that `ALTER` does.
pub(super) fn alter(utility: &Utility) -> Classified {
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
pub(super) fn create(utility: &Utility) -> Classified {
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

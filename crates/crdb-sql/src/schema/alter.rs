//! What `ALTER` changes in a schema.

use super::name::Key;
use super::read::{Reader, add_constraint, column, is_called, owned, primary_key, written};
use super::{Index, Table, TableColumn};
use crate::dialect::ast::{
    AlterTableAction, ColumnAction, IndexColumn, ObjectName, Part, TableConstraint,
};
use crate::dialect::keyword::Keyword;

impl Reader<'_> {
    /// `ALTER` of everything but a table's columns.
    pub(super) fn alter(&mut self, parts: &[Part]) {
        let (Some(Part::Keyword(kind)), Some(to)) = (parts.get(1), parts.last()) else {
            return;
        };
        let object = parts.iter().find_map(|part| match part {
            Part::Object(name) => Some(name),
            _ => None,
        });
        let target = match to {
            Part::Object(name) => Some(name.name()),
            Part::Name(name) => Some(name.value()),
            _ => None,
        };
        match (kind, object, target) {
            (Keyword::TABLE | Keyword::VIEW | Keyword::SEQUENCE, Some(object), Some(target)) => {
                let Some(key) = self.find(object) else { return };
                if has(parts, Keyword::RENAME) && has(parts, Keyword::TO) {
                    self.move_table(&key, key.renamed(target));
                } else if has(parts, Keyword::SCHEMA) {
                    self.move_table(&key, key.moved(target));
                }
            }
            (Keyword::TYPE, Some(object), _) => self.alter_type(object, parts, target),
            (Keyword::INDEX, _, Some(target)) if has(parts, Keyword::RENAME) => {
                let Some(Part::Index(index)) = parts.get(2).or_else(|| parts.get(4)) else {
                    return;
                };
                let old = index.index.name();
                for table in self.schema.tables.values_mut() {
                    let name = table.name.clone();
                    for index in &mut table.indexes {
                        if is_called(index, &name, old) {
                            index.name = Some(target.to_owned());
                        }
                    }
                }
            }
            (Keyword::SCHEMA, _, Some(target)) if has(parts, Keyword::RENAME) => {
                let Some(Part::Name(old)) = parts.get(2) else {
                    return;
                };
                let all: Vec<Key> = self
                    .schema
                    .tables
                    .keys()
                    .chain(&self.schema.opaque)
                    .cloned()
                    .collect();
                for key in all.into_iter().filter(|key| key.schema == old.value()) {
                    self.move_table(&key, key.moved(target));
                }
            }
            _ => {}
        }
    }

    fn move_table(&mut self, from: &Key, to: Key) {
        if let Some(mut table) = self.schema.tables.remove(from) {
            table.name.clone_from(&to.name);
            table.schema.clone_from(&to.schema);
            self.schema.tables.insert(to, table);
        } else if self.schema.opaque.remove(from) {
            self.schema.opaque.insert(to);
        }
    }

    fn alter_type(&mut self, object: &ObjectName, parts: &[Part], target: Option<&str>) {
        let key = self.key(object);
        let texts: Vec<&str> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Text(text) => Some(&**text),
                _ => None,
            })
            .collect();
        if has(parts, Keyword::RENAME) && !has(parts, Keyword::VALUE) {
            if let (Some(labels), Some(target)) = (self.schema.enums.remove(&key), target) {
                self.schema.enums.insert(key.renamed(target), labels);
            }
            return;
        }
        let Some(labels) = self.schema.enums.get_mut(&key) else {
            return;
        };
        let place = |label: &str, labels: &[String]| labels.iter().position(|known| known == label);
        match texts.as_slice() {
            [gone] if has(parts, Keyword::DROP) => labels.retain(|label| label != gone),
            [old, new] if has(parts, Keyword::RENAME) => {
                if let Some(label) = labels.iter_mut().find(|label| *label == old) {
                    (*new).clone_into(label);
                }
            }
            [new, ..] if place(new, labels).is_some() => {}
            [new, beside] => {
                let at = place(beside, labels).map_or(labels.len(), |at| {
                    at + usize::from(has(parts, Keyword::AFTER))
                });
                labels.insert(at, (*new).to_owned());
            }
            [new] => labels.push((*new).to_owned()),
            _ => {}
        }
    }
}

fn has(parts: &[Part], keyword: Keyword) -> bool {
    parts.contains(&Part::Keyword(keyword))
}

pub(super) fn alter_table(table: &mut Table, action: &AlterTableAction, text: &str) {
    match action {
        AlterTableAction::AddColumn {
            if_not_exists: true,
            column: definition,
        } if table.column(definition.name.value()).is_some() => {}
        AlterTableAction::AddColumn {
            column: definition, ..
        } => column(table, definition, text),
        AlterTableAction::DropColumn { column, .. } => {
            let gone = owned(column);
            table.columns.remove(&gone);
            table
                .indexes
                .retain(|index| !index.columns.contains(&gone) && !index.storing.contains(&gone));
            table
                .foreign_keys
                .retain(|key| !key.columns.contains(&gone));
        }
        AlterTableAction::AlterColumn { column, action } => {
            if let Some(column) = table.columns.get_mut(column.value()) {
                alter_column(column, action, text);
            }
        }
        AlterTableAction::RenameColumn { column, new_name } => {
            table.columns.rename(column.value(), new_name.value());
            let indexed = table
                .indexes
                .iter_mut()
                .flat_map(|index| index.columns.iter_mut().chain(&mut index.storing));
            let referring = table
                .foreign_keys
                .iter_mut()
                .flat_map(|key| &mut key.columns);
            for name in indexed.chain(referring) {
                if name == column.value() {
                    new_name.value().clone_into(name);
                }
            }
        }
        AlterTableAction::RenameConstraint {
            constraint,
            new_name,
        } => {
            let name = table.name.clone();
            for index in &mut table.indexes {
                if is_called(index, &name, constraint.value()) {
                    index.name = Some(owned(new_name));
                }
            }
        }
        AlterTableAction::AddConstraint {
            if_not_exists,
            constraint,
            ..
        } => {
            let known = match constraint {
                TableConstraint::Unique {
                    name: Some(name), ..
                } if *if_not_exists => {
                    let mut names = table.indexes.iter().filter_map(Index::name);
                    names.any(|known| known == name.value())
                }
                _ => false,
            };
            if !known {
                add_constraint(table, constraint);
            }
        }
        AlterTableAction::DropConstraint { constraint, .. } => {
            let name = table.name.clone();
            let gone = constraint.value();
            table.indexes.retain(|index| !is_called(index, &name, gone));
            table
                .foreign_keys
                .retain(|key| key.name.as_deref() != Some(gone));
        }
        AlterTableAction::Other(parts)
            if has(parts, Keyword::PRIMARY) && has(parts, Keyword::KEY) =>
        {
            let columns: Vec<IndexColumn> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::IndexColumn(column) => Some((**column).clone()),
                    _ => None,
                })
                .collect();
            primary_key(table, None, &columns);
        }
        _ => {}
    }
}

fn alter_column(column: &mut TableColumn, action: &ColumnAction, text: &str) {
    match action {
        ColumnAction::SetNotNull | ColumnAction::AddIdentity(_) => column.not_null = true,
        ColumnAction::DropNotNull => column.not_null = false,
        ColumnAction::SetVisible(visible) => column.hidden = !visible,
        ColumnAction::SetType { data_type, .. } => column.sql_type = written(data_type, text),
        _ => {}
    }
}

//! What `ALTER` changes in a schema.

use super::define::{add_constraint, column, primary_key, written};
use super::labels::At;
use super::name::Key;
use super::read::Reader;
use super::{Table, TableColumn};
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
                self.each_with_index(index, |table| {
                    table.indexes.rename(old, &table.name, target);
                });
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
            if self.changed.tables.remove(from) {
                self.changed.tables.insert(to.clone());
            }
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
                let to = key.renamed(target);
                if self.changed.enums.remove(&key) {
                    self.changed.enums.insert(to.clone());
                }
                self.schema.enums.insert(to, labels);
            }
            return;
        }
        let Some(labels) = self.schema.enums.get_mut(&key) else {
            return;
        };
        match texts.as_slice() {
            [gone] if has(parts, Keyword::DROP) => labels.remove(gone),
            [old, new] if has(parts, Keyword::RENAME) => labels.rename(old, new),
            [new, beside] if has(parts, Keyword::AFTER) => labels.add(new, At::After(beside)),
            [new, beside] => labels.add(new, At::Before(beside)),
            [new] => labels.add(new, At::End),
            _ => {}
        }
        self.changed.enums.insert(key);
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
            let gone = column.value();
            table.columns.remove(gone);
            table.indexes.remove_of(gone);
            table.foreign_keys.remove_of(gone);
        }
        AlterTableAction::AlterColumn { column, action } => {
            if let Some(column) = table.columns.get_mut(column.value()) {
                alter_column(column, action, text);
            }
        }
        AlterTableAction::RenameColumn { column, new_name } => {
            let (old, new) = (column.value(), new_name.value());
            table.columns.rename(old, new);
            table.indexes.rename_column(old, new);
            table.foreign_keys.rename_column(old, new);
        }
        AlterTableAction::RenameConstraint {
            constraint,
            new_name,
        } => {
            let (old, new) = (constraint.value(), new_name.value());
            table.indexes.rename(old, &table.name, new);
            table.foreign_keys.rename(old, &table.name, new);
        }
        AlterTableAction::AddConstraint {
            if_not_exists,
            constraint,
            ..
        } => {
            let known = match constraint {
                TableConstraint::Unique {
                    name: Some(name), ..
                } if *if_not_exists => table.indexes.has(name.value()),
                _ => false,
            };
            if !known {
                add_constraint(table, constraint);
            }
        }
        AlterTableAction::DropConstraint { constraint, .. } => {
            let gone = constraint.value();
            table.indexes.remove(gone, &table.name);
            table.foreign_keys.remove(gone, &table.name);
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

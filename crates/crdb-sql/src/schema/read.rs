//! Applies the statements of a file to a schema.

use std::collections::BTreeSet;

use super::alter::alter_table;
use super::define::{add_constraint, column, index, like};
use super::labels::Labels;
use super::name::{self, Key, PUBLIC};
use super::{Schema, Table};
use crate::dialect::ast::{
    CreateTable, CreateType, Drop, DropTarget, Expr, Ident, IndexName, ObjectKind, ObjectName,
    SetScope, SetVariable, Statement, StatementKind, TableContents, TableElement, TypeBody,
    UtilityKind,
};
use crate::dialect::{self, Piece};
use crate::problem::{Code, Problem};
use crate::source::SourceFile;

/// What has been changed since it was settled last.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) tables: BTreeSet<Key>,
    pub(super) enums: BTreeSet<Key>,
}

impl Changed {
    /// Makes the lists of what was changed ready to be asked for.
    pub(super) fn settle(self, schema: &mut Schema) {
        for key in self.tables {
            if let Some(table) = schema.tables.get_mut(&key) {
                table.settle();
            }
        }
        for key in self.enums {
            if let Some(labels) = schema.enums.get_mut(&key) {
                labels.settle();
            }
        }
    }
}

/// Applies the statements of a file to a schema. Returns what the dialect does not know.
pub(super) fn apply(
    schema: &mut Schema,
    changed: &mut Changed,
    source: &SourceFile,
) -> Vec<Problem> {
    let text = source.text();
    let mut problems = Vec::new();
    let mut path = PUBLIC.to_owned();
    let mut end = 0;
    for piece in dialect::split_statements(text) {
        let before = text.get(end..piece.span.range().start).unwrap_or("");
        end = piece.span.range().end;
        match dialect::parse(piece.text) {
            Ok(statements) => {
                let mut reader = Reader {
                    schema,
                    changed,
                    path: &mut path,
                    text: piece.text,
                };
                statements
                    .iter()
                    .for_each(|statement| reader.statement(statement));
            }
            Err(error) => {
                forget_mentioned(schema, piece.text);
                if !left_to_server(before) {
                    problems.push(refused(source, &piece, &error));
                }
            }
        }
    }
    problems
}

fn refused(source: &SourceFile, piece: &Piece<'_>, error: &dialect::ParseError) -> Problem {
    let at = piece.span.range().start + error.offset();
    Problem::at(Code::Syntax, source, at..at + 1, error.message()).help(
        "a statement that is right and still refused here can have the line `-- verify: server` before it",
    )
}

/// Whether the comments before a statement say that only a server knows it.
fn left_to_server(before: &str) -> bool {
    before.lines().any(|line| {
        let comment = line.trim().strip_prefix("--").map(str::trim);
        comment.is_some_and(|comment| comment == "verify: server")
    })
}

/// Nothing more is said of the tables whose names stand in a text that is not understood.
fn forget_mentioned(schema: &mut Schema, text: &str) {
    let mentioned = name::Mentioned::in_text(text);
    let keys: Vec<Key> = mentioned
        .ranges()
        .flat_map(|range| schema.tables.range(range).map(|(key, _)| key))
        .filter(|key| mentioned.has(key))
        .cloned()
        .collect();
    for key in keys {
        schema.tables.remove(&key);
        schema.opaque.insert(key);
    }
}

pub(super) struct Reader<'a> {
    pub(super) schema: &'a mut Schema,
    pub(super) changed: &'a mut Changed,
    /// The schema in which unqualified names are made.
    path: &'a mut String,
    text: &'a str,
}

impl Reader<'_> {
    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::CreateTable(create) => self.create_table(create),
            StatementKind::CreateType(create) => self.create_type(create),
            StatementKind::CreateView(view) => self.make_opaque(&view.name),
            StatementKind::CreateSequence(sequence) => self.make_opaque(&sequence.name),
            StatementKind::CreateIndex(create) => {
                if let Some(table) = self.table(&create.table) {
                    let name = create.index.name.as_ref();
                    let known = create.if_not_exists
                        && name.is_some_and(|name| table.indexes.has(name.value()));
                    if !known {
                        table.indexes.push(index(&create.index));
                    }
                }
            }
            StatementKind::AlterTable(alter) => {
                let text = self.text;
                if let Some(table) = self.table(&alter.table) {
                    for action in &alter.actions {
                        alter_table(table, action, text);
                    }
                }
            }
            StatementKind::Drop(drop) => self.drop(drop),
            StatementKind::Set(set) => self.set(set),
            StatementKind::Utility(utility) => match utility.kind {
                UtilityKind::Alter => self.alter(&utility.parts),
                UtilityKind::Do | UtilityKind::Call => forget_mentioned(self.schema, self.text),
                _ => {}
            },
            _ => {}
        }
    }

    pub(super) fn key(&self, name: &ObjectName) -> Key {
        Key::made(name, self.path)
    }

    /// The key of the table that a statement names: in the current schema first.
    pub(super) fn find(&self, name: &ObjectName) -> Option<Key> {
        let here = self.key(name);
        if name.parts.len() == 1 && self.schema.tables.contains_key(&here) {
            return Some(here);
        }
        self.schema.find_table(&name::parts(name)).cloned()
    }

    fn table(&mut self, name: &ObjectName) -> Option<&mut Table> {
        let key = self.find(name)?;
        let table = self.schema.tables.get_mut(&key)?;
        self.changed.tables.insert(key);
        Some(table)
    }

    fn exists(&self, key: &Key) -> bool {
        self.schema.tables.contains_key(key) || self.schema.opaque.contains(key)
    }

    fn make_opaque(&mut self, name: &ObjectName) {
        let key = self.key(name);
        self.schema.tables.remove(&key);
        self.schema.opaque.insert(key);
    }

    fn create_table(&mut self, create: &CreateTable) {
        let key = self.key(&create.name);
        if create.if_not_exists && self.exists(&key) {
            return;
        }
        let TableContents::Elements(elements) = &create.contents else {
            return self.make_opaque(&create.name);
        };
        let mut table = Table {
            name: key.name.clone(),
            schema: key.schema.clone(),
            ..Table::default()
        };
        for element in elements {
            match element {
                TableElement::Column(definition) => column(&mut table, definition, self.text),
                TableElement::Index(definition) => table.indexes.push(index(definition)),
                TableElement::Constraint { constraint, .. } => {
                    add_constraint(&mut table, constraint);
                }
                TableElement::Like {
                    table: model,
                    options,
                } => match self.table(model) {
                    Some(model) => {
                        model.settle();
                        like(&mut table, model, options);
                    }
                    None => return self.make_opaque(&create.name),
                },
                TableElement::Family { .. } => {}
            }
        }
        table.settle();
        self.schema.opaque.remove(&key);
        self.schema.tables.insert(key, table);
    }

    fn create_type(&mut self, create: &CreateType) {
        let key = self.key(&create.name);
        if create.if_not_exists && self.schema.enums.contains_key(&key) {
            return;
        }
        match &create.body {
            TypeBody::Enum(labels) => {
                let labels = labels.iter().map(ToString::to_string).collect();
                self.schema.enums.insert(key, Labels::new(labels));
            }
            TypeBody::Composite(_) => {
                self.schema.enums.remove(&key);
            }
        }
    }

    fn set(&mut self, set: &SetVariable) {
        if set.scope == SetScope::Local || set.scope == SetScope::Cluster {
            return;
        }
        let [variable] = set.name.as_slice() else {
            return;
        };
        if variable.value() != "search_path" {
            return;
        }
        let first = set.values.first().and_then(|value| match value {
            Expr::Column(column) => column.parts.last().map(Ident::value),
            Expr::Literal(crate::dialect::ast::Literal::String(text)) => text.split(',').next(),
            _ => None,
        });
        let first = first.map(str::trim).filter(|name| !name.starts_with('$'));
        first.unwrap_or(PUBLIC).clone_into(self.path);
    }

    fn drop(&mut self, drop: &Drop) {
        for target in &drop.targets {
            match target {
                DropTarget::Object(name) => self.drop_object(drop.kind, name),
                DropTarget::Index(index) => self.drop_index(index),
            }
        }
    }

    fn drop_object(&mut self, kind: ObjectKind, name: &ObjectName) {
        match kind {
            ObjectKind::Type => {
                let key = self.key(name);
                self.schema.enums.remove(&key);
            }
            ObjectKind::Schema => {
                let gone = name.name();
                self.schema.tables.retain(|key, _| key.schema != gone);
                self.schema.enums.retain(|key, _| key.schema != gone);
                self.schema.opaque.retain(|key| key.schema != gone);
            }
            ObjectKind::Database => {
                let gone = Some(name.name());
                self.schema
                    .tables
                    .retain(|key, _| key.database.as_deref() != gone);
                self.schema
                    .opaque
                    .retain(|key| key.database.as_deref() != gone);
            }
            _ => {
                if let Some(key) = self.find(name) {
                    self.schema.tables.remove(&key);
                    self.schema.opaque.remove(&key);
                }
            }
        }
    }

    fn drop_index(&mut self, index: &IndexName) {
        let gone = index.index.name();
        self.each_with_index(index, |table| table.indexes.remove(gone, &table.name));
    }

    /// Changes the table that has an index: the one that is named with it, or whichever has one of this name.
    pub(super) fn each_with_index(&mut self, index: &IndexName, change: impl Fn(&mut Table)) {
        if let Some(table) = &index.table {
            if let Some(table) = self.table(table) {
                change(table);
            }
            return;
        }
        let schema = index.index.parts.iter().rev().nth(1).map(Ident::value);
        for (key, table) in &mut self.schema.tables {
            if schema.is_none_or(|schema| table.schema == schema) {
                change(table);
                self.changed.tables.insert(key.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Index, TableColumn};
    use super::*;

    fn schema(text: &str) -> Schema {
        let mut schema = Schema::default();
        schema.apply(text);
        schema
    }

    #[test]
    fn tables_are_read_with_columns_keys_and_indexes() {
        let schema = schema(
            "CREATE TYPE public.kind AS ENUM ('a', 'it''s');
             CREATE TABLE IF NOT EXISTS public.\"Acc\" (
                id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
                balance DECIMAL(19, 4) NOT NULL CHECK (balance >= 0),
                note VARCHAR(20)[] NULL,
                made TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
                kind kind,
                index STRING,
                UNIQUE (balance, note),
                INDEX by_made (made DESC) STORING (note),
                INVERTED INDEX (note),
                CONSTRAINT positive CHECK (balance > 0),
                FAMILY f (id, balance)
             ) WITH (ttl_expire_after = '1 day');
             CREATE UNIQUE INDEX ON \"Acc\" USING btree (kind, lower(note));
             CREATE INDEX partial ON \"Acc\" (index) WHERE index IS NOT NULL;",
        );
        assert_eq!(schema.enum_labels("kind").expect("enum"), ["a", "it's"]);
        let table = schema.table("Acc").expect("table");
        let columns: Vec<(&str, &str, bool)> = table
            .columns()
            .iter()
            .map(|c| (c.name(), c.sql_type(), c.is_not_null()))
            .collect();
        assert_eq!(
            columns,
            [
                ("id", "UUID", true),
                ("balance", "DECIMAL(19, 4)", true),
                ("note", "VARCHAR(20)[]", false),
                ("made", "TIMESTAMP WITH TIME ZONE", true),
                ("kind", "kind", false),
                ("index", "STRING", false),
            ]
        );
        let indexes: Vec<String> = table
            .indexes()
            .iter()
            .map(|i| i.columns().join(","))
            .collect();
        assert_eq!(
            indexes,
            ["id", "balance,note", "made", "note", "kind", "index"]
        );
        assert!(table.indexes()[0].is_primary());
        assert_eq!(table.indexes()[2].storing(), ["note"]);
        let keys: Vec<bool> = table.indexes().iter().map(Index::is_key).collect();
        assert_eq!(keys, [true, true, false, false, false, false]);
        assert!(table.indexes()[5].is_partial() && table.indexes()[3].is_inverted());
    }

    #[test]
    fn migrations_change_what_is_known() {
        let schema = schema(
            "CREATE TABLE a (id INT8, b INT8, c TEXT NOT NULL);
             ALTER TABLE a ADD CONSTRAINT pk PRIMARY KEY (id), ADD COLUMN IF NOT EXISTS d BOOL NOT NULL DEFAULT false;
             ALTER TABLE a ALTER COLUMN b SET NOT NULL, ALTER COLUMN c DROP NOT NULL;
             ALTER TABLE a ALTER COLUMN c SET DATA TYPE VARCHAR(3);
             CREATE INDEX i ON a (b); CREATE INDEX j ON a (c);
             DROP INDEX IF EXISTS a@i;
             ALTER TABLE a RENAME COLUMN b TO bb;
             ALTER TABLE a RENAME TO aa;
             CREATE TABLE gone (x INT8); DROP TABLE gone;",
        );
        assert!(schema.table("a").is_none() && schema.table("gone").is_none());
        let table = schema.table("aa").expect("table");
        let not_null = |name: &str| table.column(name).map(TableColumn::is_not_null);
        assert_eq!(not_null("id"), Some(true));
        assert_eq!(not_null("bb"), Some(true));
        assert_eq!(not_null("c"), Some(false));
        assert_eq!(not_null("d"), Some(true));
        assert_eq!(
            table.column("c").map(TableColumn::sql_type),
            Some("VARCHAR(3)")
        );
        assert!(table.indexes().iter().all(|i| i.name() != Some("i")));
        assert!(table.indexes().iter().any(|i| i.name() == Some("j")));
    }
}

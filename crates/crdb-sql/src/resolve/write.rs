//! INSERT, UPDATE and DELETE: the table that is written, and what they return.

use std::collections::HashSet;

use super::relation::Relation;
use super::scope::{Scope, Source};
use super::{Observer, Resolver};
use crate::dialect::ast::{
    Assignment, ConflictAction, ConflictTarget, Delete, Ident, Insert, InsertSource, Limit,
    Statement, Subscript, TableName, TableRef, Update,
};

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    pub(super) fn insert(&mut self, statement: &'t Statement, insert: &'t Insert) -> Relation<'t> {
        let framed = self.with(insert.with.as_ref());
        if let InsertSource::Query(query) = &insert.source {
            self.query(query);
        }
        self.write_to(&insert.table, insert.alias.as_ref());
        self.finish_scope(&[]);
        self.targets(insert.columns.iter());
        if let Some(conflict) = &insert.on_conflict {
            if let ConflictTarget::Columns { columns, filter } = &conflict.target {
                self.targets(columns.iter());
                self.exprs(filter);
            }
            if let ConflictAction::Update {
                assignments,
                filter,
            } = &conflict.action
            {
                self.excluded();
                self.assignments(assignments);
                self.exprs(filter);
                // RETURNING does not see it.
                self.scopes.pop();
                self.write_to(&insert.table, insert.alias.as_ref());
                self.finish_scope(&[]);
            }
        }
        let output = self.returning(insert.returning.as_ref());
        self.end_write(statement, framed);
        output
    }

    pub(super) fn update(&mut self, statement: &'t Statement, update: &'t Update) -> Relation<'t> {
        let framed = self.with(update.with.as_ref());
        self.write_to(&update.table, update.alias.as_ref());
        self.finish_scope(&update.from);
        self.assignments(&update.assignments);
        self.exprs(&update.filter);
        self.order_by(&update.order_by, &HashSet::new());
        if let Some(Limit::Count(count) | Limit::Fetch(Some(count))) = &update.limit {
            self.expr(count);
        }
        let output = self.returning(update.returning.as_ref());
        self.end_write(statement, framed);
        output
    }

    pub(super) fn delete(&mut self, statement: &'t Statement, delete: &'t Delete) -> Relation<'t> {
        let framed = self.with(delete.with.as_ref());
        self.write_to(&delete.table, delete.alias.as_ref());
        self.finish_scope(&delete.using);
        self.exprs(&delete.filter);
        self.order_by(&delete.order_by, &HashSet::new());
        if let Some(Limit::Count(count) | Limit::Fetch(Some(count))) = &delete.limit {
            self.expr(count);
        }
        let output = self.returning(delete.returning.as_ref());
        self.end_write(statement, framed);
        output
    }

    /// Begins a scope with the table that is written.
    fn write_to(&mut self, named: &'t TableName, alias: Option<&'t Ident>) {
        // A common table expression of the same name is not written.
        let table = match &named.id {
            None => self.schema.table_named(&named.name),
            Some(_) => None,
        };
        let relation = match table {
            Some(table) => self.stored_table(table),
            None => Relation::unknown(),
        };
        let mut scope = Scope::default();
        scope.push(Source {
            alias: Some(alias.map_or(named.name.name(), Ident::value)),
            table,
            name: alias.is_none().then_some(&named.name),
            relation,
            optional: false,
            derived: false,
            span: named.name.parts.last().map_or(named.span, Ident::span),
        });
        self.scopes.push(scope);
    }

    /// Adds `excluded`, the row that ON CONFLICT did not insert.
    fn excluded(&mut self) {
        let Some(mut scope) = self.scopes.pop() else {
            return;
        };
        let Some(target) = scope.sources().first().cloned() else {
            return;
        };
        scope = Scope::default();
        scope.push(target.clone());
        scope.push(Source {
            alias: Some("excluded"),
            table: None,
            name: None,
            ..target
        });
        // An unqualified name is the target's, though the row that was not inserted has it too.
        scope.finish(None);
        self.scopes.push(scope);
    }

    fn finish_scope(&mut self, from: &'t [TableRef]) {
        let mut conditions = Vec::new();
        let others = self.sources(from, &mut conditions);
        if let Some(scope) = self.scopes.last_mut() {
            let target = scope.target_star();
            let star = target.zip(others).map(|(mut target, others)| {
                target.extend(others);
                target
            });
            scope.finish(star);
        }
        self.exprs(conditions);
    }

    fn assignments(&mut self, assignments: &'t [Assignment]) {
        for assignment in assignments {
            self.targets(assignment.columns.iter());
            let bounds = assignment.subscripts.iter().flat_map(Subscript::exprs);
            bounds.for_each(|bound| self.expr(bound));
            self.expr(&assignment.value);
        }
    }

    /// Columns that are written, which belong to the first source.
    fn targets(&mut self, names: impl Iterator<Item = &'t Ident>) {
        let target = self.scopes.last().and_then(|scope| scope.sources().first());
        let Some(relation) = target.map(|target| target.relation.clone()) else {
            return;
        };
        if !relation.is_named() {
            return;
        }
        for name in names {
            if relation.find(name.value()).is_none() && !super::scope::is_system_name(name.value())
            {
                let mut known = relation.columns().iter().filter_map(|column| column.name);
                self.observer.missing(name, &mut known);
            }
        }
    }

    fn end_write(&mut self, statement: &'t Statement, framed: bool) {
        if let Some(scope) = self.scopes.pop() {
            self.observer.write(statement, &scope);
        }
        if framed {
            self.ctes.pop();
        }
    }
}

//! What columns' names stand for, and the visitors that look them up.

use super::function::builtin_name;
use super::{Found, Observer, Resolver, Scope, scope};
use crate::dialect::ast::{
    BinaryOperator, ColumnRef, Expr, Function, FunctionArguments, Literal, Query, Statement,
};
use crate::dialect::visit::{Descend, Visitor, walk_expr};
use crate::schema::canonical_type;

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    /// What a column's name stands for, from the inside out.
    pub(super) fn find(&self, column: &ColumnRef) -> Found<'t> {
        for scope in self.scopes.iter().rev().filter(|scope| !scope.hidden) {
            match scope.find(&column.parts) {
                Found::Missing => {
                    // The inner source hides an outer one of the same name.
                    if let Some((_, qualifier)) = column.parts.split_last()
                        && !qualifier.is_empty()
                        && scope.has(qualifier)
                    {
                        return Found::Missing;
                    }
                }
                found => return found,
            }
        }
        Found::Missing
    }

    pub(super) fn column(&mut self, column: &'t ColumnRef) {
        if column.star || scope::is_system_column(column) {
            return;
        }
        let Found::Missing = self.find(column) else {
            return;
        };
        let qualified = column.parts.len() > 1;
        let visible = || self.scopes.iter().rev().filter(|scope| !scope.hidden);
        let known = !qualified
            || visible().any(|scope| {
                let qualifier = column.parts.split_last().map(|(_, qualifier)| qualifier);
                qualifier.is_some_and(|qualifier| scope.has(qualifier))
            });
        if known && let Some(name) = column.parts.last() {
            let mut names = visible().flat_map(Scope::names);
            self.observer.missing(name, &mut names);
        }
    }

    /// Whether an expression is certainly an integer: then whether it names anything, so that it has a place.
    pub(super) fn integer(&self, expr: &'t Expr) -> Option<bool> {
        let is_integer = |sql_type: &str| {
            matches!(
                canonical_type(sql_type).as_str(),
                "int" | "int8" | "int4" | "int2"
            )
        };
        match expr {
            Expr::Literal(Literal::Integer(_)) => Some(false),
            Expr::Nested(inner) => self.integer(inner),
            Expr::Column(_) => {
                let stored = self.stored(expr)?;
                is_integer(stored.sql_type()).then_some(true)
            }
            Expr::Cast {
                operand, data_type, ..
            } if is_integer(&data_type.to_string()) => {
                let named =
                    !Columns::of(operand).is_empty() || matches!(&**operand, Expr::Placeholder(_));
                Some(named)
            }
            Expr::Function(call) => {
                let counts = matches!(builtin_name(call), Some("count" | "length"));
                counts.then_some(true)
            }
            _ => None,
        }
    }
}

/// Looks up the columns of an expression and goes through its subqueries.
pub(super) struct Expressions<'r, 't, O> {
    pub(super) resolver: &'r mut Resolver<'t, O>,
}

impl<'t, O: Observer<'t>> Visitor<'t> for Expressions<'_, 't, O> {
    fn query(&mut self, query: &'t Query) -> Descend {
        self.resolver.query(query);
        Descend::Over
    }

    fn statement(&mut self, statement: &'t Statement) -> Descend {
        self.resolver.statement(statement);
        Descend::Over
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Column(column) => self.resolver.column(column),
            Expr::Exists(query) => self.resolver.observer.exists(query),
            Expr::Binary {
                left,
                operator: BinaryOperator::Symbol("/"),
                right,
            } => {
                let named = [left, right].map(|side| self.resolver.integer(side));
                if let [Some(a), Some(b)] = named
                    && (a || b)
                {
                    let operand = if a { left } else { right };
                    self.resolver.observer.integer_division(operand);
                }
            }
            _ => {}
        }
    }
}

/// Goes through the queries and writes inside another statement.
pub(super) struct Within<'r, 't, O> {
    pub(super) resolver: &'r mut Resolver<'t, O>,
    pub(super) outermost: &'t Statement,
}

impl<'t, O: Observer<'t>> Visitor<'t> for Within<'_, 't, O> {
    fn query(&mut self, query: &'t Query) -> Descend {
        self.resolver.query(query);
        Descend::Over
    }

    fn statement(&mut self, statement: &'t Statement) -> Descend {
        if std::ptr::eq(statement, self.outermost) {
            return Descend::Into;
        }
        self.resolver.statement(statement);
        Descend::Over
    }
}

/// The columns that an expression names outside its subqueries.
#[derive(Debug, Default)]
pub(crate) struct Columns<'t> {
    found: Vec<&'t ColumnRef>,
}

impl<'t> Columns<'t> {
    pub(crate) fn of(expr: &'t Expr) -> Vec<&'t ColumnRef> {
        let mut columns = Self::default();
        walk_expr(expr, &mut columns);
        columns.found
    }

    pub(super) fn of_arguments(call: &'t Function) -> Vec<&'t ColumnRef> {
        let mut columns = Self::default();
        if let FunctionArguments::List(values)
        | FunctionArguments::All(values)
        | FunctionArguments::Distinct(values) = &call.arguments
        {
            let columns = &mut columns;
            values.iter().for_each(|value| walk_expr(value, columns));
        }
        columns.found
    }
}

impl<'t> Visitor<'t> for Columns<'t> {
    fn query(&mut self, _: &'t Query) -> Descend {
        Descend::Over
    }

    fn expr(&mut self, expr: &'t Expr) {
        if let Expr::Column(column) = expr {
            self.found.push(column);
        }
    }
}

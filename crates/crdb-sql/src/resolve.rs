//! What the names in a statement stand for, and which columns are never NULL.
//!
//! A [`Resolver`] goes through a statement once. For each query it works out the columns of its rows ([`Relation`]), for
//! each select the sources that its names can mean ([`Scope`]), and tells an [`Observer`] about both. Lints and the
//! nullability of generated code are such observers.

mod function;
mod join;
mod proof;
mod relation;
mod scope;
mod write;

use std::collections::{HashMap, HashSet};

pub(crate) use function::{builtin_name, is_aggregate, is_scalar};
pub(crate) use relation::{Column, Relation};
pub(crate) use scope::{Found, Scope, Source};

use crate::dialect::ast::{
    BinaryOperator, ColumnRef, Cte, Distinct, Expr, Field, Function, FunctionArguments, Ident,
    Limit, Literal, OrderBy, OrderTarget, Query, QueryBody, Returning, Select, SelectItem,
    SetOperator, Statement, StatementKind, WindowSpec, With,
};
use crate::dialect::visit::{Descend, Visitor, walk, walk_expr};
use crate::schema::{Schema, Table, TableColumn, canonical_type};
use proof::{Calls, Context};

/// What is told while a statement is gone through. Every method does nothing unless it is overridden.
#[expect(unused_variables, reason = "default bodies")]
pub(crate) trait Observer<'t> {
    /// A select, after its names have been looked up. `query` is what stands around it, where it is not an arm of a set
    /// operation.
    fn select(&mut self, select: &'t Select, query: Option<&'t Query>, scope: &Scope<'t>) {}
    /// A statement that writes, with the table that it writes first among the sources.
    fn write(&mut self, statement: &'t Statement, scope: &Scope<'t>) {}
    /// A query of which only is asked whether it has rows, before it is gone through.
    fn exists(&mut self, query: &'t Query) {}
    /// A query that is no single select, after it has been gone through.
    fn query(&mut self, query: &'t Query) {}
    /// `/` between two integers; `operand` is the one that says where.
    fn integer_division(&mut self, operand: &'t Expr) {}
    /// A name that is no column's, though all tables in sight are known. `near` are the columns that there are.
    fn missing(&mut self, name: &'t Ident, near: &[&'t str]) {}
}

impl Observer<'_> for () {}

/// The longest list of columns that `*` is written out to.
const MAX_STAR: usize = 2_000;

/// Goes through statements.
pub(crate) struct Resolver<'t, O> {
    schema: &'t Schema,
    scopes: Vec<Scope<'t>>,
    ctes: Vec<HashMap<&'t str, Relation<'t>>>,
    /// What each query that has been gone through returns, by its place in memory.
    outputs: HashMap<*const Query, Relation<'t>>,
    /// Those of them that have exactly one row.
    one_row: HashSet<*const Query>,
    tables: HashMap<*const Table, Relation<'t>>,
    observer: O,
}

impl<'t, O: Observer<'t>> Resolver<'t, O> {
    pub(crate) fn new(schema: &'t Schema, observer: O) -> Self {
        Self {
            schema,
            scopes: Vec::new(),
            ctes: Vec::new(),
            outputs: HashMap::new(),
            one_row: HashSet::new(),
            tables: HashMap::new(),
            observer,
        }
    }

    #[cfg(feature = "codegen")]
    pub(crate) fn into_observer(self) -> O {
        self.observer
    }

    /// Goes through a statement. Returns the columns of the rows that it returns.
    pub(crate) fn statement(&mut self, statement: &'t Statement) -> Relation<'t> {
        match &statement.kind {
            StatementKind::Query(query) => self.query(query),
            StatementKind::Insert(insert) => self.insert(statement, insert),
            StatementKind::Update(update) => self.update(statement, update),
            StatementKind::Delete(delete) => self.delete(statement, delete),
            StatementKind::Explain(explain) => {
                self.statement(&explain.statement);
                Relation::unknown()
            }
            _ => {
                // The parameters of a routine look like columns.
                self.scopes.push(Scope::unknown());
                let mut within = Within {
                    resolver: self,
                    outermost: statement,
                };
                walk(statement, &mut within);
                self.scopes.pop();
                Relation::unknown()
            }
        }
    }

    /// Goes through a query. Returns the columns of its rows.
    pub(crate) fn query(&mut self, query: &'t Query) -> Relation<'t> {
        let framed = self.with(query.with.as_ref());
        let output = match &query.body {
            QueryBody::Select(select) => self.select(select, Some(query)),
            body => {
                let output = self.body(body);
                // Keys here are the result's columns, which may have any name.
                self.scopes.push(Scope::unknown());
                self.order_by(&query.order_by, &HashSet::new());
                self.bounds(query);
                self.scopes.pop();
                self.observer.query(query);
                output
            }
        };
        if framed {
            self.ctes.pop();
        }
        self.outputs
            .insert(std::ptr::from_ref(query), output.clone());
        output
    }

    fn bounds(&mut self, query: &'t Query) {
        if let Some(Limit::Count(count) | Limit::Fetch(Some(count))) = &query.limit {
            self.expr(count);
        }
        if let Some(offset) = &query.offset {
            self.expr(&offset.count);
        }
    }

    fn body(&mut self, body: &'t QueryBody) -> Relation<'t> {
        match body {
            QueryBody::Select(select) => self.select(select, None),
            QueryBody::Nested(query) => self.query(query),
            QueryBody::Values(rows) => self.values(rows),
            QueryBody::Table(table) => {
                self.scopes.push(Scope::default());
                let side = self.table_ref(table, &mut Vec::new());
                let columns = self.scopes.pop().and_then(|mut scope| {
                    scope.finish(side.star);
                    scope.star()
                });
                columns.map_or_else(Relation::unknown, Relation::new)
            }
            QueryBody::SetOperation {
                operator,
                left,
                right,
                ..
            } => {
                let left = self.body(left);
                let right = self.body(right);
                combined(*operator, &left, &right)
            }
        }
    }

    fn values(&mut self, rows: &'t [Vec<Expr>]) -> Relation<'t> {
        let width = rows.first().map_or(0, Vec::len);
        let mut columns: Vec<Column<'t>> = vec![
            Column {
                not_null: true,
                maybe_json: false,
                ..Column::unknown(None)
            };
            width
        ];
        for row in rows {
            self.exprs(row);
            for (column, value) in columns.iter_mut().zip(row) {
                column.not_null &= self.not_null(value, Context::PLAIN);
                column.maybe_json |= self.maybe_json(value);
                column.null_elements |= self.null_elements(value, Context::PLAIN);
            }
        }
        Relation::new(columns)
    }

    fn select(&mut self, select: &'t Select, query: Option<&'t Query>) -> Relation<'t> {
        self.scopes.push(Scope::default());
        let mut conditions = Vec::new();
        let star = self.sources(&select.from, &mut conditions);
        if let Some(scope) = self.scopes.last_mut() {
            scope.finish(star);
        }
        self.exprs(conditions);
        let aliases: HashSet<&'t str> = select.items.iter().filter_map(label).collect();
        if let Distinct::On(keys) = &select.distinct {
            self.keys(keys, &aliases);
        }
        for item in &select.items {
            if let SelectItem::Expr { expr, .. } = item {
                self.expr(expr);
            }
        }
        // A time is a constant; a name there is a mistake of another kind.
        self.exprs(&select.filter);
        self.keys(&select.group_by, &aliases);
        self.keys(select.having.as_slice(), &aliases);
        for window in &select.windows {
            self.window(&window.spec);
        }
        if let Some(query) = query {
            self.order_by(&query.order_by, &aliases);
            self.bounds(query);
        }
        let output = self.items(&select.items, Context::of(select));
        if let Some(query) = query
            && self.is_one_row(query, select)
        {
            self.one_row.insert(std::ptr::from_ref(query));
        }
        if let Some(scope) = self.scopes.last() {
            self.observer.select(select, query, scope);
        }
        self.scopes.pop();
        output
    }

    /// The columns that a select list or RETURNING gives.
    fn items(&mut self, items: &'t [SelectItem], context: Context) -> Relation<'t> {
        let mut columns = Vec::with_capacity(items.len());
        let mut complete = true;
        for item in items {
            match item {
                SelectItem::Star(_) => {
                    let star = self.scopes.last().and_then(Scope::star);
                    complete &= extend(&mut columns, star, context);
                }
                SelectItem::Expr {
                    expr: Expr::Column(column),
                    ..
                } if column.star => {
                    let star = self
                        .scopes
                        .last()
                        .and_then(|scope| scope.star_of(&column.parts));
                    complete &= extend(&mut columns, star, context);
                }
                SelectItem::Expr { expr, .. } => columns.push(Column {
                    name: label(item),
                    not_null: self.not_null(expr, context),
                    maybe_json: self.maybe_json(expr),
                    null_elements: self.null_elements(expr, context),
                    hidden: false,
                    stored: self.stored(expr),
                }),
            }
            if matches!(
                item,
                SelectItem::Expr {
                    expr: Expr::Field {
                        field: Field::Star,
                        ..
                    },
                    ..
                }
            ) {
                // A tuple's fields, of unknown number.
                complete = false;
            }
        }
        if complete {
            Relation::new(columns)
        } else {
            Relation::unknown()
        }
    }

    fn stored(&self, expr: &'t Expr) -> Option<&'t TableColumn> {
        match expr {
            Expr::Column(column) => match self.find(column) {
                Found::Column(column, _) => column.stored,
                _ => None,
            },
            Expr::Nested(inner) => self.stored(inner),
            _ => None,
        }
    }

    /// Whether a query of one select has exactly one row, whatever the tables hold.
    fn is_one_row(&self, query: &'t Query, select: &'t Select) -> bool {
        if query.limit.is_some() || query.offset.is_some() || select.having.is_some() {
            return false;
        }
        let mut calls = Calls::default();
        for item in &select.items {
            match item {
                SelectItem::Expr { expr, .. } => walk_expr(expr, &mut calls),
                SelectItem::Star(_) => {}
            }
        }
        // An aggregate over the columns of an outer query belongs to that one.
        let own = calls.aggregates.iter().any(|call| self.is_own(call));
        let plain =
            select.from.is_empty() && select.filter.is_none() && calls.aggregates.is_empty();
        select.group_by.is_empty() && !calls.unknown && (own || plain)
    }

    /// Goes through WITH. Returns whether there is one, whose names the caller forgets afterwards.
    fn with(&mut self, with: Option<&'t With>) -> bool {
        let Some(with) = with else { return false };
        self.ctes.push(HashMap::new());
        if with.recursive {
            // Each may refer to any of them.
            for cte in &with.ctes {
                self.name_cte(cte, Relation::unknown());
            }
        }
        for cte in &with.ctes {
            let output = match &cte.statement.kind {
                StatementKind::Query(query) if with.recursive => self.recursive(cte, query),
                _ => self.statement(&cte.statement),
            };
            self.name_cte(cte, output);
        }
        true
    }

    fn name_cte(&mut self, cte: &'t Cte, output: Relation<'t>) {
        let names: Vec<&'t str> = cte.columns.iter().map(Ident::value).collect();
        if let Some(frame) = self.ctes.last_mut() {
            frame.insert(cte.name.value(), output.renamed(&names));
        }
    }

    /// `a UNION b`, where `b` may name the whole: its rows are then taken to be NULL in every column.
    fn recursive(&mut self, cte: &'t Cte, query: &'t Query) -> Relation<'t> {
        let QueryBody::SetOperation {
            operator,
            left,
            right,
            ..
        } = &query.body
        else {
            return self.query(query);
        };
        let framed = self.with(query.with.as_ref());
        let left = self.body(left);
        let seen = Relation::partial(
            left.columns()
                .iter()
                .map(|column| Column::unknown(column.name))
                .collect(),
            left.is_complete(),
        );
        if framed {
            // The name belongs to the frame around the query's own.
            let inner = self.ctes.pop();
            self.name_cte(cte, seen);
            self.ctes.extend(inner);
        } else {
            self.name_cte(cte, seen);
        }
        let right = self.body(right);
        if framed {
            self.ctes.pop();
        }
        combined(*operator, &left, &right)
    }

    /// What a column's name stands for, from the inside out.
    fn find(&self, column: &ColumnRef) -> Found<'t> {
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

    fn column(&mut self, column: &'t ColumnRef) {
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
            let near: Vec<&'t str> = visible().flat_map(Scope::names).collect();
            self.observer.missing(name, &near);
        }
    }

    /// Whether an expression is certainly an integer: then whether it names anything, so that it has a place.
    fn integer(&self, expr: &'t Expr) -> Option<bool> {
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

    fn expr(&mut self, expr: &'t Expr) {
        walk_expr(expr, &mut Expressions { resolver: self });
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'t Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    /// Keys of GROUP BY and DISTINCT ON, which may be result columns.
    fn keys(&mut self, keys: &'t [Expr], aliases: &HashSet<&str>) {
        for key in keys {
            if !names_result(key, aliases) {
                self.expr(key);
            }
        }
    }

    fn order_by(&mut self, keys: &'t [OrderBy], aliases: &HashSet<&str>) {
        for key in keys {
            if let OrderTarget::Expr(expr) = &key.target
                && !names_result(expr, aliases)
            {
                self.expr(expr);
            }
        }
    }

    fn window(&mut self, window: &'t WindowSpec) {
        self.exprs(&window.partition_by);
        self.order_by(&window.order_by, &HashSet::new());
    }

    fn returning(&mut self, returning: Option<&'t Returning>) -> Relation<'t> {
        match returning {
            Some(Returning::Items(items)) => {
                for item in items {
                    if let SelectItem::Expr { expr, .. } = item {
                        self.expr(expr);
                    }
                }
                self.items(items, Context::PLAIN)
            }
            _ => Relation::new(Vec::new()),
        }
    }

    fn cte(&self, name: &str) -> Option<Relation<'t>> {
        let mut frames = self.ctes.iter().rev();
        frames.find_map(|frame| frame.get(name)).cloned()
    }

    fn stored_table(&mut self, table: &'t Table) -> Relation<'t> {
        self.tables
            .entry(std::ptr::from_ref(table))
            .or_insert_with(|| Relation::of_table(table, self.schema))
            .clone()
    }

    fn output(&self, query: &'t Query) -> Option<&Relation<'t>> {
        self.outputs.get(&std::ptr::from_ref(query))
    }
}

fn extend<'t>(
    columns: &mut Vec<Column<'t>>,
    star: Option<Vec<Column<'t>>>,
    context: Context,
) -> bool {
    let Some(star) = star.filter(|star| star.len() <= MAX_STAR) else {
        return false;
    };
    let rolled_up = context.is_rolled_up();
    columns.extend(star.into_iter().map(
        |column| {
            if rolled_up { column.optional() } else { column }
        },
    ));
    true
}

/// The rows of two queries together.
fn combined<'t>(operator: SetOperator, left: &Relation<'t>, right: &Relation<'t>) -> Relation<'t> {
    let same = left.columns().len() == right.columns().len();
    if !(left.is_complete() && right.is_complete() && same) {
        return Relation::unknown();
    }
    let pairs = left.columns().iter().zip(right.columns());
    let columns = pairs.map(|(left, right)| Column {
        name: left.name,
        // Rows of EXCEPT and INTERSECT are rows of the left.
        not_null: left.not_null && (operator != SetOperator::Union || right.not_null),
        maybe_json: left.maybe_json || right.maybe_json,
        null_elements: left.null_elements || right.null_elements,
        hidden: false,
        stored: None,
    });
    Relation::new(columns.collect())
}

/// The name of a result column, where the engines agree about it.
fn label(item: &SelectItem) -> Option<&str> {
    let SelectItem::Expr { expr, alias, .. } = item else {
        return None;
    };
    if let Some(alias) = alias {
        return Some(alias.value());
    }
    match expr {
        Expr::Column(column) if !column.star => column.parts.last().map(Ident::value),
        Expr::Function(function) => Some(function.name.name()),
        _ => None,
    }
}

/// Whether a key names a result column.
fn names_result(expr: &Expr, aliases: &HashSet<&str>) -> bool {
    let named = |column: &&ColumnRef| matches!(column.parts.as_slice(), [name] if aliases.contains(name.value()));
    !aliases.is_empty() && Columns::of(expr).iter().any(named)
}

/// Looks up the columns of an expression and goes through its subqueries.
struct Expressions<'r, 't, O> {
    resolver: &'r mut Resolver<'t, O>,
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
struct Within<'r, 't, O> {
    resolver: &'r mut Resolver<'t, O>,
    outermost: &'t Statement,
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

    fn of_arguments(call: &'t Function) -> Vec<&'t ColumnRef> {
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

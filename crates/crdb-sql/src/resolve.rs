//! What the names in a statement stand for, and which columns are never NULL.
//!
//! A [`Resolver`] goes through a statement once. For each query it works out the columns of its rows ([`Relation`]), for
//! each select the sources that its names can mean ([`Scope`]), and tells an [`Observer`] about both. Lints and the
//! nullability of generated code are such observers.

mod cte;
mod function;
mod join;
mod names;
mod proof;
mod relation;
mod scope;
mod write;

use std::collections::{HashMap, HashSet};

pub(crate) use function::{builtin_name, is_aggregate, is_scalar};
pub(crate) use names::Columns;
pub(crate) use relation::{Column, Relation};
pub(crate) use scope::{Found, Scope, Source};

use crate::dialect::ast::{
    ColumnRef, Distinct, Expr, Field, Ident, Limit, OrderBy, OrderTarget, Query, QueryBody,
    Returning, Select, SelectItem, SetOperator, Statement, StatementKind, WindowSpec,
};
use crate::dialect::visit::{walk, walk_expr};
use crate::schema::{Schema, Table, TableColumn};
use names::{Expressions, Within};
use proof::{Calls, Context};

/// Gets what a walk through a statement finds. Every method does nothing unless it is overridden.
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
    /// A name that is no column's, though all tables in sight are known. `known` are the columns that there are.
    fn missing(&mut self, name: &'t Ident, known: &mut dyn Iterator<Item = &'t str>) {}
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

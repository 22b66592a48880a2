//! Walking the tree.
//!
//! A [`Visitor`] says what it wants to see; [`walk`] brings it there, parents before children, in the order of the text
//! as far as the tree keeps it. The recursion is as deep as the tree, which the parser bounds.

use super::ast::{
    Cte, DataType, Drop, DropTarget, Expr, Ident, IndexName, ObjectKind, ObjectName, Query, Select,
    Statement, TableName, TableSource,
};
use super::keyword::Keyword;
use super::span::Span;

/// What is done to a table where it is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableUse {
    /// Rows are read.
    Read,
    /// Rows are written.
    Write,
    /// The table itself is made, changed or dropped.
    Define,
    /// It is named in a statement of the long tail, or referred to by a foreign key.
    Mention,
}

/// Whether a walk goes into a node that it has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Descend {
    /// What is in it is shown too.
    Into,
    /// The walk goes on behind it.
    Over,
}

/// What wants to see the nodes of a tree. Every method does nothing unless it is overridden.
#[expect(unused_variables, reason = "default bodies")]
pub trait Visitor<'t> {
    /// Before a statement, the outermost included.
    fn statement(&mut self, statement: &'t Statement) -> Descend {
        Descend::Into
    }
    /// After a statement that was gone into.
    fn leave_statement(&mut self, statement: &'t Statement) {}
    /// Before a query.
    fn query(&mut self, query: &'t Query) -> Descend {
        Descend::Into
    }
    /// After a query that was gone into.
    fn leave_query(&mut self, query: &'t Query) {}
    /// After a common table expression, whose name what follows can use. Within it the name is its own only in
    /// `WITH RECURSIVE`.
    fn leave_cte(&mut self, cte: &'t Cte) {}
    /// Before a select.
    fn select(&mut self, select: &'t Select) {}
    /// A source of rows.
    fn source(&mut self, source: &'t TableSource) {}
    /// A table by name, and what is done to it.
    fn table(&mut self, name: &'t ObjectName, usage: TableUse) {}
    /// Before an expression.
    fn expr(&mut self, expr: &'t Expr) {}
    /// A type.
    fn data_type(&mut self, data_type: &'t DataType) {}
}

/// Shows a statement and all that is in it to a visitor.
pub fn walk<'t>(statement: &'t Statement, visitor: &mut impl Visitor<'t>) {
    statement.walk(visitor);
}

/// Shows an expression and all that is in it to a visitor.
pub fn walk_expr<'t>(expr: &'t Expr, visitor: &mut impl Visitor<'t>) {
    expr.walk(visitor);
}

/// Shows a query and all that is in it to a visitor.
pub fn walk_query<'t>(query: &'t Query, visitor: &mut impl Visitor<'t>) {
    query.walk(visitor);
}

/// What a walk goes through. The tree's declaration makes it for all nodes that a visitor is not shown. It is compiled once, and not for
/// each visitor: that would be a third of this crate's functions.
pub(super) trait Walk {
    /// Shows the node, and what is inside it.
    fn walk<'t>(&'t self, visitor: &mut dyn Visitor<'t>);
}

/// What is inside a node; made by the tree's declaration.
pub(super) trait Inside {
    /// Shows it, field by field.
    fn inside<'t>(&'t self, visitor: &mut dyn Visitor<'t>);
}

/// What names tables.
pub(super) trait Named {
    /// Shows the tables.
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>);
}

/// The walk of a node that visitors are shown.
macro_rules! visited {
    ($($node:ident ($self:ident, $visitor:ident) $body:block)*) => {$(
        impl Walk for $node {
            fn walk<'t>(&'t $self, $visitor: &mut dyn Visitor<'t>) $body
        }
    )*};
}

visited! {
    Statement(self, visitor) {
        if visitor.statement(self) == Descend::Into {
            self.inside(visitor);
            visitor.leave_statement(self);
        }
    }
    Query(self, visitor) {
        if visitor.query(self) == Descend::Into {
            self.inside(visitor);
            visitor.leave_query(self);
        }
    }
    Cte(self, visitor) {
        self.inside(visitor);
        visitor.leave_cte(self);
    }
    Select(self, visitor) {
        visitor.select(self);
        self.inside(visitor);
    }
    TableSource(self, visitor) {
        visitor.source(self);
        self.inside(visitor);
    }
    Expr(self, visitor) {
        visitor.expr(self);
        self.inside(visitor);
    }
    DataType(self, visitor) {
        visitor.data_type(self);
    }
    Drop(self, visitor) {
        let tables = !matches!(
            self.kind,
            ObjectKind::Database | ObjectKind::Schema | ObjectKind::Type
        );
        for target in &self.targets {
            match target {
                DropTarget::Object(name) if tables => name.tables(TableUse::Define, visitor),
                DropTarget::Object(_) => {}
                DropTarget::Index(name) => name.tables(TableUse::Define, visitor),
            }
        }
    }
}

impl Named for ObjectName {
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>) {
        visitor.table(self, usage);
    }
}

impl Named for TableName {
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>) {
        visitor.table(&self.name, usage);
    }
}

impl Named for IndexName {
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>) {
        if let Some(table) = &self.table {
            visitor.table(table, usage);
        }
    }
}

impl<T: Named> Named for Vec<T> {
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>) {
        for item in self {
            item.tables(usage, visitor);
        }
    }
}

impl<T: Named> Named for Box<T> {
    fn tables<'t>(&'t self, usage: TableUse, visitor: &mut dyn Visitor<'t>) {
        (**self).tables(usage, visitor);
    }
}

impl<T: Walk> Walk for Option<T> {
    fn walk<'t>(&'t self, visitor: &mut dyn Visitor<'t>) {
        if let Some(item) = self {
            item.walk(visitor);
        }
    }
}

impl<T: Walk> Walk for Vec<T> {
    fn walk<'t>(&'t self, visitor: &mut dyn Visitor<'t>) {
        for item in self {
            item.walk(visitor);
        }
    }
}

impl<T: Walk + ?Sized> Walk for Box<T> {
    fn walk<'t>(&'t self, visitor: &mut dyn Visitor<'t>) {
        (**self).walk(visitor);
    }
}

impl<A: Walk, B: Walk> Walk for (A, B) {
    fn walk<'t>(&'t self, visitor: &mut dyn Visitor<'t>) {
        self.0.walk(visitor);
        self.1.walk(visitor);
    }
}

/// What has nothing inside.
macro_rules! leaves {
    ($($leaf:ty)*) => {$(
        impl Walk for $leaf {
            fn walk<'t>(&'t self, _: &mut dyn Visitor<'t>) {}
        }
    )*};
}

leaves! { bool u32 i64 str [u8] &'static str Keyword Span Ident ObjectName IndexName }

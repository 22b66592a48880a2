//! Queries: what `SELECT`, `VALUES` and `TABLE` say.

use super::super::span::Span;
use super::expr::{Expr, Function};
use super::name::{Ident, ObjectName};
use super::statement::Statement;
use super::types::DataType;

/// A query with what may stand around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    /// `WITH ..`
    pub with: Option<With>,
    /// What is selected.
    pub body: QueryBody,
    /// `ORDER BY ..`
    pub order_by: Vec<OrderBy>,
    /// `LIMIT ..` or `FETCH FIRST ..`
    pub limit: Option<Limit>,
    /// `OFFSET ..`
    pub offset: Option<Offset>,
    /// `FOR UPDATE ..`
    pub locking: Vec<Locking>,
    /// `FOR READ ONLY`, which asks for nothing.
    pub for_read_only: bool,
    /// Where it was read.
    pub span: Span,
}

/// `WITH a AS (..), b AS (..)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct With {
    /// Whether `RECURSIVE` stands there.
    pub recursive: bool,
    /// One or more.
    pub ctes: Vec<Cte>,
}

/// A common table expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cte {
    /// Its name.
    pub name: Ident,
    /// Names of its columns.
    pub columns: Vec<Ident>,
    /// `MATERIALIZED` (true) or `NOT MATERIALIZED` (false).
    pub materialized: Option<bool>,
    /// What it stands for.
    pub statement: Box<Statement>,
}

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryBody {
    /// `SELECT ..`
    Select(Box<Select>),
    /// `VALUES (1, 2), (3, 4)`
    Values(Vec<Vec<Expr>>),
    /// `TABLE a`
    Table(Box<TableRef>),
    /// `(SELECT ..)`
    Nested(Box<Query>),
    /// `.. UNION ..`
    SetOperation {
        /// The operator.
        operator: SetOperator,
        /// `ALL` or `DISTINCT`.
        quantifier: SetQuantifier,
        /// The left operand.
        left: Box<QueryBody>,
        /// The right operand.
        right: Box<QueryBody>,
    },
}

/// How two queries are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// `UNION`
    Union,
    /// `EXCEPT`
    Except,
    /// `INTERSECT`
    Intersect,
}

/// Whether duplicates stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetQuantifier {
    /// Nothing is said: as `DISTINCT`.
    None,
    /// `ALL`
    All,
    /// `DISTINCT`
    Distinct,
}

/// `SELECT ..` up to its windows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Select {
    /// `DISTINCT ..`
    pub distinct: Distinct,
    /// The result columns; empty in `SELECT FROM a`.
    pub items: Vec<SelectItem>,
    /// `FROM ..`
    pub from: Vec<TableRef>,
    /// `AS OF SYSTEM TIME ..`
    pub as_of: Option<Expr>,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `GROUP BY ..`
    pub group_by: Vec<Expr>,
    /// `HAVING ..`
    pub having: Option<Expr>,
    /// `WINDOW ..`
    pub windows: Vec<NamedWindow>,
    /// Where it was read.
    pub span: Span,
}

/// Whether a select drops duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Distinct {
    /// Nothing is said.
    None,
    /// `ALL`
    All,
    /// `DISTINCT`
    Rows,
    /// `DISTINCT ON (a, b)`
    On(Vec<Expr>),
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectItem {
    /// `*`
    Star(Span),
    /// `a AS b`; `t.*` is an expression too.
    Expr {
        /// The value.
        expr: Expr,
        /// The label.
        alias: Option<Ident>,
        /// Where it was read.
        span: Span,
    },
}

/// Where rows come from: a source and what is joined to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableRef {
    /// A table, a query, a function ..
    Source(Box<TableSource>),
    /// `a JOIN b ..`
    Join(Box<Join>),
}

/// One source of rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableSource {
    /// What it is.
    pub kind: TableSourceKind,
    /// Whether `LATERAL` stands before it.
    pub lateral: bool,
    /// `WITH ORDINALITY`
    pub ordinality: bool,
    /// `AS a (b, c)`
    pub alias: Option<TableAlias>,
    /// Where it was read.
    pub span: Span,
}

/// What rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableSourceKind {
    /// A table, view or sequence.
    Table(TableName),
    /// `(SELECT ..)`
    Query(Box<Query>),
    /// `f(..)`
    Function(TableFunction),
    /// `ROWS FROM (f(..), g(..))`
    RowsFrom(Vec<TableFunction>),
    /// `[SHOW TABLES]`, `[INSERT .. RETURNING ..]`
    Statement(Box<Statement>),
    /// `(a JOIN b ..)`
    Nested(TableRef),
}

/// A table with what CockroachDB lets one say about how it is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableName {
    /// `ONLY`
    pub only: bool,
    /// Which table.
    pub name: ObjectName,
    /// By number; the name is then the alias inside the brackets.
    pub id: Option<TableId>,
    /// `*` behind it, which means nothing.
    pub descendants: bool,
    /// `@by_owner`, `@{FORCE_INDEX=by_owner}`
    pub hint: Option<IndexHint>,
    /// Where the name was read.
    pub span: Span,
}

/// A table by number: `[53(1, 2) AS a (b, c)]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableId {
    /// Its number.
    pub id: u32,
    /// The numbers of the columns that are wanted.
    pub columns: Option<Vec<u32>>,
    /// Names for those columns.
    pub column_names: Vec<Ident>,
}

/// How a table is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexHint {
    /// `@by_owner` or `@[2]`
    Index(IndexRef),
    /// `@{..}`
    Flags(Vec<IndexFlag>),
}

/// An index by name or by number.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexRef {
    /// `by_owner`
    Name(Ident),
    /// `[2]`
    Id(u32),
}

/// One flag between the braces of an index hint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexFlag {
    /// `FORCE_INDEX=by_owner`
    ForceIndex(IndexRef),
    /// `FORCE_ZIGZAG` or `FORCE_ZIGZAG=by_owner`
    ForceZigzag(Option<IndexRef>),
    /// `FAMILY=[2]`
    Family(u32),
    /// `ASC` or `DESC`, with `FORCE_INDEX`
    Direction(Direction),
    /// A flag that is one word: `NO_INDEX_JOIN`, `NO_FULL_SCAN`, `IGNORE_FOREIGN_KEYS` ..
    Word(super::super::keyword::Keyword),
}

/// `AS a (b, c)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableAlias {
    /// The name.
    pub name: Ident,
    /// Names, and for functions types, of its columns.
    pub columns: Vec<(Ident, Option<DataType>)>,
}

/// A function as a source of rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableFunction {
    /// The call: a function or a special form.
    pub call: Expr,
    /// Inside `ROWS FROM`, its alias.
    pub alias: Option<TableAlias>,
}

/// `a JOIN b ..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Join {
    /// The left side.
    pub left: TableRef,
    /// Inner, left, ..
    pub kind: JoinKind,
    /// `HASH`, `MERGE`, `LOOKUP`, ..
    pub hint: Option<JoinHint>,
    /// The right side.
    pub right: TableRef,
    /// On what.
    pub condition: JoinCondition,
}

/// The kind of a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// `JOIN` alone
    Plain,
    /// `INNER`
    Inner,
    /// `LEFT`
    Left,
    /// `RIGHT`
    Right,
    /// `FULL`
    Full,
    /// `CROSS`
    Cross,
}

/// By which algorithm a join is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinHint {
    /// `HASH`
    Hash,
    /// `MERGE`
    Merge,
    /// `LOOKUP`
    Lookup,
    /// `INVERTED`
    Inverted,
    /// `STRAIGHT`
    Straight,
}

/// On what tables are joined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinCondition {
    /// `CROSS JOIN`
    None,
    /// `NATURAL`
    Natural,
    /// `ON ..`
    On(Expr),
    /// `USING (a, b)`
    Using(Vec<Ident>),
}

/// One sort key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrderBy {
    /// By what.
    pub target: OrderTarget,
    /// `ASC`, `DESC`
    pub direction: Option<Direction>,
    /// `NULLS FIRST`
    pub nulls: Option<NullsOrder>,
}

/// What is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OrderTarget {
    /// An expression.
    Expr(Expr),
    /// `PRIMARY KEY t`
    PrimaryKey(ObjectName),
    /// `INDEX t@i`
    Index {
        /// The table.
        table: ObjectName,
        /// The index.
        index: Ident,
    },
}

/// The direction of a sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `ASC`
    Ascending,
    /// `DESC`
    Descending,
}

/// Where nulls are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullsOrder {
    /// `NULLS FIRST`
    First,
    /// `NULLS LAST`
    Last,
}

/// How many rows at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// `LIMIT ALL`
    All,
    /// `LIMIT a`
    Count(Expr),
    /// `FETCH FIRST a ROWS ONLY`; one row when no number is given.
    Fetch(Option<Expr>),
}

/// How many rows are left out first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offset {
    /// How many.
    pub count: Expr,
    /// Whether `ROWS` follows.
    pub rows: bool,
}

/// `FOR UPDATE OF a SKIP LOCKED`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Locking {
    /// How strongly.
    pub strength: LockStrength,
    /// `OF a, b`
    pub tables: Vec<ObjectName>,
    /// What to do when another transaction holds the lock.
    pub wait: LockWait,
}

/// How strongly rows are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockStrength {
    /// `UPDATE`
    Update,
    /// `NO KEY UPDATE`
    NoKeyUpdate,
    /// `SHARE`
    Share,
    /// `KEY SHARE`
    KeyShare,
}

/// What happens when another transaction holds the lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockWait {
    /// Wait.
    Block,
    /// `SKIP LOCKED`
    Skip,
    /// `NOWAIT`
    Error,
}

/// What follows `OVER`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Window {
    /// A window by name.
    Name(Ident),
    /// A window of its own.
    Spec(WindowSpec),
}

/// `a AS (..)` after `WINDOW`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedWindow {
    /// The name.
    pub name: Ident,
    /// What it stands for.
    pub spec: WindowSpec,
}

/// A window: what stands in the parentheses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowSpec {
    /// The window that it builds on.
    pub base: Option<Ident>,
    /// `PARTITION BY ..`
    pub partition_by: Vec<Expr>,
    /// `ORDER BY ..`
    pub order_by: Vec<OrderBy>,
    /// `ROWS ..`
    pub frame: Option<WindowFrame>,
}

/// `ROWS BETWEEN a AND b EXCLUDE c`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowFrame {
    /// In what it is counted.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends, if said.
    pub end: Option<FrameBound>,
    /// What is left out.
    pub exclusion: Option<FrameExclusion>,
}

/// In what a frame is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameUnit {
    /// `ROWS`
    Rows,
    /// `RANGE`
    Range,
    /// `GROUPS`
    Groups,
}

/// An end of a frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameBound {
    /// `UNBOUNDED PRECEDING`
    UnboundedPreceding,
    /// `a PRECEDING`
    Preceding(Box<Expr>),
    /// `CURRENT ROW`
    CurrentRow,
    /// `a FOLLOWING`
    Following(Box<Expr>),
    /// `UNBOUNDED FOLLOWING`
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameExclusion {
    /// `EXCLUDE CURRENT ROW`
    CurrentRow,
    /// `EXCLUDE GROUP`
    Group,
    /// `EXCLUDE TIES`
    Ties,
    /// `EXCLUDE NO OTHERS`
    NoOthers,
}

impl TableFunction {
    /// The call, when it is an ordinary function's.
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        match &self.call {
            Expr::Function(function) => Some(function),
            _ => None,
        }
    }
}

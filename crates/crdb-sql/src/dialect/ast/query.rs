//! Queries: what `SELECT`, `VALUES` and `TABLE` say.

use super::super::span::Span;
use super::expr::{Expr, Function};
use super::name::{Ident, ObjectName};
use super::statement::Statement;
use super::types::DataType;

tree! {
    /// A query with what may stand around it.
    pub struct Query: Display + Visited {
        /// `WITH ..`
        pub with: Option<With> => "" .. " ",
        /// What is selected.
        pub body: QueryBody => "",
        /// `ORDER BY ..`
        pub order_by: Vec<OrderBy> => " ORDER BY ",
        /// `LIMIT ..` or `FETCH FIRST ..`
        pub limit: Option<Limit> => " ",
        /// `OFFSET ..`
        pub offset: Option<Offset> => " ",
        /// `FOR UPDATE ..`
        pub locking: Vec<Locking> => " ",
        /// `FOR READ ONLY`, which asks for nothing.
        pub for_read_only: bool => " FOR READ ONLY",
        /// Where it was read.
        pub span: Span,
    }

    /// `WITH a AS (..), b AS (..)`.
    pub struct With: Display {
        /// Whether `RECURSIVE` stands there.
        pub recursive: bool => "WITH RECURSIVE " .. "WITH ",
        /// One or more.
        pub ctes: Vec<Cte> => "",
    }

    /// A common table expression.
    pub struct Cte: Shown + Visited {
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
    #[non_exhaustive]
    pub enum QueryBody: Shown {
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

    /// Whether duplicates stay.
    #[derive(Copy)]
    pub enum SetQuantifier: Display {
        /// Nothing is said: as `DISTINCT`.
        None,
        /// `ALL`
        All => "ALL ",
        /// `DISTINCT`
        Distinct => "DISTINCT ",
    }

    /// `SELECT ..` up to its windows.
    pub struct Select: Display + Visited {
        /// `DISTINCT ..`
        pub distinct: Distinct => "SELECT",
        /// The result columns; empty in `SELECT FROM a`.
        pub items: Vec<SelectItem> => " ",
        /// `FROM ..`
        pub from: Vec<TableRef> => " FROM ",
        /// `AS OF SYSTEM TIME ..`
        pub as_of: Option<Expr> => " AS OF SYSTEM TIME ",
        /// `WHERE ..`
        pub filter: Option<Expr> => " WHERE ",
        /// `GROUP BY ..`
        pub group_by: Vec<Expr> => " GROUP BY ",
        /// `HAVING ..`
        pub having: Option<Expr> => " HAVING ",
        /// `WINDOW ..`
        pub windows: Vec<NamedWindow> => " WINDOW ",
        /// Where it was read.
        pub span: Span,
    }

    /// Whether a select drops duplicates.
    #[non_exhaustive]
    pub enum Distinct: Display {
        /// Nothing is said.
        None,
        /// `ALL`
        All => " ALL",
        /// `DISTINCT`
        Rows => " DISTINCT",
        /// `DISTINCT ON (a, b)`
        On(Vec<Expr>) => " DISTINCT ON (" .. ")",
    }

    /// A result column.
    #[non_exhaustive]
    pub enum SelectItem: Display {
        /// `*`
        Star(Span) => "*",
        /// `a AS b`; `t.*` is an expression too.
        Expr {
            /// The value.
            expr: Expr => "",
            /// The label.
            alias: Option<Ident> => " AS ",
            /// Where it was read.
            span: Span,
        },
    }

    /// Where rows come from: a source and what is joined to it.
    #[non_exhaustive]
    pub enum TableRef: Display {
        /// A table, a query, a function ..
        Source(Box<TableSource>),
        /// `a JOIN b ..`
        Join(Box<Join>),
    }

    /// One source of rows.
    pub struct TableSource: Display + Visited {
        /// Whether `LATERAL` stands before it.
        pub lateral: bool => "LATERAL ",
        /// What it is.
        pub kind: TableSourceKind => "",
        /// `WITH ORDINALITY`
        pub ordinality: bool => " WITH ORDINALITY",
        /// `AS a (b, c)`
        pub alias: Option<TableAlias> => " AS ",
        /// Where it was read.
        pub span: Span,
    }

    /// What rows come from.
    #[non_exhaustive]
    pub enum TableSourceKind: Display {
        /// A table, view or sequence.
        Table(TableName as Read),
        /// `(SELECT ..)`
        Query(Box<Query>) => "(" .. ")",
        /// `f(..)`
        Function(TableFunction),
        /// `ROWS FROM (f(..), g(..))`
        RowsFrom(Vec<TableFunction>) => "ROWS FROM (" .. ")",
        /// `[SHOW TABLES]`, `[INSERT .. RETURNING ..]`
        Statement(Box<Statement>) => "[" .. "]",
        /// `(a JOIN b ..)`
        Nested(TableRef) => "(" .. ")",
    }

    /// A table with what CockroachDB lets one say about how it is read.
    pub struct TableName: Shown {
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
    pub struct TableId {
        /// Its number.
        pub id: u32,
        /// The numbers of the columns that are wanted.
        pub columns: Option<Vec<u32>>,
        /// Names for those columns.
        pub column_names: Vec<Ident>,
    }

    /// How a table is to be read.
    #[non_exhaustive]
    pub enum IndexHint: Display {
        /// `@by_owner` or `@[2]`
        Index(IndexRef),
        /// `@{..}`
        Flags(Vec<IndexFlag>) => "{" .. "}",
    }

    /// An index by name or by number.
    #[non_exhaustive]
    pub enum IndexRef: Display {
        /// `by_owner`
        Name(Ident),
        /// `[2]`
        Id(u32) => "[" .. "]",
    }

    /// One flag between the braces of an index hint.
    #[non_exhaustive]
    pub enum IndexFlag: Display, "," {
        /// `FORCE_INDEX=by_owner`
        ForceIndex(IndexRef) => "FORCE_INDEX=",
        /// `FORCE_ZIGZAG` or `FORCE_ZIGZAG=by_owner`
        ForceZigzag {
            /// By which index.
            index: Option<IndexRef> => "=",
        } => "FORCE_ZIGZAG",
        /// `FAMILY=[2]`
        Family(u32) => "FAMILY=[" .. "]",
        /// `ASC` or `DESC`, with `FORCE_INDEX`
        Direction(Direction),
        /// A flag that is one word: `NO_INDEX_JOIN`, `NO_FULL_SCAN`, `IGNORE_FOREIGN_KEYS` ..
        Word(super::super::keyword::Keyword),
    }

    /// `AS a (b, c)`.
    pub struct TableAlias: Display {
        /// The name.
        pub name: Ident => "",
        /// Names, and for functions types, of its columns.
        pub columns: Vec<(Ident, Option<DataType>)> => " (" .. ")",
    }

    /// A function as a source of rows.
    pub struct TableFunction: Display {
        /// The call: a function or a special form.
        pub call: Expr => "",
        /// Inside `ROWS FROM`, its alias.
        pub alias: Option<TableAlias> => " AS ",
    }

    /// `a JOIN b ..`.
    pub struct Join: Shown {
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
    #[derive(Copy)]
    pub enum JoinKind: Display {
        /// `JOIN` alone
        Plain,
        /// `INNER`
        Inner => "INNER ",
        /// `LEFT`
        Left => "LEFT ",
        /// `RIGHT`
        Right => "RIGHT ",
        /// `FULL`
        Full => "FULL ",
        /// `CROSS`
        Cross => "CROSS ",
    }

    /// On what tables are joined.
    #[non_exhaustive]
    pub enum JoinCondition: Display {
        /// `CROSS JOIN`
        None,
        /// `NATURAL`
        Natural,
        /// `ON ..`
        On(Expr) => " ON ",
        /// `USING (a, b)`
        Using(Vec<Ident>) => " USING (" .. ")",
    }

    /// One sort key.
    pub struct OrderBy: Display {
        /// By what.
        pub target: OrderTarget => "",
        /// `ASC`, `DESC`
        pub direction: Option<Direction> => " ",
        /// `NULLS FIRST`
        pub nulls: Option<NullsOrder> => " ",
    }

    /// What is sorted by.
    #[non_exhaustive]
    pub enum OrderTarget: Display {
        /// An expression.
        Expr(Expr),
        /// `PRIMARY KEY t`
        PrimaryKey(ObjectName) => "PRIMARY KEY ",
        /// `INDEX t@i`
        Index {
            /// The table.
            table: ObjectName => "INDEX " .. "@",
            /// The index.
            index: Ident => "",
        },
    }

    /// How many rows at most.
    #[non_exhaustive]
    pub enum Limit: Shown {
        /// `LIMIT ALL`
        All,
        /// `LIMIT a`
        Count(Expr),
        /// `FETCH FIRST a ROWS ONLY`; one row when no number is given.
        Fetch(Option<Expr>),
    }

    /// How many rows are left out first.
    pub struct Offset: Display {
        /// How many.
        pub count: Expr => "OFFSET ",
        /// Whether `ROWS` follows.
        pub rows: bool => " ROWS",
    }

    /// `FOR UPDATE OF a SKIP LOCKED`.
    pub struct Locking: Display, " " {
        /// How strongly.
        pub strength: LockStrength => "FOR ",
        /// `OF a, b`
        pub tables: Vec<ObjectName> => " OF ",
        /// What to do when another transaction holds the lock.
        pub wait: LockWait => "",
    }

    /// What happens when another transaction holds the lock.
    #[derive(Copy)]
    pub enum LockWait: Display {
        /// Wait.
        Block,
        /// `SKIP LOCKED`
        Skip => " SKIP LOCKED",
        /// `NOWAIT`
        Error => " NOWAIT",
    }

    /// What follows `OVER`.
    #[non_exhaustive]
    pub enum Window: Display {
        /// A window by name.
        Name(Ident),
        /// A window of its own.
        Spec(WindowSpec),
    }

    /// `a AS (..)` after `WINDOW`.
    pub struct NamedWindow: Display {
        /// The name.
        pub name: Ident => "",
        /// What it stands for.
        pub spec: WindowSpec => " AS ",
    }

    /// A window: what stands in the parentheses.
    pub struct WindowSpec: Shown {
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
    pub struct WindowFrame: Shown {
        /// In what it is counted.
        pub unit: FrameUnit,
        /// Where it begins.
        pub start: FrameBound,
        /// Where it ends, if said.
        pub end: Option<FrameBound>,
        /// What is left out.
        pub exclusion: Option<FrameExclusion>,
    }

    /// An end of a frame.
    #[non_exhaustive]
    pub enum FrameBound: Display {
        /// `UNBOUNDED PRECEDING`
        UnboundedPreceding => "UNBOUNDED PRECEDING",
        /// `a PRECEDING`
        Preceding(Box<Expr>) => "" .. " PRECEDING",
        /// `CURRENT ROW`
        CurrentRow => "CURRENT ROW",
        /// `a FOLLOWING`
        Following(Box<Expr>) => "" .. " FOLLOWING",
        /// `UNBOUNDED FOLLOWING`
        UnboundedFollowing => "UNBOUNDED FOLLOWING",
    }
}

words! {
    /// How two queries are combined.
    pub enum SetOperator {
        Union = UNION,
        Except = EXCEPT,
        Intersect = INTERSECT,
    }

    /// By which algorithm a join is to be done.
    #[non_exhaustive]
    pub enum JoinHint {
        Hash = HASH,
        Merge = MERGE,
        Lookup = LOOKUP,
        Inverted = INVERTED,
        Straight = STRAIGHT,
    }

    /// The direction of a sort.
    pub enum Direction {
        Ascending = ASC,
        Descending = DESC,
    }

    /// Where nulls are sorted.
    pub enum NullsOrder {
        First = NULLS FIRST,
        Last = NULLS LAST,
    }

    /// How strongly rows are locked.
    pub enum LockStrength {
        Update = UPDATE,
        NoKeyUpdate = NO KEY UPDATE,
        Share = SHARE,
        KeyShare = KEY SHARE,
    }

    /// In what a frame is counted.
    pub enum FrameUnit {
        Rows = ROWS,
        Range = RANGE,
        Groups = GROUPS,
    }

    /// What a frame leaves out.
    pub enum FrameExclusion {
        CurrentRow = EXCLUDE CURRENT ROW,
        Group = EXCLUDE GROUP,
        Ties = EXCLUDE TIES,
        NoOthers = EXCLUDE NO OTHERS,
    }
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

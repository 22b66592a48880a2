//! `CREATE TABLE`.

use super::super::span::Span;
use super::expr::Expr;
use super::index::{
    HashSharding, IndexColumn, IndexDefinition, Interleave, PartitionBy, StorageParameter,
};
use super::name::{Ident, ObjectName};
use super::object::SequenceOption;
use super::query::Query;
use super::types::DataType;

/// `CREATE TABLE`, with columns or from a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateTable {
    /// `TEMPORARY`, `UNLOGGED`
    pub persistence: Persistence,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What it is made of.
    pub contents: TableContents,
    /// `INTERLEAVE IN PARENT ..`, before v21.2.
    pub interleave: Option<Interleave>,
    /// `PARTITION BY ..`
    pub partition_by: Option<PartitionBy>,
    /// Whether it is `PARTITION ALL BY`.
    pub partition_all: bool,
    /// `WITH (ttl_expire_after = '1 day')`
    pub parameters: Vec<StorageParameter>,
    /// `ON COMMIT PRESERVE ROWS`
    pub on_commit_preserve: bool,
    /// `LOCALITY ..`
    pub locality: Option<Locality>,
}

/// What a table is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableContents {
    /// Columns, constraints, indexes, families.
    Elements(Vec<TableElement>),
    /// `(a, b) AS SELECT ..`
    Query {
        /// Columns (without types), families and a primary key; empty when nothing is said.
        elements: Vec<TableElement>,
        /// The query.
        query: Box<Query>,
    },
}

/// How long a table lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Persistence {
    /// Until it is dropped.
    Permanent,
    /// `TEMPORARY`: as long as the session.
    Temporary,
    /// `UNLOGGED`, which CockroachDB treats as permanent.
    Unlogged,
}

/// One part of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableElement {
    /// A column.
    Column(ColumnDefinition),
    /// `INDEX ..`
    Index(IndexDefinition),
    /// `FAMILY a (b, c)`
    Family {
        /// Its name.
        name: Option<Ident>,
        /// Its columns.
        columns: Vec<Ident>,
    },
    /// `PRIMARY KEY (..)`, `CHECK (..)` ..
    Constraint {
        /// The constraint.
        constraint: TableConstraint,
        /// `NOT VALID`
        not_valid: bool,
    },
    /// `LIKE a INCLUDING ALL`
    Like {
        /// As which table.
        table: ObjectName,
        /// Including (true) or excluding what.
        options: Vec<(bool, LikeOption)>,
    },
}

/// What of a table is taken over by `LIKE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LikeOption {
    /// `ALL`
    All,
    /// `CONSTRAINTS`
    Constraints,
    /// `DEFAULTS`
    Defaults,
    /// `GENERATED`
    Generated,
    /// `INDEXES`
    Indexes,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Ident,
    /// Its type; none in `CREATE TABLE .. AS`.
    pub data_type: Option<DataType>,
    /// What else is said about it.
    pub options: Vec<ColumnOption>,
    /// Where it was read.
    pub span: Span,
}

/// What is said about a column, and under which name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnOption {
    /// `CONSTRAINT a`
    pub name: Option<Ident>,
    /// What.
    pub constraint: ColumnConstraint,
}

/// What is said about a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnConstraint {
    /// `NULL`
    Null,
    /// `NOT NULL`
    NotNull,
    /// `NOT VISIBLE`
    NotVisible,
    /// `UNIQUE`
    Unique {
        /// `WITHOUT INDEX`
        without_index: bool,
    },
    /// `PRIMARY KEY`
    PrimaryKey {
        /// `USING HASH`
        hash: Option<HashSharding>,
        /// `WITH (..)`
        parameters: Vec<StorageParameter>,
    },
    /// `CHECK (..)`
    Check(Expr),
    /// `DEFAULT ..`
    Default(Expr),
    /// `ON UPDATE ..`
    OnUpdate(Expr),
    /// `REFERENCES a (b)`
    References(ForeignKey),
    /// `AS (a + b) STORED`
    Computed {
        /// Whether `GENERATED ALWAYS` stands before it.
        generated: bool,
        /// The expression.
        expr: Expr,
        /// `STORED` rather than `VIRTUAL`.
        stored: bool,
    },
    /// `GENERATED ALWAYS AS IDENTITY`
    Identity(Identity),
    /// `COLLATE de`
    Collate(ObjectName),
    /// `FAMILY a`, `CREATE IF NOT EXISTS FAMILY a`
    Family {
        /// Its name.
        name: Option<Ident>,
        /// Whether it is created.
        create: bool,
        /// `IF NOT EXISTS`
        if_not_exists: bool,
    },
}

/// An identity column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `ALWAYS` or `BY DEFAULT`
    pub generated: GeneratedAs,
    /// Options of its sequence.
    pub options: Vec<SequenceOption>,
}

/// When an identity column's value is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GeneratedAs {
    /// `ALWAYS`
    Always,
    /// `BY DEFAULT`
    ByDefault,
}

/// What a foreign key refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ForeignKey {
    /// The table.
    pub table: ObjectName,
    /// Its columns; the primary key when empty.
    pub columns: Vec<Ident>,
    /// `MATCH FULL`
    pub matching: Option<MatchKind>,
    /// `ON DELETE ..`
    pub on_delete: Option<ForeignKeyAction>,
    /// `ON UPDATE ..`
    pub on_update: Option<ForeignKeyAction>,
}

/// How keys with nulls match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatchKind {
    /// `MATCH SIMPLE`
    Simple,
    /// `MATCH FULL`
    Full,
}

/// What happens to a row when the one that it refers to changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForeignKeyAction {
    /// `NO ACTION`
    NoAction,
    /// `RESTRICT`
    Restrict,
    /// `CASCADE`
    Cascade,
    /// `SET NULL`
    SetNull,
    /// `SET DEFAULT`
    SetDefault,
}

/// A constraint of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableConstraint {
    /// `CHECK (..)`
    Check {
        /// `CONSTRAINT a`
        name: Option<Ident>,
        /// The condition.
        expr: Expr,
    },
    /// `UNIQUE (..)`
    Unique {
        /// `CONSTRAINT a`
        name: Option<Ident>,
        /// `WITHOUT INDEX`
        without_index: bool,
        /// The index; its name is the constraint's.
        index: Box<IndexDefinition>,
    },
    /// `PRIMARY KEY (..)`
    PrimaryKey {
        /// `CONSTRAINT a`
        name: Option<Ident>,
        /// The columns.
        columns: Vec<IndexColumn>,
        /// `USING HASH`
        hash: Option<HashSharding>,
        /// `INTERLEAVE IN PARENT ..`, before v21.2.
        interleave: Option<Interleave>,
        /// `WITH (..)`
        parameters: Vec<StorageParameter>,
    },
    /// `FOREIGN KEY (..) REFERENCES ..`
    ForeignKey {
        /// `CONSTRAINT a`
        name: Option<Ident>,
        /// The columns.
        columns: Vec<Ident>,
        /// What they refer to.
        references: ForeignKey,
    },
}

/// Where a table's rows live.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Locality {
    /// `GLOBAL`
    Global,
    /// `REGIONAL BY TABLE IN ..`
    RegionalByTable {
        /// In which region; the primary one when nothing is said.
        region: Option<RegionName>,
    },
    /// `REGIONAL BY ROW AS a`
    RegionalByRow {
        /// By which column; `crdb_region` when nothing is said.
        column: Option<Ident>,
    },
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegionName {
    /// `PRIMARY REGION`
    Primary,
    /// By name; quoted as a name or as a string.
    Named(Ident),
}

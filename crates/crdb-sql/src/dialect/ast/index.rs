//! Indexes and partitions.

use super::super::span::Span;
use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::query::{Direction, NullsOrder};

/// `CREATE INDEX`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateIndex {
    /// `CONCURRENTLY`, which means nothing.
    pub concurrently: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// On which table.
    pub table: ObjectName,
    /// `USING gin`
    pub method: Option<Ident>,
    /// The index.
    pub index: IndexDefinition,
}

/// An index, in `CREATE INDEX` or within `CREATE TABLE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexDefinition {
    /// Whether it is `UNIQUE`.
    pub unique: bool,
    /// Forward, inverted or vector.
    pub kind: IndexKind,
    /// Its name.
    pub name: Option<Ident>,
    /// What it indexes.
    pub columns: Vec<IndexColumn>,
    /// `USING HASH`
    pub hash: Option<HashSharding>,
    /// `STORING (a, b)`
    pub storing: Vec<Ident>,
    /// `INTERLEAVE IN PARENT ..`, before v21.2.
    pub interleave: Option<Interleave>,
    /// `PARTITION BY ..`
    pub partition_by: Option<PartitionBy>,
    /// `WITH (a = b)`
    pub parameters: Vec<StorageParameter>,
    /// `WHERE ..`
    pub filter: Option<Expr>,
    /// `NOT VISIBLE`, `VISIBILITY 0.5`
    pub visibility: Option<IndexVisibility>,
    /// Where it was read.
    pub span: Span,
}

/// The kind of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexKind {
    /// An ordinary one.
    Forward,
    /// `INVERTED`
    Inverted,
    /// `VECTOR`
    Vector,
}

/// One column of an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IndexColumn {
    /// What is indexed.
    pub target: IndexTarget,
    /// The operator class.
    pub class: Option<Ident>,
    /// `ASC`, `DESC`
    pub direction: Option<Direction>,
    /// `NULLS FIRST`
    pub nulls: Option<NullsOrder>,
}

/// What an index is over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexTarget {
    /// A column.
    Column(Ident),
    /// A call, or an expression in its parentheses.
    Expr(Expr),
}

/// `USING HASH WITH BUCKET_COUNT = a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HashSharding {
    /// How many shards, in the older syntax; the newer one says so as a storage parameter.
    pub buckets: Option<Expr>,
}

/// `INTERLEAVE IN PARENT a (b) CASCADE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Interleave {
    /// The table.
    pub parent: ObjectName,
    /// The columns.
    pub columns: Vec<Ident>,
    /// `CASCADE` (true) or `RESTRICT` (false).
    pub cascade: Option<bool>,
}

/// `PARTITION BY ..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PartitionBy {
    /// `NOTHING`
    Nothing,
    /// `LIST (a) (PARTITION b VALUES IN (1))`
    List {
        /// By which columns.
        columns: Vec<Ident>,
        /// The partitions.
        partitions: Vec<ListPartition>,
    },
    /// `RANGE (a) (PARTITION b VALUES FROM (1) TO (2))`
    Range {
        /// By which columns.
        columns: Vec<Ident>,
        /// The partitions.
        partitions: Vec<RangePartition>,
    },
}

/// A partition by values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListPartition {
    /// Its name.
    pub name: Ident,
    /// The values.
    pub values: Vec<Expr>,
    /// How it is partitioned in turn.
    pub partition_by: Option<PartitionBy>,
}

/// A partition by ranges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RangePartition {
    /// Its name.
    pub name: Ident,
    /// From where.
    pub from: Vec<Expr>,
    /// To before where.
    pub to: Vec<Expr>,
    /// How it is partitioned in turn.
    pub partition_by: Option<PartitionBy>,
}

/// `a = b` in `WITH (..)`, with which time to live, bucket counts and statistics are set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StorageParameter {
    /// Its name.
    pub name: Ident,
    /// Its value.
    pub value: Expr,
}

/// Whether the optimizer sees an index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IndexVisibility {
    /// `VISIBLE`
    Visible,
    /// `NOT VISIBLE` or `INVISIBLE`
    NotVisible,
    /// `VISIBILITY 0.5`
    Partial(Box<str>),
}

//! Indexes and partitions.

use super::super::span::Span;
use super::expr::Expr;
use super::name::{Ident, ObjectName};
use super::query::{Direction, NullsOrder};

tree! {
    /// `CREATE INDEX`.
    pub struct CreateIndex: Shown {
        /// `CONCURRENTLY`, which means nothing.
        pub concurrently: bool,
        /// `IF NOT EXISTS`
        pub if_not_exists: bool,
        /// On which table.
        pub table: ObjectName as Define,
        /// `USING gin`
        pub method: Option<Ident>,
        /// The index.
        pub index: IndexDefinition,
    }

    /// An index, in `CREATE INDEX` or within `CREATE TABLE`.
    pub struct IndexDefinition: Shown {
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
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum IndexKind: Display {
        /// An ordinary one.
        Forward,
        /// `INVERTED`
        Inverted => "INVERTED ",
        /// `VECTOR`
        Vector => "VECTOR ",
    }

    /// One column of an index.
    pub struct IndexColumn: Display {
        /// What is indexed.
        pub target: IndexTarget => "",
        /// The operator class.
        pub class: Option<Ident> => " ",
        /// `ASC`, `DESC`
        pub direction: Option<Direction> => " ",
        /// `NULLS FIRST`
        pub nulls: Option<NullsOrder> => " ",
    }

    /// What an index is over.
    #[non_exhaustive]
    pub enum IndexTarget: Display {
        /// A column.
        Column(Ident),
        /// A call, or an expression in its parentheses.
        Expr(Expr),
    }

    /// `USING HASH WITH BUCKET_COUNT = a`.
    pub struct HashSharding: Display => "USING HASH" {
        /// How many shards, in the older syntax; the newer one says so as a storage parameter.
        pub buckets: Option<Expr> => " WITH BUCKET_COUNT = ",
    }

    /// `INTERLEAVE IN PARENT a (b) CASCADE`.
    pub struct Interleave: Display {
        /// The table.
        pub parent: ObjectName => "INTERLEAVE IN PARENT ",
        /// The columns.
        pub columns: Vec<Ident> => " (" .. ")",
        /// `CASCADE` (true) or `RESTRICT` (false).
        pub cascade: Option<bool> => " CASCADE" .. " RESTRICT",
    }

    /// `PARTITION BY ..`.
    #[non_exhaustive]
    pub enum PartitionBy: Display {
        /// `NOTHING`
        Nothing => "NOTHING",
        /// `LIST (a) (PARTITION b VALUES IN (1))`
        List {
            /// By which columns.
            columns: Vec<Ident> => "LIST (" .. ") (",
            /// The partitions.
            partitions: Vec<ListPartition> => "" .. ")",
        },
        /// `RANGE (a) (PARTITION b VALUES FROM (1) TO (2))`
        Range {
            /// By which columns.
            columns: Vec<Ident> => "RANGE (" .. ") (",
            /// The partitions.
            partitions: Vec<RangePartition> => "" .. ")",
        },
    }

    /// A partition by values.
    pub struct ListPartition: Display {
        /// Its name.
        pub name: Ident => "PARTITION ",
        /// The values.
        pub values: Vec<Expr> => " VALUES IN (" .. ")",
        /// How it is partitioned in turn.
        pub partition_by: Option<PartitionBy> => " PARTITION BY ",
    }

    /// A partition by ranges.
    pub struct RangePartition: Display {
        /// Its name.
        pub name: Ident => "PARTITION ",
        /// From where.
        pub from: Vec<Expr> => " VALUES FROM (" .. ")",
        /// To before where.
        pub to: Vec<Expr> => " TO (" .. ")",
        /// How it is partitioned in turn.
        pub partition_by: Option<PartitionBy> => " PARTITION BY ",
    }

    /// `a = b` in `WITH (..)`, with which time to live, bucket counts and statistics are set.
    pub struct StorageParameter: Display {
        /// Its name.
        pub name: Ident => "",
        /// Its value.
        pub value: Expr => " = ",
    }

    /// Whether the optimizer sees an index.
    #[non_exhaustive]
    pub enum IndexVisibility: Shown {
        /// `VISIBLE`
        Visible,
        /// `NOT VISIBLE` or `INVISIBLE`
        NotVisible,
        /// `VISIBILITY 0.5`
        Partial(Box<str>),
    }
}

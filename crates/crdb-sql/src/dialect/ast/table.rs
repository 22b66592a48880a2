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

tree! {
    /// `CREATE TABLE`, with columns or from a query.
    pub struct CreateTable: Shown {
        /// `TEMPORARY`, `UNLOGGED`
        pub persistence: Persistence,
        /// `IF NOT EXISTS`
        pub if_not_exists: bool,
        /// Its name.
        pub name: ObjectName as Define,
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
    #[derive(Copy)]
    pub enum Persistence: Display {
        /// Until it is dropped.
        Permanent,
        /// `TEMPORARY`: as long as the session.
        Temporary => "TEMPORARY ",
        /// `UNLOGGED`, which CockroachDB treats as permanent.
        Unlogged => "UNLOGGED ",
    }

    /// One part of a table.
    #[non_exhaustive]
    pub enum TableElement: Partly {
        /// A column.
        Column(ColumnDefinition),
        /// `INDEX ..`
        Index(IndexDefinition),
        /// `FAMILY a (b, c)`
        Family {
            /// Its name.
            name: Option<Ident> => " ",
            /// Its columns.
            columns: Vec<Ident> => all " (" .. ")",
        } => "FAMILY",
        /// `PRIMARY KEY (..)`, `CHECK (..)` ..
        Constraint {
            /// The constraint.
            constraint: TableConstraint => "",
            /// `NOT VALID`
            not_valid: bool => " NOT VALID",
        },
        /// `LIKE a INCLUDING ALL`
        Like {
            /// As which table.
            table: ObjectName as Mention,
            /// Including (true) or excluding what.
            options: Vec<(bool, LikeOption)>,
        },
    }

    /// A column.
    pub struct ColumnDefinition: Display {
        /// Its name.
        pub name: Ident => "",
        /// Its type; none in `CREATE TABLE .. AS`.
        pub data_type: Option<DataType> => " ",
        /// What else is said about it.
        pub options: Vec<ColumnOption> => " ",
        /// Where it was read.
        pub span: Span,
    }

    /// What is said about a column, and under which name.
    pub struct ColumnOption: Display, " " {
        /// `CONSTRAINT a`
        pub name: Option<Ident> => "CONSTRAINT " .. " ",
        /// What.
        pub constraint: ColumnConstraint => "",
    }

    /// What is said about a column.
    #[non_exhaustive]
    pub enum ColumnConstraint: Display {
        /// `NULL`
        Null => "NULL",
        /// `NOT NULL`
        NotNull => "NOT NULL",
        /// `NOT VISIBLE`
        NotVisible => "NOT VISIBLE",
        /// `UNIQUE`
        Unique {
            /// `WITHOUT INDEX`
            without_index: bool => " WITHOUT INDEX",
        } => "UNIQUE",
        /// `PRIMARY KEY`
        PrimaryKey {
            /// `USING HASH`
            hash: Option<HashSharding> => " ",
            /// `WITH (..)`
            parameters: Vec<StorageParameter> => " WITH (" .. ")",
        } => "PRIMARY KEY",
        /// `CHECK (..)`
        Check(Expr) => "CHECK (" .. ")",
        /// `DEFAULT ..`
        Default(Expr) => "DEFAULT ",
        /// `ON UPDATE ..`
        OnUpdate(Expr) => "ON UPDATE ",
        /// `REFERENCES a (b)`
        References(ForeignKey) => "REFERENCES ",
        /// `AS (a + b) STORED`
        Computed {
            /// Whether `GENERATED ALWAYS` stands before it.
            generated: bool => "GENERATED ALWAYS AS (" .. "AS (",
            /// The expression.
            expr: Expr => "" .. ")",
            /// `STORED` rather than `VIRTUAL`.
            stored: bool => " STORED" .. " VIRTUAL",
        },
        /// `GENERATED ALWAYS AS IDENTITY`
        Identity(Identity),
        /// `COLLATE de`
        Collate(ObjectName) => "COLLATE ",
        /// `FAMILY a`, `CREATE IF NOT EXISTS FAMILY a`
        Family {
            /// Whether it is created.
            create: bool => "CREATE ",
            /// `IF NOT EXISTS`
            if_not_exists: bool => "IF NOT EXISTS FAMILY" .. "FAMILY",
            /// Its name.
            name: Option<Ident> => " ",
        },
    }

    /// An identity column.
    pub struct Identity: Display {
        /// `ALWAYS` or `BY DEFAULT`
        pub generated: GeneratedAs => "GENERATED " .. " AS IDENTITY",
        /// Options of its sequence.
        pub options: Vec<SequenceOption> => " (" .. ")",
    }

    /// What a foreign key refers to.
    pub struct ForeignKey: Display {
        /// The table.
        pub table: ObjectName as Mention => "",
        /// Its columns; the primary key when empty.
        pub columns: Vec<Ident> => " (" .. ")",
        /// `MATCH FULL`
        pub matching: Option<MatchKind> => " ",
        /// `ON DELETE ..`
        pub on_delete: Option<ForeignKeyAction> => " ON DELETE ",
        /// `ON UPDATE ..`
        pub on_update: Option<ForeignKeyAction> => " ON UPDATE ",
    }

    /// A constraint of a table.
    #[non_exhaustive]
    pub enum TableConstraint: Partly {
        /// `CHECK (..)`
        Check {
            /// `CONSTRAINT a`
            name: Option<Ident> => "CONSTRAINT " .. " ",
            /// The condition.
            expr: Expr => "CHECK (" .. ")",
        },
        /// `UNIQUE (..)`
        Unique {
            /// `CONSTRAINT a`
            name: Option<Ident> => "CONSTRAINT " .. " ",
            /// `WITHOUT INDEX`
            without_index: bool => "UNIQUE WITHOUT INDEX " .. "UNIQUE ",
            /// The index; its name is the constraint's.
            index: Box<IndexDefinition>,
        },
        /// `PRIMARY KEY (..)`
        PrimaryKey {
            /// `CONSTRAINT a`
            name: Option<Ident> => "CONSTRAINT " .. " ",
            /// The columns.
            columns: Vec<IndexColumn> => all "PRIMARY KEY (" .. ")",
            /// `USING HASH`
            hash: Option<HashSharding> => " ",
            /// `INTERLEAVE IN PARENT ..`, before v21.2.
            interleave: Option<Interleave> => " ",
            /// `WITH (..)`
            parameters: Vec<StorageParameter> => " WITH (" .. ")",
        },
        /// `FOREIGN KEY (..) REFERENCES ..`
        ForeignKey {
            /// `CONSTRAINT a`
            name: Option<Ident> => "CONSTRAINT " .. " ",
            /// The columns.
            columns: Vec<Ident> => all "FOREIGN KEY (" .. ")",
            /// What they refer to.
            references: ForeignKey => " REFERENCES ",
        },
    }

    /// Where a table's rows live.
    #[non_exhaustive]
    pub enum Locality: Display {
        /// `GLOBAL`
        Global => "LOCALITY GLOBAL",
        /// `REGIONAL BY TABLE IN ..`
        RegionalByTable {
            /// In which region; the primary one when nothing is said.
            region: Option<RegionName> => " IN ",
        } => "LOCALITY REGIONAL BY TABLE",
        /// `REGIONAL BY ROW AS a`
        RegionalByRow {
            /// By which column; `crdb_region` when nothing is said.
            column: Option<Ident> => " AS ",
        } => "LOCALITY REGIONAL BY ROW",
    }

    /// A region.
    #[non_exhaustive]
    pub enum RegionName: Display {
        /// `PRIMARY REGION`
        Primary => "PRIMARY REGION",
        /// By name; quoted as a name or as a string.
        Named(Ident),
    }
}

words! {
    /// What of a table is taken over by `LIKE`.
    #[non_exhaustive]
    pub enum LikeOption {
        All = ALL,
        Constraints = CONSTRAINTS,
        Defaults = DEFAULTS,
        Generated = GENERATED,
        Indexes = INDEXES,
    }

    /// When an identity column's value is generated.
    pub enum GeneratedAs {
        Always = ALWAYS,
        ByDefault = BY DEFAULT,
    }

    /// How keys with nulls match.
    #[non_exhaustive]
    pub enum MatchKind {
        Simple = MATCH SIMPLE,
        Full = MATCH FULL,
    }

    /// What happens to a row when the one that it refers to changes.
    pub enum ForeignKeyAction {
        NoAction = NO ACTION,
        Restrict = RESTRICT,
        Cascade = CASCADE,
        SetNull = SET NULL,
        SetDefault = SET DEFAULT,
    }
}

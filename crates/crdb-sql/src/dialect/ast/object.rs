//! Views, sequences, types, and dropping things.

use super::super::keyword::Keyword;
use super::name::{Ident, IndexName, ObjectName};
use super::query::Query;
use super::types::DataType;

tree! {
    /// `CREATE VIEW`.
    pub struct CreateView: Display {
        /// `OR REPLACE`
        pub or_replace: bool => "CREATE OR REPLACE " .. "CREATE ",
        /// `TEMPORARY`
        pub temporary: bool => "TEMPORARY ",
        /// `MATERIALIZED`
        pub materialized: bool => "MATERIALIZED VIEW " .. "VIEW ",
        /// `IF NOT EXISTS`
        pub if_not_exists: bool => "IF NOT EXISTS ",
        /// Its name.
        pub name: ObjectName as Define => "",
        /// Names of its columns.
        pub columns: Vec<Ident> => " (" .. ")",
        /// `WITH (security_invoker = true)`
        pub parameters: Vec<super::index::StorageParameter> => " WITH (" .. ")",
        /// What it shows.
        pub query: Box<Query> => " AS ",
        /// `AS OF SYSTEM TIME ..` of a materialized view, behind its whole query.
        pub as_of: Option<super::expr::Expr> => " AS OF SYSTEM TIME ",
        /// `WITH DATA` (true) or `WITH NO DATA`
        pub with_data: Option<bool> => " WITH DATA" .. " WITH NO DATA",
    }

    /// `CREATE SEQUENCE`.
    pub struct CreateSequence: Display {
        /// `TEMPORARY`
        pub temporary: bool => "CREATE TEMPORARY SEQUENCE " .. "CREATE SEQUENCE ",
        /// `IF NOT EXISTS`
        pub if_not_exists: bool => "IF NOT EXISTS ",
        /// Its name.
        pub name: ObjectName as Define => "",
        /// Its options.
        pub options: Vec<SequenceOption> => " ",
    }

    /// An option of a sequence.
    #[non_exhaustive]
    pub enum SequenceOption: Partly, " " {
        /// `AS INT4`
        As(DataType) => "AS ",
        /// `CYCLE` (true) or `NO CYCLE`
        Cycle(bool) => "CYCLE" .. "NO CYCLE",
        /// `OWNED BY a.b`; `NONE` when empty.
        OwnedBy(Option<ObjectName>) => "OWNED BY ",
        /// An option with a number: `CACHE`, `INCREMENT`, `MINVALUE`, `MAXVALUE`, `START`, `RESTART`; `NO` when `None` for
        /// `MINVALUE` and `MAXVALUE`, from its start for `RESTART`.
        Number {
            /// Which option.
            option: Keyword,
            /// `BY` of `INCREMENT BY`, `WITH` of `START WITH` and `RESTART WITH`: the server prints it where it was written.
            word: Option<Keyword>,
            /// The number.
            number: Option<i64>,
        },
        /// `PER NODE CACHE 10`
        NodeCache(i64) => "PER NODE CACHE ",
        /// `VIRTUAL`
        Virtual => "VIRTUAL",
    }

    /// `CREATE TYPE`.
    pub struct CreateType: Display {
        /// `IF NOT EXISTS`
        pub if_not_exists: bool => "CREATE TYPE IF NOT EXISTS " .. "CREATE TYPE ",
        /// Its name.
        pub name: ObjectName => "",
        /// What it is.
        pub body: TypeBody => " AS ",
    }

    /// What a type is.
    #[non_exhaustive]
    pub enum TypeBody: Display {
        /// `AS ENUM ('a', 'b')`
        Enum(Vec<Box<str>>) => "ENUM (" .. ")",
        /// `AS (a INT8, b STRING)`
        Composite(Vec<(Ident, DataType)>) => "(" .. ")",
    }

    /// `DROP` of objects that have a name of their own.
    pub struct Drop: Display + Visited {
        /// What kind of object.
        pub kind: ObjectKind => "DROP " .. " ",
        /// `CONCURRENTLY`, of indexes.
        pub concurrently: bool => "CONCURRENTLY ",
        /// `IF EXISTS`
        pub if_exists: bool => "IF EXISTS ",
        /// One or more.
        pub targets: Vec<DropTarget> => "",
        /// `CASCADE`
        pub behavior: Option<DropBehavior> => " ",
    }

    /// What is dropped.
    #[non_exhaustive]
    pub enum DropTarget: Display {
        /// Anything by name.
        Object(ObjectName),
        /// An index.
        Index(IndexName),
    }
}

words! {
    /// What kind of object.
    #[non_exhaustive]
    pub enum ObjectKind {
        Database = DATABASE,
        Schema = SCHEMA,
        Table = TABLE,
        Index = INDEX,
        View = VIEW,
        MaterializedView = MATERIALIZED VIEW,
        Sequence = SEQUENCE,
        Type = TYPE,
    }

    /// What happens to what depends on a thing that goes.
    pub enum DropBehavior {
        /// lets it go too.
        Cascade = CASCADE,
        /// lets nothing go.
        Restrict = RESTRICT,
    }
}

//! Views, sequences, types, and dropping things.

use super::super::keyword::Keyword;
use super::name::{Ident, IndexName, ObjectName};
use super::query::Query;
use super::types::DataType;

/// `CREATE VIEW`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateView {
    /// `OR REPLACE`
    pub or_replace: bool,
    /// `TEMPORARY`
    pub temporary: bool,
    /// `MATERIALIZED`
    pub materialized: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// Names of its columns.
    pub columns: Vec<Ident>,
    /// `WITH (security_invoker = true)`
    pub parameters: Vec<super::index::StorageParameter>,
    /// What it shows.
    pub query: Box<Query>,
    /// `AS OF SYSTEM TIME ..` of a materialized view, behind its whole query.
    pub as_of: Option<super::expr::Expr>,
    /// `WITH DATA` (true) or `WITH NO DATA`
    pub with_data: Option<bool>,
}

/// `CREATE SEQUENCE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateSequence {
    /// `TEMPORARY`
    pub temporary: bool,
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// Its options.
    pub options: Vec<SequenceOption>,
}

/// An option of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SequenceOption {
    /// `AS INT4`
    As(DataType),
    /// `CYCLE` (true) or `NO CYCLE`
    Cycle(bool),
    /// `OWNED BY a.b`; `NONE` when empty.
    OwnedBy(Option<ObjectName>),
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
    NodeCache(i64),
    /// `VIRTUAL`
    Virtual,
}

/// `CREATE TYPE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CreateType {
    /// `IF NOT EXISTS`
    pub if_not_exists: bool,
    /// Its name.
    pub name: ObjectName,
    /// What it is.
    pub body: TypeBody,
}

/// What a type is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TypeBody {
    /// `AS ENUM ('a', 'b')`
    Enum(Vec<Box<str>>),
    /// `AS (a INT8, b STRING)`
    Composite(Vec<(Ident, DataType)>),
}

/// `DROP` of objects that have a name of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Drop {
    /// What kind of object.
    pub kind: ObjectKind,
    /// `CONCURRENTLY`, of indexes.
    pub concurrently: bool,
    /// `IF EXISTS`
    pub if_exists: bool,
    /// One or more.
    pub targets: Vec<DropTarget>,
    /// `CASCADE`
    pub behavior: Option<DropBehavior>,
}

/// What is dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropTarget {
    /// Anything by name.
    Object(ObjectName),
    /// An index.
    Index(IndexName),
}

/// What kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// `DATABASE`
    Database,
    /// `SCHEMA`
    Schema,
    /// `TABLE`
    Table,
    /// `INDEX`
    Index,
    /// `VIEW`
    View,
    /// `MATERIALIZED VIEW`
    MaterializedView,
    /// `SEQUENCE`
    Sequence,
    /// `TYPE`
    Type,
}

impl ObjectKind {
    /// The kind as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Database => "DATABASE",
            Self::Schema => "SCHEMA",
            Self::Table => "TABLE",
            Self::Index => "INDEX",
            Self::View => "VIEW",
            Self::MaterializedView => "MATERIALIZED VIEW",
            Self::Sequence => "SEQUENCE",
            Self::Type => "TYPE",
        }
    }
}

/// What happens to what depends on a thing that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropBehavior {
    /// `CASCADE`: it goes too.
    Cascade,
    /// `RESTRICT`: nothing goes.
    Restrict,
}

//! The long tail of statements, all of one form.

use super::super::keyword::Keyword;
use super::super::token::TokenKind;
use super::expr::Expr;
use super::index::{IndexColumn, PartitionBy};
use super::name::{Ident, IndexName, ObjectName};
use super::query::{Query, TableName};
use super::statement::Statement;
use super::table::{ColumnDefinition, TableElement};
use super::types::DataType;

tree! {
    /// A statement of the long tail: which one, and what it is made of, in order.
    ///
    /// Each is parsed by a grammar of its own; only the tree is shared.
    pub struct Utility: Display {
        /// Which statement.
        pub kind: UtilityKind,
        /// What it is made of, the leading keywords included.
        pub parts: Vec<Part> => "",
    }

    /// A part of a statement of the long tail.
    #[non_exhaustive]
    pub enum Part {
        /// A keyword.
        Keyword(Keyword),
        /// A parenthesis, a comma, an equals sign ..
        Punctuation(Punctuation),
        /// A name that is no table's.
        Name(Ident),
        /// A table, view, sequence ..
        Object(ObjectName as Mention),
        /// A table with its hints.
        Table(Box<TableName> as Read),
        /// All tables of a schema or database: `a.*`, `a.b.*`, `*`.
        ObjectPattern(Vec<Ident>),
        /// An index.
        Index(IndexName as Mention),
        /// A type.
        Type(DataType),
        /// An expression.
        Expr(Expr),
        /// An expression in brackets, which names a virtual cluster.
        InBrackets(Box<Expr>),
        /// A string.
        Text(Box<str>),
        /// A number.
        Number(Box<str>),
        /// A query.
        Query(Box<Query>),
        /// A statement in the statement.
        Statement(Box<Statement>),
        /// A column with its type.
        Column(Box<ColumnDefinition>),
        /// A part of a table.
        Element(Box<TableElement>),
        /// A column of an index.
        IndexColumn(Box<IndexColumn>),
        /// `PARTITION BY ..`
        Partition(Box<PartitionBy>),
    }

    /// A sign between parts.
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum Punctuation {
        /// `(`
        Open,
        /// `)`
        Close,
        /// `,`
        Comma,
        /// `=`
        Equal,
        /// `.`
        Dot,
        /// `@`
        At,
        /// `*`
        Star,
    }

    /// Which statement of the long tail.
    #[non_exhaustive]
    #[derive(Copy)]
    pub enum UtilityKind {
        /// Any `SHOW`: reads what the server knows about itself.
        Show,
        /// `RESET ..`, `SET SESSION AUTHORIZATION DEFAULT`
        Reset,
        /// `DISCARD ..`
        Discard,
        /// `DEALLOCATE ..`
        Deallocate,
        /// `ALTER .. RENAME`, `.. OWNER TO`, `.. SET SCHEMA`, and `ALTER` of everything but tables' columns.
        Alter,
        /// `.. CONFIGURE ZONE ..`
        ConfigureZone,
        /// `.. SPLIT AT`, `UNSPLIT`, `SCATTER`, `RELOCATE`: where ranges lie.
        Ranges,
        /// `CREATE` of databases, schemas, statistics, triggers, policies, connections ..
        Create,
        /// `DROP` of roles, schedules, triggers, functions, policies, connections ..
        Drop,
        /// `GRANT`
        Grant,
        /// `REVOKE`
        Revoke,
        /// `CREATE`, `ALTER`, `DROP` of roles and users, `REASSIGN OWNED`, `DROP OWNED`
        Role,
        /// `COMMENT ON ..`
        Comment,
        /// `ANALYZE`, `CREATE STATISTICS`
        Statistics,
        /// `BACKUP`
        Backup,
        /// `RESTORE`
        Restore,
        /// `IMPORT`
        Import,
        /// `EXPORT`
        Export,
        /// `COPY`
        Copy,
        /// `CREATE CHANGEFEED`, `ALTER CHANGEFEED`
        Changefeed,
        /// `CREATE SCHEDULE`, `ALTER BACKUP SCHEDULE`, `DROP SCHEDULE`, pausing and resuming them
        Schedule,
        /// `CANCEL`, `PAUSE`, `RESUME` of jobs, queries and sessions
        Job,
        /// `EXPERIMENTAL SCRUB`, `INSPECT`
        Scrub,
        /// `REFRESH MATERIALIZED VIEW`
        Refresh,
        /// `CALL`
        Call,
        /// `DO`
        Do,
        /// `DECLARE`, `FETCH`, `MOVE`, `CLOSE`
        Cursor,
        /// `LISTEN`, `NOTIFY`, `UNLISTEN`
        Notification,
        /// Virtual clusters (tenants) and replication between clusters
        VirtualCluster,
        /// `OPT PLAN`, inside `PREPARE`
        CannedPlan,
    }
}

impl Punctuation {
    /// The sign as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::Equal => "=",
            Self::Dot => ".",
            Self::At => "@",
            Self::Star => "*",
        }
    }

    pub(in super::super) const fn token(self) -> TokenKind {
        match self {
            Self::Open => TokenKind::LeftParen,
            Self::Close => TokenKind::RightParen,
            Self::Comma => TokenKind::Comma,
            Self::Equal => TokenKind::Equal,
            Self::Dot => TokenKind::Dot,
            Self::At => TokenKind::At,
            Self::Star => TokenKind::Star,
        }
    }
}

//! Transactions, session variables, plans and prepared statements.

use super::expr::Expr;
use super::name::Ident;
use super::statement::Statement;
use super::types::DataType;

/// Beginning, ending and parting transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transaction {
    /// `BEGIN TRANSACTION ..`
    Begin(Vec<TransactionMode>),
    /// `COMMIT` or `END`
    Commit {
        /// `AND CHAIN`: the next transaction begins at once.
        chain: bool,
    },
    /// `ROLLBACK` or `ABORT`
    Rollback {
        /// `AND CHAIN`: the next transaction begins at once.
        chain: bool,
    },
    /// `SAVEPOINT a`
    Savepoint(Ident),
    /// `RELEASE SAVEPOINT a`
    Release(Ident),
    /// `ROLLBACK TO SAVEPOINT a`
    RollbackTo(Ident),
    /// `SET TRANSACTION ..`
    Set(Vec<TransactionMode>),
    /// `SET SESSION CHARACTERISTICS AS TRANSACTION ..`
    SetDefaults(Vec<TransactionMode>),
    /// `PREPARE TRANSACTION 'a'`
    Prepare(Box<str>),
    /// `COMMIT PREPARED 'a'`
    CommitPrepared(Box<str>),
    /// `ROLLBACK PREPARED 'a'`
    RollbackPrepared(Box<str>),
}

/// How a transaction behaves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransactionMode {
    /// `ISOLATION LEVEL ..`
    Isolation(IsolationLevel),
    /// `PRIORITY ..`
    Priority(TransactionPriority),
    /// `READ ONLY` (true) or `READ WRITE`
    ReadOnly(bool),
    /// `AS OF SYSTEM TIME ..`
    AsOf(Expr),
    /// `DEFERRABLE` (true) or `NOT DEFERRABLE`
    Deferrable(bool),
}

/// An isolation level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IsolationLevel {
    /// `READ UNCOMMITTED`
    ReadUncommitted,
    /// `READ COMMITTED`
    ReadCommitted,
    /// `SNAPSHOT`
    Snapshot,
    /// `REPEATABLE READ`
    RepeatableRead,
    /// `SERIALIZABLE`
    Serializable,
}

/// A transaction's priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionPriority {
    /// `LOW`
    Low,
    /// `NORMAL`
    Normal,
    /// `HIGH`
    High,
}

/// `SET a = b`, and what is short for it (`USE`, `SET NAMES`, `SET TIME ZONE`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SetVariable {
    /// For how long.
    pub scope: SetScope,
    /// The variable: parts of its name. Empty in `SET ROW (..)`.
    pub name: Vec<Ident>,
    /// Its values; `DEFAULT` to reset it.
    pub values: Vec<Expr>,
}

/// How long and for whom a variable is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SetScope {
    /// Nothing is said: for the session.
    Default,
    /// `SESSION`
    Session,
    /// `LOCAL`: for the transaction.
    Local,
    /// `CLUSTER SETTING`: for everybody.
    Cluster,
}

/// `EXPLAIN`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Explain {
    /// Whether the statement is run: `ANALYZE`.
    pub analyze: bool,
    /// What stands in the parentheses.
    pub options: Vec<Ident>,
    /// What is explained.
    pub statement: Box<Statement>,
}

/// `PREPARE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prepare {
    /// Its name.
    pub name: Ident,
    /// Types of its parameters.
    pub types: Vec<DataType>,
    /// What is prepared.
    pub statement: Box<Statement>,
}

/// `EXECUTE`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Execute {
    /// The prepared statement.
    pub name: Ident,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// `DISCARD ROWS`
    pub discard_rows: bool,
}

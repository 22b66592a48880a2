//! Transactions, session variables, plans and prepared statements.

use super::expr::Expr;
use super::name::Ident;
use super::statement::Statement;
use super::types::DataType;

tree! {
    /// Beginning, ending and parting transactions.
    #[non_exhaustive]
    pub enum Transaction: Partly {
        /// `BEGIN TRANSACTION ..`
        Begin(Vec<TransactionMode>) => "BEGIN TRANSACTION ",
        /// `COMMIT` or `END`
        Commit {
            /// `AND CHAIN`: the next transaction begins at once.
            chain: bool => " AND CHAIN",
        } => "COMMIT TRANSACTION",
        /// `ROLLBACK` or `ABORT`
        Rollback {
            /// `AND CHAIN`: the next transaction begins at once.
            chain: bool => " AND CHAIN",
        } => "ROLLBACK TRANSACTION",
        /// `SAVEPOINT a`
        Savepoint(Ident) => "SAVEPOINT ",
        /// `RELEASE SAVEPOINT a`
        Release(Ident) => "RELEASE SAVEPOINT ",
        /// `ROLLBACK TO SAVEPOINT a`
        RollbackTo(Ident) => "ROLLBACK TRANSACTION TO SAVEPOINT ",
        /// `SET TRANSACTION ..`
        Set(Vec<TransactionMode>) => "SET TRANSACTION ",
        /// `SET SESSION CHARACTERISTICS AS TRANSACTION ..`
        SetDefaults(Vec<TransactionMode>) => "SET SESSION CHARACTERISTICS AS TRANSACTION ",
        /// `PREPARE TRANSACTION 'a'`
        Prepare(Box<str>) => "PREPARE TRANSACTION ",
        /// `COMMIT PREPARED 'a'`
        CommitPrepared(Box<str>) => "COMMIT PREPARED ",
        /// `ROLLBACK PREPARED 'a'`
        RollbackPrepared(Box<str>) => "ROLLBACK PREPARED ",
    }

    /// How a transaction behaves.
    #[non_exhaustive]
    pub enum TransactionMode: Display {
        /// `ISOLATION LEVEL ..`
        Isolation(IsolationLevel) => "ISOLATION LEVEL ",
        /// `PRIORITY ..`
        Priority(TransactionPriority) => "PRIORITY ",
        /// `READ ONLY` (true) or `READ WRITE`
        ReadOnly(bool) => "READ ONLY" .. "READ WRITE",
        /// `AS OF SYSTEM TIME ..`
        AsOf(Expr) => "AS OF SYSTEM TIME ",
        /// `DEFERRABLE` (true) or `NOT DEFERRABLE`
        Deferrable(bool) => "DEFERRABLE" .. "NOT DEFERRABLE",
    }

    /// `SET a = b`, and what is short for it (`USE`, `SET NAMES`, `SET TIME ZONE`).
    pub struct SetVariable: Shown {
        /// For how long.
        pub scope: SetScope,
        /// The variable: parts of its name. Empty in `SET ROW (..)`.
        pub name: Vec<Ident>,
        /// Its values; `DEFAULT` to reset it.
        pub values: Vec<Expr>,
    }

    /// How long and for whom a variable is set.
    #[derive(Copy)]
    pub enum SetScope: Display {
        /// Nothing is said: for the session.
        Default => "SET ",
        /// `SESSION`
        Session => "SET SESSION ",
        /// `LOCAL`: for the transaction.
        Local => "SET LOCAL ",
        /// `CLUSTER SETTING`: for all sessions.
        Cluster => "SET CLUSTER SETTING ",
    }

    /// `EXPLAIN`.
    pub struct Explain: Display {
        /// Whether the statement is run: `ANALYZE`.
        pub analyze: bool => "EXPLAIN ANALYZE " .. "EXPLAIN ",
        /// What stands in the parentheses.
        pub options: Vec<Ident> => "(" .. ") ",
        /// What is explained.
        pub statement: Box<Statement> => "",
    }

    /// `PREPARE`.
    pub struct Prepare: Display {
        /// Its name.
        pub name: Ident => "PREPARE ",
        /// Types of its parameters.
        pub types: Vec<DataType> => " (" .. ")",
        /// What is prepared.
        pub statement: Box<Statement> => " AS ",
    }

    /// `EXECUTE`.
    pub struct Execute: Display {
        /// The prepared statement.
        pub name: Ident => "EXECUTE ",
        /// Its arguments.
        pub arguments: Vec<Expr> => " (" .. ")",
        /// `DISCARD ROWS`
        pub discard_rows: bool => " DISCARD ROWS",
    }
}

words! {
    /// An isolation level.
    #[non_exhaustive]
    pub enum IsolationLevel {
        ReadUncommitted = READ UNCOMMITTED,
        ReadCommitted = READ COMMITTED,
        Snapshot = SNAPSHOT,
        RepeatableRead = REPEATABLE READ,
        Serializable = SERIALIZABLE,
    }

    /// A transaction's priority.
    pub enum TransactionPriority {
        Low = LOW,
        Normal = NORMAL,
        High = HIGH,
    }
}

//! Statements.

use super::super::span::Span;
use super::alter::AlterTable;
use super::index::CreateIndex;
use super::object::{CreateSequence, CreateType, CreateView, Drop};
use super::query::Query;
use super::routine::CreateRoutine;
use super::session::{Execute, Explain, Prepare, SetVariable, Transaction};
use super::table::CreateTable;
use super::utility::Utility;
use super::write::{Delete, Insert, Truncate, Update};

tree! {
    /// A statement and where it was read.
    pub struct Statement: Display + Visited {
        /// What it says.
        pub kind: StatementKind => "",
        /// Where it was read, without the semicolon.
        pub span: Span,
    }

    /// What a statement says.
    #[non_exhaustive]
    pub enum StatementKind: Display {
        /// `SELECT`, `VALUES`, `TABLE`
        Query(Box<Query>),
        /// `INSERT`, `UPSERT`
        Insert(Box<Insert>),
        /// `UPDATE`
        Update(Box<Update>),
        /// `DELETE`
        Delete(Box<Delete>),
        /// `TRUNCATE`
        Truncate(Truncate),
        /// `CREATE TABLE`
        CreateTable(Box<CreateTable>),
        /// `CREATE INDEX`
        CreateIndex(Box<CreateIndex>),
        /// `CREATE VIEW`
        CreateView(Box<CreateView>),
        /// `CREATE SEQUENCE`
        CreateSequence(Box<CreateSequence>),
        /// `CREATE TYPE`
        CreateType(Box<CreateType>),
        /// `CREATE FUNCTION`, `CREATE PROCEDURE`
        CreateRoutine(Box<CreateRoutine>),
        /// `ALTER TABLE`
        AlterTable(Box<AlterTable>),
        /// `DROP TABLE` ..
        Drop(Drop),
        /// `BEGIN`, `COMMIT` ..
        Transaction(Transaction),
        /// `SET a = b`
        Set(SetVariable),
        /// `EXPLAIN`
        Explain(Explain),
        /// `PREPARE`
        Prepare(Prepare),
        /// `EXECUTE`
        Execute(Execute),
        /// All others.
        Utility(Utility),
    }
}

//! The ways to run a statement: what functions of queries and methods of builders do alike.

use std::fmt::Write as _;

use super::line;
use super::reading::Reading;
use crate::query::Cardinality;

/// One way to run a statement.
#[derive(Debug)]
pub(super) struct Way {
    /// The method of `ExecutorExt`, and of a builder.
    pub(super) method: &'static str,
    /// What a builder's documentation says first.
    pub(super) says: &'static str,
    pub(super) errors: &'static str,
    /// What it returns, errors apart.
    pub(super) returns: String,
    /// What the executor's answer is called where more is done with it.
    binding: &'static str,
    /// What is done with it.
    pub(super) then: String,
}

impl Way {
    /// Those of a statement whose rows are read so.
    pub(super) fn of(cardinality: Cardinality, reading: &Reading, exec: &str) -> Vec<Self> {
        let (row, read) = (&reading.row, reading.function(exec));
        match cardinality {
            Cardinality::One => vec![Self {
                method: "fetch_one",
                says: "The one row.",
                errors: "As the executor; also when there is not exactly one row.",
                returns: row.clone(),
                binding: "row",
                then: reading.value("&row", exec),
            }],
            Cardinality::Optional => vec![Self {
                method: "fetch_optional",
                says: "The row, if there is one.",
                errors: "As the executor; also when there is more than one row.",
                returns: format!("::core::option::Option<{row}>"),
                binding: "row",
                then: format!("row.as_ref().map({read}).transpose()"),
            }],
            Cardinality::Many => {
                let all = Self {
                    method: "fetch_all",
                    says: "All rows.",
                    errors: "As the executor.",
                    returns: format!("::std::vec::Vec<{row}>"),
                    binding: "rows",
                    then: format!("rows.iter().map({read}).collect()"),
                };
                let stream = Self {
                    method: "fetch_stream",
                    says: "The rows as they come.",
                    errors: "As the executor; an error may also come in the stream.",
                    returns: format!("{exec}::MappedRows<E::Rows<'e>, {row}>"),
                    binding: "rows",
                    then: format!("Ok({exec}::MappedRows::new(rows, {read}))"),
                };
                let in_place = reading.in_place.as_ref().map(|row| Self {
                    method: "fetch_borrowed",
                    says: "The rows as they come (`try_next`), in place: texts, bytes and JSON are not copied.",
                    errors: "As the executor; an error may also come with a row.",
                    returns: format!("{exec}::BorrowedRows<E::Rows<'e>, {row}>"),
                    binding: "",
                    then: String::new(),
                });
                [all, stream].into_iter().chain(in_place).collect()
            }
            Cardinality::Exec | Cardinality::ExecRows | Cardinality::Batch => vec![Self {
                method: "execute",
                says: "Runs the statement and returns how many rows were changed.",
                errors: "As the executor.",
                returns: "u64".to_owned(),
                binding: "",
                then: String::new(),
            }],
        }
    }

    /// The function: `arguments` stand around the executor, and `before` in front of the call.
    pub(super) fn write(
        &self,
        out: &mut String,
        name: &str,
        (receiver, arguments): (&str, &str),
        before: &str,
        (statement, values): (&str, &str),
        exec: &str,
    ) {
        let Self {
            method,
            returns,
            binding,
            then,
            ..
        } = self;
        // What is read later borrows from the executor.
        let (generics, db) = match returns.contains("'e") {
            true => ("'e, E", "&'e E"),
            false => ("E", "&E"),
        };
        let call = format!("{exec}::ExecutorExt::{method}(db, {statement}, {values}).await");
        let body = match (*binding, then.as_str()) {
            (_, "") => call,
            ("", then) => format!("{call}?;\n{then}"),
            (binding, then) => format!("let {binding} = {call}?;\n{then}"),
        };
        line!(
            out,
            "pub async fn {name}<{generics}: {exec}::Executor>({receiver}db: {db}{arguments}) -> ::core::result::Result<{returns}, {exec}::Error> {{\n\
             {before}{body}\n\
             }}\n"
        );
    }
}

//! Lints that need no table.

use super::{Report, span_of};
use crate::dialect::Span;
use crate::dialect::ast::{
    DataType, Expr, Function, InSet, ObjectName, Part, Placeholder, Query, Select, Statement,
    StatementKind, Subscript, TransactionMode, UtilityKind,
};
use crate::dialect::facts::{Facts, StatementClass};
use crate::dialect::keyword::Keyword;
use crate::dialect::visit::{Descend, TableUse, Visitor, walk};
use crate::problem::Code;
use crate::schema::{Schema, canonical_type};

/// A query is one statement, and a schema change stands alone.
pub(super) fn several(statements: &[Statement], report: &mut Report<'_>) {
    if let Some(second) = statements.get(1) {
        report.add(
            Code::SeveralStatements,
            first_word(second.span, report),
            "a second statement begins here; a server prepares one at a time",
            "give each statement its own `-- name:`, and run them in a transaction",
        );
    }
    let classes: Vec<StatementClass> = statements.iter().map(class).collect();
    let data = classes
        .iter()
        .any(|class| matches!(class, StatementClass::Read | StatementClass::Write));
    let ddl = statements
        .iter()
        .zip(&classes)
        .find(|(_, class)| **class == StatementClass::Ddl);
    if let Some((first, _)) = ddl.filter(|_| data) {
        report.add(
            Code::MixedDdl,
            first_word(first.span, report),
            "a schema change stands beside data; CockroachDB may commit one without the other",
            "run schema changes on their own, as migrations",
        );
    }
}

fn class(statement: &Statement) -> StatementClass {
    match &statement.kind {
        // It makes a new, empty table.
        StatementKind::Truncate(_) => StatementClass::Ddl,
        _ => Facts::of(statement).class,
    }
}

pub(super) fn first_word(span: Span, report: &Report<'_>) -> Span {
    let text = span.text(report.query.text());
    let length = text
        .find(|c: char| !c.is_alphanumeric())
        .unwrap_or(text.len());
    Span::new(
        span.start,
        span.start + u32::try_from(length).unwrap_or(0).max(1),
    )
}

/// Looks at everything in a statement.
pub(super) fn check(statement: &Statement, schema: &Schema, report: &mut Report<'_>) {
    let reads = matches!(
        Facts::of(statement).class,
        StatementClass::Read | StatementClass::Write
    );
    let mut parts = Parts {
        reads,
        whole: first_word(statement.span, report),
        schema,
        report,
    };
    walk(statement, &mut parts);
}

/// More values than this between the parentheses of IN are better one array.
const LONG_LIST: usize = 100;

struct Parts<'r, 'q, 's> {
    /// Whether the statement reads or writes rows.
    reads: bool,
    whole: Span,
    schema: &'s Schema,
    report: &'r mut Report<'q>,
}

impl Parts<'_, '_, '_> {
    fn time(&mut self, time: &Expr) {
        let mut placeholders = Placeholders::default();
        crate::dialect::visit::walk_expr(time, &mut placeholders);
        if let Some(span) = placeholders.first {
            self.report.add(
                Code::PlaceholderAsOf,
                span,
                "AS OF SYSTEM TIME takes no parameter on CockroachDB",
                "say how old the data may be in the header: `-- staleness: 10s`, or write the time out",
            );
        }
    }

    fn call(&mut self, function: &Function) {
        let span = function.name.span();
        let name = match function.name.parts.as_slice() {
            [schema, _] if schema.value() == "crdb_internal" => return self.internals(span),
            [name] => name.value(),
            [schema, name] if schema.value() == "pg_catalog" => name.value(),
            _ => return,
        };
        match name {
            _ if name.starts_with("pg_advisory_") || name.starts_with("pg_try_advisory_") => {
                self.report.add(
                    Code::AdvisoryLock,
                    span,
                    "advisory locks lock nothing on CockroachDB",
                    "lock a row: `SELECT .. FOR UPDATE`",
                );
            }
            "nextval" if self.reads => self.report.add(
                Code::SequenceCall,
                span,
                "each call writes the sequence's one row, where all callers wait for each other",
                "use `gen_random_uuid()`, or `unique_rowid()` where the number need not be dense",
            ),
            "cluster_logical_timestamp" => self.report.add(
                Code::ClusterTimestamp,
                span,
                "this fixes the transaction's time: it cannot be moved when it meets another, and fails below SERIALIZABLE",
                "use `statement_timestamp()`, or `SHOW COMMIT TIMESTAMP` after the commit",
            ),
            _ => {}
        }
    }

    fn internals(&mut self, span: Span) {
        self.report.add(
            Code::UnsafeInternals,
            span,
            "`crdb_internal` is refused since v26.1 unless `allow_unsafe_internals` is on, and changes without notice",
            "use SHOW, `information_schema` or `pg_catalog`",
        );
    }
}

impl<'t> Visitor<'t> for Parts<'_, '_, '_> {
    fn statement(&mut self, statement: &'t Statement) -> Descend {
        match &statement.kind {
            StatementKind::Transaction(transaction) => {
                use crate::dialect::ast::Transaction;
                if let Transaction::Begin(modes) | Transaction::Set(modes) = transaction {
                    for mode in modes {
                        if let TransactionMode::AsOf(time) = mode {
                            self.time(time);
                        }
                    }
                }
            }
            StatementKind::Insert(insert) if insert.upsert => {
                let secondary = self
                    .schema
                    .table_named(&insert.table.name)
                    .is_some_and(|table| table.indexes().iter().any(|index| !index.is_primary()));
                if secondary {
                    self.report.add(
                        Code::UpsertReadsFirst,
                        insert.table.span,
                        "UPSERT into a table with secondary indexes reads each row before it writes it",
                        "this is no faster than `INSERT .. ON CONFLICT (key) DO UPDATE`, which also says what is replaced",
                    );
                }
            }
            StatementKind::Utility(utility)
                if matches!(utility.kind, UtilityKind::Export | UtilityKind::Backup) =>
            {
                let dated = utility.parts.iter().any(|part| match part {
                    Part::Keyword(keyword) => *keyword == Keyword::SYSTEM,
                    Part::Query(query) => reads_the_past(query),
                    Part::Statement(statement) => Facts::of(statement).in_the_past,
                    _ => false,
                });
                if !dated {
                    self.report.add(
                        Code::ExportOfNow,
                        self.whole,
                        "a long read of current data holds up writes, and is itself begun again by them",
                        "read as of a past time: `AS OF SYSTEM TIME '-10s'`",
                    );
                }
            }
            _ => {}
        }
        Descend::Into
    }

    fn select(&mut self, select: &'t Select) {
        if let Some(time) = &select.as_of {
            self.time(time);
        }
    }

    fn table(&mut self, name: &'t ObjectName, _: TableUse) {
        if matches!(name.parts.as_slice(), [.., schema, _] if schema.value() == "crdb_internal") {
            self.internals(name.span());
        }
    }

    fn data_type(&mut self, data_type: &'t DataType) {
        let canonical = canonical_type(&data_type.to_string());
        if matches!(canonical.as_str(), "int" | "int[]") {
            let word = data_type.span.text(self.report.query.text());
            let message = format!("{word} has eight bytes on CockroachDB and four on PostgreSQL");
            self.report.add(
                Code::ImplicitIntWidth,
                data_type.span,
                message,
                "write INT8, INT4 or INT2",
            );
        }
    }

    fn expr(&mut self, expr: &'t Expr) {
        match expr {
            Expr::Function(function) => self.call(function),
            Expr::Subscript {
                operand,
                subscripts,
            } => {
                let sliced = subscripts
                    .iter()
                    .any(|subscript| matches!(subscript, Subscript::Slice { .. }));
                if sliced {
                    let span = span_of(operand).unwrap_or(self.whole);
                    self.report.add(
                        Code::ArraySlice,
                        span,
                        "CockroachDB has no slices of arrays; a `:name` inside brackets is read as a slice too",
                        "write a parameter inside brackets as `[(:name)]`, or take the slice in the program",
                    );
                }
            }
            Expr::In {
                operand,
                set: InSet::List(values),
                ..
            } if values.len() > LONG_LIST => {
                let span = span_of(operand).unwrap_or(self.whole);
                let message = format!(
                    "{} values in a list are planned anew for each length of it",
                    values.len()
                );
                self.report.add(
                    Code::LongInList,
                    span,
                    message,
                    "pass one array: `= ANY (:ids)`",
                );
            }
            _ => {}
        }
    }
}

fn reads_the_past(query: &Query) -> bool {
    struct Past(bool);
    impl<'t> Visitor<'t> for Past {
        fn select(&mut self, select: &'t Select) {
            self.0 |= select.as_of.is_some();
        }
    }
    let mut past = Past(false);
    crate::dialect::visit::walk_query(query, &mut past);
    past.0
}

#[derive(Default)]
struct Placeholders {
    first: Option<Span>,
}

impl<'t> Visitor<'t> for Placeholders {
    fn expr(&mut self, expr: &'t Expr) {
        if let Expr::Placeholder(placeholder) = expr {
            self.first = self.first.or(Some(Placeholder::span(placeholder)));
        }
    }
}

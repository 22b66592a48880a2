//! Parsing what services send; tokenizing and dropping the tree included.

use std::hint::black_box;

use crdb_sql::dialect;
use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};

use crate::case::{Bound, Case, MeasureError, Metric, Role, Target};
use crate::rows::timed::{TIME, Timed};

const OURS: &str = "dialect::parse";
const SQLPARSER: &str = "sqlparser";
/// A statement a line, which both accept.
const SERVICE: &str = include_str!("../../../../crates/crdb-sql/benches/service.sql");

pub(super) fn case(rounds: usize) -> Result<Case, MeasureError> {
    let pieces = u32::try_from(SERVICE.lines().count())?;
    Ok(Case {
        name: "parse, mean of four statements".to_owned(),
        metrics: vec![Metric::lower(TIME, "ns")],
        targets: vec![Target {
            subject: OURS,
            metric: TIME,
            bound: Bound::RatioAtMost(SQLPARSER, 1.2),
        }],
        rounds,
        subjects: vec![
            Box::new(Timed {
                name: OURS,
                role: Role::Ours,
                settings: "defaults",
                pieces,
                work: || {
                    for sql in SERVICE.lines() {
                        drop(black_box(dialect::parse(black_box(sql))?));
                    }
                    Ok(())
                },
            }),
            Box::new(Timed {
                name: SQLPARSER,
                role: Role::Peer,
                settings: "PostgreSqlDialect",
                pieces,
                work: || {
                    for sql in SERVICE.lines() {
                        drop(black_box(Parser::parse_sql(
                            &PostgreSqlDialect {},
                            black_box(sql),
                        )?));
                    }
                    Ok(())
                },
            }),
        ],
    })
}

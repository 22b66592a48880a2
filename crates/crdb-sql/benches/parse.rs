//! P10: how long the dialect takes to parse a statement, beside sqlparser's PostgreSQL dialect on the same statements.
//!
//! Only statements that both accept are measured. Parsing includes tokenizing and dropping the tree.

use std::hint::black_box;

use crdb_sql::dialect;
use criterion::{Criterion, criterion_group, criterion_main};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What services send, a statement a line, and what each is called here.
const SERVICE: &str = include_str!("service.sql");
const NAMES: [&str; 4] = ["point_select", "join", "insert", "with"];

/// The test cases that both parsers accept.
fn shared_cases() -> Vec<&'static str> {
    [
        include_str!("../tests/dialect_cases/queries.sql"),
        include_str!("../tests/dialect_cases/expressions.sql"),
        include_str!("../tests/dialect_cases/writes.sql"),
        include_str!("../tests/dialect_cases/definitions.sql"),
    ]
    .iter()
    .flat_map(|file| file.lines())
    .filter(|line| {
        dialect::parse(line).is_ok() && Parser::parse_sql(&PostgreSqlDialect {}, line).is_ok()
    })
    .collect()
}

fn parse(criterion: &mut Criterion) {
    let bulk = format!(
        "INSERT INTO a (b, c, d) VALUES {}(1, 'x', $1)",
        "(1, 'x', $1), ".repeat(999)
    );
    let cases = shared_cases();
    let mut groups: Vec<(&str, Vec<&str>)> = NAMES
        .into_iter()
        .zip(SERVICE.lines().map(|sql| vec![sql]))
        .collect();
    groups.push(("bulk_insert", vec![&bulk]));
    groups.push(("all_cases", cases));
    for (name, statements) in groups {
        let mut group = criterion.benchmark_group(name);
        group.bench_function("dialect", |bencher| {
            bencher.iter(|| {
                for sql in &statements {
                    drop(black_box(dialect::parse(black_box(sql))));
                }
            });
        });
        group.bench_function("sqlparser", |bencher| {
            bencher.iter(|| {
                for sql in &statements {
                    drop(black_box(Parser::parse_sql(
                        &PostgreSqlDialect {},
                        black_box(sql),
                    )));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);

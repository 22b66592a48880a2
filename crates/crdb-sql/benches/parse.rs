//! How long the dialect takes to parse a statement, beside sqlparser's PostgreSQL dialect on the same statements.
//!
//! Only statements that both accept are measured. Parsing includes tokenizing and dropping the tree.

use std::hint::black_box;

use crdb_sql::dialect;
use criterion::{Criterion, criterion_group, criterion_main};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// What services send.
const SERVICE: &[(&str, &str)] = &[
    (
        "point_select",
        "SELECT id, owner, balance FROM accounts WHERE id = $1",
    ),
    (
        "join",
        "SELECT a.id, a.owner, sum(t.amount) AS total FROM accounts AS a LEFT JOIN transfers AS t ON t.source = a.id \
         WHERE a.opened_at > $1 AND (a.region = $2 OR a.region IS NULL) AND t.state IN ('done', 'pending') \
         GROUP BY a.id, a.owner HAVING sum(t.amount) > 100 ORDER BY total DESC, a.id LIMIT 50",
    ),
    (
        "insert",
        "INSERT INTO transfers (id, source, target, amount, note) VALUES ($1, $2, $3, $4, $5), ($6, $7, $8, $9, 'x') \
         ON CONFLICT (id) DO UPDATE SET amount = excluded.amount WHERE transfers.state = 'open' RETURNING id, amount",
    ),
    (
        "with",
        "WITH recent AS (SELECT source, max(made_at) AS last FROM transfers WHERE made_at > now() - INTERVAL '7 days' \
         GROUP BY source) SELECT a.id, CASE WHEN r.last IS NULL THEN 'quiet' ELSE 'busy' END AS state \
         FROM accounts AS a LEFT JOIN recent AS r ON r.source = a.id WHERE a.balance BETWEEN 0 AND 1000 \
         AND EXISTS (SELECT 1 FROM owners WHERE owners.id = a.owner)",
    ),
];

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
    let mut groups: Vec<(&str, Vec<&str>)> = SERVICE
        .iter()
        .map(|(name, sql)| (*name, vec![*sql]))
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

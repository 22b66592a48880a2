//! P10: the named lookup beside a hash map, rendering a text seen before beside minijinja, parsing beside sqlparser.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros write no docs"
)]

use std::collections::HashMap;
use std::hint::black_box;

use crdb_sql::{Argument, Repository, dialect};
use criterion::{Criterion, criterion_group, criterion_main};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

fn lookup(criterion: &mut Criterion) {
    let text: String = (0..200)
        .map(|n| format!("-- name: get_account_{n} :one\nSELECT {n}\n"))
        .collect();
    let repository = Repository::from_embedded(&[("accounts/read.sql", &text)]).unwrap();
    let map: HashMap<String, usize> = repository
        .names()
        .enumerate()
        .map(|(index, name)| (name.to_owned(), index))
        .collect();
    let name = "accounts.get_account_117";
    let mut group = criterion.benchmark_group("lookup");
    group.bench_function("repository", |bencher| {
        bencher.iter(|| repository.get(black_box(name)).unwrap());
    });
    group.bench_function("std hash map", |bencher| {
        bencher.iter(|| map.get(black_box(name)).unwrap());
    });
    group.finish();
}

const SEARCH: &str = "\
-- name: search :many
-- template: select
-- param country: STRING optional
-- param least: DECIMAL optional
-- ident sort: number | balance | opened_at
-- flag descending: largest first
SELECT accounts.number, customers.name, accounts.balance, accounts.opened_at
FROM accounts JOIN customers ON customers.id = accounts.customer_id
WHERE accounts.closed_at IS NULL
{% if country %} AND customers.country = :country {% endif %}
{% if least %} AND accounts.balance >= :least {% endif %}
ORDER BY accounts.{{ sort }} {% if descending %} DESC {% endif %}, accounts.number
LIMIT :count";

fn render(criterion: &mut Criterion) {
    let repository = Repository::from_embedded(&[("accounts/search.sql", SEARCH)]).unwrap();
    let template = repository.template("accounts.search").unwrap();
    let body = SEARCH.split_once("first\n").unwrap().1;
    let mut environment = minijinja::Environment::empty();
    environment.add_template("search", body).unwrap();
    let plain = environment.get_template("search").unwrap();
    let mut group = criterion.benchmark_group("render");
    group.bench_function("template, seen before", |bencher| {
        bencher.iter(|| {
            let arguments = [
                ("country", Argument::Value("DE")),
                ("sort", Argument::Identifier("balance")),
                ("descending", Argument::Flag(true)),
                ("count", Argument::Value("20")),
            ];
            template.render(black_box(&arguments)).unwrap().text().len()
        });
    });
    group.bench_function("minijinja", |bencher| {
        bencher.iter(|| {
            let context = minijinja::context! {
                country => "DE", least => (), sort => "balance", descending => true,
            };
            plain.render(black_box(context)).unwrap().len()
        });
    });
    group.finish();
}

/// Statements that both parsers accept, short and long.
const STATEMENTS: [&str; 6] = [
    "SELECT id, owner, balance FROM accounts WHERE id = $1",
    "INSERT INTO transfers (from_account, to_account, amount, note) VALUES ($1, $2, $3, $4) RETURNING id",
    "UPDATE accounts SET balance = balance - $1 WHERE number = $2 AND balance >= $1",
    "WITH recent AS (SELECT account, sum(amount) AS moved FROM transfers WHERE made_at > now() - INTERVAL '1 day' \
     GROUP BY account HAVING sum(amount) > 100) SELECT a.number, c.name, r.moved, row_number() OVER (PARTITION BY c.country \
     ORDER BY r.moved DESC) FROM recent r JOIN accounts a ON a.id = r.account LEFT JOIN customers c ON c.id = a.customer_id \
     WHERE c.country IN ('DE', 'FR', 'PT') AND (a.closed_at IS NULL OR a.closed_at > $1) ORDER BY r.moved DESC, a.number LIMIT 50",
    "CREATE TABLE accounts (id UUID NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY, number TEXT NOT NULL UNIQUE, customer_id \
     UUID NOT NULL REFERENCES customers (id), balance DECIMAL(19, 2) NOT NULL CHECK (balance >= 0), opened_at TIMESTAMPTZ NOT \
     NULL DEFAULT now(), closed_at TIMESTAMPTZ)",
    "SELECT CASE WHEN a.x > 1 THEN 'big' WHEN a.x IS NULL THEN 'none' ELSE 'small' END, coalesce(a.y, b.y, 0) + a.z * 2, \
     a.doc->>'name', a.tags[1] FROM a JOIN b ON a.id = b.id AND b.kind = ANY($1) WHERE NOT EXISTS (SELECT 1 FROM c WHERE \
     c.a = a.id AND c.at BETWEEN $2 AND $3)",
];

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.bench_function("dialect", |bencher| {
        bencher.iter(|| {
            for statement in STATEMENTS {
                black_box(dialect::parse(black_box(statement)).unwrap());
            }
        });
    });
    group.bench_function("sqlparser", |bencher| {
        bencher.iter(|| {
            for statement in STATEMENTS {
                black_box(Parser::parse_sql(&PostgreSqlDialect {}, black_box(statement)).unwrap());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, lookup, render, parse);
criterion_main!(benches);

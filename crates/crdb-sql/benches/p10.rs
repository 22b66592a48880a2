//! P10: the named lookup beside a hash map, and rendering a text seen before beside minijinja. Its third part, parsing beside
//! sqlparser, is the bench `parse`.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking; criterion's macros write no docs"
)]

use std::collections::HashMap;
use std::hint::black_box;

use crdb_sql::{Argument, Repository};
use criterion::{Criterion, criterion_group, criterion_main};

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

/// A template as services write them.
const SEARCH: &str = include_str!("search.sql");

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

criterion_group!(benches, lookup, render);
criterion_main!(benches);

//! How long it takes to read a connection string, in both forms.
#![allow(missing_docs, reason = "criterion's macros write none")]

use std::hint::black_box;

use crdb_auth::ConnectionString;
use criterion::{Criterion, criterion_group, criterion_main};

const STRINGS: [(&str, &str); 2] = [
    (
        "a URI",
        "postgresql://app:secret@a.example:26257,b.example:26257/bank?sslmode=verify-full&application_name=ledger",
    ),
    (
        "keywords",
        "host=a.example,b.example port=26257 user=app password=secret dbname=bank sslmode=verify-full",
    ),
];

fn parse(criterion: &mut Criterion) {
    for (name, text) in STRINGS {
        assert!(read(text), "{text}");
        criterion.bench_function(name, |bencher| bencher.iter(|| read(black_box(text))));
    }
}

fn read(text: &str) -> bool {
    text.parse::<ConnectionString>().is_ok()
}

criterion_group!(benches, parse);
criterion_main!(benches);

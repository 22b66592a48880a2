//! A file of any text is loaded or refused with problems whose places lie within it; what is loaded has a name and a text.
#![no_main]

use crdb_sql::schema::Schema;
use crdb_sql::{Repository, lint};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let whole = text.to_owned();
    let query = format!("-- name: q :many\n-- {text}\nSELECT a FROM t WHERE b = :b");
    for file in [whole, query] {
        let lines = file.lines().count().max(1);
        match Repository::from_embedded(&[("a/b.sql", &file)]) {
            Ok(repository) => {
                for query in &repository {
                    assert_eq!(repository.get(query.name()).ok(), Some(query));
                    assert!(!query.text().is_empty());
                }
                let _problems = lint(&repository, &Schema::default());
            }
            Err(error) => {
                assert!(error.problems().has_errors());
                for problem in error.problems() {
                    assert!(problem.line().is_none_or(|line| line <= lines), "{problem}");
                    assert!(problem.column().is_none_or(|column| column >= 1), "{problem}");
                }
            }
        }
    }
});

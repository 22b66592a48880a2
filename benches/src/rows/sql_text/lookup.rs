//! Finding one of 200 queries by its full name.

use std::{collections::HashMap, hint::black_box};

use crdb_sql::Repository;

use crate::case::{Bound, Case, MeasureError, Metric, Role, Target};
use crate::rows::timed::{TIME, Timed};

const OURS: &str = "Repository::get";
const NAME: &str = "accounts.get_account_117";

/// That it allocates nothing is held by the test `allocations` of crdb-sql.
pub(super) fn case(rounds: usize) -> Result<Case, MeasureError> {
    let text: String = (0..200)
        .map(|n| format!("-- name: get_account_{n} :one\nSELECT {n}\n"))
        .collect();
    let repository = Repository::from_embedded(&[("accounts/read.sql", &text)])?;
    let map: HashMap<String, usize> = repository
        .names()
        .enumerate()
        .map(|(index, name)| (name.to_owned(), index))
        .collect();
    Ok(Case {
        name: "lookup by name among 200".to_owned(),
        metrics: vec![Metric::lower(TIME, "ns")],
        targets: vec![Target {
            subject: OURS,
            metric: TIME,
            bound: Bound::AtMost(20.0),
        }],
        rounds,
        subjects: vec![
            Box::new(Timed {
                name: OURS,
                role: Role::Ours,
                settings: "200 embedded queries",
                pieces: 1,
                work: move || {
                    black_box(repository.get(black_box(NAME))?);
                    Ok(())
                },
            }),
            Box::new(Timed {
                name: "HashMap",
                role: Role::Peer,
                settings: "std, String keys, SipHash",
                pieces: 1,
                work: move || {
                    black_box(map.get(black_box(NAME)).ok_or("the name is there")?);
                    Ok(())
                },
            }),
        ],
    })
}

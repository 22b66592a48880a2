//! One answer from memory, from the call to the value, beside the map that holds it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use crdb_cache::Cache;
use crdb_exec::{ExecutorExt as _, Row as _};
use futures_util::FutureExt as _;

use super::source::{Source, balance};
use crate::case::{Bound, Case, MeasureError, Metric, Role, Target};
use crate::rows::timed::{TIME, Timed};

const OURS: &str = "CachedExecutor";
const MOKA: &str = "moka";

pub(super) async fn case(rounds: usize) -> Result<Case, MeasureError> {
    let statement = balance(Duration::from_secs(86_400));
    let db = Cache::builder().build().over(Source::new(Duration::ZERO));
    let plain: moka::sync::Cache<(String, i64), Arc<i64>> = moka::sync::Cache::new(64 << 20);
    // A thousand answers, of which one is asked for.
    for id in 0..1_000_i64 {
        db.fetch_one(statement, &[&id]).await?;
        plain.insert(("accounts.balance".to_owned(), id), Arc::new(42));
    }
    let key = ("accounts.balance".to_owned(), 7_i64);
    Ok(Case {
        name: "hit".to_owned(),
        metrics: vec![Metric::lower(TIME, "ns")],
        targets: vec![
            Target {
                subject: OURS,
                metric: TIME,
                bound: Bound::AtMost(1_500.0),
            },
            Target {
                subject: OURS,
                metric: TIME,
                bound: Bound::RatioAtMost(MOKA, 3.0),
            },
        ],
        rounds,
        subjects: vec![
            Box::new(Timed {
                name: OURS,
                role: Role::Ours,
                settings: "fetch_one of a point select, then its value",
                pieces: 1,
                work: move || {
                    let id = black_box(7_i64);
                    let row = db.fetch_one(black_box(statement), &[&id]).now_or_never();
                    let row = row.ok_or("a hit waits for nothing")??;
                    black_box(row.get::<i64>(0)?);
                    Ok(())
                },
            }),
            Box::new(Timed {
                name: MOKA,
                role: Role::Peer,
                settings: "get by name and number, no ages, nothing decoded",
                pieces: 1,
                work: move || {
                    black_box(plain.get(black_box(&key)).ok_or("the key is there")?);
                    Ok(())
                },
            }),
        ],
    })
}

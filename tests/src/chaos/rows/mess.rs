//! R7: sessions that are returned dirty.

use crate::chaos::context::Context;
use crate::chaos::pool::mess::{Mess, Tenants, prepare, price_of_returning};
use crate::chaos::row::{Report, Row, Size};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pairs of borrowers that work side by side, each on a pool of its own.
const PAIRS: u64 = 4;
/// Sessions that are returned clean, to see what that costs.
const CLEAN: u32 = 1_000;

pub(super) struct Messes;

impl Row for Messes {
    fn id(&self) -> &'static str {
        "R7"
    }

    fn title(&self) -> &'static str {
        "sessions returned dirty in every way; clean ones cost no round trip"
    }

    fn size(&self) -> Size {
        Size {
            count: 10_000,
            unit: "returns",
        }
    }

    fn run<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, anyhow::Result<Report>> {
        async move {
            prepare(context.engine()).await?;
            let done = AtomicU64::new(0);
            let pairs = (0..PAIRS).map(|pair| follow(context, pair, &done, self.size().count));
            let mut left = BTreeMap::<String, u64>::new();
            let followed = try_join_all(pairs).await?;
            // Last, because it takes its time however little there is.
            let mut report = price_of_returning(context.engine(), CLEAN).await?;
            for (counts, wrong) in followed {
                for (mess, count) in counts {
                    *left.entry(mess).or_default() += count;
                }
                report.violations.extend(wrong);
            }
            report.done = done.into_inner();
            for (mess, count) in left {
                report.count(mess, count);
            }
            Ok(report)
        }
        .boxed()
    }
}

fn draw(random: &mut StdRng) -> Mess {
    Mess::ALL[random.random_range(0..Mess::ALL.len())]
}

type Followed = (
    BTreeMap<String, u64>,
    Option<crate::chaos::checker::Violation>,
);

/// Leaves messes until there are enough, or one was found by the next borrower.
async fn follow(
    context: &Context,
    pair: u64,
    done: &AtomicU64,
    size: u64,
) -> anyhow::Result<Followed> {
    let mut random = context.random("mess", pair);
    let tenants = Tenants::open(context.engine())?;
    let mut left = BTreeMap::new();
    while context.goes_on(done.load(Ordering::Relaxed), size) {
        let mess = draw(&mut random);
        if let Some(violation) = tenants.follow(mess).await? {
            return Ok((left, Some(violation)));
        }
        *left.entry(format!("{mess:?}")).or_default() += 1;
        done.fetch_add(1, Ordering::Relaxed);
    }
    tenants.close().await?;
    Ok((left, None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::context::Seed;

    #[test]
    fn the_seed_decides_what_is_left_behind() {
        let messes = |seed: u64| {
            let mut random = Seed(seed).random("mess", 0);
            let messes: Vec<_> = (0..100)
                .map(|_| format!("{:?}", draw(&mut random)))
                .collect();
            messes
        };
        assert_eq!(messes(7), messes(7));
        assert_ne!(messes(7), messes(8));
    }
}

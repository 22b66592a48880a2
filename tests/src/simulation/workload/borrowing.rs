//! Sessions borrowed from the pool without the executor.

use std::time::Duration;

use crdb_facade::pool::AcquireOptions;
use tokio::time::{Instant, sleep, timeout};

use super::call::Bed;

/// How late a borrower may learn that there is no session: the timers' granularity.
const GRANULARITY: Duration = Duration::from_millis(2);

type Lease = crdb_facade::pool::Lease<crdb_facade::Connector>;

/// R4: a session, or an error when the time is up.
async fn get(bed: &Bed) -> Option<Lease> {
    let world = &bed.world;
    let began = Instant::now();
    let own = world.coin().then(|| world.millis(2_000));
    let options = AcquireOptions {
        deadline: own.map(|limit| (began + limit).into_std()),
        avoid: None,
    };
    let limit = own.unwrap_or(Duration::from_millis(world.setting.acquire_timeout));
    let got = bed.db.pool().acquire_with(options).await;
    let took = began.elapsed();
    world.note(format_args!("borrow: {} after {took:?}", got.is_ok()));
    if took > limit + GRANULARITY {
        let detail = format!("{took:?} instead of {limit:?}");
        world.wrong("a borrower is told in time", detail);
    }
    got.ok()
}

/// Keeps a session for a while.
pub(super) async fn borrow(bed: &Bed) {
    let lease = get(bed).await;
    sleep(bed.world.millis(200)).await;
    drop(lease);
}

/// Gives a session back in the middle of something.
pub(super) async fn leave_open(bed: &Bed, id: i64) {
    let Some(lease) = get(bed).await else {
        return;
    };
    bed.world.count("sessions given back as they were");
    let wire = lease.wire();
    match bed.world.below(3) {
        // A transaction that was begun by hand.
        0 => drop(timeout(Duration::from_millis(500), wire.simple("BEGIN")).await),
        // .. of which the answer was not waited for.
        1 => {
            let mut begin = Box::pin(wire.simple("BEGIN"));
            let first = std::future::poll_fn(|cx| std::task::Poll::Ready(begin.as_mut().poll(cx)));
            drop(first.await);
        }
        // A statement whose answer is not waited for.
        _ => {
            let mut asked = Box::pin(wire.simple("SET application_name = 'left'"));
            let first = std::future::poll_fn(|cx| std::task::Poll::Ready(asked.as_mut().poll(cx)));
            drop(first.await);
        }
    }
    bed.world.note(format_args!("left open by {id}"));
}

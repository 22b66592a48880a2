//! Opens and closes lanes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::admission::LaneId;
use super::connection::Lane;
use super::policy::{Bounds, Measured, Plan};
use super::run::Inner;
use super::{LaneSource, OpenError};
use crate::error::Error;

/// How often the keeper looks when nothing wakes it.
const ROUND: Duration = Duration::from_millis(250);

/// How often it looks at most, however often it is woken.
const LEAST_ROUND: Duration = Duration::from_millis(2);

/// How long it waits at first, and at most, before it tries again to open a lane.
const LEAST_BACKOFF: Duration = Duration::from_millis(50);
const MOST_BACKOFF: Duration = Duration::from_secs(2);

/// How long a new lane may take to answer what measures its round trip.
const MOST_TRIP: Duration = Duration::from_secs(10);

type Opened<S> = Result<(Lane<<S as LaneSource>::Session>, Duration), OpenError>;

/// What the keeper remembers from one round to the next.
struct Memory<S: LaneSource> {
    opening: JoinSet<Opened<S>>,
    backoff: Duration,
    /// No lane is opened before.
    not_before: Instant,
    /// Since when there have been more lanes than planned.
    surplus: Option<Instant>,
}

/// Keeps the number of lanes and their depth as planned, until the lanes are gone.
pub(super) async fn keep<S: LaneSource>(lanes: Weak<Inner<S>>, told: Arc<Notify>) {
    let mut memory = Memory::<S> {
        opening: JoinSet::new(),
        backoff: LEAST_BACKOFF,
        not_before: Instant::now(),
        surplus: None,
    };
    loop {
        let Some(inner) = lanes.upgrade() else {
            return;
        };
        let looked = Instant::now();
        memory.look_after(&inner);
        let waits = inner.status().open == 0 && inner.status().statements > 0;
        // Past it, a lane is missing for another reason, such as retired ones that still hold its place.
        let held_off = memory.opening.is_empty() && memory.not_before > looked;
        drop(inner);
        let wake = async {
            tokio::select! {
                biased;
                Some(opened) = memory.opening.join_next() => Some(opened),
                () = told.notified() => None,
                () = sleep_until(memory.not_before), if waits && held_off => None,
            }
        };
        // A task that was aborted or has panicked has opened nothing.
        let opened = timeout(ROUND, wake).await.ok().flatten();
        if opened.is_none() {
            sleep_until(looked + LEAST_ROUND).await;
        }
        let Some(inner) = lanes.upgrade() else {
            return;
        };
        match opened {
            Some(Ok(Ok((lane, trip)))) => {
                inner.estimate.lock().pinged(trip);
                inner.gate.add(Arc::new(lane));
                memory.backoff = LEAST_BACKOFF;
            }
            Some(Ok(Err(error))) => {
                memory.not_before = Instant::now() + memory.backoff;
                memory.backoff = (memory.backoff * 2).min(MOST_BACKOFF);
                // Callers wait as long as there is a lane, or one may come.
                if inner.status().open == 0 && memory.opening.is_empty() {
                    inner.gate.send_away(&error);
                }
            }
            Some(Err(_)) | None => {}
        }
    }
}

impl<S: LaneSource> Memory<S> {
    fn look_after(&mut self, inner: &Arc<Inner<S>>) {
        for (id, lane) in inner.gate.lanes() {
            if lane.session().is_closed() {
                drop(inner.gate.remove(id));
            } else if lane.age() > lifetime(inner.config.lifetime, id) {
                inner.retire(&lane, id);
            }
            inner.sweep(&lane, id);
        }
        let plan = self.plan(inner);
        inner.gate.set_shape(plan.depth, plan.lanes);
        for (_, lane) in inner.gate.lanes() {
            lane.set_ahead(plan.ahead);
        }
        let status = inner.status();
        let now = Instant::now();
        let missing = plan
            .lanes
            .saturating_sub(status.open + self.opening.len())
            .min(
                inner
                    .config
                    .max_lanes
                    .saturating_sub(status.lanes + self.opening.len()),
            );
        // Without a statement there is no hurry: lanes are opened when the first one comes.
        if status.statements > 0 && now >= self.not_before {
            for _ in 0..missing {
                let inner = Arc::clone(inner);
                self.opening.spawn(open(inner));
            }
        }
        if status.open > plan.lanes {
            let since = *self.surplus.get_or_insert(now);
            if now.saturating_duration_since(since) >= inner.config.idle {
                drop(inner.gate.remove_spare());
                self.surplus = None;
            }
        } else {
            self.surplus = None;
        }
    }

    fn plan(&self, inner: &Inner<S>) -> Plan {
        let now = inner.moment(Instant::now());
        let arrived = inner.arrived.swap(0, Ordering::Relaxed);
        let demand = inner.status().statements;
        let mut estimate = inner.estimate.lock();
        estimate.arrived(arrived, now);
        let measured = Measured {
            rate: estimate.rate(now),
            service: estimate.service(),
            round_trip: estimate.round_trip(),
            demand,
        };
        Plan::of(
            measured,
            Bounds {
                max_lanes: inner.config.max_lanes,
                max_depth: inner.config.max_depth,
            },
        )
    }
}

/// Opens one lane and measures its round trip.
async fn open<S: LaneSource>(inner: Arc<Inner<S>>) -> Opened<S> {
    let session = inner
        .source
        .open()
        .await
        .map_err(|error| OpenError::from(error.into()))?;
    let mut lane = Lane::new(session);
    let trip = match timeout(MOST_TRIP, lane.round_trip()).await {
        Ok(measured) => measured,
        Err(_) => Err(Error::timeout(
            "measuring the round trip of a new lane: no answer in time",
        )),
    };
    let trip = trip.map_err(|error| Arc::new(error) as OpenError)?;
    lane.begin();
    Ok((lane, trip))
}

/// How old this lane becomes: up to a tenth less than the bound, spread evenly over lanes that follow each other.
fn lifetime(bound: Duration, id: LaneId) -> Duration {
    // Multiples of the golden ratio, modulo one, are spread as evenly as can be.
    let part = (id.0 as f64 * 0.618_033_988_749_895).fract();
    // The longest duration is a little less than what its nearest `f64` stands for.
    let less = Duration::try_from_secs_f64(bound.as_secs_f64() * part / 10.0);
    bound.saturating_sub(less.unwrap_or(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_spread_and_may_be_of_any_length() {
        for bound in [Duration::MAX, Duration::from_secs(3_600), Duration::ZERO] {
            for id in 0..1_000 {
                let life = lifetime(bound, LaneId(id));
                assert!(life <= bound && life >= bound / 10 * 9, "{bound:?} {id}");
            }
        }
    }
}

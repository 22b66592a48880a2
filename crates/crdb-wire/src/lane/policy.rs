//! How many lanes there should be, and how many requests each takes: a pure function of what was measured.
//!
//! A session's statements run one after another on the server, so a lane saves round trips and wakes, never service time. By Little's
//! law `rate * service` requests are in service at a time, and as many lanes are busy. A lane is kept busy when, beside the request in
//! service, those are under way that fill the round trip. Where service takes longer than the round trip, that is none: the depth is
//! one, and lanes serve as a pool does.

use std::time::Duration;

/// The part of a lane's time that it should be in service at most. Above it, requests queue behind each other.
const BUSY: f64 = 0.7;

/// What a lane's client spends on a request's wakes, in effect a part of the round trip: on a loopback it is nearly all of it.
const WAKES: Duration = Duration::from_micros(100);

/// How much service may gather behind the requests that are at the server, where lanes pay: what gathers is written at once, and the
/// server takes it at once, which costs both less than half.
const GATHERS: Duration = Duration::from_millis(2);

/// What has been measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// Requests a second.
    pub(super) rate: f64,
    /// How long the server takes for one; nothing before the first answer.
    pub(super) service: Option<Duration>,
    /// How long a message takes to the server and back, without service.
    pub(super) round_trip: Duration,
    /// Requests that wait or are under way now.
    pub(super) demand: usize,
}

/// Bounds of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) max_lanes: usize,
    pub(super) max_depth: usize,
}

/// How many lanes there should be, and how many requests each takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) lanes: usize,
    pub(super) depth: usize,
    /// While more than so many of a lane's requests are under way, further ones gather, since the server would not come to them before.
    pub(super) ahead: usize,
}

impl Plan {
    /// What follows from the measurements.
    pub(super) fn of(measured: Measured, bounds: Bounds) -> Self {
        let Some(service) = measured.service else {
            // Whatever the statements cost, a pool is no mistake.
            return Self {
                lanes: measured.demand.clamp(1, bounds.max_lanes.max(1)),
                depth: 1,
                ahead: usize::MAX,
            };
        };
        let service = service.max(Duration::from_nanos(100));
        let times = |time: Duration| {
            usize::try_from(time.as_nanos() / service.as_nanos()).unwrap_or(usize::MAX)
        };
        let under_way = times(measured.round_trip + WAKES);
        let filled = under_way.saturating_add(1);
        let gathers = under_way > 0 && times(GATHERS) > filled;
        let depth = if gathers { times(GATHERS) } else { filled };
        let depth = depth.clamp(1, bounds.max_depth.max(1));
        let needed = measured.demand.div_ceil(depth);
        // A float that is too large becomes the largest integer, which the bound then cuts.
        let busy = (measured.rate * service.as_secs_f64() / BUSY).ceil() as usize;
        let ahead = if gathers {
            times(measured.round_trip).max(1)
        } else {
            usize::MAX
        };
        Self {
            lanes: busy.max(needed).clamp(1, bounds.max_lanes.max(1)),
            depth,
            ahead,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        max_lanes: 8,
        max_depth: 64,
    };

    fn of(lanes: usize, depth: usize, ahead: usize) -> Plan {
        Plan {
            lanes,
            depth,
            ahead,
        }
    }

    fn plan(rate: f64, service_us: u64, trip_us: u64, demand: usize) -> Plan {
        let measured = Measured {
            rate,
            service: Some(Duration::from_micros(service_us)),
            round_trip: Duration::from_micros(trip_us),
            demand,
        };
        Plan::of(measured, BOUNDS)
    }

    #[test]
    fn long_service_makes_lanes_a_pool() {
        assert_eq!(plan(1_500.0, 5_000, 50, 64), of(8, 1, usize::MAX));
        assert_eq!(plan(10.0, 5_000, 1_000, 1), of(1, 1, usize::MAX));
    }

    #[test]
    fn lanes_are_a_pool_before_anything_is_measured() {
        let measured = Measured {
            rate: 64.0,
            service: None,
            round_trip: Duration::from_millis(30),
            demand: 5,
        };
        assert_eq!(Plan::of(measured, BOUNDS), of(5, 1, usize::MAX));
    }

    #[test]
    fn a_long_round_trip_is_filled() {
        assert_eq!(plan(1_000.0, 2_000, 30_000, 64), of(4, 16, usize::MAX));
        // Nothing gathers: what the server has at hand does not last until more can come.
        assert_eq!(plan(1_000.0, 50, 30_000, 64), of(1, 64, usize::MAX));
        assert_eq!(plan(1_000.0, 50, 30_000, 256), of(4, 64, usize::MAX));
    }

    #[test]
    fn short_statements_gather_on_a_loopback() {
        assert_eq!(plan(50_000.0, 20, 40, 64), of(2, 64, 2));
        assert_eq!(plan(50_000.0, 100, 40, 30), of(8, 20, 1));
        // A lane that is always busy is not enough: callers that wait for it would send more.
        assert_eq!(plan(10_000.0, 100, 40, 10), of(2, 20, 1));
    }

    proptest! {
        #[test]
        fn plans_keep_their_bounds_and_follow_the_load(
            rate in 0.0_f64..1e9,
            service in 0_u64..10_000_000,
            trip in 0_u64..10_000_000,
            demand in 0_usize..100_000,
        ) {
            let now = plan(rate, service, trip, demand);
            prop_assert!((1..=BOUNDS.max_lanes).contains(&now.lanes));
            prop_assert!((1..=BOUNDS.max_depth).contains(&now.depth));
            prop_assert!(now.ahead >= 1);
            if service > trip + 100 {
                prop_assert_eq!(now.depth, 1);
            }
            prop_assert!(plan(rate * 2.0, service, trip, demand).lanes >= now.lanes);
            prop_assert!(plan(rate, service, trip, demand * 2).lanes >= now.lanes);
            prop_assert!(plan(rate, service, trip * 2, demand).depth >= now.depth);
        }
    }
}

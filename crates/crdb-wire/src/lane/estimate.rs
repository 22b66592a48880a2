//! Measures arrival rate, service time and round trip from what lanes see. The caller says what time it is.

use std::time::Duration;

/// A point in time: how long after the lanes were made.
pub(super) type Moment = Duration;

/// The time over which the arrival rate is averaged.
const WINDOW: f64 = 1.0;

/// The time over which the service time is averaged. By time and not by number: a scheduler's pause of a few milliseconds would make up
/// most of an average over the last dozens, and plans would follow the pauses.
const SERVICE_WINDOW: f64 = 0.1;

/// The part of the average round trip that one more sample makes up.
const SHARE: f64 = 1.0 / 32.0;

/// The same for a sample above the average.
const SHARE_ABOVE: f64 = 1.0 / 8.0;

/// Running averages over all lanes.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimate {
    /// Arrivals, of which those long ago count less.
    arrivals: f64,
    counted: Moment,
    /// The seconds that requests were in service, and how many requests: those long ago count less.
    in_service: f64,
    served: f64,
    served_until: Moment,
    round_trip: Option<f64>,
}

impl Estimate {
    /// So many requests have arrived since the last call.
    pub(super) fn arrived(&mut self, requests: u64, now: Moment) {
        self.fade(now);
        self.arrivals += requests as f64;
    }

    fn fade(&mut self, now: Moment) {
        let passed = now.saturating_sub(self.counted).as_secs_f64();
        self.arrivals *= (-passed / WINDOW).exp();
        self.counted = self.counted.max(now);
    }

    /// A request was answered that was sent at `sent`. `before` is when the request in front of it on the same lane was answered.
    ///
    /// The server began it when it had arrived and the one before it was done, so it was in service since the later of
    /// `sent + round trip` and `before`, as seen from here.
    pub(super) fn answered(&mut self, sent: Moment, before: Moment, now: Moment) {
        let trip = self.round_trip();
        let begun = before.max(sent + trip);
        let passed = now.saturating_sub(self.served_until).as_secs_f64();
        let kept = (-passed / SERVICE_WINDOW).exp();
        self.in_service = self.in_service * kept + now.saturating_sub(begun).as_secs_f64();
        self.served = self.served * kept + 1.0;
        self.served_until = self.served_until.max(now);
    }

    /// A message that costs the server nothing has come back after so long.
    pub(super) fn pinged(&mut self, trip: Duration) {
        self.round_trip = Some(blend(self.round_trip, trip.as_secs_f64()));
    }

    /// Requests a second.
    pub(super) fn rate(&mut self, now: Moment) -> f64 {
        self.fade(now);
        self.arrivals / WINDOW
    }

    /// How long the server takes for a request on average; nothing before the first answer.
    pub(super) fn service(&self) -> Option<Duration> {
        (self.served > 0.0).then(|| seconds(self.in_service / self.served))
    }

    /// How long a message takes to the server and back.
    pub(super) fn round_trip(&self) -> Duration {
        self.round_trip.map_or(Duration::ZERO, seconds)
    }
}

fn seconds(average: f64) -> Duration {
    Duration::try_from_secs_f64(average).unwrap_or(Duration::ZERO)
}

fn blend(average: Option<f64>, sample: f64) -> f64 {
    average.map_or(sample, |average| {
        let share = if sample > average { SHARE_ABOVE } else { SHARE };
        average + (sample - average) * share
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn the_rate_follows_arrivals_and_fades() {
        let mut estimate = Estimate::default();
        for at in 0..5_000 {
            estimate.arrived(1, millis(at));
        }
        let rate = estimate.rate(millis(5_000));
        assert!((900.0..1_100.0).contains(&rate), "{rate}");
        assert!(estimate.rate(millis(15_000)) < 1.0);
    }

    #[test]
    fn service_is_told_from_the_round_trip_alone_and_in_a_queue() {
        for together in [1_u64, 4] {
            let mut estimate = Estimate::default();
            estimate.pinged(millis(30));
            let mut before = millis(0);
            for round in 0..100 {
                let sent = millis(round * 1_000);
                for place in 0..together {
                    let now = sent + millis(30) + millis(2) * (place as u32 + 1);
                    estimate.answered(sent, before, now);
                    before = now;
                }
            }
            let service = estimate.service().unwrap();
            assert!(
                (millis(2) - Duration::from_micros(9)..=millis(2)).contains(&service),
                "{service:?}"
            );
            assert_eq!(estimate.round_trip(), millis(30));
        }
    }

    #[test]
    fn a_pause_among_many_answers_changes_little_and_a_change_is_learned() {
        let mut estimate = Estimate::default();
        let mut now = Moment::ZERO;
        let mut serve = |estimate: &mut Estimate, time: Duration, times: u32| {
            for _ in 0..times {
                let before = now;
                now += time;
                estimate.answered(Moment::ZERO, before, now);
            }
            estimate.service().unwrap()
        };
        let micros = Duration::from_micros;
        serve(&mut estimate, micros(20), 5_000);
        let paused = serve(&mut estimate, millis(3), 1);
        assert!((micros(20)..micros(25)).contains(&paused), "{paused:?}");
        let slower = serve(&mut estimate, millis(2), 500);
        assert!((micros(1_500)..=millis(2)).contains(&slower), "{slower:?}");
    }
}

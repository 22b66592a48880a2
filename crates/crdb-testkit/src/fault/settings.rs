//! The settings and the observations of a fault proxy.

use std::num::NonZeroU64;
use std::time::Duration;

/// What happens to a new connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accept {
    /// It is forwarded.
    #[default]
    Forward,
    /// It is refused by the kernel (`ECONNREFUSED`): no server listens. The port stays reserved meanwhile.
    Refuse,
    /// It is accepted and closed without a byte, as a draining CockroachDB node does.
    Close,
    /// It is accepted and reset at once.
    Reset,
    /// It is accepted, and nothing ever comes of it, until [`FaultProxy::heal`](super::FaultProxy::heal) or another
    /// `Accept`; then it is forwarded.
    Blackhole,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

/// How bytes travel in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    delay: Duration,
    bytes_per_second: Option<NonZeroU64>,
    blackhole: bool,
}

impl Link {
    /// Bytes pass at once.
    #[must_use]
    pub fn perfect() -> Self {
        Self::default()
    }

    /// No byte passes and neither side notices. TCP holds back what does not fit into the buffers, and delivers it all when
    /// the link is set to something else: a stall, as seen from either end, not a loss.
    #[must_use]
    pub fn blackhole() -> Self {
        Self {
            blackhole: true,
            ..Self::default()
        }
    }

    /// Every byte arrives `delay` later; throughput stays.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// At most `rate` bytes a second pass.
    #[must_use]
    pub fn throttle(mut self, rate: NonZeroU64) -> Self {
        self.bytes_per_second = Some(rate);
        self
    }

    /// Short enough to be added to an instant: 30 years where a longer delay was asked for.
    pub(super) fn latency(&self) -> Duration {
        const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
        self.delay.min(FAR)
    }

    pub(super) fn is_blackhole(&self) -> bool {
        self.blackhole
    }

    /// How long `bytes` bytes occupy the link, zero without a throttle.
    pub(super) fn occupied_by(&self, bytes: usize) -> Duration {
        let Some(rate) = self.bytes_per_second else {
            return Duration::ZERO;
        };
        let nanoseconds = bytes as u128 * 1_000_000_000 / u128::from(rate.get());
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// How many bytes may pass in one piece: a twentieth of a second's worth under a throttle.
    pub(super) fn piece(&self) -> usize {
        self.bytes_per_second.map_or(usize::MAX, |rate| {
            usize::try_from(rate.get() / 20)
                .unwrap_or(usize::MAX)
                .max(1)
        })
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cut {
    /// Both sides are closed in order (FIN). As with any process, the kernel turns that into a reset towards a side
    /// whose bytes had not been read.
    Close,
    /// Both sides are reset (RST, by `SO_LINGER` 0).
    Reset,
    /// The receiver sees the end of the stream, the other direction goes on.
    HalfClose,
    /// Nothing passes any more in either direction, and neither side notices. [`FaultProxy::heal`](super::FaultProxy::heal)
    /// does not bring it back.
    Blackhole,
}

/// What a fault proxy has seen and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections accepted, whatever became of them. Those refused by the kernel are not seen.
    pub accepted: u64,
    /// Connections forwarded to the server.
    pub forwarded: u64,
    /// Connections that could not be forwarded because the server did not take them; they were reset.
    pub unreachable: u64,
    /// Connections that are open at this moment, stalled ones included.
    pub open: u64,
    /// Connections ended by [`FaultProxy::cut_after`](super::FaultProxy::cut_after) or
    /// [`FaultProxy::cut_now`](super::FaultProxy::cut_now), half-closed and stalled ones included.
    pub cut: u64,
    /// Bytes handed to the server.
    pub bytes_to_server: u64,
    /// Bytes handed to clients.
    pub bytes_to_client: u64,
}

impl Counts {
    pub(super) fn add_bytes(&mut self, direction: Direction, bytes: u64) {
        match direction {
            Direction::ToServer => self.bytes_to_server += bytes,
            Direction::ToClient => self.bytes_to_client += bytes,
        }
    }
}

/// A cut that waits for its byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) bytes: u64,
    pub(super) cut: Cut,
}

/// One direction's settings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Path {
    pub(super) link: Link,
    pub(super) ending: Option<Ending>,
    /// Grows with every [`Ending`], so that a connection knows when to count afresh.
    pub(super) ending_number: u64,
}

impl Path {
    pub(super) fn set_ending(&mut self, ending: Ending) {
        self.ending = Some(ending);
        self.ending_number += 1;
    }
}

/// All settings of a fault proxy.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings {
    pub(super) accept: Accept,
    /// Grows whenever `accept` is set.
    pub(super) accept_number: u64,
    to_server: Path,
    to_client: Path,
    /// The last [`Cut`] of all open connections, and how many there were.
    pub(super) cut_now: Option<(u64, Cut)>,
}

impl Settings {
    pub(super) fn path(&self, direction: Direction) -> Path {
        match direction {
            Direction::ToServer => self.to_server,
            Direction::ToClient => self.to_client,
        }
    }

    pub(super) fn path_mut(&mut self, direction: Direction) -> &mut Path {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    pub(super) fn set_accept(&mut self, accept: Accept) {
        self.accept = accept;
        self.accept_number += 1;
    }

    pub(super) fn cut_open_connections(&mut self, cut: Cut) {
        let number = self.cut_number() + 1;
        self.cut_now = Some((number, cut));
    }

    pub(super) fn cut_number(&self) -> u64 {
        self.cut_now.map_or(0, |(number, _)| number)
    }

    pub(super) fn heal(&mut self) {
        self.set_accept(Accept::Forward);
        for direction in [Direction::ToServer, Direction::ToClient] {
            let path = self.path_mut(direction);
            path.link = Link::perfect();
            path.ending = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_link_is_occupied_for_as_long_as_its_rate_says() {
        let link = Link::perfect().throttle(NonZeroU64::new(1000).unwrap());
        assert_eq!(link.occupied_by(250), Duration::from_millis(250));
        assert_eq!(link.piece(), 50);
        assert_eq!(Link::perfect().occupied_by(1 << 30), Duration::ZERO);
        let now = std::time::Instant::now();
        let endless = Link::perfect().delay(Duration::MAX).latency();
        assert!(now.checked_add(endless).is_some());
    }

    #[test]
    fn healing_keeps_what_has_been_cut_and_forgets_the_rest() {
        let mut settings = Settings {
            accept: Accept::Refuse,
            ..Settings::default()
        };
        settings.cut_open_connections(Cut::Reset);
        settings.path_mut(Direction::ToClient).set_ending(Ending {
            bytes: 1,
            cut: Cut::Close,
        });
        settings.heal();
        assert_eq!(settings.accept, Accept::Forward);
        assert!(settings.path(Direction::ToClient).ending.is_none());
        assert_eq!(settings.cut_number(), 1);
    }
}

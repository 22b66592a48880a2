//! How a run is made.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// What a run consists of, and how often what fails. Frequencies are in thousandths, durations in milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Whether the servers are CockroachDB's, else PostgreSQL's.
    pub(super) cockroach: bool,
    /// The release that the servers say they are.
    pub(super) release: &'static str,
    pub(super) scram: bool,
    pub(super) nodes: usize,
    pub(super) callers: i64,
    pub(super) operations: i64,
    pub(super) pool_size: u32,
    pub(super) lanes: u32,
    pub(super) reset_always: bool,
    /// Whether an `after_connect` hook sets something.
    pub(super) hook: bool,
    /// The executor's limit of every call.
    pub(super) deadline: u64,
    pub(super) acquire_timeout: u64,
    pub(super) connect_timeout: u64,
    pub(super) statement_attempts: u32,
    pub(super) transaction_attempts: u32,
    /// The longest way between client and server.
    pub(super) delay: u64,
    /// What a statement takes at most, as a rule.
    pub(super) service: u64,
    /// A buffer of a connection, in bytes.
    pub(super) buffer: usize,
    /// What the network and the server do wrong.
    pub(super) faults: Faults,
    /// How often a caller does not wait for the end.
    pub(super) drops: u32,
    /// How often a call has a limit of its own, which may be short.
    pub(super) short_limits: u32,
}

/// How often what fails.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    /// Of a connection: it is cut at some byte.
    pub(super) cuts: u32,
    /// .. one of its directions ends at some byte.
    pub(super) half_closes: u32,
    /// .. its bytes go nowhere from some byte on.
    pub(super) black_holes: u32,
    /// Of a dial: refused.
    pub(super) refused: u32,
    /// .. never answered.
    pub(super) unanswered_dials: u32,
    /// Of a statement: it takes very long.
    pub(super) hangs: u32,
    /// .. 40001.
    pub(super) conflicts: u32,
    /// .. an error that does not say whether it took effect: 40003, 58C00, XXUUU, 57P01.
    pub(super) doubts: u32,
    /// .. no answer, and the connection ends.
    pub(super) lost_answers: u32,
    /// .. a prepared statement is not known any more.
    pub(super) evictions: u32,
    /// Whether nodes drain, end their sessions, disappear and come back.
    pub(super) nemesis: bool,
}

impl Setting {
    pub(super) fn draw(random: &mut StdRng) -> Self {
        let mut below = |end: u64| random.random_range(0..end);
        let cockroach = below(4) > 0;
        let mut often = |most: u64| u32::try_from(below(2) * below(most)).unwrap_or_default();
        // One run in five has no fault at all: nothing may fail in it.
        let faulty = often(5) > 0 || often(3) > 0;
        let mut faults = Faults {
            cuts: often(700),
            half_closes: often(300),
            black_holes: often(300),
            refused: often(300),
            unanswered_dials: often(100),
            hangs: often(120),
            conflicts: often(150),
            doubts: often(120),
            lost_answers: often(50),
            evictions: often(50),
            nemesis: often(2) > 0,
        };
        if !faulty {
            faults = Faults::default();
        }
        let drops = often(300);
        let short_limits = often(600);
        let releases: &[&'static str] = match cockroach {
            true => &["v22.2.19", "v24.1.4", "v25.2.3", "v26.2.0"],
            false => &["15.8"],
        };
        let release = releases
            .get(usize::try_from(below(releases.len() as u64)).unwrap_or_default())
            .copied()
            .unwrap_or_default();
        let pool_size = 1 + below(6);
        let buffer = [24, 200, 4_096, 65_536][usize::try_from(below(4)).unwrap_or_default()];
        let delays: &[u64] = match buffer {
            // So few bytes on each way take many ways.
            24 => &[0, 1],
            _ => &[0, 1, 1, 5, 40],
        };
        let delay = delays.get(usize::try_from(below(delays.len() as u64)).unwrap_or_default());
        Self {
            cockroach,
            release,
            scram: below(8) == 0,
            nodes: 1 + usize::try_from(below(3)).unwrap_or_default(),
            callers: 1 + below(8).cast_signed(),
            operations: 2 + below(7).cast_signed(),
            // Lanes leave a session for transactions.
            lanes: u32::try_from(below(2) * below(pool_size.min(3))).unwrap_or_default(),
            pool_size: u32::try_from(pool_size).unwrap_or(1),
            reset_always: below(8) == 0,
            hook: below(4) == 0,
            deadline: if faulty { 500 + below(20_000) } else { 600_000 },
            acquire_timeout: if faulty { 100 + below(10_000) } else { 600_000 },
            connect_timeout: 500 + below(5_000),
            statement_attempts: 1 + u32::try_from(below(6)).unwrap_or_default(),
            transaction_attempts: if faulty {
                1 + u32::try_from(below(12)).unwrap_or_default()
            } else {
                1_000
            },
            delay: delay.copied().unwrap_or_default(),
            service: [0, 1, 3, 20][usize::try_from(below(4)).unwrap_or_default()],
            buffer,
            faults,
            drops,
            short_limits,
        }
    }

    /// Whether nothing can fail but by the workload's own doing.
    pub(super) fn is_faultless(&self) -> bool {
        let Faults {
            cuts,
            half_closes,
            black_holes,
            refused,
            unanswered_dials,
            hangs,
            conflicts,
            doubts,
            lost_answers,
            evictions,
            nemesis,
        } = self.faults;
        let faults = [
            cuts,
            half_closes,
            black_holes,
            refused,
            unanswered_dials,
            hangs,
            conflicts,
            doubts,
            lost_answers,
            evictions,
        ];
        faults.iter().all(|often| *often == 0)
            && !nemesis
            && self.drops == 0
            && self.short_limits == 0
    }
}

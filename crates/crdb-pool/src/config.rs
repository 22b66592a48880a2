//! How the pool behaves: one validated set of numbers.

use std::time::Duration;

use crate::defaults;
use crate::error::{Error, ErrorKind};
use crate::node::Locality;

/// No more sessions than this are opened at the same time, even where the settings allow more.
const MOST_AT_ONCE: u32 = 256;

/// Settings of a pool. Made by [`Config::builder`], which names each of them with its unit and default.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) min_size: u32,
    pub(crate) max_size: u32,
    pub(crate) max_per_node: Option<u32>,
    pub(crate) max_waiters: usize,
    pub(crate) max_opening: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) check_timeout: Duration,
    pub(crate) reset_timeout: Duration,
    pub(crate) probe_timeout: Duration,
    pub(crate) fresh_for: Duration,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) jitter: f64,
    pub(crate) failures_to_open: u32,
    pub(crate) half_open_probes: u32,
    pub(crate) min_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) slow_start: Duration,
    pub(crate) locality: Locality,
    pub(crate) spill_over: f64,
    pub(crate) reset_always: bool,
    pub(crate) leak_after: Option<Duration>,
    pub(crate) seed: Option<u64>,
}

impl Config {
    /// Starts from the defaults.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// [`max_opening`](ConfigBuilder::max_opening), as far as it has an effect.
    pub(crate) fn opening_limit(&self) -> u32 {
        self.max_opening.min(MOST_AT_ONCE)
    }

    /// [`half_open_probes`](ConfigBuilder::half_open_probes), as far as it has an effect.
    pub(crate) fn probe_limit(&self) -> u32 {
        self.half_open_probes.min(MOST_AT_ONCE)
    }

    pub(crate) fn node_limit(&self) -> u32 {
        self.max_per_node.unwrap_or(u32::MAX)
    }
}

/// Collects the settings of a pool.
///
/// Every duration may be as long as [`Duration::MAX`], which stands for *never*, and every number as large as its type.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crdb_pool::Config;
///
/// # fn main() -> Result<(), crdb_pool::Error> {
/// let config = Config::builder()
///     .max_size(16)
///     .acquire_timeout(Duration::from_secs(2))
///     .locality("region=eu-west1,zone=b")
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfigBuilder(Config);

impl Default for ConfigBuilder {
    fn default() -> Self {
        Self(Config {
            min_size: defaults::MIN_SIZE,
            max_size: defaults::MAX_SIZE,
            max_per_node: defaults::MAX_PER_NODE,
            max_waiters: defaults::MAX_WAITERS as usize,
            max_opening: defaults::MAX_OPENING,
            acquire_timeout: defaults::ACQUIRE_TIMEOUT,
            connect_timeout: defaults::CONNECT_TIMEOUT,
            check_timeout: defaults::CHECK_TIMEOUT,
            reset_timeout: defaults::RESET_TIMEOUT,
            probe_timeout: defaults::PROBE_TIMEOUT,
            fresh_for: defaults::FRESH_FOR,
            ping_interval: defaults::PING_INTERVAL,
            max_lifetime: defaults::MAX_LIFETIME,
            idle_timeout: defaults::IDLE_TIMEOUT,
            jitter: defaults::JITTER,
            failures_to_open: defaults::FAILURES_TO_OPEN,
            half_open_probes: defaults::HALF_OPEN_PROBES,
            min_backoff: defaults::MIN_BACKOFF,
            max_backoff: defaults::MAX_BACKOFF,
            slow_start: defaults::SLOW_START,
            locality: Locality::default(),
            spill_over: defaults::SPILL_OVER,
            reset_always: defaults::RESET_ALWAYS,
            leak_after: defaults::LEAK_AFTER,
            seed: None,
        })
    }
}

impl From<Config> for ConfigBuilder {
    fn from(config: Config) -> Self {
        Self(config)
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $($(#[$doc])* pub fn $name(mut self, $name: $type) -> Self {
            self.0.$name = $name;
            self
        })*
    };
}

impl ConfigBuilder {
    setters! {
        /// Sessions that the pool keeps open even when no caller needs them. Default 0; at most `max_size`.
        ///
        /// They are opened in the background from the start, and again whenever there are fewer.
        min_size: u32;
        /// Sessions that the pool has open at most, over all nodes, those being opened included. Default 10; at least 1.
        ///
        /// CockroachDB's advice is about four active connections per virtual CPU over the whole cluster, shared by
        /// all clients.
        max_size: u32;
        /// Sessions on one node at most. Default: no limit but `max_size`.
        ///
        /// With a [`locality`](Self::locality) this is what a near node is full at, so that others take part.
        max_per_node: Option<u32>;
        /// Callers that may wait at the same time; one more is refused at once. Default 1024.
        max_waiters: usize;
        /// Sessions being opened at the same time at most. Default 8; at least 1. More than 256 has the effect of 256.
        ///
        /// The pool begins with one and adds one for each that succeeds while callers wait.
        max_opening: u32;
        /// How long a caller without a deadline of its own waits for a session, checks included. Default 30 s.
        acquire_timeout: Duration;
        /// How long opening a session may take, the `after_connect` hook included. Default 10 s.
        connect_timeout: Duration;
        /// How long a check and the `before_acquire` hook may take, each. Default 1 s.
        check_timeout: Duration;
        /// How long a reset and the `after_release` hook may take, each. Default 2 s.
        reset_timeout: Duration;
        /// How long a probe of a node that is out of rotation may take, and a look at a node that is suspected: opening a
        /// session and checking it. Default 400 ms; where opening a session there usually takes longer than a quarter of
        /// this, four times the usual is allowed.
        probe_timeout: Duration;
        /// A session that was used this recently is lent without a check. Default 500 ms.
        fresh_for: Duration;
        /// Idle sessions are checked this often; `None`: only when they are lent. Default 30 s.
        ping_interval: Option<Duration>;
        /// How old a session may become; `None`: no limit. Default 30 min.
        ///
        /// Each session's own limit is shortened by up to [`jitter`](Self::jitter). A session in use is closed when it is
        /// returned.
        max_lifetime: Option<Duration>;
        /// How long a session above `min_size` may stay unused; `None`: no limit. Default 10 min. Shortened like
        /// `max_lifetime`.
        idle_timeout: Option<Duration>;
        /// The share of `max_lifetime` and `idle_timeout` that chance may take away, 0 to 1. Default 0.1.
        jitter: f64;
        /// Failed attempts to connect in a row that take a node out of rotation. Default 3; at least 1.
        ///
        /// A check that is not answered counts like one, once an attempt to connect fails after it. Sessions that end do not
        /// count; see [`ErrorClass`](crate::ErrorClass).
        failures_to_open: u32;
        /// Probes that are under way to a half-open node at the same time. Default 2; at least 1. More than 256 has the
        /// effect of 256.
        ///
        /// With 2 or more, one of them always has the whole `connect_timeout`, so that a node that has become slow is
        /// noticed; the others are cut short by [`probe_timeout`](Self::probe_timeout).
        half_open_probes: u32;
        /// How long a node stays out of rotation before its first probe. Default 50 ms. Chance halves it at most.
        min_backoff: Duration;
        /// What the pause between probes grows to, doubling. Default 250 ms. Chance halves it at most.
        max_backoff: Duration;
        /// How long a node that came back takes to get its whole share of the work again. Default 10 s.
        slow_start: Duration;
        /// The part of the near nodes' limit ([`max_per_node`](Self::max_per_node)) that must be in use before sessions on
        /// nodes further away are used, 0 to 1. Default 0.9.
        spill_over: f64;
        /// Whether every session is reset when it is returned, also one that the connector calls clean. Default `false`.
        ///
        /// For services whose statements change a session in ways that the connector cannot see, such as a function of
        /// their own that sets a variable. It costs a round trip or more for each return, in the background.
        reset_always: bool;
        /// A lease that is held longer than this is reported to the observer and as a warning, with the place that
        /// borrowed it; `None`: never. Default `None`.
        leak_after: Option<Duration>;
    }

    /// Where this process runs; nodes that share more tiers of it are preferred. Default: unknown, all nodes are equal.
    pub fn locality(mut self, locality: impl Into<Locality>) -> Self {
        self.0.locality = locality.into();
        self
    }

    /// Fixes what chance decides, so that a run can be repeated. Default: taken from the operating system.
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = Some(seed);
        self
    }

    /// Checks the settings against each other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`], naming every setting that is out of range.
    pub fn build(self) -> Result<Config, Error> {
        let config = self.0;
        let mut wrong = Vec::new();
        let mut require = |holds: bool, message: &str| {
            if !holds {
                wrong.push(message.to_owned());
            }
        };
        require(config.max_size >= 1, "max_size must be at least 1");
        require(
            config.min_size <= config.max_size,
            "min_size must not exceed max_size",
        );
        require(
            config.max_per_node != Some(0),
            "max_per_node must be at least 1",
        );
        require(config.max_opening >= 1, "max_opening must be at least 1");
        require(
            config.failures_to_open >= 1,
            "failures_to_open must be at least 1",
        );
        require(
            config.half_open_probes >= 1,
            "half_open_probes must be at least 1",
        );
        require(
            (0.0..=1.0).contains(&config.jitter),
            "jitter must be between 0 and 1",
        );
        require(
            (0.0..=1.0).contains(&config.spill_over),
            "spill_over must be between 0 and 1",
        );
        require(
            config.min_backoff <= config.max_backoff,
            "min_backoff must not exceed max_backoff",
        );
        for (name, bound) in [
            ("acquire_timeout", config.acquire_timeout),
            ("connect_timeout", config.connect_timeout),
            ("check_timeout", config.check_timeout),
            ("reset_timeout", config.reset_timeout),
            ("probe_timeout", config.probe_timeout),
            ("min_backoff", config.min_backoff),
        ] {
            require(!bound.is_zero(), &format!("{name} must not be zero"));
        }
        for (name, limit) in [
            ("max_lifetime", config.max_lifetime),
            ("idle_timeout", config.idle_timeout),
            ("ping_interval", config.ping_interval),
            ("leak_after", config.leak_after),
        ] {
            require(
                limit != Some(Duration::ZERO),
                &format!("{name} must not be zero; leave it out to switch it off"),
            );
        }
        if wrong.is_empty() {
            Ok(config)
        } else {
            Err(Error::new(ErrorKind::Configuration, wrong.join("; ")))
        }
    }
}

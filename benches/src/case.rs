//! What is measured: a row has cases, a case compares subjects by metrics and may have targets.

use std::error::Error;

use futures_util::future::BoxFuture;

/// The error of a subject that could not be measured.
pub type MeasureError = Box<dyn Error + Send + Sync>;

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Time, memory.
    LowerIsBetter,
    /// Throughput.
    HigherIsBetter,
}

/// One figure that every subject of a case reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// For example `p50`.
    pub name: &'static str,
    /// For example `us` or `rows/s`.
    pub unit: &'static str,
    /// Which way it improves.
    pub direction: Direction,
}

impl Metric {
    /// A metric that is better when it is lower.
    #[must_use]
    pub const fn lower(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            direction: Direction::LowerIsBetter,
        }
    }

    /// A metric that is better when it is higher.
    #[must_use]
    pub const fn higher(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            direction: Direction::HigherIsBetter,
        }
    }
}

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This toolkit.
    Ours,
    /// What a team would use instead.
    Peer,
    /// What no client can beat on this machine.
    Limit,
}

/// One round's figures, by the name of the metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    values: Vec<(&'static str, f64)>,
}

impl Sample {
    /// A sample without figures.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the figure of one metric.
    #[must_use]
    pub fn with(mut self, metric: &'static str, value: f64) -> Self {
        self.values.push((metric, value));
        self
    }

    /// The figure of a metric, where the round has one.
    #[must_use]
    pub fn get(&self, metric: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|(name, _)| *name == metric)
            .map(|(_, value)| *value)
    }
}

/// Something that can be measured round by round, always set up the same.
pub trait Subject: Send {
    /// Whether the work is done by another program, whose memory this one does not see.
    fn is_another_program(&self) -> bool {
        false
    }

    /// How it is called in tables, for example `deadpool`.
    fn name(&self) -> &'static str;

    /// Whose figure it is.
    fn role(&self) -> Role;

    /// The settings under which it runs, as they are printed: a peer runs at its best.
    fn settings(&self) -> String;

    /// Runs one round. Set-up that must not be measured belongs before, into the constructor.
    ///
    /// # Errors
    /// Where the work failed: the whole case is then reported as not run.
    fn round(&mut self) -> BoxFuture<'_, Result<Sample, MeasureError>>;
}

/// What a figure of ours must reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// At most this many times the peer's figure.
    RatioAtMost(&'static str, f64),
    /// At least this many times the peer's figure.
    RatioAtLeast(&'static str, f64),
    /// At most this value, in the metric's unit.
    AtMost(f64),
    /// At least this value, in the metric's unit.
    AtLeast(f64),
}

impl Bound {
    /// The peer that the figure is compared with, where it is.
    #[must_use]
    pub fn peer(&self) -> Option<&'static str> {
        match *self {
            Self::RatioAtMost(peer, _) | Self::RatioAtLeast(peer, _) => Some(peer),
            Self::AtMost(_) | Self::AtLeast(_) => None,
        }
    }

    /// The limit itself.
    #[must_use]
    pub fn limit(&self) -> f64 {
        match *self {
            Self::RatioAtMost(_, limit)
            | Self::RatioAtLeast(_, limit)
            | Self::AtMost(limit)
            | Self::AtLeast(limit) => limit,
        }
    }

    /// Whether `value` (a ratio, where there is a peer) lies within the bound.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        match *self {
            Self::RatioAtMost(_, limit) | Self::AtMost(limit) => value <= limit,
            Self::RatioAtLeast(_, limit) | Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RatioAtMost(peer, limit) => write!(f, "<= {limit}x {peer}"),
            Self::RatioAtLeast(peer, limit) => write!(f, ">= {limit}x {peer}"),
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
        }
    }
}

/// A bound on one metric of one of our subjects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The subject that must reach it.
    pub subject: &'static str,
    /// The metric that it is about.
    pub metric: &'static str,
    /// What must hold.
    pub bound: Bound,
}

/// Subjects that do the same work, and what is expected of ours.
pub struct Case {
    /// For example `point select, 64 tasks`.
    pub name: String,
    /// What every subject reports.
    pub metrics: Vec<Metric>,
    /// Who does the work, in the order in which they are printed.
    pub subjects: Vec<Box<dyn Subject>>,
    /// What must be reached.
    pub targets: Vec<Target>,
    /// How many rounds are counted after one that is not.
    pub rounds: usize,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

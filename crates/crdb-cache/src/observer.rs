//! Observers of the cache: what became of calls and loads.

mod fan_out;

pub use fan_out::FanOut;

use crdb_exec::{Failure, Token};
use std::time::Duration;

/// Observes a cache. It never gets entries, texts or values.
///
/// # Contract
/// The methods are called on the task of the caller or of the load: they are quick, and do not block. [`end_load`](Self::end_load)
/// follows each [`begin_load`](Self::begin_load) once.
pub trait Observer: Send + Sync + 'static {
    /// A call of a statement with a cache rule was answered, or is passed on to the executor behind the cache.
    fn answered(&self, event: &AnswerEvent<'_>);

    /// A load begins, on the task of the call that begins it.
    fn begin_load(&self, event: &LoadBegin<'_>) -> Token;

    /// It has ended.
    fn end_load(&self, token: Token, event: &LoadEnd<'_>);

    /// Runs one step of the load that `token` stands for, by calling `step`: what happens in `step` is part of the load. An observer with
    /// spans enters its span around the call. Called for each poll of a load whose token is `Some`.
    fn within(&self, token: &Token, step: &mut dyn FnMut()) {
        let _ = token;
        step();
    }
}

/// A call was answered.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AnswerEvent<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
    /// How.
    pub by: AnsweredBy,
    /// Why nothing that was kept could be given at first; `None` for a hit.
    pub miss: Option<MissReason>,
    /// How long ago what was given was current, at most; `None` for what was passed on.
    pub age: Option<Duration>,
    /// Why answers of the statement are not kept, for people; given when the call was passed on.
    pub refused: Option<&'a str>,
}

/// How a call was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnsweredBy {
    /// By an entry.
    Hit,
    /// By a load that it began.
    Load,
    /// By a load that another call had begun.
    SharedLoad,
    /// By an entry that is too old, because the load failed and the rule allows it.
    StaleOnError,
    /// By an error: the load failed, or the caller's time was up.
    Error,
    /// By the executor behind the cache, because answers of the statement are not kept.
    PassedOn,
}

impl AnsweredBy {
    /// Each, in order.
    pub const ALL: &'static [Self] = &[
        Self::Hit,
        Self::Load,
        Self::SharedLoad,
        Self::StaleOnError,
        Self::Error,
        Self::PassedOn,
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Load => "load",
            Self::SharedLoad => "shared_load",
            Self::StaleOnError => "stale_on_error",
            Self::Error => "error",
            Self::PassedOn => "passed_on",
        }
    }
}

/// Why no entry could be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissReason {
    /// There is none.
    Absent,
    /// It is older than the rule allows.
    TooOld,
    /// One of its tables was invalidated.
    Invalidated,
    /// It was read before a commit that the caller knows of.
    BelowToken,
    /// A change of one of its tables was reported.
    Changed,
    /// The feed of changes that would vouch for it is lost, or began after it was read.
    FeedLost,
}

impl MissReason {
    /// Each, in order.
    pub const ALL: &'static [Self] = &[
        Self::Absent,
        Self::TooOld,
        Self::Invalidated,
        Self::BelowToken,
        Self::Changed,
        Self::FeedLost,
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::TooOld => "too_old",
            Self::Invalidated => "invalidated",
            Self::BelowToken => "below_token",
            Self::Changed => "changed",
            Self::FeedLost => "feed_lost",
        }
    }
}

/// A load begins.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LoadBegin<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
}

/// A load has ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LoadEnd<'a> {
    /// The statement's name, if it has one.
    pub name: Option<&'a str>,
    /// How long it took.
    pub elapsed: Duration,
    /// What became of its answer.
    pub outcome: LoadOutcome,
}

/// What became of the answer of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadOutcome {
    /// It is kept.
    Kept,
    /// It is larger than an entry may be.
    TooLarge,
    /// A table was invalidated, or a newer load begun, after it had begun.
    Overtaken,
    /// The session was of another user or had other settings than those before it.
    OtherIdentity,
    /// A table, a view or a type was not what it had been: what is known of the statement is learned anew.
    OtherSchema,
    /// What the statement reads cannot be followed, as its tables show.
    Refused,
    /// It failed, and nothing of it is kept.
    Failed(Failure),
    /// Its future was dropped.
    Dropped,
}

impl LoadOutcome {
    /// The names of all of them, for setting up metrics.
    pub const NAMES: &'static [&'static str] = &[
        "kept",
        "too_large",
        "overtaken",
        "other_identity",
        "other_schema",
        "refused",
        "failed",
        "dropped",
    ];

    /// A lasting name in snake case, for labels of metrics and logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::TooLarge => "too_large",
            Self::Overtaken => "overtaken",
            Self::OtherIdentity => "other_identity",
            Self::OtherSchema => "other_schema",
            Self::Refused => "refused",
            Self::Failed(_) => "failed",
            Self::Dropped => "dropped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dashboards and alerts go by these: a label that changes breaks them.
    #[test]
    fn labels_stay_the_same() {
        let by: Vec<&str> = AnsweredBy::ALL.iter().map(|by| by.as_str()).collect();
        assert_eq!(
            by,
            [
                "hit",
                "load",
                "shared_load",
                "stale_on_error",
                "error",
                "passed_on"
            ]
        );
        let reasons: Vec<&str> = MissReason::ALL.iter().map(|why| why.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "absent",
                "too_old",
                "invalidated",
                "below_token",
                "changed",
                "feed_lost"
            ]
        );
        assert_eq!(
            LoadOutcome::NAMES,
            [
                "kept",
                "too_large",
                "overtaken",
                "other_identity",
                "other_schema",
                "refused",
                "failed",
                "dropped"
            ]
        );
    }
}

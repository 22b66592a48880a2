//! What a reader must see: commits that it knows of.

use crate::timestamp::Timestamp;
use std::fmt;

/// How many caches of its process a token knows the order of events of. Commits of further ones count by their times.
const MOST_CACHES: usize = 4;

/// Proof of a commit: an answer that is read with it is never older than that commit.
///
/// A token of this process also knows the order of events within its cache, which no clock can change. Only the server's
/// [time](Self::timestamp) can be carried to another process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommitToken {
    /// Commits that caches of this process know, one for each cache.
    local: [Option<Local>; MOST_CACHES],
    /// A commit that was made elsewhere.
    remote: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Local {
    cache: u64,
    sequence: u64,
    /// Its time, where the server told it.
    committed: Option<Timestamp>,
}

/// When something was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadAt {
    pub(crate) sequence: u64,
    pub(crate) timestamp: Timestamp,
}

impl CommitToken {
    /// A commit at this time of the server, as another process told it.
    ///
    /// Times of different nodes of CockroachDB, and a time of PostgreSQL's clock that was set back, compare as well as these
    /// clocks agree.
    #[must_use]
    pub const fn at(timestamp: Timestamp) -> Self {
        Self {
            local: [None; MOST_CACHES],
            remote: Some(timestamp),
        }
    }

    pub(crate) const fn local(cache: u64, sequence: u64, committed: Option<Timestamp>) -> Self {
        let mut local = [None; MOST_CACHES];
        local[0] = Some(Local {
            cache,
            sequence,
            committed,
        });
        Self {
            local,
            remote: None,
        }
    }

    fn locals(&self) -> impl Iterator<Item = Local> {
        self.local.into_iter().flatten()
    }

    /// Its time by the server's clock, to be carried to another process; `None` when the server did not tell it, so that only this
    /// process can use the token.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let mut latest = self.remote;
        for local in self.locals() {
            latest = latest.max(Some(local.committed?));
        }
        latest
    }

    /// A token of both commits.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for local in other.locals() {
            self.add(local);
        }
        self.remote = self.remote.max(other.remote);
        self
    }

    fn add(&mut self, other: Local) {
        let own = |place: &&mut Option<Local>| place.is_none_or(|own| own.cache == other.cache);
        match self.local.iter_mut().find(own) {
            Some(Some(own)) => {
                own.sequence = own.sequence.max(other.sequence);
                own.committed = own.committed.zip(other.committed).map(|(a, b)| a.max(b));
            }
            Some(free) => *free = Some(other),
            // As one that is elsewhere: by its time, or by one that no entry has.
            None => self.remote = self.remote.max(Some(other.committed.unwrap_or(NEVER))),
        }
    }

    /// Whether what was read then, for this cache, includes the commits.
    pub(crate) fn is_seen_by(&self, cache: u64, read: ReadAt) -> bool {
        let mut local = self.locals();
        local.all(|local| match local.cache == cache {
            true => read.sequence > local.sequence,
            false => local.committed.is_some_and(|at| read.timestamp >= at),
        }) && self.remote.is_none_or(|at| read.timestamp >= at)
    }

    /// A load that begins after this event of the cache includes the local commits.
    pub(crate) fn sequence(&self, cache: u64) -> u64 {
        self.locals()
            .find(|local| local.cache == cache)
            .map_or(0, |local| local.sequence)
    }
}

/// Later than anything that is read.
const NEVER: Timestamp = Timestamp::from_nanoseconds(u64::MAX);

impl From<Timestamp> for CommitToken {
    fn from(timestamp: Timestamp) -> Self {
        Self::at(timestamp)
    }
}

impl fmt::Display for CommitToken {
    /// The server's time, or `local`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(timestamp) => timestamp.fmt(f),
            None => f.write_str("local"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(nanoseconds: u64) -> Timestamp {
        Timestamp::from_nanoseconds(nanoseconds)
    }

    fn read(sequence: u64, nanoseconds: u64) -> ReadAt {
        ReadAt {
            sequence,
            timestamp: at(nanoseconds),
        }
    }

    #[test]
    fn in_its_process_a_token_goes_by_order_and_not_by_clocks() {
        let token = CommitToken::local(1, 5, Some(at(100)));
        // The clock was set back.
        assert!(token.is_seen_by(1, read(6, 50)));
        assert!(!token.is_seen_by(1, read(5, 500)));
        // Another cache knows the clock only.
        assert!(!token.is_seen_by(2, read(6, 50)));
        assert!(token.is_seen_by(2, read(1, 100)));
        assert!(!CommitToken::local(1, 5, None).is_seen_by(2, read(9, 900)));
    }

    #[test]
    fn what_cannot_be_carried_is_not_carried() {
        assert_eq!(CommitToken::local(1, 5, None).timestamp(), None);
        let both = CommitToken::local(1, 5, None).and(CommitToken::at(at(7)));
        assert_eq!(both.timestamp(), None);
        let both = CommitToken::local(1, 5, Some(at(9))).and(CommitToken::at(at(7)));
        assert_eq!(both.timestamp(), Some(at(9)));
    }

    fn tokens() -> impl Strategy<Value = CommitToken> {
        prop_oneof![
            (0..5_u64).prop_map(|time| CommitToken::at(at(time))),
            (1..7_u64, 0..5_u64, prop::option::of(0..5_u64)).prop_map(|(cache, sequence, time)| {
                CommitToken::local(cache, sequence, time.map(at))
            }),
            Just(CommitToken::default()),
        ]
    }

    proptest! {
        /// What sees a token of both has seen each; a token of one cache demands no more than both.
        #[test]
        fn a_token_of_both_demands_what_each_demands(
            tokens in prop::collection::vec(tokens(), 1..=4), sequence in 0..6_u64, time in 0..6_u64,
        ) {
            let read = read(sequence, time);
            let each = tokens.iter().all(|token| token.is_seen_by(1, read));
            let all = tokens.iter().fold(CommitToken::default(), |all, token| all.and(*token));
            if all.is_seen_by(1, read) {
                prop_assert!(each, "{tokens:?}");
            }
            for token in tokens {
                prop_assert_eq!(token.and(token).is_seen_by(1, read), token.is_seen_by(1, read));
            }
        }
    }
}

//! The small vocabularies of a header.

use std::fmt;
use std::time::Duration;

/// How many rows the caller of a query expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cardinality {
    /// `:one`: exactly one row; none is an error.
    One,
    /// `:opt`: one row or none.
    Optional,
    /// `:many`: any number of rows, as a stream.
    Many,
    /// `:exec`: no rows, and the number of changed rows does not matter.
    Exec,
    /// `:execrows`: no rows, but how many were changed.
    ExecRows,
    /// `:batch`: no rows, run for many sets of arguments at once.
    Batch,
}

impl Cardinality {
    /// All of them, as they are explained in messages.
    pub const ALL: &'static [Self] = &[
        Self::One,
        Self::Optional,
        Self::Many,
        Self::Exec,
        Self::ExecRows,
        Self::Batch,
    ];

    /// The word in the header, without its colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Optional => "opt",
            Self::Many => "many",
            Self::Exec => "exec",
            Self::ExecRows => "execrows",
            Self::Batch => "batch",
        }
    }

    /// Whether the caller gets rows.
    #[must_use]
    pub fn returns_rows(self) -> bool {
        matches!(self, Self::One | Self::Optional | Self::Many)
    }
}

impl fmt::Display for Cardinality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{}", self.as_str())
    }
}

/// When a statement may be run again after a failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// No annotation: again when it is certain that the first run had no effect.
    #[default]
    Certain,
    /// `-- retry: safe`: running it twice does no harm, so also when it is unknown whether the first run had an effect.
    Safe,
    /// `-- retry: never`: not at all; the caller wants to get the first failure.
    Never,
}

/// How old the data may be that a query reads.
///
/// Old data can be read from the nearest replica, which is what `AS OF SYSTEM TIME` is for.
/// A server other than CockroachDB has no such clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Staleness {
    /// `-- staleness: follower`: as old as a follower read needs, about 4.2 s with the server's defaults.
    Follower,
    /// `-- staleness: exactly 10s`: the state of that long ago.
    Exactly(Duration),
    /// `-- staleness: 10s`: at most that old, as fresh as the nearest replica allows. Only for a single statement
    /// outside an explicit transaction.
    AtMost(Duration),
}

impl Staleness {
    /// The expression that stands after `AS OF SYSTEM TIME`.
    #[must_use]
    pub fn expression(self) -> String {
        match self {
            Self::Follower => "follower_read_timestamp()".to_owned(),
            Self::Exactly(age) => format!("'-{}ms'", age.as_millis()),
            Self::AtMost(age) => format!("with_max_staleness('{}ms')", age.as_millis()),
        }
    }

    /// How long an answer may be reused that is read now: `AtMost` for as long, `Follower` for the 4.2 s that a follower read is
    /// old by the server's defaults. `Exactly` allows no other time.
    #[must_use]
    pub const fn cache_rule(self) -> Option<CacheRule> {
        match self {
            Self::Follower => Some(CacheRule::new(Duration::from_millis(4_200))),
            Self::AtMost(age) => Some(CacheRule::new(age)),
            Self::Exactly(_) => None,
        }
    }

    /// The statement with `AS OF SYSTEM TIME` and the [expression](Self::expression) behind its tables; `None` where it has no
    /// place for it, as one that writes.
    ///
    /// ```
    /// use crdb_sql::Staleness;
    ///
    /// let text = Staleness::Follower.text("SELECT number FROM accounts WHERE id = $1");
    /// let expected = "SELECT number FROM accounts AS OF SYSTEM TIME follower_read_timestamp() WHERE id = $1";
    /// assert_eq!(text.as_deref(), Some(expected));
    /// assert_eq!(Staleness::Follower.text("DELETE FROM accounts"), None);
    /// ```
    #[must_use]
    pub fn text(self, statement: &str) -> Option<String> {
        super::follower_read::text(statement, self).ok()
    }
}

/// How long the answer of a query may be reused. Only a cache that stands in front of the executor looks at it.
///
/// ```
/// use std::time::Duration;
/// use crdb_sql::CacheRule;
///
/// // -- cache: 10s, 5m on error
/// const RULE: CacheRule =
///     CacheRule::new(Duration::from_secs(10)).on_error(Duration::from_secs(300));
/// assert_eq!(RULE.max_age(), Duration::from_secs(10));
/// assert_eq!(RULE.max_age_on_error(), Duration::from_secs(300));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheRule {
    max_age: Duration,
    on_error: Option<Duration>,
}

impl CacheRule {
    /// An answer may be given as long as what it says was current at most this long ago.
    #[must_use]
    pub const fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            on_error: None,
        }
    }

    /// While a newer answer cannot be had because the server does not answer, one of this age may be given.
    #[must_use]
    pub const fn on_error(mut self, max_age: Duration) -> Self {
        self.on_error = Some(max_age);
        self
    }

    /// How old an answer may be.
    #[must_use]
    pub const fn max_age(self) -> Duration {
        self.max_age
    }

    /// How old an answer may be while a newer one cannot be had; never less than [`max_age`](Self::max_age).
    #[must_use]
    pub fn max_age_on_error(self) -> Duration {
        self.on_error
            .map_or(self.max_age, |on_error| on_error.max(self.max_age))
    }

    /// Whether an older answer may be given while a newer one cannot be had.
    #[must_use]
    pub const fn allows_errors(self) -> bool {
        self.on_error.is_some()
    }
}

/// Who can tell whether a statement is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verify {
    /// This crate's parser, and a server when there is one.
    #[default]
    Parser,
    /// `-- verify: server`: a server only, because the parser does not know the statement.
    Server,
}

/// Whether something can be NULL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nullability {
    /// It is not said.
    #[default]
    Unknown,
    /// It can be NULL.
    Nullable,
    /// It is never NULL.
    NotNull,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staleness_becomes_a_timestamp_expression() {
        assert_eq!(
            Staleness::Follower.expression(),
            "follower_read_timestamp()"
        );
        let ten = Duration::from_secs(10);
        assert_eq!(Staleness::Exactly(ten).expression(), "'-10000ms'");
        assert_eq!(
            Staleness::AtMost(ten).expression(),
            "with_max_staleness('10000ms')"
        );
    }
}

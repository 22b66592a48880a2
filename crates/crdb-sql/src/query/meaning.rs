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
    /// `-- retry: never`: not at all; the caller wants to hear of the first failure.
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

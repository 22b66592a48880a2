use crate::session::Engine;
use crdb_sql::CacheRule;
use std::time::Duration;

/// What may be done with a statement whose first run did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetrySafety {
    /// Run it again only when it is certain that it took no effect (the default).
    #[default]
    WhenCertain,
    /// Running it twice does the same as running it once (a read, an upsert to a fixed value): run it again also when
    /// the first outcome is unknown.
    Safe,
    /// Never run it again by itself, not even when that would be certain to be right.
    Never,
}

/// One statement: its text, and what is known about it.
///
/// It borrows, so it costs nothing to build for each call. The text is what the server gets; parameters are `$1`, `$2`,
/// and so on. `&str` converts into it, and so does `&crdb_sql::Query`.
///
/// ```
/// use std::time::Duration;
/// use crdb_exec::{RetrySafety, Statement};
///
/// const TOUCH: Statement<'static> = Statement::new("UPDATE session SET seen = now() WHERE id = $1")
///     .named("session.touch")
///     .retry(RetrySafety::Safe)
///     .timeout(Duration::from_millis(250));
/// assert_eq!(TOUCH.name(), Some("session.touch"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    text: &'a str,
    follower_read: Option<&'a str>,
    name: Option<&'a str>,
    retry: RetrySafety,
    timeout: Option<Duration>,
    cache: Option<CacheRule>,
}

impl<'a> Statement<'a> {
    /// A statement of this text, without a name, run again only when that is certain to be right.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            follower_read: None,
            name: None,
            retry: RetrySafety::WhenCertain,
            timeout: None,
            cache: None,
        }
    }

    /// Sets the name under which the statement is seen in errors, metrics and traces.
    #[must_use]
    pub const fn named(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// Sets what may be done when its outcome is unknown.
    #[must_use]
    pub const fn retry(mut self, retry: RetrySafety) -> Self {
        self.retry = retry;
        self
    }

    /// Sets how long one call may take, with its retries. It can shorten the executor's default and lengthen it; inside
    /// a transaction it can only shorten the transaction's deadline.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the text that is sent to CockroachDB outside a transaction instead: the same statement with
    /// `AS OF SYSTEM TIME`, which other servers do not know. It takes the same parameters and gives the same columns.
    #[must_use]
    pub const fn follower_read(mut self, text: &'a str) -> Self {
        self.follower_read = Some(text);
        self
    }

    /// Sets how long its answer may be reused. Executors of this crate keep no answers: a cache in front of one looks at it.
    #[must_use]
    pub const fn cached(mut self, rule: CacheRule) -> Self {
        self.cache = Some(rule);
        self
    }

    /// This statement as it is sent, outside a transaction, to a server.
    pub(crate) fn autocommit_on(mut self, engine: Engine) -> Self {
        if let (Engine::CockroachDb, Some(text)) = (engine, self.follower_read) {
            self.text = text;
        }
        self
    }

    /// This statement with another text: its own, with a comment.
    pub(crate) const fn with_text(mut self, text: &'a str) -> Self {
        self.text = text;
        self
    }

    /// The SQL text.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The name, if it has one.
    #[must_use]
    pub const fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// What may be done when its outcome is unknown.
    #[must_use]
    pub const fn retry_safety(&self) -> RetrySafety {
        self.retry
    }

    /// How long one call may take; `None` means the executor's default.
    #[must_use]
    pub const fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// How long its answer may be reused; `None` means that no answer is kept.
    #[must_use]
    pub const fn cache_rule(&self) -> Option<CacheRule> {
        self.cache
    }

    /// The name, or the beginning of the text: what an error calls this statement.
    pub(crate) fn label(&self) -> &'a str {
        const LONGEST: usize = 60;
        self.name.unwrap_or_else(|| {
            let text = self.text.trim_start();
            let line = text.lines().next().unwrap_or_default();
            let end = line
                .char_indices()
                .nth(LONGEST)
                .map_or(line.len(), |(index, _)| index);
            &line[..end]
        })
    }
}

impl<'a> From<&'a str> for Statement<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl<'a> From<&'a String> for Statement<'a> {
    fn from(text: &'a String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cockroachdb_reads_the_past() {
        let statement = Statement::new("plain").follower_read("past");
        assert_eq!(statement.autocommit_on(Engine::CockroachDb).text(), "past");
        assert_eq!(statement.autocommit_on(Engine::PostgreSql).text(), "plain");
        let current = Statement::new("plain").autocommit_on(Engine::CockroachDb);
        assert_eq!(current.text(), "plain");
    }

    #[test]
    fn label_is_the_name_or_a_short_first_line() {
        assert_eq!(Statement::new("SELECT 1").named("a.b").label(), "a.b");
        assert_eq!(Statement::new("\n  SELECT 1\nFROM t").label(), "SELECT 1");
        let long = "ü".repeat(200);
        assert_eq!(Statement::new(&long).label().chars().count(), 60);
    }
}

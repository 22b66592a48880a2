//! Comments for the server's own statistics and logs.

use crate::statement::Statement;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};

/// How many texts with comments are kept. Those of further statements are made anew each time.
const KEPT: usize = 1_000;

/// Adds comments in the format of [sqlcommenter](https://google.github.io/sqlcommenter/spec/) to what is sent: CockroachDB shows them in
/// its Insights since v25.3, and both servers log them.
///
/// A statement gets a comment that is the same each time, so that its prepared form is used again: the pairs that were given, and
/// the statement's name as `query`. What changes with each call (`traceparent`) would prepare each call anew; it goes on BEGIN alone, which is
/// not prepared. A text that has a comment already is left as it is, as the specification demands.
///
/// ```
/// use crdb_exec::{PooledExecutor, SessionSource, SqlComments};
///
/// fn executor<S: SessionSource>(source: S) -> PooledExecutor<S> {
///     let comments = SqlComments::new().pair("application", "bank");
///     // SELECT balance FROM account WHERE id = $1 /*application='bank',query='accounts.balance'*/
///     PooledExecutor::builder(source).sql_comments(comments).build()
/// }
/// ```
#[derive(Clone, Default)]
pub struct SqlComments {
    pairs: BTreeMap<String, String>,
    traceparent: Option<Arc<dyn Fn() -> Option<String> + Send + Sync>>,
    kept: Arc<Kept>,
}

/// The texts with comments, by hash of name and text.
#[derive(Default)]
struct Kept {
    hasher: RandomState,
    texts: RwLock<HashMap<u64, Commented>>,
}

struct Commented {
    name: Option<Box<str>>,
    plain: Box<str>,
    text: Arc<str>,
}

impl SqlComments {
    /// Comments with the statement's name alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pair to every comment: `application`, `route`. The value must be one of few, because each makes a prepared statement of
    /// its own.
    #[must_use]
    pub fn pair(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.insert(key.into(), value.into());
        self
    }

    /// Adds `traceparent` to BEGIN: what `current` gives when a transaction begins, in the format of
    /// [W3C Trace Context](https://www.w3.org/TR/trace-context/#traceparent-header).
    #[must_use]
    pub fn traceparent(
        mut self,
        current: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.traceparent = Some(Arc::new(current));
        self
    }

    /// The text of a statement with its comment; `None` where it stays as it is.
    pub(crate) fn text_of(&self, statement: &Statement<'_>) -> Option<Arc<str>> {
        let (name, plain) = (statement.name(), statement.text());
        let hash = self.kept.hasher.hash_one((name, plain));
        let texts = self
            .kept
            .texts
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = texts.get(&hash)
            && *kept.plain == *plain
            && kept.name.as_deref() == name
        {
            return Some(Arc::clone(&kept.text));
        }
        let is_full = texts.len() >= KEPT || texts.contains_key(&hash);
        drop(texts);
        let mut pairs = self.pairs.clone();
        if let Some(name) = name {
            pairs.insert("query".to_owned(), name.to_owned());
        }
        let text: Arc<str> = with_comment(plain, &pairs)?.into();
        if !is_full {
            let commented = Commented {
                name: name.map(Into::into),
                plain: plain.into(),
                text: Arc::clone(&text),
            };
            let mut texts = self
                .kept
                .texts
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            texts.insert(hash, commented);
        }
        Some(text)
    }

    /// The text that begins a transaction, with its comment.
    pub(crate) fn begin(&self, name: Option<&str>, text: String) -> String {
        let mut pairs = self.pairs.clone();
        if let Some(name) = name {
            pairs.insert("query".to_owned(), name.to_owned());
        }
        if let Some(current) = self.traceparent.as_ref().and_then(|current| current()) {
            pairs.insert("traceparent".to_owned(), current);
        }
        with_comment(&text, &pairs).unwrap_or(text)
    }
}

impl fmt::Debug for SqlComments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlComments")
            .field("pairs", &self.pairs)
            .field("traceparent", &self.traceparent.is_some())
            .finish_non_exhaustive()
    }
}

/// The text with a comment before its last semicolon; `None` where there is nothing to say, or a comment already.
fn with_comment(text: &str, pairs: &BTreeMap<String, String>) -> Option<String> {
    if pairs.is_empty() || text.contains("/*") || text.contains("--") {
        return None;
    }
    let trimmed = text.trim_end();
    let (body, end) = match trimmed.strip_suffix(';') {
        Some(body) => (body.trim_end(), ";"),
        None => (trimmed, ""),
    };
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(key, value)| format!("{}='{}'", encoded(key), encoded(value)))
        .collect();
    Some(format!("{body} /*{}*/{end}", pairs.join(",")))
}

/// Percent-encodes all but unreserved characters, so that nothing ends a quote or the comment.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn comments() -> SqlComments {
        SqlComments::new().pair("application", "bank's */ 1")
    }

    #[test]
    fn a_comment_is_sorted_encoded_and_the_same_each_time() {
        let statement = Statement::new("SELECT 1;\n").named("a.b");
        let text = comments().text_of(&statement).unwrap();
        assert_eq!(
            &*text,
            "SELECT 1 /*application='bank%27s%20%2A%2F%201',query='a.b'*/;"
        );
        let comments = comments();
        let first = comments.text_of(&statement).unwrap();
        assert!(Arc::ptr_eq(&first, &comments.text_of(&statement).unwrap()));
        let other = Statement::new("SELECT 1;\n").named("c");
        assert!(comments.text_of(&other).unwrap().contains("query='c'"));
    }

    #[test]
    fn what_has_a_comment_or_nothing_to_say_stays_as_it_is() {
        for text in ["SELECT 1 /* mine */", "SELECT 1 -- mine"] {
            assert_eq!(comments().text_of(&Statement::new(text)), None);
        }
        assert_eq!(
            SqlComments::new().text_of(&Statement::new("SELECT 1")),
            None
        );
    }

    #[test]
    fn only_begin_has_a_traceparent() {
        let comments = comments().traceparent(|| Some("00-a-b-01".to_owned()));
        let begin = comments.begin(Some("transfer"), "BEGIN".to_owned());
        assert!(
            begin.ends_with("query='transfer',traceparent='00-a-b-01'*/"),
            "{begin}"
        );
        let text = comments.text_of(&Statement::new("SELECT 1")).unwrap();
        assert!(!text.contains("traceparent"), "{text}");
    }

    #[test]
    fn no_more_texts_are_kept_than_the_limit() {
        let comments = comments();
        for number in 0..KEPT + 10 {
            let text = format!("SELECT {number}");
            comments.text_of(&Statement::new(&text)).unwrap();
        }
        assert_eq!(comments.kept.texts.read().unwrap().len(), KEPT);
    }

    proptest! {
        #[test]
        fn nothing_gets_out_of_its_comment(key in ".{0,12}", value in ".{0,24}") {
            let comments = SqlComments::new().pair(key, value);
            let text = comments.text_of(&Statement::new("SELECT 1")).unwrap();
            let inside = text.strip_prefix("SELECT 1 /*").unwrap().strip_suffix("*/").unwrap();
            prop_assert!(!inside.contains("*/") && !inside.contains("/*"));
            prop_assert_eq!(inside.matches('\'').count(), 2);
        }
    }
}

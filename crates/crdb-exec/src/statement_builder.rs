//! Statements that are put together when they are run.

use postgres_types::ToSql;
use std::fmt;
use std::fmt::Write as _;

/// The text and the values of a statement, part by part. The builders that `crdb-sql` generates from templates use it.
///
/// Only text of the program becomes text of the statement; a value is always bound. A parameter has the number of its first
/// place, so the text is the one that `crdb_sql::Template::render` gives.
///
/// ```
/// use crdb_exec::StatementBuilder;
///
/// let (owner, least) = ("ACME", Some(5_i64));
/// let mut sql = StatementBuilder::new();
/// sql.text("SELECT number FROM accounts WHERE owner = ");
/// sql.parameter(0, &owner);
/// if least.is_some() {
///     sql.text(" AND balance >= ");
///     sql.parameter(1, &least);
/// }
/// let (text, values) = sql.finish();
/// assert_eq!(text, "SELECT number FROM accounts WHERE owner = $1 AND balance >= $2");
/// assert_eq!(values.len(), 2);
/// ```
#[derive(Default)]
pub struct StatementBuilder<'v> {
    text: String,
    values: Vec<&'v (dyn ToSql + Sync)>,
    /// Whose values these are.
    keys: Vec<usize>,
}

impl<'v> StatementBuilder<'v> {
    /// No text yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends SQL.
    pub fn text(&mut self, text: &'static str) {
        self.text.push_str(text);
    }

    /// Appends `$1`, `$2`, .. for the parameter `key`: a new number with `value`, or the number that the key has already.
    pub fn parameter(&mut self, key: usize, value: &'v (dyn ToSql + Sync)) {
        let known = self.keys.iter().position(|known| *known == key);
        let place = known.unwrap_or_else(|| {
            self.keys.push(key);
            self.values.push(value);
            self.keys.len() - 1
        });
        // Writing to a string does not fail.
        let _written = write!(self.text, "${}", place + 1);
    }

    /// The text, without spaces and semicolons around it, and the values of `$1`, `$2`, ..
    #[must_use]
    pub fn finish(self) -> (String, Vec<&'v (dyn ToSql + Sync)>) {
        let text = self.text.trim().trim_end_matches(';').trim_end();
        let text = if text.len() == self.text.len() {
            self.text
        } else {
            text.to_owned()
        };
        (text, self.values)
    }
}

impl fmt::Debug for StatementBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be secret.
        f.debug_struct("StatementBuilder")
            .field("text", &self.text)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

//! Parameters that are kept with their values.

use postgres_types::ToSql;
use std::fmt;

/// Values of parameters, `$1` first, owned: for statements whose values are made one by one.
///
/// Statements take references; [`as_parameters`](Self::as_parameters) gives them.
///
/// ```
/// use crdb_exec::{Error, Executor, ExecutorExt, OwnedParameters};
///
/// async fn rename(db: &impl Executor, id: i64, name: &str) -> Result<u64, Error> {
///     let values = OwnedParameters::new().with(id).with(name.trim().to_lowercase());
///     let update = "UPDATE customer SET name = $2 WHERE id = $1";
///     db.execute(update, &values.as_parameters()).await
/// }
/// ```
#[derive(Default)]
pub struct OwnedParameters(Vec<Box<dyn ToSql + Sync + Send>>);

impl OwnedParameters {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the value of the next parameter.
    #[must_use]
    pub fn with(mut self, value: impl ToSql + Sync + Send + 'static) -> Self {
        self.push(value);
        self
    }

    /// As [`with`](Self::with), in place.
    pub fn push(&mut self, value: impl ToSql + Sync + Send + 'static) {
        self.0.push(Box::new(value));
    }

    /// The values as statements take them.
    #[must_use]
    pub fn as_parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.0
            .iter()
            .map(|value| &**value as &(dyn ToSql + Sync))
            .collect()
    }
}

impl fmt::Debug for OwnedParameters {
    /// Their number, never the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedParameters({})", self.0.len())
    }
}

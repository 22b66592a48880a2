//! The causes of an error, each told once.

use std::error::Error as StdError;

/// The sources of an error, without itself.
pub(super) fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(next(error), |error| next(*error))
}

/// The cause of an error, also where its message tells it and a chain of errors leaves it out.
fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    if let Some(pool) = error.downcast_ref::<crdb_pool::Error>() {
        return pool.failure();
    }
    #[cfg(feature = "data")]
    if let Some(database) = error
        .downcast_ref::<crdb_data::Error>()
        .and_then(crdb_data::Error::database)
    {
        return Some(database);
    }
    #[cfg(feature = "migrate")]
    if let Some(database) = error
        .downcast_ref::<crdb_migrate::Error>()
        .and_then(crdb_migrate::Error::database_error)
    {
        return Some(database);
    }
    error.source()
}

/// An error and its sources in one line. Layers that quote their source are not repeated.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    for source in sources(error) {
        let next = source.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
    }
    text
}

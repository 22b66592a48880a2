//! What earlier looks at tables have found, so that a changefeed can begin at a time in the past. All proxies of a process share it, as
//! the nodes of a cluster share their data.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// The rows of a table by key.
pub(super) type Rows = BTreeMap<String, Value>;

/// How many looks are kept of a table: those of the last seconds.
const MOST_LOOKS: usize = 512;

/// Of how many tables looks are kept. Those of tests that have ended go.
const MOST_TABLES: usize = 256;

/// The server, the database and the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(String, u16, String, String);

/// What a look has found, and in which time.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Its beginning, in nanoseconds.
    pub(super) before: u128,
    /// Its end.
    pub(super) after: u128,
    pub(super) rows: Arc<Rows>,
}

static LOOKS: Mutex<BTreeMap<Place, VecDeque<Look>>> = Mutex::new(BTreeMap::new());

fn looks() -> MutexGuard<'static, BTreeMap<Place, VecDeque<Look>>> {
    LOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Place {
    pub(super) fn new((host, port): &(String, u16), database: &str, table: &str) -> Self {
        Self(host.clone(), *port, database.to_owned(), table.to_owned())
    }

    /// The rows from which a feed goes on behind this time; none where they are forgotten.
    pub(super) fn rows_at(&self, time: u128) -> Option<Arc<Rows>> {
        let looks = looks();
        // A client that got this time as resolved got all that the look at it had found.
        let known = |look: &&Look| look.before == time || look.after <= time;
        let look = looks.get(self)?.iter().rev().find(known)?;
        Some(Arc::clone(&look.rows))
    }

    /// Keeps what a look has found.
    pub(super) fn keep(&self, mut look: Look) {
        let mut looks = looks();
        if looks.len() > MOST_TABLES {
            let latest = |looks: &VecDeque<Look>| looks.back().map(|look| look.after);
            let oldest = looks.iter().min_by_key(|(_, looks)| latest(looks));
            if let Some(place) = oldest.map(|(place, _)| place.clone()) {
                looks.remove(&place);
            }
        }
        let own = looks.entry(self.clone()).or_default();
        if let Some(last) = own.back()
            && last.rows == look.rows
        {
            look.rows = Arc::clone(&last.rows);
        }
        own.push_back(look);
        if own.len() > MOST_LOOKS {
            own.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_goes_on_from_what_was_told_by_then() {
        let place = Place::new(&("h".to_owned(), 1), "d", "history");
        assert!(place.rows_at(1).is_none());
        for (before, after) in [(10, 12), (20, 22), (30, 32)] {
            let rows = Arc::new(Rows::from([(before.to_string(), Value::Null)]));
            place.keep(Look {
                before,
                after,
                rows,
            });
        }
        let at = |time| {
            place
                .rows_at(time)
                .map(|rows| rows.keys().next().unwrap().clone())
        };
        assert_eq!(at(9), None);
        assert_eq!(at(10).as_deref(), Some("10"), "resolved");
        assert_eq!(at(11), None, "within a look");
        assert_eq!(at(21).as_deref(), Some("10"));
        assert_eq!(at(30).as_deref(), Some("30"));
        assert_eq!(at(99).as_deref(), Some("30"));
    }
}

//! Loads that are under way: one for each key.

use crate::clock::Moment;
use crate::entry::Entry;
use crate::key::Key;
use crdb_exec::Error;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;

/// How a load ended, for all who waited for it.
#[derive(Clone, Debug)]
pub(crate) enum Landed {
    /// With an answer.
    Answer(Arc<Entry>),
    /// With an error.
    Failed(Error),
    /// Without anything that may be given: who waits looks again.
    Nothing,
}

/// A load that is under way.
#[derive(Debug)]
pub(crate) struct Flight {
    /// When it began, among the events of the cache.
    pub(crate) sequence: u64,
    pub(crate) started: Moment,
    landed: OnceLock<Landed>,
    notify: Notify,
}

impl Flight {
    /// Waits for its end. Dropping the future leaves the load alone.
    pub(crate) async fn landed(&self) -> Landed {
        loop {
            let mut notified = std::pin::pin!(self.notify.notified());
            notified.as_mut().enable();
            if let Some(landed) = self.landed.get() {
                return landed.clone();
            }
            notified.await;
        }
    }
}

/// All loads that are under way.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<Key, Arc<Flight>>>);

impl Flights {
    /// The load of this key that began after the event `floor`: the one that is under way, or a new one that the caller leads.
    ///
    /// `begin` gives the number of the event that the beginning is.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: &Key,
        floor: u64,
        begin: impl FnOnce() -> (u64, Moment),
    ) -> (Arc<Flight>, Option<Lead>) {
        let mut flights = self.0.lock();
        if let Some(flight) = flights.get(key)
            && flight.sequence > floor
        {
            return (Arc::clone(flight), None);
        }
        let (sequence, started) = begin();
        let flight = Arc::new(Flight {
            sequence,
            started,
            landed: OnceLock::new(),
            notify: Notify::new(),
        });
        flights.insert(key.clone(), Arc::clone(&flight));
        let lead = Lead {
            flights: Arc::clone(self),
            key: key.clone(),
            flight: Arc::clone(&flight),
        };
        (flight, Some(lead))
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

/// The duty to end a load. Dropped, it ends it with nothing.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Arc<Flights>,
    key: Key,
    flight: Arc<Flight>,
}

impl Lead {
    pub(crate) fn flight(&self) -> &Flight {
        &self.flight
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Whether no newer load of the key has begun.
    pub(crate) fn is_newest(&self) -> bool {
        let flights = self.flights.0.lock();
        flights
            .get(&self.key)
            .is_some_and(|flight| Arc::ptr_eq(flight, &self.flight))
    }

    /// Ends the load for all who wait.
    pub(crate) fn land(self, landed: Landed) {
        self.end(landed);
    }

    fn end(&self, landed: Landed) {
        // The first end counts.
        let _first = self.flight.landed.set(landed);
        let mut flights = self.flights.0.lock();
        let mine = |flight: &Arc<Flight>| Arc::ptr_eq(flight, &self.flight);
        if flights.get(&self.key).is_some_and(mine) {
            flights.remove(&self.key);
        }
        drop(flights);
        self.flight.notify.notify_waiters();
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.end(Landed::Nothing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(sequence: u64) -> impl FnOnce() -> (u64, Moment) {
        move || (sequence, Moment::default())
    }

    #[tokio::test]
    async fn one_leads_and_the_others_wait() {
        let flights = Arc::new(Flights::default());
        let key = Key::new(1, 1, bytes::Bytes::new());
        let (_, lead) = flights.join(&key, 0, begin(1));
        let (flight, none) = flights.join(&key, 0, begin(2));
        assert!(none.is_none());
        let waits = tokio::spawn(async move { flight.landed().await });
        tokio::task::yield_now().await;
        drop(lead);
        assert!(matches!(waits.await.unwrap(), Landed::Nothing));
        assert_eq!(flights.len(), 0);
    }

    #[test]
    fn who_must_see_more_does_not_join() {
        let flights = Arc::new(Flights::default());
        let key = Key::new(1, 1, bytes::Bytes::new());
        let (_, old) = flights.join(&key, 0, begin(1));
        let (_, new) = flights.join(&key, 1, begin(2));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert!(!old.is_newest() && new.is_newest());
        drop(old);
        assert!(
            new.is_newest(),
            "the end of an older load is not that of a newer one"
        );
    }
}

//! Prepared statements: kept by text, bounded, closed on the server when they are dropped.

pub(crate) mod bind;
mod client_copy;
mod prepare;
mod run;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hashlink::LruCache;
use parking_lot::Mutex;
use postgres_types::Type;

use crate::connection::Shared;
use crate::footprint::Footprint;
use crate::row::Column;

pub(crate) use run::Running;

/// A statement that is prepared on a connection. Dropping the last handle closes it together with the next request.
pub(crate) struct Prepared {
    name: Box<str>,
    pub(crate) parameters: Box<[Type]>,
    pub(crate) columns: Arc<[Column]>,
    pub(crate) footprint: Footprint,
    shared: Arc<Shared>,
}

impl Prepared {
    /// How many columns its rows have.
    pub(crate) fn width(&self) -> u16 {
        // The protocol counts columns in 16 bits.
        self.columns.len().try_into().unwrap_or(u16::MAX)
    }

    /// Appends the Bind of these values.
    ///
    /// # Errors
    /// The caller's mistakes.
    pub(crate) fn bind(
        &self,
        values: crate::Parameters<'_>,
        buffer: &mut bytes::BytesMut,
    ) -> Result<(), crate::Error> {
        bind::bind(&self.name, values, &self.parameters, buffer)
    }

    /// There is nothing to close: it was not sent, or the server has refused it and keeps nothing.
    fn was_never_made(&mut self) {
        self.name = Box::default();
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.name.is_empty() {
            self.shared.discard(std::mem::take(&mut self.name));
        }
    }
}

/// The statements of one connection, by text. The one that was used least recently makes room.
pub(crate) struct Statements {
    cache: Mutex<LruCache<Box<str>, Arc<Prepared>>>,
    names: AtomicU64,
}

impl Statements {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            cache: Mutex::new(LruCache::new(limit)),
            names: AtomicU64::new(0),
        }
    }

    /// A name that no statement of this connection has had.
    fn name(&self) -> Box<str> {
        format!("s{}", self.names.fetch_add(1, Ordering::Relaxed)).into()
    }

    pub(crate) fn get(&self, text: &str) -> Option<Arc<Prepared>> {
        self.cache.lock().get(text).cloned()
    }

    fn insert(&self, text: &str, prepared: Arc<Prepared>) {
        let mut cache = self.cache.lock();
        let replaced = cache.peek(text).cloned();
        let evicted = if replaced.is_none() && cache.len() >= cache.capacity() {
            cache.remove_lru()
        } else {
            None
        };
        cache.insert(text.into(), prepared);
        drop(cache);
        // Dropped outside the lock: that takes the connection's.
        drop((replaced, evicted));
    }

    /// Forgets this statement, unless another one has taken its place.
    fn remove(&self, text: &str, prepared: &Arc<Prepared>) {
        let mut cache = self.cache.lock();
        let removed = if cache
            .peek(text)
            .is_some_and(|kept| Arc::ptr_eq(kept, prepared))
        {
            cache.remove(text)
        } else {
            None
        };
        drop(cache);
        drop(removed);
    }

    /// Forgets all: the server has done so.
    pub(crate) fn clear(&self) {
        let mut cache = self.cache.lock();
        let forgotten: Vec<_> = std::iter::from_fn(|| cache.remove_lru()).collect();
        drop(cache);
        drop(forgotten);
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.cache.lock().len()
    }
}

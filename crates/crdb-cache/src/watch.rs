//! Telling the observer of a load.

use crate::cache::Shared;
use crate::observer::{LoadBegin, LoadEnd, LoadOutcome, Observer};
use crdb_exec::Token;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

/// Tells the observer of a load, also of one that is dropped.
pub(crate) struct Watch(Option<Begun>);

struct Begun {
    observer: Arc<dyn Observer>,
    name: Option<Box<str>>,
    began: Instant,
    token: Token,
}

impl Watch {
    pub(crate) fn begin(shared: &Shared, name: Option<&str>) -> Self {
        Self(shared.observer.as_ref().map(|observer| Begun {
            observer: Arc::clone(observer),
            name: name.map(Into::into),
            began: Instant::now(),
            token: observer.begin_load(&LoadBegin { name }),
        }))
    }

    /// Runs the work as a part of the load.
    pub(crate) async fn scope<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| match &self.0 {
            Some(begun) if begun.token.is_some() => {
                let mut polled = None;
                begun.observer.within(&begun.token, &mut || {
                    if polled.is_none() {
                        polled = Some(work.as_mut().poll(cx));
                    }
                });
                // An observer that forgot to call must not stop the work.
                polled.unwrap_or_else(|| work.as_mut().poll(cx))
            }
            _ => work.as_mut().poll(cx),
        })
        .await
    }

    pub(crate) fn end(&mut self, outcome: LoadOutcome) {
        if let Some(begun) = self.0.take() {
            let event = LoadEnd {
                name: begun.name.as_deref(),
                elapsed: begun.began.elapsed(),
                outcome,
            };
            begun.observer.end_load(begun.token, &event);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end(LoadOutcome::Dropped);
    }
}

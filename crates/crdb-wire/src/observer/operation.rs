use std::sync::Arc;
use std::time::Instant;

use super::{BatchBegin, BatchEnd, CopyBegin, CopyDirection, CopyEnd, Observer, Outcome, Token};

/// An operation that is reported to the observer. Dropped before [`end`](Self::end), it ends as dropped. Without an observer it
/// does nothing.
pub(crate) struct Operation(Option<Begun>);

struct Begun {
    observer: Arc<dyn Observer>,
    token: Token,
    peer: Arc<str>,
    what: What,
    started: Instant,
}

#[derive(Clone, Copy)]
enum What {
    Batch {
        statements: usize,
        atomic: bool,
    },
    Copy {
        direction: CopyDirection,
        bytes: u64,
    },
}

impl Operation {
    pub(crate) fn batch(
        observer: Option<&Arc<dyn Observer>>,
        peer: &Arc<str>,
        statements: usize,
        atomic: bool,
    ) -> Self {
        Self(observer.map(|observer| Begun {
            token: observer.begin_batch(&BatchBegin {
                peer,
                statements,
                atomic,
            }),
            observer: Arc::clone(observer),
            peer: Arc::clone(peer),
            what: What::Batch { statements, atomic },
            started: Instant::now(),
        }))
    }

    pub(crate) fn copy(
        observer: Option<&Arc<dyn Observer>>,
        peer: &Arc<str>,
        direction: CopyDirection,
        text: &str,
    ) -> Self {
        Self(observer.map(|observer| Begun {
            token: observer.begin_copy(&CopyBegin {
                peer,
                direction,
                text,
            }),
            observer: Arc::clone(observer),
            peer: Arc::clone(peer),
            what: What::Copy {
                direction,
                bytes: 0,
            },
            started: Instant::now(),
        }))
    }

    /// Counts bytes that a COPY has moved.
    pub(crate) fn moved(&mut self, count: usize) {
        if let Some(Begun {
            what: What::Copy { bytes, .. },
            ..
        }) = &mut self.0
        {
            *bytes += count as u64;
        }
    }

    /// Ends it. A second end does nothing. `rows` are those of a COPY that succeeded.
    pub(crate) fn end(&mut self, outcome: Outcome<'_>, rows: u64) {
        let Some(begun) = self.0.take() else { return };
        let elapsed = begun.started.elapsed();
        let peer = &*begun.peer;
        match begun.what {
            What::Batch { statements, atomic } => {
                let event = BatchEnd {
                    peer,
                    statements,
                    atomic,
                    elapsed,
                    outcome,
                };
                begun.observer.end_batch(begun.token, &event);
            }
            What::Copy { direction, bytes } => {
                let event = CopyEnd {
                    peer,
                    direction,
                    bytes,
                    rows,
                    elapsed,
                    outcome,
                };
                begun.observer.end_copy(begun.token, &event);
            }
        }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.end(Outcome::Dropped, 0);
    }
}

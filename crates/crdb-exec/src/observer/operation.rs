use super::{
    AttemptBegin, AttemptEnd, Observer, Outcome, StatementBegin, StatementEnd, Token,
    TransactionBegin, TransactionEnd,
};
use crate::session::{NodeId, Parameters};
use crate::statement::Statement;
use std::borrow::Cow;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::time::Instant;

/// An operation that is reported to the observer. Dropped before [`end`](Self::end), it ends as dropped. Without an observer it
/// does nothing.
pub(crate) struct Operation<'a>(Option<Begun<'a>>);

struct Begun<'a> {
    observer: Handle<'a>,
    token: Token,
    name: Option<Cow<'a, str>>,
    what: What,
    started: Instant,
    /// Of a statement or transaction: the attempts so far.
    attempts: AtomicU32,
    /// The rows of a stream so far.
    rows: u64,
}

#[derive(Clone, Copy)]
enum What {
    Statement { in_transaction: bool },
    Transaction,
    Attempt { is_transaction: bool, number: u32 },
}

/// An observer that is borrowed from the executor, or kept by what outlives the call.
enum Handle<'a> {
    Borrowed(&'a Arc<dyn Observer>),
    Kept(Arc<dyn Observer>),
}

impl Deref for Handle<'_> {
    type Target = dyn Observer;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Borrowed(observer) => &***observer,
            Self::Kept(observer) => &**observer,
        }
    }
}

impl<'a> Operation<'a> {
    pub(crate) fn statement(
        observer: Option<&'a Arc<dyn Observer>>,
        statement: &Statement<'a>,
        parameters: Parameters<'_>,
        in_transaction: bool,
        started: Instant,
    ) -> Self {
        Self(observer.map(|observer| Begun {
            token: observer.begin_statement(&StatementBegin {
                name: statement.name(),
                text: statement.text(),
                parameters,
                in_transaction,
            }),
            observer: Handle::Borrowed(observer),
            name: statement.name().map(Cow::Borrowed),
            what: What::Statement { in_transaction },
            started,
            attempts: AtomicU32::new(1),
            rows: 0,
        }))
    }

    pub(crate) fn transaction(
        observer: Option<&'a Arc<dyn Observer>>,
        name: Option<&'a str>,
        started: Instant,
    ) -> Self {
        Self(observer.map(|observer| Begun {
            token: observer.begin_transaction(&TransactionBegin { name }),
            observer: Handle::Borrowed(observer),
            name: name.map(Cow::Borrowed),
            what: What::Transaction,
            started,
            attempts: AtomicU32::new(1),
            rows: 0,
        }))
    }

    pub(crate) fn attempt(
        observer: Option<&'a Arc<dyn Observer>>,
        name: Option<&'a str>,
        is_transaction: bool,
        number: u32,
    ) -> Self {
        Self(observer.map(|observer| Begun {
            token: observer.begin_attempt(&AttemptBegin {
                name,
                is_transaction,
                number,
            }),
            observer: Handle::Borrowed(observer),
            name: name.map(Cow::Borrowed),
            what: What::Attempt {
                is_transaction,
                number,
            },
            started: Instant::now(),
            attempts: AtomicU32::new(number),
            rows: 0,
        }))
    }

    /// Notes how many attempts there were.
    pub(crate) fn attempts(&self, made: u32) {
        if let Some(begun) = &self.0 {
            begun.attempts.store(made, Ordering::Relaxed);
        }
    }

    /// Notes that a stream has given a row.
    pub(crate) fn row(&mut self) {
        if let Some(begun) = &mut self.0 {
            begun.rows += 1;
        }
    }

    /// Runs `work` as a part of this operation.
    pub(crate) fn scope<T>(
        &self,
        mut work: Pin<&mut (impl Future<Output = T> + Send)>,
    ) -> impl Future<Output = T> + Send
    where
        T: Send,
    {
        poll_fn(move |cx| match &self.0 {
            Some(Begun {
                observer,
                token: token @ Some(_),
                ..
            }) => {
                let mut polled = None;
                observer.within(token, &mut || {
                    if polled.is_none() {
                        polled = Some(work.as_mut().poll(cx));
                    }
                });
                // An observer that forgot to call must not stop the work.
                polled.unwrap_or_else(|| work.as_mut().poll(cx))
            }
            _ => work.as_mut().poll(cx),
        })
    }

    /// The same operation, for what outlives the call.
    pub(crate) fn keep(mut self) -> Operation<'static> {
        Operation(self.0.take().map(|begun| Begun {
            observer: Handle::Kept(match begun.observer {
                Handle::Borrowed(observer) => Arc::clone(observer),
                Handle::Kept(observer) => observer,
            }),
            token: begun.token,
            name: begun.name.map(|name| Cow::Owned(name.into_owned())),
            what: begun.what,
            started: begun.started,
            attempts: begun.attempts,
            rows: begun.rows,
        }))
    }

    /// Ends it. `rows` are those of a statement that is no stream; `node` is that of an attempt.
    pub(crate) fn end(mut self, outcome: Outcome, rows: u64, node: Option<NodeId>) {
        if let Some(mut begun) = self.0.take() {
            begun.rows = begun.rows.max(rows);
            begun.end(outcome, node);
        }
    }
}

impl Begun<'_> {
    fn end(self, outcome: Outcome, node: Option<NodeId>) {
        let elapsed = self.started.elapsed();
        let name = self.name.as_deref();
        let attempts = self.attempts.into_inner();
        match self.what {
            What::Statement { in_transaction } => {
                let event = StatementEnd {
                    name,
                    in_transaction,
                    elapsed,
                    attempts,
                    rows: self.rows,
                    outcome,
                };
                self.observer.end_statement(self.token, &event);
            }
            What::Transaction => {
                let event = TransactionEnd {
                    name,
                    elapsed,
                    attempts,
                    outcome,
                };
                self.observer.end_transaction(self.token, &event);
            }
            What::Attempt {
                is_transaction,
                number,
            } => {
                let event = AttemptEnd {
                    name,
                    is_transaction,
                    number,
                    elapsed,
                    node,
                    outcome,
                };
                self.observer.end_attempt(self.token, &event);
            }
        }
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        if let Some(begun) = self.0.take() {
            begun.end(Outcome::Dropped, None);
        }
    }
}

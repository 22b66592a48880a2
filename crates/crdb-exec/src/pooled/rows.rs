use super::out_of_time;
use crate::answer::Next;
use crate::background;
use crate::deadline;
use crate::error::Error;
use crate::executor::Rows;
use crate::observer::{Operation, Outcome};
use crate::session::{Session, SessionSource};
use crate::verdict::Position;
use futures_util::Stream;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// The rows of a statement outside a transaction, with the session that they come from.
///
/// The timeout counts for each wait for the server, not for the whole: a slow reader does not fail. Dropped before its
/// end, it gives back a session with a half-read reply, which its source cleans or closes.
pub struct PooledRows<S: SessionSource> {
    pub(super) lease: Option<S::Lease>,
    pub(super) cursor: <S::Session as Session>::Cursor,
    pub(super) label: String,
    pub(super) position: Position,
    pub(super) affected: Option<u64>,
    pub(super) stall: Option<Duration>,
    pub(super) timer: Option<Pin<Box<Sleep>>>,
    pub(super) ended: bool,
    /// Until the end has been reported.
    pub(super) operation: Option<Operation<'static>>,
}

impl<S: SessionSource> PooledRows<S> {
    fn attempted(&self) -> String {
        format!("reading the rows of \"{}\"", self.label)
    }

    fn report(&mut self, outcome: Outcome) {
        if let Some(operation) = self.operation.take() {
            operation.end(outcome, self.affected.unwrap_or_default(), None);
        }
    }

    /// Starts the timer of one wait and says whether it has run out.
    fn stalled(&mut self, cx: &mut Context<'_>) -> bool {
        let end = |limit| deadline::after(Instant::now(), limit);
        if self.timer.is_none() {
            self.timer = self.stall.and_then(end).map(|at| Box::pin(sleep_until(at)));
        }
        let Some(timer) = &mut self.timer else {
            return false;
        };
        timer.as_mut().poll(cx).is_ready()
    }
}

// Nothing in it is pinned in place; the timer has a box of its own.
impl<S: SessionSource> Unpin for PooledRows<S> {}

impl<S: SessionSource> Stream for PooledRows<S> {
    type Item = Result<<S::Session as Session>::Row, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(lease) = this.lease.as_ref().filter(|_| !this.ended) else {
            return Poll::Ready(None);
        };
        match lease.poll_row(&mut this.cursor, cx) {
            Poll::Ready(Next::Row(row)) => {
                this.timer = None;
                if let Some(operation) = &mut this.operation {
                    operation.row();
                }
                Poll::Ready(Some(Ok(row)))
            }
            Poll::Ready(Next::End(answer)) => {
                let engine = lease.engine();
                this.ended = true;
                let result = answer
                    .into_result()
                    .map_err(|fault| {
                        Error::from_fault(fault, this.position, engine, this.attempted())
                    })
                    .map(|affected| this.affected = Some(affected));
                this.report(Outcome::of(&result));
                Poll::Ready(result.err().map(Err))
            }
            Poll::Pending => {
                if !this.stalled(cx) {
                    return Poll::Pending;
                }
                this.ended = true;
                if let Some(lease) = this.lease.take() {
                    deadline::keep_until(background::spawn(lease.cancel()), lease);
                }
                let result = Err(out_of_time(this.attempted(), this.position));
                this.report(Outcome::of(&result));
                Poll::Ready(Some(result))
            }
        }
    }
}

impl<S: SessionSource> Rows for PooledRows<S> {
    type Row = <S::Session as Session>::Row;

    fn rows_affected(&self) -> Option<u64> {
        self.affected
    }
}

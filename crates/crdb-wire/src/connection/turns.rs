//! Decides who moves a connection's bytes: its own task, or the only caller that waits.
//!
//! A statement that has the connection for itself gains nothing from a task between it and the stream: the task would have
//! to be woken to write, and the caller once more when the reply has come. So the only caller that waits moves the bytes while it
//! is polled. The task does so in every other case, and may take over at any time. It does when it is asked to, and when no
//! caller has moved bytes for a [`TICK`], so that nothing that the server says stays unread for longer than two of them.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep};

use super::driver::{Driver, Finish};
use crate::answer::End;

/// How long the task leaves the stream alone after a caller has moved bytes.
const TICK: Duration = Duration::from_millis(20);

/// Who moves the bytes of one connection.
#[derive(Default)]
pub(super) struct Turns {
    seat: OnceLock<Weak<dyn Drive>>,
    task: AtomicWaker,
    /// The task is asked to move the bytes.
    asked: AtomicBool,
    /// A caller moves the bytes, or was the last that did: the task waits for a tick, or is about to.
    lent: AtomicBool,
    /// A caller has moved bytes since the task last looked.
    used: AtomicBool,
}

/// What a driver is behind, whatever its stream.
trait Drive: Send + Sync {
    /// Moves bytes for a caller, which may begin to if that is so once the driver is its own. Says whether the caller may go on.
    fn drive(&self, turns: &Turns, cx: &mut Context<'_>, begins: &dyn Fn() -> bool) -> bool;

    /// Writes what can be written at once. Says whether the task has nothing to do about it.
    fn write(&self, turns: &Turns) -> bool;

    /// Moves what can be moved at once, if no caller waits for something. Gives the end of the connection if it found one.
    fn look(&self, turns: &Turns, is_quiet: &dyn Fn() -> bool) -> Option<End>;
}

/// A driver, for one at a time.
struct Seat<S>(Mutex<Place<S>>);

struct Place<S> {
    /// Absent once the connection has ended.
    driver: Option<Driver<S>>,
    /// How the connection has ended in a caller's turn.
    finish: Option<Finish>,
    /// Wakes the task that runs the driver.
    task: Option<Waker>,
}

impl Turns {
    /// Asks the task to move the bytes.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.task.wake();
    }

    /// Writes what a caller of a shared connection has left, or asks the task to.
    pub(super) fn write(&self) {
        if !self.seat().is_some_and(|seat| seat.write(self)) {
            self.ask();
        }
    }

    /// Moves bytes for the only caller that waits. It `begins` with its first poll, if it still is the only one, and goes on until the
    /// task has taken over. Says whether it may go on.
    pub(super) fn drive(&self, cx: &mut Context<'_>, begins: impl Fn() -> bool) -> bool {
        let seat = self.seat();
        let goes_on = seat.is_some_and(|seat| seat.drive(self, cx, &begins));
        // The task may hold the driver, and may have looked already at what is to be written.
        if !goes_on {
            self.ask();
        }
        goes_on
    }

    /// Takes what the server has said since a caller moved bytes, which the task has not been told of. `is_quiet`: no caller
    /// waits for an answer. Gives the end of the connection if that is what it has said.
    pub(super) fn look(&self, is_quiet: impl Fn() -> bool) -> Option<End> {
        if !self.is_lent() || !is_quiet() {
            return None;
        }
        self.seat()?.look(self, &is_quiet)
    }

    /// Whether a caller moves the bytes, or was the last that did.
    pub(super) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Acquire)
    }

    fn seat(&self) -> Option<Arc<dyn Drive>> {
        self.seat.get().and_then(Weak::upgrade)
    }

    /// Runs a driver until its connection ends, and gives it back.
    pub(super) async fn run<S>(&self, driver: Driver<S>) -> (Driver<S>, Finish)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seat = Arc::new(Seat(Mutex::new(Place {
            driver: Some(driver),
            finish: None,
            task: None,
        })));
        let weak: Weak<Seat<S>> = Arc::downgrade(&seat);
        // A driver runs once.
        drop(self.seat.set(weak));
        let mut tick = None;
        std::future::poll_fn(|cx| self.poll_task(cx, &seat, &mut tick)).await
    }

    fn poll_task<S>(
        &self,
        cx: &mut Context<'_>,
        seat: &Seat<S>,
        tick: &mut Option<Pin<Box<Sleep>>>,
    ) -> Poll<(Driver<S>, Finish)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.task.register(cx.waker());
        if !self.asked.swap(false, Ordering::AcqRel) && self.lent.load(Ordering::Acquire) {
            let waits = tick.get_or_insert_with(|| Box::pin(sleep(TICK)));
            while waits.as_mut().poll(cx).is_ready() {
                if !self.used.swap(false, Ordering::AcqRel) {
                    break;
                }
                waits.as_mut().reset(Instant::now() + TICK);
            }
            if !waits.is_elapsed() {
                return Poll::Pending;
            }
        }
        *tick = None;
        let mut place = seat.0.lock();
        match &mut place.task {
            Some(task) => task.clone_from(cx.waker()),
            task @ None => *task = Some(cx.waker().clone()),
        }
        self.lent.store(false, Ordering::Release);
        let finish = match place.finish.take() {
            Some(finish) => finish,
            None => match place.driver.as_mut().map(|driver| driver.poll(cx, true)) {
                Some(Poll::Ready(finish)) => finish,
                Some(Poll::Pending) | None => return Poll::Pending,
            },
        };
        match place.driver.take() {
            Some(driver) => Poll::Ready((driver, finish)),
            None => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Place<S> {
    /// Moves bytes. Says whether the connection goes on. Unless `watches`, the driver leaves the stream after the last answer.
    fn poll(&mut self, cx: &mut Context<'_>, watches: bool) -> bool {
        let Some(driver) = self.driver.as_mut().filter(|_| self.finish.is_none()) else {
            return false;
        };
        // An observer that panics takes a part of what was read with it.
        let panicked = Finish::Ended(End::Protocol("an observer of this connection panicked"));
        self.finish = Some(panicked);
        match driver.poll(cx, watches) {
            Poll::Pending => {
                self.finish = None;
                true
            }
            Poll::Ready(finish) => {
                self.finish = Some(finish);
                false
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Drive for Seat<S> {
    fn drive(&self, turns: &Turns, cx: &mut Context<'_>, begins: &dyn Fn() -> bool) -> bool {
        let Some(mut place) = self.0.try_lock() else {
            return false;
        };
        let lent = turns.is_lent();
        if !lent && !begins() {
            return false;
        }
        turns.used.store(true, Ordering::Release);
        turns.lent.store(true, Ordering::Release);
        let goes_on = place.poll(cx, false);
        drop(place);
        if !goes_on {
            turns.ask();
        } else if !lent {
            // It waits for the stream, and does not look after it from now on.
            turns.task.wake();
        }
        goes_on
    }

    fn write(&self, turns: &Turns) -> bool {
        let Some(mut place) = self.0.try_lock() else {
            return false;
        };
        if turns.is_lent() || place.finish.is_some() {
            return false;
        }
        match &mut place.driver {
            Some(driver) if driver.is_expecting() => {
                driver.write(&mut Context::from_waker(Waker::noop()))
            }
            // What an idle server has said is read before anything is written to it. The task waits for the stream as before: it is
            // its waker that the stream is given.
            Some(_) => {
                let Some(task) = place.task.take() else {
                    return false;
                };
                let goes_on = place.poll(&mut Context::from_waker(&task), true);
                place.task = Some(task);
                goes_on
            }
            None => false,
        }
    }

    fn look(&self, turns: &Turns, is_quiet: &dyn Fn() -> bool) -> Option<End> {
        let mut place = self.0.try_lock()?;
        // Its waker does nothing, so that it must not displace one that waits: neither the task's nor a caller's.
        if !turns.is_lent() || !is_quiet() {
            return None;
        }
        let goes_on = place.poll(&mut Context::from_waker(Waker::noop()), false);
        let end = match &place.finish {
            Some(Finish::Ended(end)) => Some(end.clone()),
            Some(Finish::Goodbye) | None => None,
        };
        drop(place);
        if !goes_on {
            turns.ask();
        }
        end
    }
}

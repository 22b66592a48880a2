//! Runs statements on lanes.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::admission::{Admission, LaneId};
use super::connection::Lane;
use super::estimate::{Estimate, Moment};
use super::gate::{self, Gate, NoPlace};
use super::{LaneConfig, LaneSource, LaneStatus, OpenError};
use crate::Parameters;
use crate::answer::{Answer, Written};
use crate::connection::{Event, Reply};
use crate::error::Error;
use crate::protocol::RowBlock;
use crate::request::Request;
use crate::row::Row;
use crate::row_stream::Rows;
use crate::statement::{Prepared, bind};

/// How often a statement is sent on another lane because the first one ended before it was written.
const ATTEMPTS: usize = 4;

/// How long it takes at least until a lane is looked at again, on which statements still have their callers.
const RECHECK_INTERVAL: Duration = Duration::from_millis(5);

/// How long a statement may go on after it was cancelled, before its connection is closed. Every caller of that connection is gone by
/// then, and others may wait for its place.
const AFTER_CANCEL: Duration = Duration::from_secs(2);

const ATTEMPT: &str = "executing a statement on a lane";

type Place<S> = gate::Place<Lane<<S as LaneSource>::Session>, OpenError>;

/// What the handle of [`Lanes`](super::Lanes), its keeper and the statements under way share.
pub(super) struct Inner<S: LaneSource> {
    pub(super) source: S,
    pub(super) config: LaneConfig,
    pub(super) gate: Arc<Gate<Lane<S::Session>, OpenError>>,
    pub(super) estimate: Mutex<Estimate>,
    /// Statements that have arrived since the keeper counted them.
    pub(super) arrived: AtomicU64,
    epoch: Instant,
    keeper: Arc<Notify>,
    runtime: Handle,
}

impl<S: LaneSource> Inner<S> {
    pub(super) fn new(source: S, config: LaneConfig) -> Self {
        Self {
            source,
            gate: Gate::new(Admission::new(1, config.max_waiting)),
            config,
            estimate: Mutex::default(),
            arrived: AtomicU64::new(0),
            epoch: Instant::now(),
            keeper: Arc::new(Notify::new()),
            runtime: Handle::current(),
        }
    }

    /// Wakes the keeper.
    pub(super) fn keeper(&self) -> Arc<Notify> {
        Arc::clone(&self.keeper)
    }

    pub(super) fn moment(&self, instant: Instant) -> Moment {
        instant.saturating_duration_since(self.epoch)
    }

    pub(super) fn status(&self) -> LaneStatus {
        self.gate.look(|admission| LaneStatus {
            lanes: admission.lanes(),
            open: admission.open_lanes(),
            depth: admission.depth(),
            statements: admission.demand(),
        })
    }

    /// Runs a statement on a lane. Sets `sent` once it may have been written.
    pub(super) async fn run(
        self: &Arc<Self>,
        request: Request<'_>,
        values: Parameters<'_>,
        sent: &AtomicBool,
    ) -> Result<Rows, Error> {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        let mut attempts = 0;
        loop {
            attempts += 1;
            let held = Held {
                place: Some(self.place().await?),
                inner: self,
            };
            let result = self.run_on(held, request, values, sent).await;
            let unsent = |error: &Error| {
                error.answer().end().is_some() && error.answer().written() == Written::Not
            };
            match result {
                Err(error) if unsent(&error) && attempts < ATTEMPTS => {
                    sent.store(false, Ordering::Release);
                }
                result => return result,
            }
        }
    }

    /// Waits for a place on a lane.
    async fn place(&self) -> Result<Place<S>, Error> {
        let mut enter = pin!(self.gate.enter());
        let mut told = false;
        let entered = poll_fn(|cx| {
            let poll = enter.as_mut().poll(cx);
            if poll.is_pending() && !std::mem::replace(&mut told, true) {
                self.keeper.notify_one();
            }
            poll
        });
        entered.await.map_err(|refusal| match refusal {
            NoPlace::Full => Error::refused(format!(
                "waiting for a lane: {} statements wait already",
                self.config.max_waiting
            )),
            NoPlace::SentAway(cause) => Error::unusable("opening a lane").with_source(cause),
        })
    }

    async fn run_on(
        self: &Arc<Self>,
        mut held: Held<'_, S>,
        request: Request<'_>,
        values: Parameters<'_>,
        sent: &AtomicBool,
    ) -> Result<Rows, Error> {
        let Some((lane, id)) = held.lane() else {
            return Err(Error::unusable(ATTEMPT));
        };
        let connection = &lane.session().connection;
        let mut again = false;
        loop {
            let (back, prepared) = self.prepared(held, &lane, request.text).await;
            held = back;
            let (prepared, reused) =
                prepared.inspect_err(|error| self.examine(&lane, id, error.answer()))?;
            if !prepared.footprint.is_shareable() {
                return Err(Error::refused(
                    "executing a statement on a lane: its text may leave something behind, move a transaction or copy; it needs a \
                     session of its own",
                ));
            }
            // No await lies between this and the beginning of the reply, so that a dropped future has sent all or nothing.
            let reply = self
                .send(&lane, &prepared, request, values)
                .inspect_err(|error| self.examine(&lane, id, error.answer()))?;
            sent.store(true, Ordering::Release);
            let began = Instant::now();
            let mut under_way = UnderWay(Some((held, reply)));
            let (mut blocks, mut gathered) = (Vec::new(), 0_usize);
            while let Some(event) = under_way.event().await {
                if let Event::Rows(block) = event {
                    // What is unread has the same bound; rows that come slowly are read before they reach it.
                    gathered = gathered.saturating_add(block.bytes());
                    blocks.push(block);
                    if gathered > self.config.max_result {
                        blocks.clear();
                    }
                }
            }
            let Some((back, reply)) = under_way.0.take() else {
                return Err(Error::unusable(ATTEMPT));
            };
            held = back;
            let overflowed = reply.overflowed() || gathered > self.config.max_result;
            if let Some(answered) = reply.answered() {
                let before = answered.before.map_or(Moment::ZERO, |at| self.moment(at));
                self.estimate
                    .lock()
                    .answered(self.moment(began), before, self.moment(answered.at));
            }
            let answer = reply.take();
            if reused && !again && connection.repeats(request, &prepared, &answer).0 {
                again = true;
                continue;
            }
            self.examine(&lane, id, &answer);
            return finish(&lane, &prepared, blocks, answer, overflowed);
        }
    }

    /// The prepared statement, and whether it was there already. Of several callers of one text, one prepares it.
    async fn prepared<'i>(
        self: &'i Arc<Self>,
        held: Held<'i, S>,
        lane: &Lane<S::Session>,
        text: &str,
    ) -> (Held<'i, S>, Result<(Arc<Prepared>, bool), Error>) {
        let connection = &lane.session().connection;
        if let Some(prepared) = connection.statements.get(text) {
            return (held, Ok((prepared, true)));
        }
        let _only = lane.preparing.lock().await;
        let mut preparing = Preparing { held };
        let prepared = connection.statement(text).await;
        (preparing.held.take(), prepared)
    }

    fn send(
        &self,
        lane: &Lane<S::Session>,
        prepared: &Prepared,
        request: Request<'_>,
        values: Parameters<'_>,
    ) -> Result<Reply, Error> {
        let connection = &lane.session().connection;
        let mut buffer = connection.shared.scratch();
        let sent = prepared
            .bind(values, &mut buffer)
            .and_then(|()| bind::execute_and_sync(&mut buffer))
            .and_then(|()| {
                let keeps = Some(self.config.max_result);
                connection.send_bound(prepared, request, &buffer, keeps)
            });
        connection.shared.return_scratch(buffer);
        sent
    }

    /// A statement was answered: looks whether its lane may go on.
    fn examine(&self, lane: &Lane<S::Session>, id: LaneId, answer: &Answer) {
        if answer.end().is_some() {
            drop(self.gate.remove(id));
            self.keeper.notify_one();
        } else if !lane.is_sound() {
            self.retire(lane, id);
        }
    }

    /// The lane takes no new statements any more.
    pub(super) fn retire(&self, lane: &Lane<S::Session>, id: LaneId) {
        if lane.retire() {
            self.gate.set_open(id, false);
            self.keeper.notify_one();
        }
    }

    /// Removes a lane that is retiring and has no statement.
    pub(super) fn sweep(&self, lane: &Lane<S::Session>, id: LaneId) {
        if lane.is_retiring() && self.gate.look(|admission| admission.taken(id)) == 0 {
            drop(self.gate.remove(id));
            self.keeper.notify_one();
        }
    }

    /// Waits for the end of a reply whose caller is gone.
    async fn outlive(self: Arc<Self>, place: Place<S>, mut reply: Reply) {
        let lane = Arc::clone(place.lane());
        let id = place.id();
        if timeout(self.config.abandoned_timeout, reply.answer())
            .await
            .is_err()
        {
            self.retire(&lane, id);
            self.cancel_when_alone(&lane, id, &mut reply).await;
        }
        let answer = reply.take();
        if answer.end().is_none() && answer.status().is_none() {
            // Neither an answer nor an end in all that time: only closing the connection helps.
            drop(self.gate.remove(id));
        }
        self.examine(&lane, id, &answer);
        if lane.end_abandoned() && !lane.is_retiring() {
            self.gate.set_open(id, true);
        }
        drop(Held {
            place: Some(place),
            inner: &self,
        });
    }

    /// Cancels once every statement on the lane has lost its caller: a cancel hits whatever runs when it arrives. New ones do not come,
    /// because the lane is retiring.
    async fn cancel_when_alone(&self, lane: &Lane<S::Session>, id: LaneId, reply: &mut Reply) {
        let alone = async {
            loop {
                let changed = lane.changed();
                if self.gate.look(|admission| admission.taken(id)) <= lane.abandoned() {
                    return;
                }
                // A place that was given back before its statement was sent is not announced. With a short timeout it would be looked for
                // without a pause.
                let pause = self.config.abandoned_timeout.max(RECHECK_INTERVAL);
                drop(timeout(pause, changed).await);
            }
        };
        tokio::select! {
            biased;
            _ = reply.answer() => return,
            () = alone => {}
        }
        let cancelled = async {
            // What it answers does not matter: the reply tells, or the time.
            drop(lane.session().cancel_handle().cancel().await);
            std::future::pending::<()>().await;
        };
        let answered = async {
            tokio::select! {
                biased;
                _ = reply.answer() => {}
                () = cancelled => {}
            }
        };
        drop(timeout(AFTER_CANCEL, answered).await);
    }
}

/// A place on a lane, and what must be seen to when it is given back.
struct Held<'i, S: LaneSource> {
    inner: &'i Arc<Inner<S>>,
    place: Option<Place<S>>,
}

impl<S: LaneSource> Held<'_, S> {
    /// The place, of which nothing is left here.
    fn take(&mut self) -> Self {
        Self {
            inner: self.inner,
            place: self.place.take(),
        }
    }

    fn lane(&self) -> Option<(Arc<Lane<S::Session>>, LaneId)> {
        let place = self.place.as_ref()?;
        Some((Arc::clone(place.lane()), place.id()))
    }
}

impl<S: LaneSource> Drop for Held<'_, S> {
    fn drop(&mut self) {
        if let Some((lane, id)) = self.lane() {
            self.place = None;
            lane.tell_changed();
            self.inner.sweep(&lane, id);
        }
    }
}

/// A statement that is being prepared. Dropped, its lane is watched until the server has answered: a connection that has died without a
/// word would go on taking statements otherwise.
struct Preparing<'i, S: LaneSource> {
    held: Held<'i, S>,
}

impl<S: LaneSource> Drop for Preparing<'_, S> {
    fn drop(&mut self) {
        let held = self.held.take();
        let Some((lane, id)) = held.lane() else {
            return;
        };
        match lane.sync() {
            // Its reply comes behind that of what was being prepared.
            Ok(reply) => drop(UnderWay(Some((held, reply)))),
            Err(error) => held.inner.examine(&lane, id, error.answer()),
        }
    }
}

/// A statement that was sent and whose reply has not ended. Dropped, it goes on without its caller.
struct UnderWay<'i, S: LaneSource>(Option<(Held<'i, S>, Reply)>);

impl<S: LaneSource> UnderWay<'_, S> {
    async fn event(&mut self) -> Option<Event> {
        poll_fn(|cx| match &mut self.0 {
            Some((_, reply)) => reply.poll_event(cx),
            None => Poll::Ready(None),
        })
        .await
    }
}

impl<S: LaneSource> Drop for UnderWay<'_, S> {
    fn drop(&mut self) {
        if let Some((mut held, reply)) = self.0.take()
            && let Some(place) = held.place.take()
        {
            place.lane().abandon();
            held.inner.gate.set_open(place.id(), false);
            let outlive = Arc::clone(held.inner).outlive(place, reply);
            // Boxed: the runtime's code for a task is not compiled again for each source of lanes.
            let outlive: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(outlive);
            drop(held.inner.runtime.spawn(outlive));
        }
    }
}

/// The result of a statement whose answer is complete.
fn finish<S: AsRef<crate::Session>>(
    lane: &Lane<S>,
    prepared: &Prepared,
    blocks: Vec<RowBlock>,
    answer: Answer,
    overflowed: bool,
) -> Result<Rows, Error> {
    if !answer.is_success() {
        return Err(lane.session().connection.failed(ATTEMPT, answer));
    }
    if overflowed {
        return Err(Error::too_large(
            "executing a statement on a lane: it ran, and its result is larger than a lane keeps",
            answer,
        ));
    }
    let rows = blocks
        .into_iter()
        .flatten()
        .map(|body| Row::new(body, Arc::clone(&prepared.columns)))
        .collect();
    Ok(Rows::new(rows, Arc::clone(&prepared.columns), answer))
}

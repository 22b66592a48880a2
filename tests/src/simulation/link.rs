//! A connection of the simulated network: two directions of bytes that take time, are bounded, and may fail at any byte.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::world::World;

/// Terminate, with which a client says goodbye.
const GOODBYE: &[u8] = b"X\0\0\0\x04";

/// After how long an end notices that the other one is gone, where nothing says so.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// What becomes of a connection, by the number of bytes that have passed in both directions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Whole,
    /// It is cut behind this byte: what passed before arrives, and then both ends fail.
    Cut(u64),
    /// The side that reads reads behind this byte that there is no more, while the other direction goes on.
    HalfClosed(u64, Side),
    /// No byte arrives from here on, and nothing says so.
    BlackHole(u64),
}

/// The connections of a run.
pub(super) struct Links {
    world: Arc<World>,
    links: Mutex<Vec<Weak<Link>>>,
    opened: AtomicU64,
}

impl Links {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            links: Mutex::default(),
            opened: AtomicU64::new(0),
        })
    }

    /// Opens a connection to a node. Gives the client's end and the server's.
    pub(super) fn open(&self, node: usize, fate: Fate) -> (End, End) {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        self.world
            .note(format_args!("link {number} to node {node}: {fate:?}"));
        let (link, client, server) = Link::open(&self.world, number, node, fate);
        self.links.lock().push(Arc::downgrade(&link));
        (client, server)
    }

    /// Those of which an end is left.
    pub(super) fn all(&self) -> Vec<Arc<Link>> {
        let mut links = self.links.lock();
        links.retain(|link| link.strong_count() > 0);
        links.iter().filter_map(Weak::upgrade).collect()
    }

    /// Those to a node.
    pub(super) fn to(&self, node: usize) -> Vec<Arc<Link>> {
        let mut links = self.all();
        links.retain(|link| link.node == node);
        links
    }

    /// How many sessions the client has open.
    pub(super) fn open_sessions(&self) -> usize {
        let links = self.all();
        links.iter().filter(|link| link.is_open_session()).count()
    }
}

/// A connection.
pub(super) struct Link {
    pub(super) number: u64,
    pub(super) node: usize,
    world: Arc<World>,
    state: Mutex<State>,
}

struct State {
    fate: Fate,
    /// Bytes taken from both ends.
    passed: u64,
    to_client: Way,
    to_server: Way,
    /// When both ends fail.
    reset: Option<Instant>,
    /// Bytes disappear.
    dark: bool,
    /// Nothing arrives before this time.
    held_until: Option<Instant>,
    /// It carries a session, which has not said goodbye.
    is_session: bool,
}

/// One direction.
#[derive(Default)]
struct Way {
    /// Bytes and when they arrive, in order.
    pieces: VecDeque<(Instant, Bytes)>,
    held: usize,
    /// When the reader learns of the end.
    end: Option<Instant>,
    /// The end that writes is gone.
    writer_gone: bool,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl State {
    fn way_to(&mut self, reader: Side) -> &mut Way {
        match reader {
            Side::Client => &mut self.to_client,
            Side::Server => &mut self.to_server,
        }
    }

    fn wake(&mut self) {
        for way in [&mut self.to_client, &mut self.to_server] {
            for waker in [way.reader.take(), way.writer.take()].into_iter().flatten() {
                waker.wake();
            }
        }
    }
}

impl Link {
    /// A connection to a node, as its two ends.
    fn open(world: &Arc<World>, number: u64, node: usize, fate: Fate) -> (Arc<Self>, End, End) {
        let link = Arc::new(Self {
            number,
            node,
            world: Arc::clone(world),
            state: Mutex::new(State {
                fate,
                passed: 0,
                to_client: Way::default(),
                to_server: Way::default(),
                reset: None,
                dark: false,
                held_until: None,
                is_session: false,
            }),
        });
        let end = |side| End {
            link: Arc::clone(&link),
            side,
            reading: Box::pin(sleep_until(Instant::now())),
            writing: Box::pin(sleep_until(Instant::now())),
        };
        let (client, server) = (end(Side::Client), end(Side::Server));
        (link, client, server)
    }

    /// Both ends fail, once they have heard of it.
    pub(super) fn reset(&self) {
        let mut state = self.state.lock();
        let at = Instant::now() + self.delay();
        if state.reset.is_none_or(|earlier| earlier > at) {
            state.reset = Some(at);
        }
        state.wake();
    }

    /// Nothing arrives before this time.
    pub(super) fn hold_until(&self, until: Instant) {
        self.state.lock().held_until = Some(until);
    }

    /// From here on no byte arrives.
    pub(super) fn darken(&self) {
        self.state.lock().dark = true;
    }

    /// The client has asked for a session on it.
    pub(super) fn begin_session(&self) {
        self.state.lock().is_session = true;
    }

    /// Whether the client counts it as an open session: it has neither closed it nor said goodbye, and could have.
    pub(super) fn is_open_session(&self) -> bool {
        let state = self.state.lock();
        let failed = state.reset.is_some_and(|at| at <= Instant::now());
        state.is_session && !state.to_server.writer_gone && !state.dark && !failed
    }

    fn delay(&self) -> Duration {
        self.world.millis(self.world.setting.delay)
    }

    /// Takes bytes from the end that is not `reader`, and decides what becomes of them.
    fn carry(&self, state: &mut State, reader: Side, bytes: &[u8]) {
        let now = Instant::now();
        let before = state.passed;
        state.passed += bytes.len() as u64;
        if reader == Side::Server && bytes == GOODBYE {
            state.is_session = false;
        }
        let mut passes = bytes;
        let up_to = |byte: u64| {
            let left = usize::try_from(byte.saturating_sub(before)).unwrap_or(usize::MAX);
            bytes.get(..left).unwrap_or(bytes)
        };
        let arrival = now + self.delay();
        match state.fate {
            Fate::Cut(byte) if state.passed > byte => {
                passes = up_to(byte);
                if state.reset.is_none() {
                    self.world.count("cuts");
                    self.world.note(format_args!("link {} is cut", self.number));
                    state.reset = Some(arrival);
                }
            }
            Fate::HalfClosed(byte, side) if state.passed > byte => {
                if side == reader {
                    passes = up_to(byte);
                }
                let way = state.way_to(side);
                if way.end.is_none() {
                    self.world.count("half-closes");
                    self.world
                        .note(format_args!("link {} ends for the {side:?}", self.number));
                    way.end = Some(arrival);
                }
            }
            Fate::BlackHole(byte) if state.passed > byte => {
                passes = up_to(byte);
                if !state.dark {
                    self.world.count("black holes");
                    self.world
                        .note(format_args!("link {} goes dark", self.number));
                    state.dark = true;
                }
            }
            _ => {}
        }
        if state.dark && !matches!(state.fate, Fate::BlackHole(_)) {
            passes = &[];
        }
        let dark = state.dark;
        if state.way_to(reader).reader_gone && state.reset.is_none() {
            // The system at the other end answers so when its program has closed.
            state.reset = Some(arrival);
        }
        let way = state.way_to(reader);
        // What a black hole has swallowed is never acknowledged, and fills the buffer.
        way.held += if dark { bytes.len() } else { passes.len() };
        if !passes.is_empty() && way.end.is_none() {
            let last = way.pieces.back().map_or(arrival, |(at, _)| *at);
            way.pieces
                .push_back((arrival.max(last), Bytes::copy_from_slice(passes)));
        }
        state.wake();
    }
}

/// One end of a [`Link`]. Dropping it closes it.
pub(super) struct End {
    link: Arc<Link>,
    side: Side,
    reading: Pin<Box<Sleep>>,
    writing: Pin<Box<Sleep>>,
}

impl End {
    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            let next = {
                let mut state = this.link.state.lock();
                let now = Instant::now();
                let (reset, held_until) = (state.reset, state.held_until);
                if let Some(until) = held_until.filter(|until| *until > now) {
                    state.way_to(this.side).reader = Some(cx.waker().clone());
                    Some(until)
                } else {
                    let way = state.way_to(this.side);
                    if let Some((_, bytes)) = way.pieces.front_mut().filter(|(at, _)| *at <= now) {
                        let take = buf.remaining().min(bytes.len());
                        buf.put_slice(&bytes.split_to(take));
                        if bytes.is_empty() {
                            way.pieces.pop_front();
                        }
                        way.held = way.held.saturating_sub(take);
                        if let Some(waker) = way.writer.take() {
                            waker.wake();
                        }
                        return Poll::Ready(Ok(()));
                    }
                    if way.end.is_some_and(|at| at <= now) && way.pieces.is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    if reset.is_some_and(|at| at <= now) {
                        return Poll::Ready(Err(broken()));
                    }
                    way.reader = Some(cx.waker().clone());
                    let arrival = way.pieces.front().map(|(at, _)| *at);
                    [arrival, way.end.filter(|_| arrival.is_none()), reset]
                        .into_iter()
                        .flatten()
                        .min()
                }
            };
            let Some(next) = next else {
                return Poll::Pending;
            };
            this.reading.as_mut().reset(next);
            if this.reading.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let capacity = this.link.world.setting.buffer;
        let reader = this.side.other();
        let mut state = this.link.state.lock();
        let reset = state.reset;
        let way = state.way_to(reader);
        if way.writer_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = capacity.saturating_sub(way.held);
        if room == 0 {
            way.writer = Some(cx.waker().clone());
        }
        drop(state);
        if reset.is_some_and(|at| at <= Instant::now()) {
            return Poll::Ready(Err(broken()));
        }
        if room == 0 {
            let Some(at) = reset else {
                return Poll::Pending;
            };
            this.writing.as_mut().reset(at);
            return match this.writing.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Err(broken())),
                Poll::Pending => Poll::Pending,
            };
        }
        let mut state = this.link.state.lock();
        let taken = buf.get(..room).unwrap_or(buf);
        this.link.carry(&mut state, reader, taken);
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl End {
    /// Says to the other end that no more comes.
    fn close(&self) {
        let arrival = Instant::now() + self.link.delay();
        let mut state = self.link.state.lock();
        let dark = state.dark;
        let way = state.way_to(self.side.other());
        way.writer_gone = true;
        if dark {
            // The other end's system finds out by itself.
            let notices = Instant::now() + KEEPALIVE;
            state.reset = Some(state.reset.map_or(notices, |at| at.min(notices)));
        } else if way.end.is_none() {
            let last = way.pieces.back().map_or(arrival, |(at, _)| *at);
            way.end = Some(arrival.max(last));
        }
        state.wake();
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.close();
        let mut state = self.link.state.lock();
        let way = state.way_to(self.side);
        way.reader_gone = true;
        way.pieces.clear();
        way.held = 0;
        state.wake();
    }
}

//! One forwarded connection.

use std::collections::VecDeque;
use std::future::pending;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::Instant;

use super::listener::reset;
use super::settings::{Counts, Cut, Direction, Settings};
use super::wire::Wire;

/// How many bytes may be under way in one direction before reading stops.
const IN_FLIGHT_LIMIT: usize = 4 << 20;

const READ_SIZE: usize = 64 << 10;

/// Where what a connection does is counted and recorded.
pub(super) struct Tap {
    /// Its number among the accepted ones.
    pub(super) connection: u64,
    pub(super) counts: watch::Sender<Counts>,
    pub(super) wire: Wire,
}

impl Tap {
    fn passed(&self, direction: Direction, bytes: &[u8]) {
        self.wire.add(self.connection, direction, bytes);
        self.counts
            .send_modify(|counts| counts.add_bytes(direction, bytes.len() as u64));
    }

    fn cut(&self) {
        self.counts.send_modify(|counts| counts.cut += 1);
    }
}

/// Counts a connection as open until it is dropped.
pub(super) struct Open<'a>(&'a watch::Sender<Counts>);

impl<'a> Open<'a> {
    pub(super) fn count(counts: &'a watch::Sender<Counts>) -> Self {
        counts.send_modify(|counts| counts.open += 1);
        Self(counts)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|counts| counts.open -= 1);
    }
}

/// Forwards both ways until both have ended or a cut ends them.
pub(super) async fn forward(
    mut client: TcpStream,
    mut server: TcpStream,
    cuts_before: u64,
    settings: watch::Receiver<Settings>,
    tap: &Tap,
) {
    for stream in [&client, &server] {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    }
    let how = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = pump(
            Direction::ToServer,
            from_client,
            to_server,
            settings.clone(),
            tap,
        );
        let back = pump(
            Direction::ToClient,
            from_server,
            to_client,
            settings.clone(),
            tap,
        );
        let both = async {
            tokio::pin!(there, back);
            tokio::select! {
                end = &mut there => match end { End::Finished => back.await, end => end },
                end = &mut back => match end { End::Finished => there.await, end => end },
            }
        };
        tokio::select! {
            end = both => end,
            cut = told_to_cut(cuts_before, settings.clone()) => End::Cut(cut),
        }
    };
    let cut = match how {
        End::Finished => return,
        // The side that is still there learns it as it would without a proxy.
        End::Broken => Cut::Reset,
        End::Cut(cut) => {
            tap.cut();
            cut
        }
    };
    if cut == Cut::Reset {
        reset(&server);
    }
    if cut == Cut::HalfClose {
        // Only `cut_now` comes here: it names no direction, so both see the end of the stream.
        drop(server.shutdown().await);
    }
    end(&client, cut).await;
}

/// Ends one side as `cut` says; the close itself is the caller's drop.
pub(super) async fn end(stream: &TcpStream, cut: Cut) {
    match cut {
        Cut::Reset => reset(stream),
        Cut::Blackhole => pending().await,
        Cut::Close | Cut::HalfClose => {}
    }
}

/// Resolves when all open connections have to end.
async fn told_to_cut(cuts_before: u64, mut settings: watch::Receiver<Settings>) -> Cut {
    let told = settings
        .wait_for(|settings| settings.cut_number() > cuts_before)
        .await
        .map(|settings| settings.cut_now);
    match told {
        Ok(Some((_, cut))) => cut,
        _ => pending().await,
    }
}

/// How one direction ended.
enum End {
    /// The sender closed, and the receiver knows.
    Finished,
    /// One side is gone.
    Broken,
    Cut(Cut),
}

/// Moves bytes one way: reads ahead, and hands each piece over when its delay and the throttle allow it.
async fn pump(
    direction: Direction,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut settings: watch::Receiver<Settings>,
    tap: &Tap,
) -> End {
    let mut queue: VecDeque<(Instant, Bytes)> = VecDeque::new();
    let mut queued = 0;
    let mut free_at = Instant::now();
    let mut from_ended = false;
    let mut passed_since_told = 0;
    let mut told = settings.borrow().path(direction).ending_number;
    let mut buffer = BytesMut::new();
    loop {
        let path = settings.borrow_and_update().path(direction);
        if told != path.ending_number {
            told = path.ending_number;
            passed_since_told = 0;
        }
        let left = path
            .ending
            .map(|ending| ending.bytes.saturating_sub(passed_since_told));
        if let (Some(0), Some(ending)) = (left, path.ending) {
            if ending.cut == Cut::HalfClose {
                tap.cut();
                drop(to.shutdown().await);
                return End::Finished;
            }
            return End::Cut(ending.cut);
        }
        if queue.is_empty() && from_ended {
            drop(to.shutdown().await);
            return End::Finished;
        }
        let due = queue.front().map(|(due, _)| (*due).max(free_at));
        let stalled = path.link.is_blackhole();
        buffer.reserve(READ_SIZE);
        tokio::select! {
            biased;
            changed = settings.changed() => if changed.is_err() { return End::Finished },
            () = sleep_until(due), if !stalled => {
                let Some((due, mut bytes)) = queue.pop_front() else { continue };
                let limit = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
                let piece = bytes.split_to(bytes.len().min(path.link.piece()).min(limit));
                if !bytes.is_empty() {
                    queue.push_front((due, bytes));
                }
                if to.write_all(&piece).await.is_err() {
                    return End::Broken;
                }
                queued -= piece.len();
                free_at = Instant::now() + path.link.occupied_by(piece.len());
                passed_since_told += piece.len() as u64;
                tap.passed(direction, &piece);
            }
            read = from.read_buf(&mut buffer), if !from_ended && !stalled && queued < IN_FLIGHT_LIMIT => match read {
                Ok(0) => from_ended = true,
                Ok(count) => {
                    queued += count;
                    // As set now, not as set when the read began.
                    let delay = settings.borrow().path(direction).link.latency();
                    queue.push_back((Instant::now() + delay, buffer.split().freeze()));
                }
                Err(_) => return End::Broken,
            },
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => pending().await,
    }
}

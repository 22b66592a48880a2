//! One lane: a session that statements of many callers share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crdb_auth::TransactionStatus;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::connection::{Outgoing, Reply, Trace};
use crate::error::Error;
use crate::footprint::Footprint;
use crate::protocol::{Shape, Steps};
use crate::session::Session;

/// A session, and what is known of it as a lane.
pub(super) struct Lane<S: AsRef<Session>> {
    session: S,
    /// Since when it may take statements.
    began: Instant,
    /// Statements whose callers are gone and whose replies have not ended.
    abandoned: AtomicUsize,
    /// It takes no new statements any more.
    retiring: AtomicBool,
    /// A statement's reply has ended while the lane is retiring.
    changed: Notify,
    /// Held while a statement is prepared, so that callers of the same text wait instead of preparing it as well.
    pub(super) preparing: tokio::sync::Mutex<()>,
}

impl<S: AsRef<Session>> Lane<S> {
    pub(super) fn new(session: S) -> Self {
        Self {
            session,
            began: Instant::now(),
            abandoned: AtomicUsize::new(0),
            retiring: AtomicBool::new(false),
            changed: Notify::new(),
            preparing: tokio::sync::Mutex::new(()),
        }
    }

    /// While more than so many of its statements are under way, further ones gather, to be written together.
    pub(super) fn set_ahead(&self, statements: usize) {
        self.session().connection.shared.set_ahead(statements);
    }

    pub(super) fn session(&self) -> &Session {
        self.session.as_ref()
    }

    /// It takes statements from now on. A lane whose lifetime is shorter than it takes to open it would retire unused otherwise,
    /// and so would each that follows.
    pub(super) fn begin(&mut self) {
        self.began = Instant::now();
    }

    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Measures the round trip: the server answers a Sync at once. The shortest of a few counts, because the others waited for
    /// something.
    pub(super) async fn round_trip(&self) -> Result<Duration, Error> {
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            let mut reply = self.sync()?;
            let answer = reply.answer().await;
            if !answer.is_success() {
                let (answer, connection) = (answer.clone(), &self.session().connection);
                return Err(connection.failed("measuring the round trip", answer));
            }
            shortest = shortest.min(begun.elapsed());
        }
        Ok(shortest)
    }

    /// Sends a Sync, which the server answers as soon as it has answered what came before.
    pub(super) fn sync(&self) -> Result<Reply, Error> {
        let mut sync = bytes::BytesMut::new();
        postgres_protocol::message::frontend::sync(&mut sync);
        self.session().connection.send(Outgoing {
            bytes: &sync,
            shape: Shape::Extended(Steps::new()),
            trace: Trace {
                footprint: Footprint::of(""),
                local_settings: true,
            },
            copies: false,
            tells_ends: false,
            keeps: None,
        })
    }

    /// Whether the next statement would find the session as it was at first: idle, with nothing left behind.
    pub(super) fn is_sound(&self) -> bool {
        self.session().connection.shared.with(|inner| {
            inner.end().is_none()
                && inner.status() == TransactionStatus::Idle
                && inner.loan.dirty_reason().is_none()
                && inner.parameters.difference().is_none()
        })
    }

    /// Takes no new statements from now on. Says whether it did before.
    pub(super) fn retire(&self) -> bool {
        !self.retiring.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_retiring(&self) -> bool {
        self.retiring.load(Ordering::Acquire)
    }

    /// A caller is gone.
    pub(super) fn abandon(&self) {
        self.abandoned.fetch_add(1, Ordering::AcqRel);
    }

    /// A reply has ended for which no caller waits. Says whether it was the last of them.
    pub(super) fn end_abandoned(&self) -> bool {
        self.abandoned.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(super) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::Acquire)
    }

    /// A reply has ended.
    pub(super) fn tell_changed(&self) {
        if self.is_retiring() {
            self.changed.notify_waiters();
        }
    }

    pub(super) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }
}

impl<S: AsRef<Session>> Drop for Lane<S> {
    /// The session goes back to its source, whose borrowers send one request at a time, or a few that belong together.
    fn drop(&mut self) {
        self.set_ahead(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, poll};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    use super::*;
    use crate::{Config, Engine, Remote};

    const SYNC: [u8; 5] = [b'S', 0, 0, 0, 4];
    const READY: [u8; 6] = [b'Z', 0, 0, 0, 5, b'I'];

    struct Holder(std::sync::Arc<Session>);

    impl AsRef<Session> for Holder {
        fn as_ref(&self) -> &Session {
            &self.0
        }
    }

    /// A lane, and the server's end of its stream.
    fn lane(config: Config) -> (Lane<Holder>, DuplexStream) {
        let (stream, server) = tokio::io::duplex(1_024);
        let remote = Remote::new("a script".to_owned(), Engine::PostgreSql);
        let session = std::sync::Arc::new(Session::over(stream, remote, config));
        let lane = Lane::new(Holder(session));
        lane.set_ahead(1);
        (lane, server)
    }

    /// Reads so many Syncs, and sees that nothing else was written.
    async fn expect(server: &mut DuplexStream, syncs: usize) {
        for _ in 0..syncs {
            let mut read = [0; 5];
            server.read_exact(&mut read).await.unwrap();
            assert_eq!(read, SYNC);
        }
        for _ in 0..10 {
            // On one thread, the connection's task has its turn.
            tokio::task::yield_now().await;
        }
        let mut more = [0; 1];
        let read = std::pin::pin!(server.read(&mut more));
        assert!(poll!(read).is_pending(), "more was written");
    }

    #[tokio::test]
    async fn what_is_sent_while_enough_is_under_way_gathers() {
        let (lane, mut server) = lane(Config::default());
        let mut replies = vec![lane.sync().unwrap()];
        expect(&mut server, 1).await;
        replies.push(lane.sync().unwrap());
        expect(&mut server, 1).await;
        replies.extend((0..5).map(|_| lane.sync().unwrap()));
        expect(&mut server, 0).await;
        server.write_all(&READY).await.unwrap();
        expect(&mut server, 5).await;
        replies.push(lane.sync().unwrap());
        expect(&mut server, 0).await;
        // The session goes back to its source, and writes at once.
        let session = lane.session.0.clone();
        drop(lane);
        expect(&mut server, 1).await;
        server.write_all(&READY.repeat(7)).await.unwrap();
        for mut reply in replies {
            assert!(reply.answer().await.is_success());
        }
        drop(session);
    }

    #[tokio::test]
    async fn an_idle_lane_is_read_before_it_is_written_to() {
        let (lane, mut server) = lane(Config::default());
        tokio::task::yield_now().await;
        server
            .write_all(b"E\0\0\0\x26SFATAL\0C57P01\0Mshutting down now\0\0")
            .await
            .unwrap();
        // The task has been told, and has had no turn yet.
        let mut reply = lane.sync().unwrap();
        assert_eq!(reply.answer().await.written(), crate::Written::Not);
    }

    #[tokio::test]
    async fn a_caller_writes_to_an_idle_lane_itself() {
        let (lane, mut server) = lane(Config::default());
        tokio::task::yield_now().await;
        for _ in 0..3 {
            let mut reply = lane.sync().unwrap();
            // The task has had no turn yet.
            let mut read = [0; 5];
            server
                .read_exact(&mut read)
                .now_or_never()
                .unwrap()
                .unwrap();
            assert_eq!(read, SYNC);
            // It has the next one once the answer has come, as always.
            server.write_all(&READY).await.unwrap();
            assert!(reply.answer().await.is_success());
        }
    }

    #[tokio::test]
    async fn a_lane_that_one_caller_has_to_itself_is_moved_by_it_until_another_comes() {
        let (lane, mut server) = lane(Config::default());
        tokio::task::yield_now().await;
        let mut moved = Vec::new();
        for _ in 0..20 {
            let mut reply = lane.sync().unwrap();
            assert!(reply.answer().now_or_never().is_none());
            server.write_all(&READY).await.unwrap();
            // A caller that moves the bytes finds its answer before the task has had a turn.
            moved.push(reply.answer().now_or_never().is_some());
            assert!(reply.answer().await.is_success());
            expect(&mut server, 1).await;
        }
        assert!(
            !moved.first().unwrap() && *moved.last().unwrap(),
            "{moved:?}"
        );
        // The first of two is polled, and then left alone: the task answers the second.
        let mut first = lane.sync().unwrap();
        assert!(first.answer().now_or_never().is_none());
        let mut second = lane.sync().unwrap();
        expect(&mut server, 2).await;
        server.write_all(&READY.repeat(2)).await.unwrap();
        assert!(second.answer().await.is_success());
        assert!(first.answer().await.is_success());
    }

    struct Panics;

    impl crate::PartialObserver for Panics {
        fn notice(&self, _: &crate::ServerError) {
            std::panic::panic_any("a notice");
        }
    }

    #[tokio::test]
    async fn an_observer_that_panics_while_a_caller_writes_ends_the_lane() {
        let observed = Config::default().observer(std::sync::Arc::new(Panics));
        let (lane, mut server) = lane(observed);
        tokio::task::yield_now().await;
        let notice = b"N\0\0\0\x17SNOTICE\0C00000\0Mx\0\0";
        server.write_all(notice).await.unwrap();
        let sync = std::panic::AssertUnwindSafe(|| drop(lane.sync()));
        assert!(std::panic::catch_unwind(sync).is_err());
        let shared = &lane.session().connection.shared;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(shared.with(|inner| inner.end().is_some()));
    }
}

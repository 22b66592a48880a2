//! The bytes are moved by a caller or by the session's task, whichever caller polls, waits or goes.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crdb_wire::{
    Cleanliness, Config, End, Ended, Engine, PartialObserver, Remote, ServerError, Session,
};
use futures_util::{FutureExt as _, poll};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::mpsc;

use crate::stream::{complete, message, prepared, ready, row};

/// Longer than the task leaves a stream to callers. Time is paused, so that it takes none.
const A_WHILE: Duration = Duration::from_secs(1);

/// A session whose task has begun: a caller does not move bytes before.
async fn session(config: Config) -> (Session, DuplexStream) {
    let (stream, server) = tokio::io::duplex(1 << 16);
    let remote = Remote::new("script", Engine::PostgreSql);
    let session = Session::over(stream, remote, config);
    tokio::task::yield_now().await;
    (session, server)
}

/// Reads what has been written, which is something.
async fn read(server: &mut DuplexStream) -> String {
    let mut read = vec![0; 4_096];
    let count = server.read(&mut read).await.unwrap();
    read.truncate(count);
    String::from_utf8_lossy(&read).into_owned()
}

fn done() -> Vec<u8> {
    [complete("SELECT 0"), ready(b'I')].concat()
}

#[tokio::test(start_paused = true)]
async fn one_caller_writes_and_reads_with_its_own_polls() {
    let (session, mut server) = session(Config::default()).await;
    let mut first = pin!(session.simple("SELECT 1"));
    assert!(poll!(&mut first).is_pending());
    // Without a turn of the session's task.
    {
        let written = pin!(read(&mut server));
        assert!(matches!(poll!(written), Poll::Ready(text) if text.contains("SELECT 1")));
    }
    let answer = done();
    let sent = pin!(server.write_all(&answer));
    assert!(poll!(sent).is_ready());
    assert!(matches!(poll!(&mut first), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_beside_one_whose_caller_does_not_poll() {
    let (session, mut server) = session(Config::default()).await;
    let began = tokio::time::Instant::now();
    let mut first = pin!(session.simple("SELECT 1"));
    assert!(poll!(&mut first).is_pending());
    let mut second = pin!(session.simple("SELECT 2"));
    assert!(poll!(&mut second).is_pending());
    while !read(&mut server).await.contains("SELECT 2") {}
    server.write_all(&done().repeat(2)).await.unwrap();
    second.await.unwrap();
    first.await.unwrap();
    // The task has taken over at once, and not after a while.
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test(start_paused = true)]
async fn the_reply_of_a_caller_that_has_gone_is_thrown_away() {
    let (session, mut server) = session(Config::default()).await;
    {
        let first = pin!(session.simple("SELECT 1"));
        assert!(poll!(first).is_pending());
    }
    assert!(read(&mut server).await.contains("SELECT 1"));
    assert_eq!(session.cleanliness(), Cleanliness::Unfinished);
    server.write_all(&done()).await.unwrap();
    // The session's task has taken over at once, and not after a while: no time passes while this test is busy.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(session.cleanliness(), Cleanliness::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_waits_long_and_one_that_reads_late_get_everything() {
    let (session, mut server) = session(Config::default().max_unread(64)).await;
    let asked = async {
        let mut rows = session.fetch_stream("SELECT a", &[]).await.unwrap();
        let mut values = Vec::new();
        while let Some(row) = rows.next_row().await.unwrap() {
            // Longer than the task leaves the stream to the caller, at some rows.
            if values.len() % 64 == 0 {
                tokio::time::sleep(A_WHILE).await;
            }
            values.push(row.get::<i64>(0).unwrap());
        }
        values
    };
    let answering = async {
        read(&mut server).await;
        server.write_all(&prepared()).await.unwrap();
        read(&mut server).await;
        tokio::time::sleep(A_WHILE).await;
        server.write_all(&message(b'2', b"")).await.unwrap();
        for value in 0..1_000 {
            server.write_all(&row(value)).await.unwrap();
        }
        server.write_all(&done()).await.unwrap();
    };
    let both = async { tokio::join!(asked, answering) };
    let (values, ()) = tokio::time::timeout(100 * A_WHILE, both).await.unwrap();
    assert_eq!(values, (0..1_000).collect::<Vec<_>>());
}

/// Panics at a notice, in the task of the caller that reads.
struct Fragile;

impl PartialObserver for Fragile {
    fn notice(&self, _: &ServerError) {
        panic!("a notice");
    }
}

/// What was read is lost with the panic: a later answer would be taken for that of the request before it.
#[tokio::test(start_paused = true)]
async fn a_panic_of_an_observer_ends_the_connection() {
    let (session, mut server) = session(Config::default().observer(Arc::new(Fragile))).await;
    let notice = message(b'N', b"SNOTICE\0C00000\0Mgone\0\0");
    let asked = AssertUnwindSafe(session.simple("SELECT 1")).catch_unwind();
    let answering = async {
        read(&mut server).await;
        let answer = [notice, done()].concat();
        server.write_all(&answer).await.unwrap();
    };
    let (caught, ()) = tokio::join!(asked, answering);
    assert!(caught.is_err());
    let asked = tokio::time::timeout(A_WHILE, session.simple("SELECT 2")).await;
    let error = asked.expect("the connection goes on").unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert!(matches!(session.end(), Some(End::Protocol(_))));
}

/// Told of the end.
struct Watch(mpsc::UnboundedSender<bool>);

impl PartialObserver for Watch {
    fn ended(&self, event: &Ended<'_>) {
        let shut_down = matches!(event.end, End::Server(error) if error.sqlstate() == "57P01");
        self.0.send(shut_down).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_to_an_idle_session_is_seen() {
    let goodbye = message(b'E', b"SFATAL\0C57P01\0Mterminating connection\0\0");
    for asks in [false, true] {
        let (told, mut ends) = mpsc::unbounded_channel();
        let config = Config::default().observer(Arc::new(Watch(told)));
        let (session, mut server) = session(config).await;
        let asked = async { session.simple("SELECT 1").await.unwrap() };
        let answering = async {
            read(&mut server).await;
            server.write_all(&done()).await.unwrap();
        };
        tokio::join!(asked, answering);
        assert!(!session.is_closed());
        server.write_all(&goodbye).await.unwrap();
        // A call of `is_closed` looks at the stream; the session's task hears of it in any case.
        if asks {
            assert!(session.is_closed());
        }
        let end = tokio::time::timeout(A_WHILE, ends.recv()).await;
        assert_eq!(end.unwrap(), Some(true));
        assert!(session.is_closed());
    }
}

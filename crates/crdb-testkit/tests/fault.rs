//! Each fault does exactly what it says, to the byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::io::ErrorKind;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use crdb_testkit::{Accept, Cut, Direction, FaultProxy, Link};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How long a test waits to be sure that nothing comes.
const SILENCE: Duration = Duration::from_millis(100);

/// A server that hands its accepted connections to the test.
async fn upstream() -> (TcpListener, FaultProxy) {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start("127.0.0.1", server.local_addr().unwrap().port()).unwrap();
    (server, proxy)
}

async fn connect(proxy: &FaultProxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port()))
        .await
        .unwrap()
}

async fn pair(server: &TcpListener, proxy: &FaultProxy) -> (TcpStream, TcpStream) {
    let client = connect(proxy).await;
    (client, server.accept().await.unwrap().0)
}

/// Reads until the stream ends or breaks.
async fn drain(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    (bytes, end.err().map(|error| error.kind()))
}

async fn read_some(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

async fn is_silent(stream: &mut TcpStream) -> bool {
    tokio::time::timeout(SILENCE, stream.read_u8())
        .await
        .is_err()
}

#[tokio::test]
async fn untouched_it_forwards_and_counts() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(drain(&mut there).await, (b"hello".to_vec(), None));
    there.write_all(&[7; 300_000]).await.unwrap();
    drop(there);
    assert_eq!(drain(&mut client).await, (vec![7; 300_000], None));
    let counts = proxy.wait_for(|counts| counts.open == 0).await.unwrap();
    assert_eq!((counts.accepted, counts.forwarded, counts.cut), (1, 1, 0));
    assert_eq!(
        (counts.bytes_to_server, counts.bytes_to_client),
        (5, 300_000)
    );
}

#[tokio::test]
async fn refused_connections_are_refused_by_the_kernel_and_the_port_comes_back() {
    let (server, proxy) = upstream().await;
    for _ in 0..3 {
        proxy.set_accept(Accept::Refuse).await;
        let refused = TcpStream::connect(("127.0.0.1", proxy.port()))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        proxy.heal().await;
        let mut client = connect(&proxy).await;
        let (mut there, _) = server.accept().await.unwrap();
        there.write_all(b"x").await.unwrap();
        assert_eq!(read_some(&mut client, 1).await, b"x");
    }
}

#[tokio::test]
async fn accepted_connections_are_closed_or_reset_without_a_byte() {
    let (_server, proxy) = upstream().await;
    proxy.set_accept(Accept::Close).await;
    assert_eq!(drain(&mut connect(&proxy).await).await, (vec![], None));
    proxy.set_accept(Accept::Reset).await;
    assert_eq!(
        drain(&mut connect(&proxy).await).await,
        (vec![], Some(ErrorKind::ConnectionReset))
    );
    assert_eq!(proxy.counts().forwarded, 0);
}

#[tokio::test]
async fn an_accepted_connection_in_a_blackhole_goes_on_when_healed() {
    let (server, proxy) = upstream().await;
    proxy.set_accept(Accept::Blackhole).await;
    let mut client = connect(&proxy).await;
    client.write_all(b"early").await.unwrap();
    assert!(is_silent(&mut client).await);
    assert_eq!(proxy.counts().forwarded, 0);
    proxy.heal().await;
    let (mut there, _) = server.accept().await.unwrap();
    assert_eq!(read_some(&mut there, 5).await, b"early");
}

#[tokio::test]
async fn a_server_that_is_down_resets_the_client() {
    let (server, proxy) = upstream().await;
    drop(server);
    assert_eq!(
        drain(&mut connect(&proxy).await).await,
        (vec![], Some(ErrorKind::ConnectionReset))
    );
    assert_eq!(proxy.counts().unreachable, 1);
}

#[tokio::test]
async fn exactly_n_bytes_pass_before_a_cut_in_either_direction() {
    for n in [0, 1, 2, 5, 9, 10] {
        for direction in [Direction::ToServer, Direction::ToClient] {
            for (cut, end) in [
                (Cut::Reset, Some(ErrorKind::ConnectionReset)),
                (Cut::Close, None),
            ] {
                let (server, proxy) = upstream().await;
                let (mut client, mut there) = pair(&server, &proxy).await;
                // What passed before the call does not count.
                client.write_all(b"abc").await.unwrap();
                assert_eq!(read_some(&mut there, 3).await, b"abc");
                there.write_all(b"abc").await.unwrap();
                assert_eq!(read_some(&mut client, 3).await, b"abc");

                proxy.cut_after(direction, n, cut);
                let (sender, receiver) = match direction {
                    Direction::ToServer => (&mut client, &mut there),
                    Direction::ToClient => (&mut there, &mut client),
                };
                drop(sender.write_all(b"0123456789").await);
                let (bytes, error) = drain(receiver).await;
                assert_eq!(
                    bytes,
                    b"0123456789"[..usize::try_from(n).unwrap()],
                    "{direction:?} {cut:?} after {n}"
                );
                assert_eq!(error, end, "{direction:?} {cut:?} after {n}");
                let counts = proxy.wait_for(|counts| counts.open == 0).await.unwrap();
                assert_eq!(counts.cut, 1);
            }
        }
    }
}

#[tokio::test]
async fn a_cut_counts_from_the_beginning_of_later_connections() {
    let (server, proxy) = upstream().await;
    proxy.cut_after(Direction::ToClient, 4, Cut::Close);
    for _ in 0..2 {
        let (mut client, mut there) = pair(&server, &proxy).await;
        there.write_all(b"123456").await.unwrap();
        assert_eq!(drain(&mut client).await.0, b"1234");
    }
    proxy.heal().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    there.write_all(b"123456").await.unwrap();
    assert_eq!(read_some(&mut client, 6).await, b"123456");
}

#[tokio::test]
async fn a_half_close_leaves_the_other_direction_open() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    proxy.cut_after(Direction::ToClient, 2, Cut::HalfClose);
    there.write_all(b"1234").await.unwrap();
    assert_eq!(drain(&mut client).await, (b"12".to_vec(), None));
    client.write_all(b"still here").await.unwrap();
    assert_eq!(read_some(&mut there, 10).await, b"still here");
    assert_eq!(proxy.counts().open, 1);
}

#[tokio::test]
async fn a_cut_into_a_blackhole_is_silent_for_ever() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    proxy.cut_after(Direction::ToServer, 3, Cut::Blackhole);
    client.write_all(b"12345").await.unwrap();
    assert_eq!(read_some(&mut there, 3).await, b"123");
    proxy.wait_for(|counts| counts.cut == 1).await.unwrap();
    proxy.heal().await;
    there.write_all(b"answer").await.unwrap();
    assert!(is_silent(&mut there).await);
    assert!(is_silent(&mut client).await);
    drop(proxy);
    drop(drain(&mut client).await);
}

#[tokio::test]
async fn a_blackholed_link_delivers_everything_when_healed() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    proxy.set_link(Direction::ToServer, Link::blackhole());
    client.write_all(b"question").await.unwrap();
    there.write_all(b"the other way works").await.unwrap();
    assert_eq!(read_some(&mut client, 19).await, b"the other way works");
    assert!(is_silent(&mut there).await);
    proxy.heal().await;
    assert_eq!(read_some(&mut there, 8).await, b"question");
}

#[tokio::test]
async fn open_connections_are_cut_and_new_ones_are_not() {
    let (server, proxy) = upstream().await;
    let (mut first, mut there) = pair(&server, &proxy).await;
    proxy.cut_now(Cut::Reset);
    assert_eq!(drain(&mut first).await.1, Some(ErrorKind::ConnectionReset));
    assert_eq!(drain(&mut there).await.1, Some(ErrorKind::ConnectionReset));
    let (mut second, mut there) = pair(&server, &proxy).await;
    there.write_all(b"fine").await.unwrap();
    assert_eq!(read_some(&mut second, 4).await, b"fine");
}

#[tokio::test]
async fn bytes_are_delayed_and_not_slowed() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    let delay = Duration::from_millis(150);
    proxy.set_link(Direction::ToClient, Link::perfect().delay(delay));
    let begin = Instant::now();
    there.write_all(&vec![1; 1 << 20]).await.unwrap();
    read_some(&mut client, 1 << 20).await;
    let took = begin.elapsed();
    assert!(took >= delay, "{took:?}");
    // A delay per piece instead of one for all would take seconds.
    assert!(took < delay * 8, "{took:?}");
}

#[tokio::test]
async fn a_throttle_holds_its_rate() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    proxy.set_link(
        Direction::ToClient,
        Link::perfect().throttle(NonZeroU64::new(20_000).unwrap()),
    );
    let begin = Instant::now();
    there.write_all(&[1; 10_000]).await.unwrap();
    read_some(&mut client, 10_000).await;
    // The last piece, a twentieth of a second's worth, need not wait for its own time to pass.
    assert!(
        begin.elapsed() >= Duration::from_millis(450),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn what_passes_is_recorded_from_the_call_on() {
    let (server, proxy) = upstream().await;
    let (mut client, mut there) = pair(&server, &proxy).await;
    client.write_all(b"unseen").await.unwrap();
    read_some(&mut there, 6).await;
    let wire = proxy.record(100);
    client.write_all(b"question").await.unwrap();
    read_some(&mut there, 8).await;
    there.write_all(b"answer").await.unwrap();
    read_some(&mut client, 6).await;
    proxy
        .wait_for(|counts| counts.bytes_to_client == 6)
        .await
        .unwrap();
    let seen = |direction| {
        let pieces = wire.pieces();
        let these = pieces.iter().filter(|piece| piece.direction == direction);
        these
            .flat_map(|piece| piece.bytes.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(Direction::ToServer), b"question");
    assert_eq!(seen(Direction::ToClient), b"answer");
    assert!(wire.pieces().iter().all(|piece| piece.connection == 1));
}

//! A stream with a delay that is cut at some byte.

use std::time::Duration;

use tokio::io::{
    AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Where a stream ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cut {
    Never,
    /// Behind so many bytes, counted in both directions together.
    After(u64),
    /// Not at all, but no byte behind so many arrives.
    Dark(u64),
}

/// Two ends of a stream on which a byte takes so long. Small buffers cut messages into pieces.
pub(crate) fn pipe(delay: Duration, cut: Cut, buffer: usize) -> (DuplexStream, DuplexStream) {
    let (near, inner_near) = duplex(buffer);
    let (inner_far, far) = duplex(buffer);
    let (near_read, near_write) = split(inner_near);
    let (far_read, far_write) = split(inner_far);
    drop(tokio::spawn(async move {
        let left = std::sync::atomic::AtomicU64::new(match cut {
            Cut::Never => u64::MAX,
            Cut::After(bytes) | Cut::Dark(bytes) => bytes,
        });
        let dark = matches!(cut, Cut::Dark(_));
        // When one direction ends, so does the other.
        tokio::select! {
            () = carry(near_read, far_write, delay, &left, dark) => {}
            () = carry(far_read, near_write, delay, &left, dark) => {}
        }
    }));
    (near, far)
}

async fn carry(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    delay: Duration,
    left: &std::sync::atomic::AtomicU64,
    dark: bool,
) {
    use std::sync::atomic::Ordering;
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(64);
    let reading = async move {
        let mut buffer = vec![0; 512];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let before = left.load(Ordering::Relaxed);
            let passes = before.min(read as u64);
            left.store(before - passes, Ordering::Relaxed);
            let piece = buffer[..passes as usize].to_vec();
            let cut = passes < read as u64 && !dark;
            if sender.send((Instant::now() + delay, piece)).await.is_err() || cut {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((at, piece)) = receiver.recv().await {
            sleep_until(at).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

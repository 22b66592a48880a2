//! What the fuzz targets in `fuzz/` reach. Not part of the crate: only built with `--cfg fuzzing`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::answer::Answer;
use crate::config::Config;
use crate::connection::{Driver, Outgoing, Shared, Trace};
use crate::footprint::Footprint;
use crate::parameters::Parameters;
use crate::protocol::{Shape, Step, Steps};

/// Takes every byte, and gives what it has in pieces.
struct Script {
    bytes: Bytes,
    piece: usize,
    written: bool,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.written {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let take = self.piece.min(self.bytes.len()).min(buf.remaining());
        buf.put_slice(&self.bytes.split_to(take));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written = true;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A server that sends these bytes in pieces and hangs up, to one request after another.
///
/// # Panics
/// When a request has no complete answer, or a row is not as it was described.
pub fn reply(bytes: &[u8], piece: usize) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let config = Config::default().max_row(1 << 16).max_message(1 << 16);
        let shared = Shared::new(config, "fuzz".into(), Parameters::default());
        let request = |shape| Outgoing {
            bytes: b"request",
            shape,
            trace: Trace {
                footprint: Footprint::of(""),
                local_settings: false,
            },
            copies: piece % 2 == 0,
            tells_ends: piece % 3 == 0,
            keeps: None,
        };
        let steps = Steps::from_slice(&[Step::Bind, Step::Execute { columns: 1 }]);
        let replies: Vec<_> = [
            Shape::Extended(steps),
            Shape::Simple,
            Shape::Extended(Steps::from_slice(&[Step::Parse, Step::Describe])),
            Shape::Simple,
        ]
        .into_iter()
        .filter_map(|shape| shared.send(request(shape)).ok())
        .collect();
        let stream = Script {
            bytes: Bytes::copy_from_slice(bytes),
            piece: piece + 1,
            written: false,
        };
        let reading = async {
            for mut reply in replies {
                while let Some(event) = reply.event().await {
                    if let crate::connection::Event::Rows(block) = event {
                        assert!(block.count() > 0, "an empty block");
                    }
                }
                let answer: Answer = reply.take();
                assert!(answer.status().is_some() || answer.end().is_some());
            }
        };
        tokio::join!(Driver::new(stream, shared.clone(), true).run(), reading);
    });
}

//! Futures that are dropped early.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Polls a future up to `polls` times; `None` when it is dropped then.
pub(crate) async fn polled<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut made = 0;
    poll_fn(|cx| {
        if made == polls {
            return Poll::Ready(None);
        }
        made += 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

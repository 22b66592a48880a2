//! Work that goes on after its caller.

use std::pin::Pin;

use tokio::task::JoinHandle;

/// Runs `work` in a task of its own.
///
/// It is boxed so that the runtime's code for a task is compiled once, here. Otherwise the program that calls would compile it for each
/// source of sessions and each kind of work.
///
/// # Panics
/// Outside a Tokio runtime.
pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    spawn_boxed(Box::pin(work))
}

fn spawn_boxed(work: Pin<Box<dyn Future<Output = ()> + Send>>) -> JoinHandle<()> {
    tokio::spawn(work)
}

//! Work for which no caller waits.

use std::pin::Pin;

use tokio::runtime::Handle;

/// Runs `work` in a task of `runtime`.
///
/// It is boxed so that the runtime's code for a task is compiled here, and not again for each connector and each kind of work.
pub(crate) fn spawn(runtime: &Handle, work: impl Future<Output = ()> + Send + 'static) {
    spawn_boxed(runtime, Box::pin(work));
}

fn spawn_boxed(runtime: &Handle, work: Pin<Box<dyn Future<Output = ()> + Send>>) {
    drop(runtime.spawn(work));
}

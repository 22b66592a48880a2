//! Saying that something takes longer.

use std::future::Future;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar over `length` steps that shows itself only after a second, and only in a terminal.
pub(crate) fn bar(title: &'static str, length: u64) -> ProgressBar {
    let bar = ProgressBar::hidden();
    bar.set_length(length);
    bar.set_message(title);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar
}

/// Waits for `work`, showing the bar from the second second on. Cancel safe where `work` is.
pub(crate) async fn watch<T>(bar: &ProgressBar, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let done = tokio::select! {
        done = &mut work => done,
        () = tokio::time::sleep(PATIENCE) => {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.enable_steady_tick(Duration::from_millis(100));
            work.await
        }
    };
    bar.finish_and_clear();
    done
}

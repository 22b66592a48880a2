//! What a test writes to the log.
//!
//! One subscriber serves the whole program: where only one thread has a subscriber, tracing may ask another thread, which has none, whether
//! a place in the code is of interest, and that thread's answer stays.

use std::cell::RefCell;
use std::sync::Once;

use tracing_subscriber::fmt::format::FmtSpan;

thread_local! {
    static WRITTEN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what this thread writes, down to the level DEBUG, until it is dropped.
pub(crate) struct Log(());

impl Log {
    pub(crate) fn start() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG)
                .with_ansi(false)
                .with_span_events(FmtSpan::CLOSE)
                .with_writer(|| Writer)
                .init();
        });
        WRITTEN.set(Some(Vec::new()));
        Self(())
    }

    pub(crate) fn text(&self) -> String {
        let written = WRITTEN.with_borrow(|written| written.clone().unwrap_or_default());
        String::from_utf8(written).unwrap()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        WRITTEN.set(None);
    }
}

struct Writer;

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.with_borrow_mut(|written| {
            if let Some(written) = written {
                written.extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

//! What happened in a run, in order.

use std::fmt;
use std::fmt::Write as _;

use parking_lot::Mutex;
use tokio::time::Instant;

/// The events of a run: always as a hash, by which two runs are compared, and as text where that is asked for.
pub(super) struct Trace {
    started: Instant,
    events: Mutex<Events>,
}

struct Events {
    hash: Hash,
    count: u64,
    lines: Option<Vec<String>>,
}

/// FNV-1a.
struct Hash(u64);

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

impl Trace {
    pub(super) fn new(with_text: bool) -> Self {
        Self {
            started: Instant::now(),
            events: Mutex::new(Events {
                hash: Hash(0xcbf2_9ce4_8422_2325),
                count: 0,
                lines: with_text.then(Vec::new),
            }),
        }
    }

    /// Adds an event.
    pub(super) fn note(&self, event: fmt::Arguments<'_>) {
        let at = self.started.elapsed().as_micros();
        let mut events = self.events.lock();
        events.count += 1;
        // Neither writing into a hash nor into a String fails.
        let _ = writeln!(events.hash, "{at} {event}");
        if let Some(lines) = &mut events.lines {
            lines.push(format!("{:>12.3} ms  {event}", at as f64 / 1_000.0));
        }
    }

    /// The hash of all events, and their number.
    pub(super) fn hash(&self) -> (u64, u64) {
        let events = self.events.lock();
        (events.hash.0, events.count)
    }

    /// The events as text, where they were kept.
    pub(super) fn into_lines(self) -> Vec<String> {
        self.events.into_inner().lines.unwrap_or_default()
    }
}

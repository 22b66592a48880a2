//! What a pool goes through, as events and as metrics.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod door;

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crdb_observe::{Metrics, Tracing};
use crdb_pool::{AcquireOptions, ErrorClass, FanOut, NodeAddress, Observer, Pool};
use door::Door;
use tracing_subscriber::filter::LevelFilter;

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Waits until something was logged, which may happen in the background.
    async fn until(&self, words: &str) {
        let seen = async {
            while !self.text().contains(words) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let seen = tokio::time::timeout(Duration::from_secs(20), seen).await;
        assert!(seen.is_ok(), "no {words:?} in:\n{}", self.text());
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// The subscriber is this thread's, and so are all tasks of the pool.
#[tokio::test(flavor = "current_thread")]
async fn what_a_pool_goes_through_is_logged_and_counted() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let metrics = Arc::new(Metrics::new());
    let observers: [Arc<dyn Observer>; 2] = [metrics.clone(), Arc::new(Tracing::new())];
    let door = Door::default();
    let pool = Pool::builder(door.clone())
        .nodes([NodeAddress::new("a.example", 26257)])
        .configure(|config| {
            config
                .max_size(1)
                .fresh_for(Duration::ZERO)
                .leak_after(Some(Duration::from_millis(10)))
        })
        .observer(Arc::new(FanOut::new(observers)))
        .build()
        .unwrap();

    let mut lease = pool.acquire().await.unwrap();
    log.until("a session was borrowed and not returned").await;
    lease.dirty = true;
    drop(lease);
    log.until("session reset").await;

    let mut lease = pool.acquire().await.unwrap();
    log.until("session checked").await;
    door.0.store(true, Ordering::Relaxed);
    lease.report(ErrorClass::Draining);
    drop(lease);
    log.until("WARN crdb::pool: the node is out of rotation because it drains")
        .await;
    log.until("session closed").await;

    let impatient = AcquireOptions {
        deadline: Some(Instant::now() + Duration::from_millis(100)),
        ..AcquireOptions::default()
    };
    let refused = pool.acquire_with(impatient).await;
    assert!(refused.is_err(), "the door is shut");
    log.until("WARN crdb::pool: a caller got no session").await;
    log.until("no session could be opened: the door is shut")
        .await;

    door.0.store(false, Ordering::Relaxed);
    log.until("INFO crdb::pool: the node is recovering").await;

    let text = log.text();
    let opened = text.lines().find(|line| line.contains("session opened"));
    assert!(
        opened.is_some_and(|line| line.contains("server.address=\"a.example\"")
            && line.contains("server.port=26257")
            && line.contains("duration=")),
        "{text}"
    );
    let rendered = metrics.render();
    for line in [
        "crdb_pool_leaks_total{node=\"a.example:26257\"} 1",
        "crdb_pool_resets_total{node=\"a.example:26257\",outcome=\"ok\"} 1",
        "crdb_pool_checks_total{node=\"a.example:26257\",outcome=\"ok\"}",
        "crdb_pool_node_changes_total{node=\"a.example:26257\",state=\"out\"} 1",
        "crdb_pool_acquire_seconds_count{outcome=\"ok\"} 2",
        "crdb_pool_held_seconds_count{node=\"a.example:26257\"} 2",
    ] {
        assert!(rendered.contains(line), "no {line} in:\n{rendered}");
    }
}

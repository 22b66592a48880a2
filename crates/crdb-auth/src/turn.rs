//! Blocking calls that cannot be interrupted, one at a time for each place.
//!
//! A read of a FIFO or of a network file system, or a call of the Kerberos library that waits for a KDC, may take minutes, and
//! dropping a future does not end it. On `tokio::task::spawn_blocking` such calls pile up to the limit of the runtime's
//! blocking threads (512), where unrelated work waits behind them, and the runtime's shutdown waits for each of them. So they
//! run on threads of their own, and at most one of them for each place: the others wait for it, within their own deadlines.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, oneshot};

/// The turns at the files of this process, by path.
static FILES: Mutex<BTreeMap<PathBuf, Weak<AsyncMutex<()>>>> = Mutex::new(BTreeMap::new());

/// Whose turn it is at one place. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    turn: Arc<AsyncMutex<()>>,
}

impl Turns {
    /// The turns at a file, the same for all configurations of this process that name it.
    pub(crate) fn at_file(path: &Path) -> Self {
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = files.get(path).and_then(Weak::upgrade) {
            return Self { turn };
        }
        files.retain(|_, turn| turn.strong_count() > 0);
        let turns = Self::default();
        files.insert(path.to_owned(), Arc::downgrade(&turns.turn));
        turns
    }

    /// Waits until no call is outstanding.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the place in the queue.
    pub(crate) async fn wait(&self) -> Turn {
        Turn {
            _held: Arc::clone(&self.turn).lock_owned().await,
        }
    }
}

/// The right to make one call.
#[derive(Debug)]
pub(crate) struct Turn {
    _held: OwnedMutexGuard<()>,
}

impl Turn {
    /// Makes the call, on a thread of its own. The next turn begins when the call has ended.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the call to end on its thread; its result is dropped there.
    ///
    /// # Errors
    /// When no thread can be started, or the call has panicked.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        call: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (done, result) = oneshot::channel();
        std::thread::Builder::new()
            .name("crdb-auth call".to_owned())
            .spawn(move || {
                let result = call();
                drop(self);
                // An error says that the caller has gone.
                drop(done.send(result));
            })?;
        result
            .await
            .map_err(|_| io::Error::other("the thread of the call has panicked"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn one_call_is_outstanding_and_the_others_wait_within_their_deadlines() {
        let turns = Turns::default();
        let calls = Arc::new(AtomicUsize::new(0));
        let (release, held) = mpsc::channel::<()>();
        let counted = Arc::clone(&calls);
        let hung = turns.wait().await.run(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            held.recv()
        });
        assert!(timeout(Duration::from_millis(1), hung).await.is_err());
        for _ in 0..600 {
            assert!(timeout(Duration::ZERO, turns.wait()).await.is_err());
        }
        release.send(()).unwrap();
        let turn = timeout(Duration::from_secs(60), turns.wait())
            .await
            .unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert_eq!(turn.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_call_that_panics_ends_its_turn() {
        let turns = Turns::default();
        let call = turns.wait().await.run(|| panic!("on purpose"));
        assert!(call.await.is_err());
        let next = timeout(Duration::from_secs(60), turns.wait()).await;
        assert_eq!(next.unwrap().run(|| 7).await.unwrap(), 7);
    }

    #[test]
    fn a_file_has_one_turn_for_all_who_name_it() {
        let (a, b) = (Path::new("/turns/a"), Path::new("/turns/b"));
        let first = Turns::at_file(a);
        assert!(Arc::ptr_eq(&first.turn, &Turns::at_file(a).turn));
        assert!(!Arc::ptr_eq(&first.turn, &Turns::at_file(b).turn));
    }
}

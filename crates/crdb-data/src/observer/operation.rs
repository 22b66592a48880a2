use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use super::{Begin, End, Kind, Observer, Outcome, Token};
use crate::error::Error;

/// A load or an export under way. Dropped before its end, it ends as dropped. Without an observer it does nothing.
pub(crate) struct Operation<'a>(Option<Begun<'a>>);

struct Begun<'a> {
    observer: &'a Arc<dyn Observer>,
    token: Token,
    kind: Kind,
    relation: &'a str,
    started: Instant,
}

impl<'a> Operation<'a> {
    /// Runs `work`, and tells the observer of it. `count` gives the rows that were moved, and those that were bad.
    pub(crate) async fn run<T>(
        observer: Option<&'a Arc<dyn Observer>>,
        kind: Kind,
        relation: &'a str,
        work: impl Future<Output = Result<T, Error>>,
        count: impl FnOnce(&T) -> (u64, u64),
    ) -> Result<T, Error> {
        let mut this = Self(observer.map(|observer| Begun {
            token: observer.begin(&Begin { kind, relation }),
            observer,
            kind,
            relation,
            started: Instant::now(),
        }));
        let mut work = pin!(work);
        let result = poll_fn(|context| {
            let mut poll = std::task::Poll::Pending;
            let mut step = || poll = work.as_mut().poll(context);
            match &this.0 {
                Some(begun) if begun.token.is_some() => {
                    begun.observer.within(&begun.token, &mut step);
                }
                _ => step(),
            }
            poll
        })
        .await;
        let (outcome, (rows, rejected)) = match &result {
            Ok(done) => (Outcome::Done, count(done)),
            Err(error) => (Outcome::Failed(error.kind()), (0, 0)),
        };
        this.end(outcome, rows, rejected);
        result
    }

    fn end(&mut self, outcome: Outcome, rows: u64, rejected: u64) {
        let Some(begun) = self.0.take() else { return };
        let event = End {
            kind: begun.kind,
            relation: begun.relation,
            elapsed: begun.started.elapsed(),
            rows,
            rejected,
            outcome,
        };
        begun.observer.end(begun.token, &event);
    }
}

impl Drop for Operation<'_> {
    fn drop(&mut self) {
        self.end(Outcome::Dropped, 0, 0);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::error::ErrorKind;
    use crate::observer::FanOut;

    #[derive(Default)]
    struct Seen {
        ends: Mutex<Vec<(&'static str, u64)>>,
        steps: AtomicU32,
    }

    impl Observer for Seen {
        fn begin(&self, event: &Begin<'_>) -> Token {
            assert_eq!(event.relation, "t");
            Some(Box::new(7_u8))
        }

        fn end(&self, token: Token, event: &End<'_>) {
            assert_eq!(token.unwrap().downcast_ref(), Some(&7_u8));
            let mut ends = self.ends.lock().unwrap();
            ends.push((event.outcome.as_str(), event.rows));
        }

        fn within(&self, _: &Token, step: &mut dyn FnMut()) {
            self.steps.fetch_add(1, Ordering::Relaxed);
            step();
        }
    }

    #[tokio::test]
    async fn each_beginning_has_one_end_also_through_a_fan_out() {
        let seen = Arc::new(Seen::default());
        let observers: [Arc<dyn Observer>; 2] = [seen.clone(), seen.clone()];
        let observer: Arc<dyn Observer> = Arc::new(FanOut::new(observers));
        let run = |work| Operation::run(Some(&observer), Kind::Load, "t", work, |rows| (*rows, 0));
        run(std::future::ready(Ok(3))).await.unwrap();
        assert_eq!(seen.steps.load(Ordering::Relaxed), 2);
        let failure = Error::new(ErrorKind::Input, "no file");
        run(std::future::ready(Err(failure))).await.unwrap_err();
        drop(run(std::future::ready(Ok(1))));
        let hanging = Operation::run(
            Some(&observer),
            Kind::Export,
            "t",
            std::future::pending::<Result<u64, Error>>(),
            |rows| (*rows, 0),
        );
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(1), hanging);
        given_up.await.unwrap_err();
        let ends = seen.ends.lock().unwrap().clone();
        let twice = |end| [end, end];
        let expected: Vec<_> = [("ok", 3), ("failed", 0), ("dropped", 0)]
            .into_iter()
            .flat_map(twice)
            .collect();
        assert_eq!(ends, expected);
    }
}

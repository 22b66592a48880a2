//! Answers that a feed of changes vouches for.

use crate::model::{HandClock, Model};
use crate::{Told, read};
use crdb_cache::{
    AnsweredBy, Cache, CachedExecutor, ChangeNotice, ChangeSource, Changes, Following, MissReason,
    Timestamp,
};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Sender = UnboundedSender<ChangeNotice>;

/// Tells what a test sends. A stream ends when its sender is dropped.
#[derive(Clone, Default)]
struct Hand(Arc<Mutex<Option<Sender>>>);

impl ChangeSource for Hand {
    fn changes(&self, tables: &[String]) -> Changes {
        assert_eq!(tables, ["counter"]);
        let (sender, mut receiver) = unbounded_channel();
        *self.0.lock() = Some(sender);
        let next =
            move |cx: &mut std::task::Context<'_>| receiver.poll_recv(cx).map(|told| told.map(Ok));
        Box::pin(futures_util::stream::poll_fn(next))
    }
}

/// A cache with a feed that is live from time 900 on. Loads read at 1001, 1002, and so on.
struct Fixture {
    model: Model,
    clock: HandClock,
    told: Arc<Told>,
    db: CachedExecutor<Model>,
    hand: Hand,
    following: Following,
}

impl Fixture {
    async fn new() -> Self {
        let (model, clock, told) = (
            Model::default(),
            HandClock::default(),
            Arc::new(Told::default()),
        );
        let cache = Cache::builder()
            .clock(clock.clone())
            .observer(Arc::clone(&told) as _)
            .build();
        let hand = Hand::default();
        let following = cache.follow(["counter"], hand.clone());
        let this = Self {
            db: cache.over(model.clone()),
            model,
            clock,
            told,
            hand,
            following,
        };
        assert!(!this.following.is_live());
        this.resolve(900).await;
        this
    }

    /// Tells, and waits until it has been heard.
    async fn tell(&self, notice: ChangeNotice) {
        let sender = loop {
            if let Some(sender) = self.hand.0.lock().clone() {
                break sender;
            }
            tokio::task::yield_now().await;
        };
        sender.send(notice).unwrap();
        drop(sender);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    async fn resolve(&self, at: u64) {
        self.tell(ChangeNotice::Resolved(Timestamp::from_nanoseconds(at)))
            .await;
    }

    async fn change(&self, table: &str, at: u64) {
        let at = Timestamp::from_nanoseconds(at);
        let table = table.to_owned();
        self.tell(ChangeNotice::Changed { table, at }).await;
    }

    fn last(&self) -> (AnsweredBy, Option<MissReason>) {
        *self.told.answers.lock().last().unwrap()
    }
}

/// A minute, as the server counts it.
const MINUTE: u64 = 60_000_000_000;

#[tokio::test]
async fn an_answer_lives_until_a_change_is_told() {
    let f = Fixture::new().await;
    read(&f.db, 1).await.unwrap();
    f.clock.pass(Duration::from_secs(60));
    f.resolve(MINUTE + 1_001).await;
    // A load of the same statement finds the table unaltered.
    read(&f.db, 2).await.unwrap();
    read(&f.db, 1).await.unwrap();
    assert_eq!((f.last(), f.model.loads()), ((AnsweredBy::Hit, None), 2));
    // Of another table, and one that it has seen.
    f.change("other", 2 * MINUTE).await;
    f.change("bank.public.counter", 1_001).await;
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.model.loads(), 2);
    f.change("counter", MINUTE).await;
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Load, Some(MissReason::Changed)));
}

#[tokio::test]
async fn an_answer_whose_tables_may_have_been_altered_goes_by_its_age() {
    let f = Fixture::new().await;
    read(&f.db, 1).await.unwrap();
    f.clock.pass(Duration::from_secs(60));
    f.resolve(MINUTE + 1_001).await;
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Load, Some(MissReason::TooOld)));
}

#[tokio::test]
async fn the_clocks_of_nodes_may_be_apart() {
    let f = Fixture::new().await;
    read(&f.db, 1).await.unwrap();
    f.clock.pass(Duration::from_secs(1));
    // A second later, or half a second by a clock that is ahead by the other half.
    f.resolve(1_000_001_001).await;
    f.clock.pass(Duration::from_millis(9_500));
    read(&f.db, 2).await.unwrap();
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Hit, None));
    f.clock.pass(Duration::from_millis(1));
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last().1, Some(MissReason::TooOld));
}

#[tokio::test]
async fn a_watermark_is_no_younger_than_its_arrival() {
    let f = Fixture::new().await;
    read(&f.db, 1).await.unwrap();
    // The server's clock has jumped.
    f.resolve(100 * MINUTE).await;
    f.clock.pass(Duration::from_secs(11));
    read(&f.db, 2).await.unwrap();
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Load, Some(MissReason::TooOld)));
}

#[tokio::test(start_paused = true)]
async fn a_lost_feed_makes_everything_a_miss_until_it_is_back() {
    let f = Fixture::new().await;
    read(&f.db, 1).await.unwrap();
    // The stream ends.
    *f.hand.0.lock() = None;
    while f.following.is_live() {
        tokio::task::yield_now().await;
    }
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Load, Some(MissReason::FeedLost)));
    read(&f.db, 1).await.unwrap();
    assert_eq!(
        (f.last().1, f.model.loads()),
        (Some(MissReason::FeedLost), 3)
    );
    // It is back, and vouches for nothing that was read before it was.
    tokio::time::sleep(Duration::from_secs(1)).await;
    f.resolve(1_004).await;
    assert!(f.following.is_live());
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Load, Some(MissReason::FeedLost)));
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.last(), (AnsweredBy::Hit, None));
    // Without it answers go by their age.
    drop(f.following);
    read(&f.db, 1).await.unwrap();
    assert_eq!(f.told.answers.lock().last(), Some(&(AnsweredBy::Hit, None)));
}

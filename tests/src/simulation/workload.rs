//! What callers do with the database, and what they get.

mod borrowing;
mod call;
mod statements;
mod transactions;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::sleep;

use crdb_facade::Database;

use super::server::Cluster;
use super::world::World;
pub(super) use call::Bed;

/// What was promised, to be held against the data at the end as well.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// Marks of which was said that they never will be there.
    absent: Mutex<Vec<i64>>,
    /// Marks that were acknowledged.
    present: Mutex<Vec<i64>>,
    /// Idempotency keys, and the marks of the work under each, of which one at most may be there.
    keys: Mutex<Vec<(String, Vec<i64>)>>,
}

impl Promises {
    /// Says that the mark is acknowledged, or that it will never be there.
    fn promise(&self, id: i64, present: bool) {
        let list = if present { &self.present } else { &self.absent };
        list.lock().push(id);
    }

    /// Adds a key and the marks of its work.
    fn add_key(&self, key: &str, marks: Vec<i64>) {
        self.keys.lock().push((key.to_owned(), marks));
    }

    /// One of the marks that were acknowledged.
    fn any_present(&self, world: &World) -> Option<i64> {
        let present = self.present.lock();
        let at = usize::try_from(world.below(present.len() as u64)).ok()?;
        present.get(at).copied()
    }

    /// One of the keys.
    fn any_key(&self, world: &World) -> Option<(String, Vec<i64>)> {
        let keys = self.keys.lock();
        let at = usize::try_from(world.below(keys.len() as u64)).ok()?;
        keys.get(at).cloned()
    }

    /// Holds all promises against the data.
    pub(super) fn judge(&self, world: &World, cluster: &Cluster) {
        for id in self.absent.lock().iter() {
            if cluster.is_marked(*id) {
                world.wrong(
                    "what failed for certain never takes effect",
                    format!("{id} is there at the end"),
                );
            }
        }
        for id in self.present.lock().iter() {
            if !cluster.is_marked(*id) {
                world.wrong(
                    "what was acknowledged is there",
                    format!("{id} is not there at the end"),
                );
            }
        }
        for (key, marks) in self.keys.lock().iter() {
            let there: Vec<_> = marks.iter().filter(|id| cluster.is_marked(**id)).collect();
            if there.len() > 1 {
                world.wrong("work under a key is done once", format!("{key}: {there:?}"));
            }
        }
    }
}

/// Runs one caller's operations, one after the other.
pub(super) async fn caller(bed: Arc<Bed>, number: i64) {
    for operation in 1..=bed.world.setting.operations {
        // Every operation has room for ten marks.
        let id = number * 1_000 + operation * 10;
        operate(&bed, id).await;
        sleep(bed.world.millis(30)).await;
    }
}

async fn operate(bed: &Bed, id: i64) {
    let operation = bed.world.below(30);
    match operation {
        0..=2 => statements::mark(bed, id).await,
        3 => statements::mark_returning(bed, id).await,
        4 => statements::mark_safely(bed, id).await,
        5 => statements::mark_never_again(bed, id).await,
        6 => statements::look_for_acknowledged(bed).await,
        7..=10 => transactions::transfer(bed, id, None).await,
        11..=12 => transactions::transfer_under_a_key(bed, id).await,
        13 => transactions::contest_a_key(bed, id).await,
        14 => transactions::read_totals(bed).await,
        15 => transactions::undo_a_savepoint(bed, id).await,
        16 => transactions::swallow_an_error(bed, id).await,
        17 => transactions::refuse(bed, id).await,
        18 => transactions::end_inside(bed, id).await,
        19 => transactions::define_inside(bed, id).await,
        20 => transactions::go_back_by_hand(bed, id).await,
        21 => transactions::leave_something(bed, id).await,
        22 => statements::leave_something(bed).await,
        23 => statements::resolve_a_key(bed).await,
        24 => borrowing::borrow(bed).await,
        25 => borrowing::leave_open(bed, id).await,
        _ => statements::mark(bed, id).await,
    }
}

/// A bed for the callers of a run.
pub(super) fn bed(world: &Arc<World>, cluster: &Arc<Cluster>, db: &Database) -> Arc<Bed> {
    Arc::new(Bed {
        world: Arc::clone(world),
        cluster: Arc::clone(cluster),
        db: db.clone(),
        promises: Promises::default(),
    })
}

//! Transactions.

use std::time::Duration;

use crdb_exec::{IdempotencyKey, Isolation, Row as _, TransactionOptions};
use crdb_facade::{Error, ErrorKind, Transaction};

use super::call::{Bed, BodyError, Told};
use crate::simulation::server::statement::{ADD, BALANCE, BALANCES, DEFINE, MARK, SET_CONFIG};
use crate::simulation::server::{ACCOUNTS, BALANCE as FIRST_BALANCE};

fn options(bed: &Bed, limit: Option<Duration>) -> TransactionOptions {
    let mut options = bed.db.transaction_options();
    if bed.world.coin() {
        options = options.isolation(Isolation::Serializable);
    }
    match limit {
        Some(limit) => options.timeout(limit),
        None => options,
    }
}

/// Runs a body in a transaction that leaves the mark, and judges it.
macro_rules! transact {
    ($bed:expr, $what:expr, $id:expr, $key:expr, $body:expr) => {{
        let (bed, id): (&Bed, i64) = ($bed, $id);
        let what = format!("{} {id}", $what);
        let limit = bed.own_limit();
        let options = options(bed, limit);
        let options = match $key {
            Some(key) => options.idempotency(IdempotencyKey::new(key)),
            None => options,
        };
        let work = bed.db.transact_as(&options, $body);
        let told = bed.call(&what, limit, work).await;
        bed.judge(&what, id, &told);
        (what, told)
    }};
}

const NO_KEY: Option<String> = None;

/// Two different accounts and an amount.
fn draw(bed: &Bed) -> (i64, i64, i64) {
    let accounts = ACCOUNTS.cast_unsigned();
    let from = bed.world.below(accounts).cast_signed();
    let to = bed.world.below(accounts - 1).cast_signed();
    let amount = bed.world.below(20).cast_signed();
    (from, if to >= from { to + 1 } else { to }, amount)
}

async fn move_money(
    tx: &Transaction,
    (from, to, amount): (i64, i64, i64),
    id: i64,
) -> Result<(), Error> {
    let row = tx.fetch_one(BALANCE, &[&from]).await?;
    let _balance: i64 = row.get(0)?;
    tx.execute(ADD, &[&from, &-amount]).await?;
    tx.execute(ADD, &[&to, &amount]).await?;
    tx.execute(MARK, &[&id]).await?;
    Ok(())
}

pub(super) async fn transfer(bed: &Bed, id: i64, key: Option<String>) {
    let drawn = draw(bed);
    let (what, told) = transact!(
        bed,
        "transfer",
        id,
        key.clone(),
        async |tx: &Transaction| -> Result<(), BodyError> { Ok(move_money(tx, drawn, id).await?) }
    );
    if key.is_none() {
        // A key may be resolved from outside before the work begins.
        bed.expect_success(&what, &told);
    }
}

pub(super) async fn transfer_under_a_key(bed: &Bed, id: i64) {
    let key = format!("key-{id}");
    bed.promises.add_key(&key, vec![id]);
    transfer(bed, id, Some(key)).await;
}

/// Two calls under one key at the same time: one of them does the work.
pub(super) async fn contest_a_key(bed: &Bed, id: i64) {
    let key = format!("contested-{id}");
    let (one, two) = (id, id + 1);
    bed.promises.add_key(&key, vec![one, two]);
    let contend = async |id: i64| {
        let drawn = draw(bed);
        let (what, told) = transact!(
            bed,
            "contest",
            id,
            Some(key.clone()),
            async |tx: &Transaction| -> Result<(), BodyError> {
                Ok(move_money(tx, drawn, id).await?)
            }
        );
        if let Told::Failed(error) = &told
            && error.kind() == ErrorKind::AlreadyCommitted
            && !(bed.cluster.is_marked(one) || bed.cluster.is_marked(two))
        {
            bed.world
                .wrong("a key that is committed has its work", what);
        }
    };
    tokio::join!(biased; contend(one), contend(two));
}

/// What all accounts have together is the same whenever it is read.
pub(super) async fn read_totals(bed: &Bed) {
    let limit = bed.own_limit();
    let options = options(bed, limit).read_only();
    let work = bed.db.transact_as(
        &options,
        async |tx: &Transaction| -> Result<i64, BodyError> {
            let rows = tx.fetch_all(BALANCES, &[]).await?;
            let mut total = 0;
            for row in rows {
                total += row.get::<i64>(0).map_err(Error::from)?;
            }
            Ok(total)
        },
    );
    let told = bed.call("read totals", limit, work).await;
    bed.expect_success("read totals", &told);
    if let Told::Done(total) = told
        && total != ACCOUNTS * FIRST_BALANCE
    {
        bed.world
            .wrong("totals are conserved", format!("{total} was read"));
    }
}

/// A savepoint whose body fails takes back its own work only.
pub(super) async fn undo_a_savepoint(bed: &Bed, id: i64) {
    let (inner, drawn) = (id + 1, draw(bed));
    let (what, told) = transact!(
        bed,
        "undo a savepoint in",
        id,
        NO_KEY,
        async |tx: &Transaction| -> Result<(), BodyError> {
            let undone = tx
                .savepoint(async |tx: &Transaction| -> Result<(), BodyError> {
                    tx.execute(MARK, &[&inner]).await?;
                    tx.execute(ADD, &[&drawn.0, &1_i64]).await?;
                    Err(BodyError::Own)
                })
                .await;
            match undone {
                Err(BodyError::Own) => {}
                other => return other,
            }
            Ok(move_money(tx, drawn, id).await?)
        }
    );
    bed.expect_success(&what, &told);
    bed.expect_absent(&what, inner, bed.cluster.is_marked(inner));
}

/// A statement fails, and the body says that all is well.
pub(super) async fn swallow_an_error(bed: &Bed, id: i64) {
    transact!(
        bed,
        "swallow an error in",
        id,
        NO_KEY,
        async |tx: &Transaction| -> Result<(), BodyError> {
            tx.execute(MARK, &[&id]).await?;
            drop(tx.execute(MARK, &[&id]).await);
            Ok(())
        }
    );
}

/// The body has a reason of its own to fail.
pub(super) async fn refuse(bed: &Bed, id: i64) {
    let drawn = draw(bed);
    transact!(
        bed,
        "refuse",
        id,
        NO_KEY,
        async |tx: &Transaction| -> Result<(), BodyError> {
            move_money(tx, drawn, id).await?;
            Err(BodyError::Own)
        }
    );
}

/// The body ends the transaction itself, and may go on.
pub(super) async fn end_inside(bed: &Bed, id: i64) {
    let (drawn, goes_on, key) = (draw(bed), bed.world.coin(), format!("ended-{id}"));
    let key = bed.world.coin().then_some(key);
    transact!(
        bed,
        "end inside",
        id,
        key,
        async |tx: &Transaction| -> Result<(), BodyError> {
            move_money(tx, drawn, id).await?;
            tx.execute("COMMIT", &[]).await?;
            if goes_on {
                tx.fetch_all(BALANCES, &[]).await?;
            }
            Ok(())
        }
    );
}

/// DDL in the body, which commits what came before it where that is on.
pub(super) async fn define_inside(bed: &Bed, id: i64) {
    let (drawn, on, goes_on) = (draw(bed), bed.world.coin(), bed.world.coin());
    transact!(
        bed,
        "define inside",
        id,
        NO_KEY,
        async |tx: &Transaction| -> Result<(), BodyError> {
            if on {
                tx.execute("SET LOCAL autocommit_before_ddl = on", &[])
                    .await?;
            }
            move_money(tx, drawn, id).await?;
            tx.execute(DEFINE, &[]).await?;
            if goes_on {
                tx.fetch_all(BALANCES, &[]).await?;
            }
            Ok(())
        }
    );
}

/// The last statement goes back to a savepoint, with a tag that looks like a rollback's.
pub(super) async fn go_back_by_hand(bed: &Bed, id: i64) {
    let (inner, drawn) = (id + 1, draw(bed));
    let key = bed.world.coin().then(|| format!("back-{id}"));
    let (what, told) = transact!(
        bed,
        "go back by hand in",
        id,
        key,
        async |tx: &Transaction| -> Result<(), BodyError> {
            move_money(tx, drawn, id).await?;
            tx.execute("SAVEPOINT own", &[]).await?;
            tx.execute(MARK, &[&inner]).await?;
            tx.execute("ROLLBACK TO SAVEPOINT own", &[]).await?;
            Ok(())
        }
    );
    bed.expect_success(&what, &told);
    bed.expect_absent(&what, inner, bed.cluster.is_marked(inner));
}

/// Changes variables of the session and commits.
pub(super) async fn leave_something(bed: &Bed, id: i64) {
    let (value, by_function) = ("elsewhere".to_owned(), bed.world.coin());
    let (what, told) = transact!(
        bed,
        "leave something in",
        id,
        NO_KEY,
        async |tx: &Transaction| -> Result<(), BodyError> {
            if by_function {
                tx.fetch_one(SET_CONFIG, &[&value]).await?;
            } else {
                tx.execute("SET search_path = elsewhere", &[]).await?;
            }
            tx.execute(MARK, &[&id]).await?;
            Ok(())
        }
    );
    bed.expect_success(&what, &told);
}

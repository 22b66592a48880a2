//! Transfers that conflict on purpose: many tasks, few accounts.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use crdb_exec::{Isolation, Row as _, TransactionOptions};
use crdb_facade::{Database, Error, Transaction};
use indicatif::ProgressBar;
use rand::RngExt as _;
use rust_decimal::Decimal;
use tokio::task::JoinSet;

/// On a busy machine fewer transfers are made: no new one begins after this.
const PATIENCE: Duration = Duration::from_secs(20);

/// So few accounts that the transfers meet.
const HOT_ACCOUNTS: i64 = 8;

/// What the transfers came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// Money was moved.
    pub(crate) made: u64,
    /// The account did not cover it.
    pub(crate) refused: u64,
}

/// Makes `count` transfers, `tasks` at the same time; fewer where they take longer than a demo may.
///
/// Dropping the future ends the tasks; transfers that are under way are rolled back.
///
/// # Errors
/// The first transfer that failed for good.
pub(crate) async fn run(
    database: &Database,
    tasks: u16,
    count: u32,
    bar: &ProgressBar,
) -> Result<Outcome> {
    let numbers: Vec<String> = database
        .query("accounts.numbers")
        .bind("count", HOT_ACCOUNTS)
        .fetch_all()
        .await?
        .iter()
        .map(|row| row.get("number"))
        .collect::<Result<_, _>>()?;
    ensure!(numbers.len() >= 2, "the sample data has no accounts");
    let numbers = Arc::new(numbers);
    let left = Arc::new(AtomicU64::new(count.into()));
    bar.set_length(count.into());

    let began = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..tasks {
        let (database, numbers, left, bar) = (
            database.clone(),
            Arc::clone(&numbers),
            Arc::clone(&left),
            bar.clone(),
        );
        workers.spawn(async move {
            let mut outcome = Outcome::default();
            while began.elapsed() < PATIENCE && take_one(&left) {
                let order = Order::random(&numbers);
                if transfer(&database, &order).await? {
                    outcome.made += 1;
                } else {
                    outcome.refused += 1;
                }
                bar.inc(1);
            }
            Ok::<_, Error>(outcome)
        });
    }
    let mut sum = Outcome::default();
    while let Some(worker) = workers.join_next().await {
        let outcome = worker
            .context("a task of the transfers panicked")?
            .context("a transfer failed")?;
        sum.made += outcome.made;
        sum.refused += outcome.refused;
    }
    Ok(sum)
}

fn take_one(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(1)
    })
    .is_ok()
}

/// What is to be transferred.
struct Order {
    from: String,
    to: String,
    amount: Decimal,
}

impl Order {
    fn random(numbers: &[String]) -> Self {
        let mut random = rand::rng();
        let from = random.random_range(0..numbers.len());
        let to = (from + random.random_range(1..numbers.len())) % numbers.len();
        Self {
            from: numbers[from].clone(),
            to: numbers[to].clone(),
            amount: Decimal::new(random.random_range(1..5_000), 2),
        }
    }
}

/// Moves the money if the account covers it. Reads first, as services do, which is what makes two of them conflict.
async fn transfer(database: &Database, order: &Order) -> Result<bool, Error> {
    let options: TransactionOptions = database
        .transaction_options()
        .name("transfer")
        // CockroachDB's default; PostgreSQL has to be asked.
        .isolation(Isolation::Serializable)
        .attempts(100);
    database
        .transact_with(&options, async |tx: &Transaction| {
            let (from, to, amount) = (&order.from, &order.to, &order.amount);
            let balance: Decimal = tx
                .query("accounts.balance")
                .bind("number", from)
                .fetch_one()
                .await?
                .get("balance")?;
            if balance < *amount {
                return Ok(false);
            }
            // In the order of the accounts, so that two transfers wait for each other but never in a circle.
            if from < to {
                withdraw(tx, from, amount).await?;
                deposit(tx, to, amount).await?;
            } else {
                deposit(tx, to, amount).await?;
                withdraw(tx, from, amount).await?;
            }
            tx.query("transfers.record")
                .bind("from_number", from)
                .bind("to_number", to)
                .bind("amount", amount)
                .bind("note", "demo")
                .execute()
                .await?;
            Ok(true)
        })
        .await
}

async fn withdraw(tx: &Transaction, number: &String, amount: &Decimal) -> Result<u64, Error> {
    let query = tx.query("accounts.withdraw");
    query
        .bind("number", number)
        .bind("amount", amount)
        .execute()
        .await
}

async fn deposit(tx: &Transaction, number: &String, amount: &Decimal) -> Result<u64, Error> {
    let query = tx.query("accounts.deposit");
    query
        .bind("number", number)
        .bind("amount", amount)
        .execute()
        .await
}

/// The total that the sample data begins with.
pub(crate) fn expected_total() -> Result<Decimal> {
    Decimal::from_str(crdb_example_bank::SAMPLE_TOTAL).context("the sample total is no number")
}

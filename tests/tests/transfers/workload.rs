//! Many tasks that transfer at once, and what each got.

use std::collections::BTreeMap;
use std::time::Duration;

use crdb_facade::exec::{IdempotencyKey, Isolation, Resolution};
use crdb_facade::{Database, Error, TransactionOptions};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;

use crate::bank::{ACCOUNTS, number};

/// A bound for hangs: no transfer waits this long, however busy the cores are.
pub(crate) const HANGS: Duration = Duration::from_secs(60);
const TASKS: u64 = 8;
const TRANSFERS: u64 = 40;

pub(crate) struct Workload {
    seed: u64,
    keys: bool,
    attempts: Option<u32>,
}

impl Workload {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self {
            seed,
            keys: false,
            attempts: None,
        }
    }

    /// Each transfer gets an idempotency key.
    pub(crate) fn with_keys(mut self) -> Self {
        self.keys = true;
        self
    }

    /// Each transfer may run so often, instead of as often as by default.
    pub(crate) fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }
}

/// What the caller of a transfer got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// The account did not cover it: nothing was done.
    NotCovered,
    /// It failed, and it is certain that nothing was done.
    Failed,
    Unknown,
}

/// The outcomes, each by the mark that its transfer carries in the books.
#[derive(Debug, Default)]
pub(crate) struct Outcomes(BTreeMap<String, Outcome>);

impl Outcomes {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Outcome)> {
        self.0
            .iter()
            .map(|(mark, outcome)| (mark.as_str(), *outcome))
    }

    fn count(&self, wanted: Outcome) -> usize {
        self.iter()
            .filter(|(_, outcome)| *outcome == wanted)
            .count()
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.count(Outcome::Done)
    }

    pub(crate) fn failed(&self) -> usize {
        self.count(Outcome::Failed)
    }

    pub(crate) fn unknown(&self) -> usize {
        self.count(Outcome::Unknown)
    }

    /// Finds out what became of the transfers whose outcome is unknown.
    pub(crate) async fn resolve(&mut self, resolve: impl AsyncFn(&str) -> Resolution) {
        for (mark, outcome) in &mut self.0 {
            if *outcome == Outcome::Unknown {
                *outcome = match resolve(mark).await {
                    Resolution::Committed => Outcome::Done,
                    Resolution::Abandoned => Outcome::Failed,
                };
            }
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "says why a transfer failed, where the test fails for it"
)]
/// Runs the workload. `disturb` is called after each transfer, with the generator of its task.
pub(crate) async fn transfers(
    db: &Database,
    workload: &Workload,
    disturb: impl Fn(&mut StdRng) + Sync,
) -> Outcomes {
    let disturb = &disturb;
    let tasks = (0..TASKS).map(async |task| {
        let mut rng = StdRng::seed_from_u64(workload.seed.wrapping_mul(1_000) + task);
        let mut outcomes = Vec::new();
        for turn in 0..TRANSFERS {
            let mark = format!("{task}/{turn}");
            let from = rng.random_range(0..ACCOUNTS);
            let to = (from + rng.random_range(1..ACCOUNTS)) % ACCOUNTS;
            let amount = Decimal::from(rng.random_range(1..=300_u32));
            let mut options = db
                .transaction_options()
                .name("transfer")
                .isolation(Isolation::Serializable)
                .timeout(HANGS);
            if workload.keys {
                options = options.idempotency(IdempotencyKey::new(&mark));
            }
            if let Some(attempts) = workload.attempts {
                options = options.attempts(attempts);
            }
            let outcome =
                match transfer(db, &options, &number(from), &number(to), &amount, &mark).await {
                    Ok(()) => Outcome::Done,
                    Err(TransferError::NotCovered) => Outcome::NotCovered,
                    Err(TransferError::Database(error)) if error.is_outcome_unknown() => {
                        Outcome::Unknown
                    }
                    Err(TransferError::Database(error)) => {
                        println!("{mark}: {error}");
                        Outcome::Failed
                    }
                };
            outcomes.push((mark, outcome));
            disturb(&mut rng);
        }
        outcomes
    });
    let outcomes = futures_util::future::join_all(tasks).await;
    Outcomes(outcomes.into_iter().flatten().collect())
}

enum TransferError {
    NotCovered,
    Database(Error),
}

impl<E: Into<Error>> From<E> for TransferError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

async fn transfer(
    db: &Database,
    options: &TransactionOptions,
    from: &str,
    to: &str,
    amount: &Decimal,
    mark: &str,
) -> Result<(), TransferError> {
    db.transact_as(options, async |tx| -> Result<(), TransferError> {
        if tx
            .query("accounts.withdraw")
            .bind("number", from)
            .bind("amount", amount)
            .execute()
            .await?
            == 0
        {
            return Err(TransferError::NotCovered);
        }
        tx.query("accounts.deposit")
            .bind("number", to)
            .bind("amount", amount)
            .execute()
            .await?;
        tx.query("transfers.record")
            .bind("from_number", from)
            .bind("to_number", to)
            .bind("amount", amount)
            .bind("note", mark)
            .execute()
            .await?;
        Ok(())
    })
    .await
}

//! The data of the cluster, and its transactions.

use std::collections::BTreeMap;

use super::statement::Data;
use super::value::{Cell, Rows};

/// A row's place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Account(i64),
    Mark(i64),
    Idempotency(String),
    /// The privileges and settings that nothing here changes.
    Catalog,
}

#[derive(Clone, Debug, PartialEq)]
enum Row {
    Account { balance: i64 },
    Mark,
    Idempotency { owner: String, abandoned: bool },
}

/// Why a statement or a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// What it read is not so any more.
    Conflict,
    /// A row with this key is there.
    Duplicate,
}

/// What a statement gave.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) rows: Rows,
    /// How many rows it returned or changed.
    pub(super) count: u64,
}

/// A transaction: what it has read, at which version, and what it will write.
#[derive(Clone, Debug, Default)]
pub(super) struct Transaction {
    read: BTreeMap<Key, u64>,
    written: BTreeMap<Key, Row>,
}

impl Transaction {
    /// Forgets what it has written since it was as `then`, but not what it has read.
    pub(super) fn go_back_to(&mut self, then: &Self) {
        self.written.clone_from(&then.written);
    }
}

/// Committed rows, each with its version, and how often each mark was committed.
#[derive(Debug, Default)]
pub(super) struct Store {
    rows: BTreeMap<Key, (u64, Row)>,
    version: u64,
}

impl Store {
    /// As many accounts as this, with so much each.
    pub(super) fn new(accounts: i64, balance: i64) -> Self {
        let mut store = Self::default();
        for id in 0..accounts {
            let row = Row::Account { balance };
            store.rows.insert(Key::Account(id), (0, row));
        }
        store
    }

    /// What all accounts have together.
    pub(super) fn total(&self) -> i64 {
        let balance = |(_, row): &(u64, Row)| match row {
            Row::Account { balance } => *balance,
            _ => 0,
        };
        self.rows.values().map(balance).sum()
    }

    /// Whether a mark is committed.
    pub(super) fn is_marked(&self, id: i64) -> bool {
        self.rows.contains_key(&Key::Mark(id))
    }

    /// Whether anything that the transaction has read has changed since.
    pub(super) fn is_overtaken(&self, transaction: &Transaction) -> bool {
        let version = |key| self.rows.get(key).map_or(0, |(version, _)| *version);
        transaction.read.iter().any(|(key, at)| version(key) != *at)
    }

    /// Commits what the transaction has written, unless it is overtaken.
    pub(super) fn commit(&mut self, transaction: Transaction) -> Result<(), Refusal> {
        if self.is_overtaken(&transaction) {
            return Err(Refusal::Conflict);
        }
        self.version += 1;
        for (key, row) in transaction.written {
            self.rows.insert(key, (self.version, row));
        }
        Ok(())
    }

    fn read(&self, transaction: &mut Transaction, key: Key) -> Option<Row> {
        if let Some(own) = transaction.written.get(&key) {
            return Some(own.clone());
        }
        let found = self.rows.get(&key);
        let version = found.map_or(0, |(version, _)| *version);
        transaction.read.entry(key).or_insert(version);
        found.map(|(_, row)| row.clone())
    }

    fn balance(&self, transaction: &mut Transaction, id: i64) -> Option<i64> {
        match self.read(transaction, Key::Account(id))? {
            Row::Account { balance } => Some(balance),
            _ => None,
        }
    }

    fn key(&self, transaction: &mut Transaction, key: &str) -> Option<(String, bool)> {
        match self.read(transaction, Key::Idempotency(key.to_owned()))? {
            Row::Idempotency { owner, abandoned } => Some((owner, abandoned)),
            _ => None,
        }
    }

    /// Runs a statement in a transaction.
    pub(super) fn run(&self, transaction: &mut Transaction, data: &Data) -> Result<Done, Refusal> {
        let done = |rows: Rows, count| Ok(Done { rows, count });
        match data {
            Data::Balance(id) => {
                let found = self.balance(transaction, *id);
                let rows: Rows = found.into_iter().map(|it| vec![Cell::Int(it)]).collect();
                let count = rows.len() as u64;
                done(rows, count)
            }
            Data::Balances => {
                let ids: Vec<_> = self.rows.keys().cloned().collect();
                let mut rows = Rows::new();
                for key in ids {
                    if let Key::Account(id) = key
                        && let Some(balance) = self.balance(transaction, id)
                    {
                        rows.push(vec![Cell::Int(balance)]);
                    }
                }
                let count = rows.len() as u64;
                done(rows, count)
            }
            Data::Add(id, amount) => {
                let Some(balance) = self.balance(transaction, *id) else {
                    return done(Rows::new(), 0);
                };
                let row = Row::Account {
                    balance: balance + amount,
                };
                transaction.written.insert(Key::Account(*id), row);
                done(Rows::new(), 1)
            }
            Data::Mark(id) | Data::MarkReturning(id) => {
                if self.read(transaction, Key::Mark(*id)).is_some() {
                    return Err(Refusal::Duplicate);
                }
                transaction.written.insert(Key::Mark(*id), Row::Mark);
                let rows = match data {
                    Data::MarkReturning(_) => vec![vec![Cell::Int(*id)]],
                    _ => Rows::new(),
                };
                done(rows, 1)
            }
            Data::MarkOnce(id) => {
                if self.read(transaction, Key::Mark(*id)).is_some() {
                    return done(Rows::new(), 0);
                }
                transaction.written.insert(Key::Mark(*id), Row::Mark);
                done(Rows::new(), 1)
            }
            Data::Marked(id) => {
                let found = self.read(transaction, Key::Mark(*id));
                let rows: Rows = found.into_iter().map(|_| vec![Cell::Int(*id)]).collect();
                let count = rows.len() as u64;
                done(rows, count)
            }
            Data::Claim { key, owner } => {
                let free = match self.key(transaction, key) {
                    None => true,
                    Some((owner, abandoned)) => abandoned && !owner.is_empty(),
                };
                if free {
                    self.write_key(transaction, key, owner, false);
                }
                done(Rows::new(), u64::from(free))
            }
            Data::Look { key } => {
                let found = self.key(transaction, key);
                let rows: Rows = found
                    .into_iter()
                    .map(|(_, abandoned)| vec![Cell::Bool(abandoned)])
                    .collect();
                let count = rows.len() as u64;
                done(rows, count)
            }
            Data::Resolve { key, owner } => {
                let (owner, abandoned) = match self.key(transaction, key) {
                    None => (owner.clone(), true),
                    Some((last, true)) if !last.is_empty() => (owner.clone(), true),
                    Some(found) => found,
                };
                self.write_key(transaction, key, &owner, abandoned);
                done(vec![vec![Cell::Bool(abandoned), Cell::Text(owner)]], 1)
            }
            Data::HasDatabase => {
                self.read(transaction, Key::Catalog);
                done(vec![vec![Cell::Bool(true)]], 1)
            }
        }
    }

    fn write_key(&self, transaction: &mut Transaction, key: &str, owner: &str, abandoned: bool) {
        let row = Row::Idempotency {
            owner: owner.to_owned(),
            abandoned,
        };
        transaction
            .written
            .insert(Key::Idempotency(key.to_owned()), row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(store: &Store, transaction: &mut Transaction, data: Data) -> Result<u64, Refusal> {
        store.run(transaction, &data).map(|done| done.count)
    }

    #[test]
    fn of_two_transactions_that_read_what_the_other_writes_one_commits() {
        let mut store = Store::new(2, 10);
        let (mut one, mut two) = (Transaction::default(), Transaction::default());
        run(&store, &mut one, Data::Balances).unwrap();
        run(&store, &mut one, Data::Add(0, -1)).unwrap();
        run(&store, &mut two, Data::Balances).unwrap();
        run(&store, &mut two, Data::Add(1, -1)).unwrap();
        assert_eq!(store.commit(two), Ok(()));
        assert_eq!(store.commit(one), Err(Refusal::Conflict));
        assert_eq!(store.total(), 19);
    }

    #[test]
    fn a_mark_is_committed_once() {
        let mut store = Store::default();
        let mut first = Transaction::default();
        run(&store, &mut first, Data::Mark(7)).unwrap();
        assert!(!store.is_marked(7));
        store.commit(first).unwrap();
        assert!(store.is_marked(7));
        let again = run(&store, &mut Transaction::default(), Data::Mark(7));
        assert_eq!(again, Err(Refusal::Duplicate));
        let once = run(&store, &mut Transaction::default(), Data::MarkOnce(7));
        assert_eq!(once, Ok(0));
    }

    #[test]
    fn a_key_that_is_abandoned_stops_the_work_under_it() {
        let mut store = Store::default();
        let claim = |owner: &str| Data::Claim {
            key: "k".to_owned(),
            owner: owner.to_owned(),
        };
        let mut work = Transaction::default();
        assert_eq!(run(&store, &mut work, claim("a")), Ok(1));
        let mut asked = Transaction::default();
        let resolve = Data::Resolve {
            key: "k".to_owned(),
            owner: "a".to_owned(),
        };
        run(&store, &mut asked, resolve).unwrap();
        store.commit(asked).unwrap();
        assert_eq!(store.commit(work), Err(Refusal::Conflict));
        // What a call has abandoned for its own lost run is free.
        assert_eq!(run(&store, &mut Transaction::default(), claim("b")), Ok(1));
    }
}

//! The example bank with a few hot accounts, and its books.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crdb_facade::config::{Config, ConfigBuilder, Node, keys};
use crdb_facade::exec::IdempotencyKey;
use crdb_facade::migrate::Migrations;
use crdb_facade::{Database, Row};
use crdb_testkit::Engine;
use rust_decimal::Decimal;

use crate::workload::{HANGS, Outcome, Outcomes};

/// So few that every two transfers meet.
pub(crate) const ACCOUNTS: usize = 6;
const OPENING_BALANCE: i64 = 1_000;

pub(crate) struct Bank {
    config: ConfigBuilder,
    /// Reaches the engine without a proxy.
    direct: Database,
}

pub(crate) fn number(account: usize) -> String {
    format!("ACC-{account:06}")
}

impl Bank {
    /// A bank of its own, in a database of its own.
    pub(crate) async fn new(engine: &Engine) -> Self {
        let database = engine.create_database().await;
        let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql");
        let config = Config::builder()
            .set(keys::auth::URL, Some(database.url().into()))
            .set(keys::sql::DIRECTORY, Some(sql));
        let direct = Database::open(config.clone().build().unwrap())
            .await
            .unwrap();
        let migrations = Migrations::from_embedded(crdb_example_bank::MIGRATIONS).unwrap();
        direct.migrate(migrations).await.unwrap();
        direct.execute(IdempotencyKey::SCHEMA, &[]).await.unwrap();
        direct
            .execute("INSERT INTO customers (name, email, country) VALUES ('Ada', 'ada@bank.example', 'DE')", &[])
            .await
            .unwrap();
        for account in 0..ACCOUNTS {
            let opened = direct
                .execute(
                    "INSERT INTO accounts (number, customer_id, kind, balance) \
                     SELECT $1, id, 'checking', $2 FROM customers",
                    &[&number(account), &Decimal::from(OPENING_BALANCE)],
                )
                .await
                .unwrap();
            assert_eq!(opened, 1);
        }
        Self { config, direct }
    }

    /// The same database, reached through a proxy.
    pub(crate) async fn open_at(&self, host: &str, port: u16) -> Database {
        self.open_nodes([(host, port)]).await
    }

    /// The same database, reached through several proxies.
    pub(crate) async fn open_nodes(
        &self,
        nodes: impl IntoIterator<Item = (&str, u16)>,
    ) -> Database {
        let nodes: Vec<Node> = nodes
            .into_iter()
            .map(|(host, port)| Node::new(host, port))
            .collect();
        let config = self
            .config
            .clone()
            .set(keys::auth::NODES, nodes)
            .set(
                keys::auth::CONNECT_TIMEOUT,
                std::time::Duration::from_secs(5),
            )
            .set(keys::pool::ACQUIRE_TIMEOUT, HANGS)
            .build()
            .unwrap();
        Database::open(config).await.unwrap()
    }

    /// The same database, with a session variable set at login.
    pub(crate) async fn open_with_session_variable(&self, name: &str, value: &str) -> Database {
        let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let config = self
            .config
            .clone()
            .set(keys::auth::SESSION, variables)
            .build()
            .unwrap();
        Database::open(config).await.unwrap()
    }

    /// Compares the books with what the callers got.
    pub(crate) async fn check(&self, outcomes: &Outcomes) {
        let total: Decimal = self
            .direct
            .query("accounts.total")
            .fetch_one()
            .await
            .unwrap()
            .get("total")
            .unwrap();
        assert_eq!(
            total,
            Decimal::from(OPENING_BALANCE) * Decimal::from(ACCOUNTS as u64),
            "money was made or lost"
        );

        let rows = self
            .direct
            .fetch_all(
                "SELECT source.number, target.number, amount, note FROM transfers \
                 JOIN accounts AS source ON source.id = from_account JOIN accounts AS target ON target.id = to_account",
                &[],
            )
            .await
            .unwrap();
        let mut recorded = BTreeSet::new();
        let mut balances: BTreeMap<String, Decimal> = (0..ACCOUNTS)
            .map(|account| (number(account), Decimal::from(OPENING_BALANCE)))
            .collect();
        for row in &rows {
            let amount: Decimal = row.get(2).unwrap();
            *balances.get_mut(row.get::<&str>(0).unwrap()).unwrap() -= amount;
            *balances.get_mut(row.get::<&str>(1).unwrap()).unwrap() += amount;
            let mark: String = row.get(3).unwrap();
            assert!(recorded.insert(mark.clone()), "{mark} was done twice");
        }
        for (number, expected) in balances {
            let account = self
                .direct
                .query("accounts.balance")
                .bind("number", &number)
                .fetch_one()
                .await
                .unwrap();
            assert_eq!(
                account.get::<Decimal>("balance").unwrap(),
                expected,
                "{number} does not agree with its transfers"
            );
        }
        for (mark, outcome) in outcomes.iter() {
            let is_recorded = recorded.contains(mark);
            match outcome {
                Outcome::Done => assert!(is_recorded, "{mark} was acknowledged and is lost"),
                Outcome::NotCovered | Outcome::Failed => {
                    assert!(
                        !is_recorded,
                        "{mark} was reported as {outcome:?} and is there"
                    );
                }
                Outcome::Unknown => {}
            }
        }
    }
}

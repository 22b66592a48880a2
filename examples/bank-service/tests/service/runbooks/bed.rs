//! A cluster that is imitated, and one replica of the service on it.

use std::time::Duration;

use crdb_testkit::{Database, Engine, QuirksOptions, QuirksProxy};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::page::Places;
use crate::replica::{LIMIT, Replica, request};

/// The nodes, and a database on them.
pub(super) struct Cluster {
    pub(super) nodes: Vec<QuirksProxy>,
    pub(super) database: Database,
    engine: &'static Engine,
}

impl Cluster {
    /// Imitates as many nodes.
    pub(super) async fn start(nodes: u32) -> Self {
        let engine = Engine::shared_postgres().await;
        let mut cluster = Self {
            nodes: Vec::new(),
            database: engine.create_database().await,
            engine,
        };
        for id in 1..=nodes {
            let options = QuirksOptions::default().node_id(id);
            let node = QuirksProxy::start(engine, options).await.unwrap();
            cluster.nodes.push(node);
        }
        cluster
    }

    /// How the service reaches them all.
    fn url(&self) -> String {
        let nodes = self.nodes.iter();
        let nodes: Vec<String> = nodes
            .map(|node| format!("localhost:{}", node.port()))
            .collect();
        self.url_at(&nodes.join(","))
    }

    /// How an operator reaches the first.
    pub(super) fn operator(&self) -> String {
        self.url_at(&format!("localhost:{}", self.nodes[0].port()))
    }

    fn url_at(&self, nodes: &str) -> String {
        let engine = format!("{}:{}", self.engine.host(), self.engine.port());
        self.database.url().replacen(&engine, nodes, 1)
    }

    /// Runs SQL on the engine itself, where no proxy makes it fail, and gives the first cell.
    pub(super) async fn sql(&self, text: &str) -> String {
        let cell = self.engine.execute_in(self.database.name(), text).await;
        cell.unwrap().unwrap_or_default()
    }

    /// A second database of the same content, as a backup that was restored beside it.
    pub(super) async fn copy(&self) -> String {
        let name = self.database.name();
        let copy = format!("{name}_restored");
        self.alone(name, &format!("CREATE DATABASE {copy} TEMPLATE {name}"))
            .await;
        copy
    }

    pub(super) async fn rename(&self, from: &str, to: &str) {
        self.alone(from, &format!("ALTER DATABASE {from} RENAME TO {to}"))
            .await;
    }

    /// Runs what PostgreSQL does to a database only while it has no session. One that was closed may take a moment to end.
    async fn alone(&self, name: &str, text: &str) {
        let end = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        let trying = async {
            while self.engine.execute(text).await.is_err() {
                self.engine.execute(&end).await.unwrap();
            }
        };
        tokio::time::timeout(LIMIT, trying).await.unwrap();
    }
}

/// One replica, with its configuration in a directory of its own.
pub(super) struct Bed {
    pub(super) cluster: Cluster,
    pub(super) replica: Replica,
    pub(super) directory: TempDir,
}

impl Bed {
    /// Starts it. `database` is what its section `database` has beside the login and the endpoint.
    pub(super) async fn start(nodes: u32, settings: &str, database: &str) -> Self {
        let cluster = Cluster::start(nodes).await;
        let directory = tempfile::tempdir().unwrap();
        let settings = format!(
            "listen: 127.0.0.1:1\n{settings}\ndatabase:\n  auth: {{ url: '{}', application_name: {} }}\n  \
             observe: {{ service_name: bank, endpoint: {{ listen: '127.0.0.1:0' }} }}\n  {database}\n",
            cluster.url(),
            cluster.database.name()
        );
        let replica = Replica::start(directory.path(), &settings, &[]).await;
        Self {
            cluster,
            replica,
            directory,
        }
    }

    pub(super) fn places(&self) -> Places {
        let operator = self.cluster.operator();
        Places::of(&self.replica, self.directory.path(), &operator)
    }

    /// Opens two accounts with money in them.
    pub(super) async fn open_accounts(&self) {
        let ada = json!({ "name": "Ada", "email": "ada@example.com", "country": "GB" });
        let (status, ada) = self.post("/customers", None, &ada).await;
        assert_eq!(status, 200, "{ada}");
        let ada: Value = serde_json::from_str(&ada).unwrap();
        for number in ["ACC-1", "ACC-2"] {
            let account = json!({ "number": number, "customer_id": ada["id"] });
            let (status, body) = self.post("/accounts", None, &account).await;
            assert_eq!(status, 200, "{body}");
        }
        self.cluster
            .sql("UPDATE accounts SET balance = 100000")
            .await;
    }

    /// Moves money from the first account to the second.
    pub(super) async fn transfer(&self, key: &str) -> (u16, String) {
        let order = json!({ "source": "ACC-1", "target": "ACC-2", "amount": 1 });
        self.post("/transfers", Some(key), &order).await
    }

    async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let answer = request(self.replica.address, "POST", path, key, &body).await;
        answer.unwrap_or_else(|| panic!("no answer: {}", self.replica.log()))
    }
}

/// Waits until the metrics of a replica are so.
pub(super) async fn until(replica: &Replica, what: &str, reached: impl Fn(&str) -> bool) {
    let waiting = async {
        loop {
            let metrics = request(replica.endpoint(), "GET", "/metrics", None, "").await;
            if metrics.is_some_and(|(_, metrics)| reached(&metrics)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(LIMIT, waiting).await;
    assert!(waited.is_ok(), "never: {what}:\n{}", replica.log());
}

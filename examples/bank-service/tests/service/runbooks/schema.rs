//! Migrations that take long, lose their runner or fail, and a database that is restored.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bed::{Bed, Cluster};
use super::page::{Page, Places};
use crate::replica::{LIMIT, Replica};
use crdb_facade::Database;
use crdb_facade::migrate::Migrations;

/// A runner of its own, as the job `bank-migrate` is. Dropping it kills it.
struct Runner(Child);

impl Runner {
    fn start(bed: &Bed) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_bank-service"))
            .arg("migrate")
            .arg(bed.directory.path().join("bank.yaml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    /// Whether it ended well.
    async fn ended(&mut self) -> bool {
        let waiting = async {
            loop {
                if let Some(status) = self.0.try_wait().unwrap() {
                    return status.success();
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LIMIT, waiting).await.unwrap()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // One that has ended already is fine.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

const STATUS: &str = "bank-service status";

/// Asks for the status until it is so, and gives it.
async fn until(page: &Page, places: &Places, reached: impl Fn(&str) -> bool) -> String {
    let end = Instant::now() + LIMIT;
    loop {
        let said = page.say("Look", STATUS, places).await;
        if reached(&said) {
            return said;
        }
        assert!(Instant::now() < end, "{said}");
    }
}

#[tokio::test]
async fn a_migration_that_failed_or_lost_its_runner_goes_on() {
    let bed = Bed::start(1, "migrate: command", "").await;
    bed.replica.until_ready(503).await;
    let page = Page::named("stuck-migration");
    let places = bed.places();
    let plan = page.say("Look", "bank-service plan", &places).await;
    assert!(plan.lines().count() > 5, "{plan}");

    // An index of this name is another table's: an error, and no runner.
    let other = "CREATE TABLE other (id INT8); CREATE INDEX accounts_by_customer ON other (id)";
    bed.cluster.sql(other).await;
    assert!(!Runner::start(&bed).ended().await);
    let said = page.say("Look", STATUS, &places).await;
    assert!(said.ends_with("runner: none\n"), "{said}");
    let failed = said.lines().next().unwrap();
    let why = "accounts_by_customer";
    assert!(
        failed.starts_with("1 bank: begun: ") && failed.contains(why),
        "{said}"
    );

    // Mended, it is run again: a job that takes its time, and a runner.
    bed.cluster.sql("DROP TABLE other").await;
    bed.cluster.nodes[0].slow_schema_changes(LIMIT);
    let runner = Runner::start(&bed);
    until(&page, &places, |said| !said.contains("runner: none")).await;
    let said = page.say("Look", "crdb_migration_lease", &places).await;
    assert_eq!(said.lines().next().unwrap().split('|').count(), 3, "{said}");
    assert!(said.contains("CREATE TABLE customers"), "{said}");

    // Killed, it still has its lease: no other runner begins before that has run out.
    drop(runner);
    let said = page.say("Look", STATUS, &places).await;
    assert!(!said.contains("runner: none"), "{said}");
    bed.cluster.nodes[0].slow_schema_changes(Duration::ZERO);
    let past = "UPDATE crdb_migration_lease SET expires_at = now() - INTERVAL '1 second'";
    bed.cluster.sql(past).await;
    assert!(Runner::start(&bed).ended().await);
    over(&bed, &page, &places).await;
}

/// As the page's last section has it, and the replica that waited is ready.
async fn over(bed: &Bed, page: &Page, places: &Places) {
    let said = page.say("Look", STATUS, places).await;
    let lines: Vec<&str> = said.lines().collect();
    let (last, migrations) = lines.split_last().unwrap();
    let applied = |line: &&str| line.ends_with(": applied");
    assert!(migrations.iter().all(applied), "{said}");
    assert_eq!(*last, "runner: none");
    bed.replica.until_ready(204).await;
}

/// What is restored is older than the last migration.
#[tokio::test]
async fn a_restored_database_gets_what_it_lacks() {
    let cluster = Cluster::start(1).await;
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "listen: 127.0.0.1:1\nmigrate: command\ndatabase: {{ auth: {{ url: '{}' }}, observe: {{ endpoint: {{ listen: '127.0.0.1:0' }} }} }}\n",
        cluster.operator()
    );
    std::fs::write(directory.path().join("bank.yaml"), &settings).unwrap();
    let first = Migrations::from_embedded(&[(
        "0001_bank.up.sql",
        include_str!("../../../sql/migrations/0001_bank.up.sql"),
    )]);
    let db = Database::connect(&cluster.operator()).await.unwrap();
    db.migrate(first.unwrap()).await.unwrap();
    db.close(LIMIT).await.unwrap();
    let (name, restored) = (cluster.database.name(), cluster.copy().await);

    let page = Page::named("restore");
    let places = Places::without_a_service(directory.path(), &cluster.operator());
    page.say("Mend", "bank-service migrate", &places).await;
    cluster
        .sql("INSERT INTO customers (name, email, country) VALUES ('spoiled', '', '')")
        .await;
    let said = page.say("Look", STATUS, &places).await;
    assert!(said.contains("2 transfer_request: applied"), "{said}");

    cluster.rename(name, &format!("{name}_spoiled")).await;
    cluster.rename(&restored, name).await;
    page.say("Mend", "bank-service migrate", &places).await;
    let said = page.say("Look", STATUS, &places).await;
    assert!(said.contains("2 transfer_request: applied"), "{said}");
    assert_eq!(cluster.sql("SELECT count(*) FROM customers").await, "0");
    let replica = Replica::start(directory.path(), &settings, &[]).await;
    replica.until_ready(204).await;
    let places = Places::of(&replica, directory.path(), &cluster.operator());
    assert_eq!(page.say("Over", "/ready", &places).await, "204\n");
}

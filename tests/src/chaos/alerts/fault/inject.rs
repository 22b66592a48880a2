//! Breaks a service.

use super::Subject;
use crdb_facade::Database;
use crdb_facade::exec::{RetrySafety, Statement};
use crdb_facade::observe::audit::{AuditConfig, AuditLog, MacKey, Outcome, Record, Signer};
use crdb_testkit::{Accept, Cut, Direction, FaultProxy, Link};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The node behind this proxy goes away.
pub(super) async fn away(proxy: &FaultProxy) {
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
}

/// A table with one row.
pub(super) async fn one_row(db: &Database) -> anyhow::Result<()> {
    for text in [
        "CREATE TABLE row (value INT8 NOT NULL)",
        "INSERT INTO row (value) VALUES (0)",
    ] {
        db.sql(text).execute().await?;
    }
    Ok(())
}

/// A read that may be tried again, whose connection is cut while it is under way, however slow this machine is: sessions that are being opened
/// are let be, or no read would come so far.
pub(super) async fn cut_read(db: &Database, proxies: &[Arc<FaultProxy>]) {
    let read = Statement::new("SELECT pg_sleep(5)").retry(RetrySafety::Safe);
    let cut = async {
        loop {
            sleep(Duration::from_millis(10)).await;
            if db.pool_status().nodes.iter().any(|node| node.in_use > 0) {
                for proxy in proxies {
                    proxy.cut_now(Cut::Reset);
                }
            }
        }
    };
    tokio::select! {
        read = db.fetch_all(read, &[]) => drop(read),
        () = cut => {}
    }
}

/// Sends a write every few seconds whose answer is lost.
pub(super) fn lose_answers(subject: &mut Subject) {
    let (db, proxies) = (subject.db.clone(), subject.proxies.clone());
    subject.run(async move {
        loop {
            sleep(Duration::from_secs(2)).await;
            for proxy in &proxies {
                proxy.set_link(Direction::ToClient, Link::blackhole());
            }
            let write = db.sql("UPDATE row SET value = value + 1");
            drop(write.execute().await);
            for proxy in &proxies {
                proxy.heal().await;
            }
        }
    });
}

/// Replaces the certificate by files that hold none, and has sessions opened.
pub(super) fn spoil(subject: &mut Subject, certificate: PathBuf) {
    let proxies = subject.proxies.clone();
    subject.run(async move {
        for number in 0_u64.. {
            sleep(Duration::from_secs(2)).await;
            drop(std::fs::write(
                &certificate,
                format!("no certificate {number}"),
            ));
            for proxy in &proxies {
                proxy.cut_now(Cut::Close);
            }
        }
    });
}

/// Appends entries that are larger than an audit log takes, and some that it writes.
pub(super) fn too_large_for_the_audit_log(subject: &mut Subject) -> anyhow::Result<()> {
    const LARGE: usize = 2 << 20;
    let directory = tempfile::tempdir()?;
    let signer = Signer::from_seed("chaos.example/audit", &[7; 32])?;
    let config = AuditConfig::new(directory.path(), MacKey::new(&[42; 32])?, signer);
    let log = AuditLog::open(config)?;
    subject.db.metrics().watch_audit(&log);
    subject.run(async move {
        loop {
            sleep(Duration::from_millis(500)).await;
            let small = Record::new("chaos", Outcome::Done);
            drop(log.append(small.clone()).await);
            let large = small.parameter("essay", "x".repeat(LARGE));
            drop(log.append(large).await);
        }
    });
    subject.kept.push(Box::new(directory));
    Ok(())
}

//! What can go wrong with a service, one fault for each alert.

mod clear;
mod inject;

use super::subject::{Place, Subject};
use crate::chaos::stack::StackOptions;
use anyhow::Context as _;
use crdb_exec::Isolation;
use crdb_facade::auth::{Secret, SslMode};
use crdb_facade::config::keys;
use crdb_facade::migrate::Migrations;
use crdb_testkit::{Engine, Login};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A service with a fault, and what is to be seen of it.
pub(crate) struct Fault {
    /// The alert that has to fire, which is its job's name too.
    pub(crate) alert: &'static str,
    /// What else may fire: the fault is seen in other ways too.
    pub(crate) also: &'static [&'static str],
    /// The services.
    pub(crate) subjects: Vec<Subject>,
}

/// Sessions of each service.
const SESSIONS: u32 = 4;

fn options() -> StackOptions {
    StackOptions {
        sessions: SESSIONS,
        timeout: Duration::from_secs(2),
        ..StackOptions::default()
    }
}

/// A service in health: reads, writes and transactions of two instances.
pub(crate) async fn healthy(engine: &Arc<Engine>) -> anyhow::Result<Vec<Subject>> {
    let place = Place::new(engine).await?;
    let config = place
        .configuration(engine, options())?
        .set_text("observe.endpoint.listen", "0")
        .set_text("exec.lanes", "1")
        .build()?;
    let second = Place {
        name: place.name.clone(),
        url: place.url.clone(),
        proxies: Vec::new(),
    };
    let mut subjects = vec![
        Subject::with(place, config.clone()).await?,
        Subject::with(second, config).await?,
    ];
    for (number, subject) in (0_i64..).zip(&mut subjects) {
        subject
            .db
            .sql("CREATE TABLE IF NOT EXISTS counters (id INT8 PRIMARY KEY, value INT8 NOT NULL)")
            .execute()
            .await?;
        subject
            .db
            .sql("INSERT INTO counters (id, value) VALUES (:id, 0)")
            .bind("id", number)
            .execute()
            .await?;
        subject.read(2);
        subject.call(1, move |db| async move {
            let transaction = db.transact(async |tx| {
                tx.sql("UPDATE counters SET value = value + 1 WHERE id = :id")
                    .bind("id", number)
                    .execute()
                    .await?;
                Ok(())
            });
            drop(transaction.await);
        });
    }
    Ok(subjects)
}

/// A service for each alert, with its fault.
pub(crate) async fn all(engine: &Arc<Engine>) -> anyhow::Result<Vec<Fault>> {
    Ok(vec![
        no_node(engine).await?,
        one_node(engine).await?,
        exhausted(engine).await?,
        leaked(engine).await?,
        lanes_full(engine).await?,
        errors(engine).await?,
        slow(engine).await?,
        contention(engine).await?,
        denied(engine).await?,
        unknown(engine).await?,
        refused(engine).await?,
        expiring(engine).await?,
        not_reloaded(engine).await?,
        in_clear(engine).await?,
        different(engine).await?,
        not_audited(engine).await?,
        migration(engine).await?,
    ])
}

/// No node can be reached.
async fn no_node(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    subject.read(2);
    for proxy in &subject.proxies {
        inject::away(proxy).await;
    }
    Ok(Fault {
        alert: "CrdbNoNodeInRotation",
        also: &[
            "CrdbNodeOutOfRotation",
            "CrdbStatementErrors",
            "CrdbStatementsSlow",
            "CrdbRetriesDenied",
        ],
        subjects: vec![subject],
    })
}

/// One of two nodes cannot be reached.
async fn one_node(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    subject.read(2);
    if let Some(proxy) = subject.proxies.first() {
        inject::away(proxy).await;
    }
    Ok(Fault {
        alert: "CrdbNodeOutOfRotation",
        also: &[],
        subjects: vec![subject],
    })
}

/// Every session is lent for ever, and callers wait.
async fn exhausted(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    for _ in 0..SESSIONS {
        let lease = subject.db.pool().acquire().await?;
        subject.kept.push(Box::new(lease));
    }
    subject.read(2);
    Ok(Fault {
        alert: "CrdbPoolExhausted",
        also: &["CrdbStatementErrors", "CrdbStatementsSlow"],
        subjects: vec![subject],
    })
}

/// Sessions are returned late.
async fn leaked(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let subject = Subject::open(engine, options(), |config| {
        config.set(keys::pool::LEAK_AFTER, Some(Duration::from_millis(300)))
    });
    let mut subject = subject.await?;
    subject.read(1);
    subject.call(1, |db| async move {
        let lease = db.pool().acquire().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(lease);
    });
    Ok(Fault {
        alert: "CrdbSessionLeaked",
        also: &[],
        subjects: vec![subject],
    })
}

/// More statements than the lanes take.
async fn lanes_full(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let options = StackOptions {
        lanes: 1,
        timeout: Duration::from_secs(60),
        ..options()
    };
    let mut subject = Subject::open(engine, options, |config| config).await?;
    subject.call(64, |db| async move {
        drop(db.sql("SELECT pg_sleep(0.02)").fetch_all().await);
    });
    Ok(Fault {
        alert: "CrdbLanesFull",
        also: &["CrdbStatementsSlow"],
        subjects: vec![subject],
    })
}

/// The schema does not fit.
async fn errors(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    subject.read(2);
    subject.call(1, |db| async move {
        drop(db.sql("SELECT 1 FROM absent").fetch_all().await);
    });
    Ok(Fault {
        alert: "CrdbStatementErrors",
        also: &[],
        subjects: vec![subject],
    })
}

/// A query takes its time on the server.
async fn slow(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let options = StackOptions {
        timeout: Duration::from_secs(30),
        ..options()
    };
    let mut subject = Subject::open(engine, options, |config| config).await?;
    subject.call(2, |db| async move {
        drop(db.sql("SELECT pg_sleep(1.5)").fetch_all().await);
    });
    Ok(Fault {
        alert: "CrdbStatementsSlow",
        also: &[],
        subjects: vec![subject],
    })
}

/// Every transaction wants the same row.
async fn contention(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let options = StackOptions {
        sessions: 16,
        timeout: Duration::from_secs(30),
        ..options()
    };
    let subject = Subject::open(engine, options, |config| {
        config
            .set(keys::exec::ISOLATION, Some(Isolation::Serializable))
            .set(keys::observe::PROFILE, true)
            .set(keys::observe::INSPECT_CONTENTION, true)
    });
    let mut subject = subject.await?;
    inject::one_row(&subject.db).await?;
    subject.call(12, |db| async move {
        let transaction = db.transact(async |tx| {
            tx.sql("SELECT value FROM row").fetch_one().await?;
            tx.sql("UPDATE row SET value = value + 1").execute().await?;
            Ok(())
        });
        drop(transaction.await);
    });
    Ok(Fault {
        alert: "CrdbContention",
        also: &["CrdbStatementsSlow"],
        subjects: vec![subject],
    })
}

/// The connection of every read is cut, so that the retry budget is used up.
async fn denied(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let options = StackOptions {
        retry_reserve: 0,
        ..options()
    };
    let subject = Subject::open(engine, options, |config| {
        config
            .set(keys::exec::RETRY_RESERVE, 0_u32)
            .set(keys::pool::FAILURES_TO_OPEN, 1000_u32)
    });
    let mut subject = subject.await?;
    let proxies = subject.proxies.clone();
    subject.call(1, move |db| {
        let proxies = proxies.clone();
        async move { inject::cut_read(&db, &proxies).await }
    });
    Ok(Fault {
        alert: "CrdbRetriesDenied",
        also: &[
            "CrdbStatementErrors",
            "CrdbStatementsSlow",
            "CrdbNodeOutOfRotation",
            "CrdbNoNodeInRotation",
        ],
        subjects: vec![subject],
    })
}

/// Writes are sent, and their answers do not come.
async fn unknown(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    inject::one_row(&subject.db).await?;
    subject.read(1);
    inject::lose_answers(&mut subject);
    Ok(Fault {
        alert: "CrdbOutcomeUnknown",
        also: &[
            "CrdbStatementErrors",
            "CrdbStatementsSlow",
            "CrdbNodeOutOfRotation",
            "CrdbNoNodeInRotation",
        ],
        subjects: vec![subject],
    })
}

/// The password is wrong.
async fn refused(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let login = engine
        .try_login(Login::Scram)
        .context("no login by SCRAM")?;
    let subject = Subject::open(engine, options(), |config| {
        config
            .set(keys::auth::USER, login.user())
            .set(keys::auth::PASSWORD, Some(Secret::from("wrong")))
            .set(keys::auth::CHECK_AT_OPEN, false)
    });
    let mut subject = subject.await?;
    subject.read(1);
    Ok(Fault {
        alert: "CrdbLoginRefused",
        also: &[
            "CrdbNodeOutOfRotation",
            "CrdbNoNodeInRotation",
            "CrdbStatementErrors",
            "CrdbStatementsSlow",
            "CrdbRetriesDenied",
        ],
        subjects: vec![subject],
    })
}

/// The client certificate ends tomorrow.
async fn expiring(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let (subject, _) = with_certificate(engine, Some(Duration::from_secs(86_400))).await?;
    Ok(Fault {
        alert: "CrdbCredentialExpiring",
        also: &[],
        subjects: vec![subject],
    })
}

/// The client certificate is replaced by a file that holds none.
async fn not_reloaded(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let (mut subject, certificate) = with_certificate(engine, None).await?;
    inject::spoil(&mut subject, certificate);
    Ok(Fault {
        alert: "CrdbReloadFailed",
        also: &[],
        subjects: vec![subject],
    })
}

/// A service that logs in with a certificate of its own, in a directory that it keeps.
async fn with_certificate(
    engine: &Arc<Engine>,
    valid: Option<Duration>,
) -> anyhow::Result<(Subject, PathBuf)> {
    let login = Login::Certificate.user();
    let identity = match valid {
        Some(valid) => engine.authority().client_valid_for(login, valid)?,
        None => engine.authority().client(login)?,
    };
    let directory = tempfile::tempdir()?;
    identity.write(directory.path(), "client")?;
    let file = |name| Some(directory.path().join(name));
    let subject = Subject::open(engine, options(), |config| {
        config
            .set(keys::auth::USER, login)
            .set(keys::auth::TLS_CLIENT_CERTIFICATE, file("client.crt"))
            .set(keys::auth::TLS_CLIENT_KEY, file("client.key"))
    });
    let mut subject = subject.await?;
    subject.read(1);
    let certificate = directory.path().join("client.crt");
    subject.kept.push(Box::new(directory));
    Ok((subject, certificate))
}

/// The server offers no TLS, and `prefer` goes on without.
async fn in_clear(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let server = clear::Server::start(engine.host().to_owned(), engine.port()).await?;
    let node = crdb_facade::config::Node::new("127.0.0.1", server.port());
    let subject = Subject::open(engine, options(), |config| {
        config
            .set(keys::auth::NODES, [node])
            .set(keys::auth::TLS_MODE, SslMode::Prefer)
    });
    let mut subject = subject.await?;
    subject.kept.push(Box::new(server));
    subject.read(1);
    Ok(Fault {
        alert: "CrdbWithoutTls",
        also: &[],
        subjects: vec![subject],
    })
}

/// Two instances of one job with different configurations.
async fn different(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subjects = Vec::new();
    for size in [3_u32, 4] {
        let subject = Subject::open(engine, options(), |config| {
            config.set(keys::pool::MAX_SIZE, size)
        });
        let mut subject = subject.await?;
        subject.read(1);
        subjects.push(subject);
    }
    Ok(Fault {
        alert: "CrdbConfigurationDiffers",
        also: &[],
        subjects,
    })
}

/// Entries of the audit log are refused.
async fn not_audited(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    subject.read(1);
    inject::too_large_for_the_audit_log(&mut subject)?;
    Ok(Fault {
        alert: "CrdbAuditNotWritten",
        also: &[],
        subjects: vec![subject],
    })
}

/// A migration fails whenever it is tried: its table is not there.
async fn migration(engine: &Arc<Engine>) -> anyhow::Result<Fault> {
    let mut subject = Subject::open(engine, options(), |config| config).await?;
    subject.read(1);
    subject.call(1, |db| async move {
        let files = [(
            "0001_absent.up.sql",
            "ALTER TABLE absent ADD COLUMN note TEXT",
        )];
        if let Ok(migrations) = Migrations::from_embedded(&files) {
            drop(db.migrate(migrations).await);
        }
    });
    Ok(Fault {
        alert: "CrdbMigrationFailed",
        also: &["CrdbStatementErrors", "CrdbStatementsSlow"],
        subjects: vec![subject],
    })
}

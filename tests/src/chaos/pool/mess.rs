//! Borrowers who leave something behind: the next one finds nothing of it, and pays for nothing where nothing was left.

use super::login::Login;
use super::open;
use crate::chaos::checker::Violation;
use crate::chaos::row::Report;
use anyhow::Context as _;
use crdb_auth::Session;
use crdb_pool::{NodeAddress, Pool};
use crdb_testkit::{Engine, EngineKind, FaultProxy};
use futures_util::{SinkExt as _, StreamExt as _, TryFutureExt as _};
use std::pin::pin;
use std::time::{Duration, SystemTime};

/// The role that a borrower takes on.
const ROLE: &str = "chaos_mess";

/// What a borrower leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mess {
    /// A transaction that is open.
    Transaction,
    /// A transaction that opens after the session was given back: its `BEGIN` was polled once and dropped.
    DroppedBegin,
    /// A transaction that has failed.
    FailedTransaction,
    /// Another `search_path`.
    SearchPath,
    /// Another setting.
    Setting,
    /// Another role.
    Role,
    /// Another default for transactions.
    ReadOnly,
    /// A temporary table.
    TemporaryTable,
    /// A prepared statement.
    Prepared,
    /// A statement that still runs.
    Running,
    /// A result of which some rows were read.
    HalfRead,
    /// A result of which nothing was read.
    Unread,
    /// A `COPY FROM STDIN` that is never ended.
    CopyIn,
    /// A `COPY TO STDOUT` of which some was read.
    CopyOut,
}

impl Mess {
    /// Each of them.
    pub const ALL: [Self; 14] = [
        Self::Transaction,
        Self::DroppedBegin,
        Self::FailedTransaction,
        Self::SearchPath,
        Self::Setting,
        Self::Role,
        Self::ReadOnly,
        Self::TemporaryTable,
        Self::Prepared,
        Self::Running,
        Self::HalfRead,
        Self::Unread,
        Self::CopyIn,
        Self::CopyOut,
    ];

    /// The engines disagree about what they allow; what is refused leaves a failed call behind, which counts as well.
    async fn leave(self, session: &Session) {
        let raw = session.client();
        let say = |text: &'static str| raw.batch_execute(text).unwrap_or_else(drop);
        match self {
            Self::Transaction => say("BEGIN").await,
            Self::DroppedBegin => {
                drop(tokio::time::timeout(Duration::ZERO, raw.batch_execute("BEGIN")).await);
            }
            Self::FailedTransaction => say("BEGIN; SELECT 1/0").await,
            Self::SearchPath => say("SET search_path = information_schema").await,
            Self::Setting => say("SET application_name = 'another borrower'").await,
            Self::Role => say("SET ROLE chaos_mess").await,
            Self::ReadOnly => {
                say("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY").await;
            }
            Self::TemporaryTable => {
                // CockroachDB has them behind a setting.
                if session.facts().engine() == crdb_auth::Engine::CockroachDb {
                    say("SET experimental_enable_temp_tables = on").await;
                }
                say("CREATE TEMP TABLE mess (id INT)").await;
            }
            Self::Prepared => say("PREPARE mess AS SELECT 1").await,
            Self::Running => {
                let call = session.begin_call();
                let sleep = call.client().batch_execute("SELECT pg_sleep(0.02)");
                drop(tokio::time::timeout(Duration::from_millis(1), sleep).await);
            }
            Self::HalfRead => {
                let call = session.begin_call();
                let none = std::iter::empty::<i32>();
                let text = "SELECT generate_series(1, 20000)";
                if let Ok(rows) = call.client().query_raw(text, none).await {
                    drop(pin!(rows).next().await);
                }
            }
            Self::Unread => {
                let rows = raw.query("SELECT generate_series(1, 20000)", &[]);
                drop(tokio::time::timeout(Duration::from_millis(1), rows).await);
            }
            Self::CopyIn => {
                let call = session.begin_call();
                let text = "COPY mess_target FROM STDIN";
                if let Ok(sink) = call.client().copy_in::<_, &[u8]>(text).await {
                    let sent = async { pin!(sink).send(&b"1\n2\n3"[..]).await };
                    drop(tokio::time::timeout(Duration::from_millis(1), sent).await);
                }
            }
            Self::CopyOut => {
                let call = session.begin_call();
                let text = "COPY (SELECT generate_series(1, 20000)) TO STDOUT";
                if let Ok(data) = call.client().copy_out(text).await {
                    drop(pin!(data).next().await);
                }
            }
        }
    }
}

/// What a new borrower looks at: everything that a mess may have changed. Only what its own session shows: another one may
/// be on its way to being reset.
const LOOK: &str = "SELECT current_setting('search_path'), current_setting('application_name'), \
     current_setting('default_transaction_read_only'), current_user::TEXT = session_user::TEXT, \
     (SELECT count(*) FROM pg_prepared_statements WHERE name = 'mess'), \
     (SELECT count(*) FROM pg_class WHERE relname = 'mess' AND pg_table_is_visible(oid)), now()";

/// What of the mess the session still shows.
async fn found(session: &Session) -> Result<Vec<&'static str>, tokio_postgres::Error> {
    let call = session.begin_call();
    let row = call.client().query_one(LOOK, &[]).await?;
    // Within a transaction it would be the same moment still.
    let again = call.client().query_one("SELECT now()", &[]).await?;
    call.finish();
    let moments: (SystemTime, SystemTime) = (row.get(6), again.get(0));
    let traces = [
        (!row.get::<_, &str>(0).contains("public"), "its search_path"),
        (row.get::<_, &str>(1) == "another borrower", "its setting"),
        (row.get::<_, &str>(2) != "off", "its read-only default"),
        (!row.get::<_, bool>(3), "its role"),
        (row.get::<_, i64>(4) != 0, "its prepared statement"),
        (row.get::<_, i64>(5) != 0, "its temporary table"),
        (moments.0 == moments.1, "its transaction"),
    ];
    let still = traces.into_iter().filter(|(there, _)| *there);
    Ok(still.map(|(_, what)| what).collect())
}

/// A borrower and its successor, on a pool with a single slot.
pub struct Tenants {
    pool: Pool<Login>,
}

impl Tenants {
    /// Opens the pool, on an engine that is [prepared](prepare).
    ///
    /// # Errors
    /// When the engine has no login for the pool.
    pub fn open(engine: &Engine) -> anyhow::Result<Self> {
        let pool = Pool::builder(Login::quick(engine)?)
            .nodes([NodeAddress::new(engine.host(), engine.port())])
            .max_size(1)
            .build()?;
        Ok(Self { pool })
    }

    /// Leaves a mess, and looks at what the next borrower finds.
    ///
    /// # Errors
    /// When there is no session within the pool's 30 s.
    pub async fn follow(&self, mess: Mess) -> anyhow::Result<Option<Violation>> {
        let lease = self.pool.acquire().await?;
        mess.leave(&lease).await;
        drop(lease);
        let lease = self.pool.acquire().await?;
        let wrong = match found(&lease).await {
            Ok(traces) if traces.is_empty() => return Ok(None),
            Ok(traces) => traces.join(", "),
            Err(error) => format!("a failure: {error}"),
        };
        let detail = format!("after {mess:?}: {wrong}");
        Ok(Some(Violation::new(
            "the next borrower finds what the last one left",
            detail,
        )))
    }

    /// Closes the pool.
    ///
    /// # Errors
    /// When its session does not come back within 5 s.
    pub async fn close(self) -> anyhow::Result<()> {
        Ok(self.pool.close(Duration::from_secs(5)).await?)
    }
}

/// Makes on the engine what the messes need. Once for all tenants: PostgreSQL refuses one of two equal grants that come at the
/// same time.
///
/// # Errors
/// When the engine refuses.
pub async fn prepare(engine: &Engine) -> anyhow::Result<()> {
    // PostgreSQL has no such clause, and so the quirks proxy in front of it has none.
    let clause = format!("CREATE ROLE IF NOT EXISTS {ROLE}");
    let made = engine.kind() == EngineKind::CockroachDb && engine.execute(&clause).await.is_ok();
    let role = if made {
        clause
    } else {
        format!("DO $$ BEGIN CREATE ROLE {ROLE}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    };
    let trusted = engine.try_login(crdb_testkit::Login::Trust);
    let user = trusted.map_or(engine.user(), |login| login.user());
    let table = "CREATE TABLE IF NOT EXISTS mess_target (id INT)";
    for statement in [
        role.as_str(),
        &format!("GRANT {ROLE} TO {user}"),
        table,
        &format!("GRANT ALL ON mess_target TO {user}"),
    ] {
        engine
            .execute(statement)
            .await
            .with_context(|| statement.to_owned())?;
    }
    Ok(())
}

/// The bytes that `rounds` statements send to the server when each has a borrower of its own, and when all have the same:
/// where a clean session costs nothing, they are the same.
///
/// # Errors
/// When a statement fails.
pub async fn price_of_returning(engine: &Engine, rounds: u32) -> anyhow::Result<Report> {
    let proxy = FaultProxy::start(engine.host(), engine.port())?;
    let pool = open(engine, &proxy, 1).await?;
    let ask = async |session: &Session| -> anyhow::Result<()> {
        let call = session.begin_call();
        call.client().simple_query("SELECT 1").await?;
        call.finish();
        Ok(())
    };
    ask(&*pool.acquire().await?).await?;
    let start = proxy.counts().bytes_to_server;
    let lease = pool.acquire().await?;
    for _ in 0..rounds {
        ask(&lease).await?;
    }
    drop(lease);
    let one_borrower = proxy.counts().bytes_to_server - start;
    for _ in 0..rounds {
        ask(&*pool.acquire().await?).await?;
    }
    let many_borrowers = proxy.counts().bytes_to_server - start - one_borrower;
    pool.close(Duration::from_secs(5)).await?;
    let mut report = Report::default();
    report.count("clean returns", u64::from(rounds));
    report.count(
        "bytes more than without returning",
        many_borrowers.abs_diff(one_borrower),
    );
    if many_borrowers != one_borrower {
        let detail = format!(
            "{many_borrowers} bytes in {rounds} borrows, {one_borrower} bytes in a single one"
        );
        report
            .violations
            .push(Violation::new("returning a clean session costs", detail));
    }
    Ok(report)
}

//! One run from one seed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crdb_exec::PooledExecutorBuilder;
use crdb_facade::auth::SslMode;
use crdb_facade::config::{Node, keys};
use crdb_facade::pool::PoolBuilder;
use crdb_facade::{Config, Connector, Database, Source};
use tokio::time::{sleep, timeout};

use super::link::Links;
use super::nemesis;
use super::network::Network;
use super::server::statement::BALANCE;
use super::server::{Cluster, HOOKED, PASSWORD, serve};
use super::workload;
use super::world::World;
use crate::chaos::checker::Violation;

/// How long, in the model's time, it may take until all is well once nothing fails any more.
const RECOVERY: Duration = Duration::from_secs(120);

/// What a run gave.
#[derive(Debug)]
pub struct Outcome {
    /// The seed that it followed from.
    pub seed: u64,
    /// What must not have happened.
    pub violations: Vec<Violation>,
    /// How often what was seen.
    pub seen: BTreeMap<&'static str, u64>,
    /// A hash of everything that happened, in order: the same for the same seed.
    pub hash: u64,
    /// How many events that was.
    pub events: u64,
    /// The events, where they were asked for.
    pub trace: Vec<String>,
}

/// Runs the whole stack against the model, in this thread and on paused time. Everything follows from the seed.
///
/// With `trace`, keeps the events as text.
///
/// # Errors
/// When there is no runtime, or the stack does not open on a network without faults.
pub fn run(seed: u64, trace: bool) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .context("a runtime on paused time")?;
    let remains = runtime.block_on(async {
        let world = Arc::new(World::new(seed, trace));
        simulate(seed, &world).await?;
        anyhow::Ok(world)
    });
    let world = remains.with_context(|| format!("seed {seed}"))?;
    // The tasks that share the world end with the runtime.
    drop(runtime);
    let world = Arc::into_inner(world).context("something outlives its runtime")?;
    let remains = world.into_remains();
    Ok(Outcome {
        seed,
        violations: remains.violations,
        seen: remains.seen,
        hash: remains.hash,
        events: remains.events,
        trace: remains.lines,
    })
}

async fn simulate(seed: u64, world: &Arc<World>) -> anyhow::Result<()> {
    let links = Links::new(world);
    let cluster = Arc::new(Cluster::new(world, &links));
    let accepting = Arc::clone(&cluster);
    let network = Arc::new(Network::new(world, &links, move |node, end| {
        drop(tokio::spawn(serve(Arc::clone(&accepting), node, end)));
    }));
    let db = open(seed, world, &network).await?;
    world.note(format_args!("opened"));

    world.set_calm(false);
    let bed = workload::bed(world, &cluster, &db);
    let rage = nemesis::rage(
        Arc::clone(world),
        Arc::clone(&network),
        Arc::clone(&cluster),
    );
    let rage = tokio::spawn(rage);
    let callers: Vec<_> = (1..=world.setting.callers)
        .map(|number| tokio::spawn(workload::caller(Arc::clone(&bed), number)))
        .collect();
    for caller in callers {
        caller.await.context("a caller panicked")?;
    }
    rage.abort();
    drop(rage.await);
    world.set_calm(true);
    nemesis::heal(world, &network, &cluster);
    world.note(format_args!("nothing fails any more"));

    recover(world, &cluster, &db).await;
    bed.promises.judge(world, &cluster);
    drop(bed);
    close(world, &links, &cluster, db).await;
    Ok(())
}

async fn open(seed: u64, world: &Arc<World>, network: &Arc<Network>) -> anyhow::Result<Database> {
    let setting = &world.setting;
    let milliseconds = Duration::from_millis;
    let nodes: Vec<_> = (0..setting.nodes)
        .map(|node| Node::new(Network::name_of(node), 26_257))
        .collect();
    let mut config = Config::builder()
        .set(keys::auth::NODES, nodes)
        .set(keys::auth::USER, "app")
        .set(keys::auth::DATABASE, "bank")
        .set(keys::auth::TLS_MODE, SslMode::Disable)
        .set(
            keys::auth::CONNECT_TIMEOUT,
            milliseconds(setting.connect_timeout),
        )
        .set(keys::pool::MAX_SIZE, setting.pool_size)
        .set(
            keys::pool::ACQUIRE_TIMEOUT,
            milliseconds(setting.acquire_timeout),
        )
        .set(keys::pool::RESET_ALWAYS, setting.reset_always)
        .set(keys::exec::TIMEOUT, milliseconds(setting.deadline))
        .set(keys::exec::STATEMENT_ATTEMPTS, setting.statement_attempts)
        .set(
            keys::exec::TRANSACTION_ATTEMPTS,
            setting.transaction_attempts,
        )
        .set(keys::exec::LANES, setting.lanes)
        .set(keys::observe::TRACING, false);
    if setting.scram {
        // Keys are derived on other threads, whose order is not the seed's to say: only the first login does so.
        config = config
            .set(keys::auth::PASSWORD, Some(PASSWORD.into()))
            .set(keys::pool::MIN_SIZE, 0_u32);
    }
    let (dialler, hook) = (Arc::clone(network), setting.hook);
    let db = Database::builder(config.build()?)
        .configure_auth(|auth| auth.dialler(dialler))
        .configure_pool(move |pool: PoolBuilder<Connector>| {
            let pool = pool.configure(|pool| pool.seed(seed));
            if !hook {
                return pool;
            }
            pool.after_connect(|session, _| {
                Box::pin(async {
                    let set = format!("SET application_name = '{HOOKED}'");
                    session.wire().simple(set.as_str()).await?;
                    Ok(())
                })
            })
        })
        .configure_exec(move |exec: PooledExecutorBuilder<Source>| exec.seed(seed))
        .open()
        .await
        .context("opening on a network without faults")?;
    Ok(db)
}

/// Nothing fails any more: the database is of use again, and what was under way comes to its end.
async fn recover(world: &World, cluster: &Cluster, db: &Database) {
    let well = async {
        while let Err(error) = db.fetch_one(BALANCE, &[&0_i64]).await {
            world.note(format_args!("not yet well: {error}"));
            sleep(Duration::from_millis(100)).await;
        }
    };
    if timeout(RECOVERY, well).await.is_err() {
        let detail = db.pool_status().to_string();
        world.wrong("the database recovers", detail);
    }
    let lanes = world.setting.lanes;
    let quiet = async {
        while cluster.working() > 0 || db.pool_status().in_use > lanes {
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(RECOVERY, quiet).await.is_err() {
        let detail = db.pool_status().to_string();
        world.wrong("every session comes back", detail);
    }
}

/// The database is closed: no connection is left.
async fn close(world: &World, links: &Links, cluster: &Cluster, db: Database) {
    if world.setting.lanes == 0
        && let Err(error) = db.close(RECOVERY).await
    {
        world.wrong("a database that is not used closes", error.to_string());
    }
    drop(db);
    let gone = async {
        while links.open_sessions() > 0 || cluster.sessions() > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(RECOVERY, gone).await.is_err() {
        let detail = format!(
            "{} sessions at the client, {} at the server",
            links.open_sessions(),
            cluster.sessions()
        );
        world.wrong("no connection is leaked", detail);
    }
    world.note(format_args!("closed"));
}

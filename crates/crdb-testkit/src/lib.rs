//! Real databases for tests against CockroachDB and PostgreSQL, and everything that can go wrong in front of them.
//!
//! An [`Engine`] is a server that a test can rely on; a [`FaultProxy`] spoils bytes on the way to it; a [`QuirksProxy`] makes
//! PostgreSQL answer as CockroachDB does and fail on demand; an [`Authority`] signs certificates; a [`Kdc`] is a Kerberos
//! realm; a [`HostileServer`] attacks every client that connects.
//!
//! Not its business: clients. It shares no code with the crates that are tested with it, so that a client and its proxy
//! cannot share a mistake.
//!
//! ```no_run
//! # async fn example() -> Result<(), crdb_testkit::Error> {
//! use crdb_testkit::{Engine, Injection, QuirksOptions, QuirksProxy};
//!
//! let engine = Engine::shared().await;
//! let database = engine.create_database().await;
//! let proxy = QuirksProxy::start(engine, QuirksOptions::default()).await?;
//! proxy.inject(Injection::RetryStatement);
//! println!("ask localhost:{} for {} and get an error that says to try again", proxy.port(), database.name());
//! # Ok(()) }
//! ```
//!
//! # What can be relied on
//!
//! - Servers listen on the loopback interface only, on ports that the system chooses.
//! - No process and no directory outlives the process that owns it, whether that ends by a return, a panic, Ctrl-C, SIGTERM
//!   or SIGKILL.
//! - What is missing on a machine is told apart from what is broken: see [`Error::is_unavailable`] and [`Error::end_test`].
//! - Proxies do the same for the same calls; what is random comes from a seed.
//! - Each quirk is tested with bytes, and has its source in the repository's `docs/fidelity.md`.
//!
//! # Modules, in reading order
//!
//! `engine` (servers), `certificates`, `kerberos`, `fault` (bytes), `quirks` (messages), `replay` (wire tests), `hostile`, `error`; inside, `process` (what outlives
//! `nobody`).

mod case;
mod certificates;
mod engine;
mod error;
mod fault;
mod hostile;
mod kerberos;
mod process;
mod quirks;
mod replay;

pub use case::{FromDatabase, TestCase, TestOutcome};
/// Gives a test function a database of its own, with its tables, on an engine that starts by itself.
///
/// ```no_run
/// use crdb_testkit::Database;
///
/// #[crdb_testkit::test]
/// async fn an_account_is_opened(database: Database) {
///     println!("connect to {}", database.url());
/// }
///
/// #[crdb_testkit::test(migrations = "tests/schema", fixtures("tests/accounts.sql"), imitate = "v25.2")]
/// async fn a_transfer_moves_money(url: String) -> Result<(), std::io::Error> {
///     println!("connect to {url}");
///     Ok(())
/// }
/// ```
///
/// All tests of a process share one engine, as [`Engine::shared`] chooses it, and run in parallel. A test without an
/// engine panics with a message that starts with `did not run: `. It runs on a Tokio runtime of its own, with one
/// thread. Its database is dropped when it succeeds, and kept as long as its server when it fails.
///
/// Each parameter implements [`FromDatabase`]: a [`Database`], a `String` with the URL, or a type of your own.
///
/// | argument | what |
/// | --- | --- |
/// | `migrations = "DIRECTORY"` | SQL files to run, in the order of the numbers that their names begin with, without `*.down.sql`; default: `sql/migrations`, if it exists |
/// | `migrate = FUNCTION` | an `async fn(&Database) -> Result<(), E>` that makes the tables instead: a migration tool |
/// | `fixtures("FILE", ..)` | SQL files to run after that |
/// | `imitate = "v25.2"` | where the engine is PostgreSQL, a [`QuirksProxy`] in front of it answers as this CockroachDB; PostgreSQL's SQL stays as it is |
///
/// Paths are relative to the package's directory and are read when the test runs. Each statement is a transaction of its
/// own.
#[doc(inline)]
pub use crdb_macros::test;

pub use certificates::{Authority, Identity};
pub use engine::{
    Credentials, Database, Engine, EngineChoice, EngineKind, EngineOptions, Login, Node, Nodes,
};
pub use error::{Error, ErrorKind};
pub use fault::{Accept, Counts, Cut, Direction, FaultProxy, Link, Piece, Wire};
pub use hostile::{Attack, HostileServer, Observation};
pub use kerberos::{Kdc, KdcOptions};
pub use quirks::{
    CockroachVersion, Injection, QuirkCounts, QuirksOptions, QuirksProxy, RandomInjections,
};
pub use replay::{Disagreement, Replay, ReplayTarget, replay};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! A model of a server, CockroachDB's or PostgreSQL's, as far as the toolkit talks to one.
//!
//! It speaks protocol 3.0 on the simulated network: startup, trust and SCRAM, simple queries and the extended protocol, cancels. It
//! knows a handful of statements by their text, on accounts with balances, on marks by which operations are found again, and on
//! idempotency keys. It shares no code with the client.
//!
//! # What it believes
//! Where a row of [docs/fidelity.md] says the same of the quirks proxy, that row has the source.
//!
//! | belief | source |
//! | --- | --- |
//! | transactions are serializable: of two that each read what the other writes one commits, the other gets 40001 from a statement (status E) or from COMMIT (status I) | docs/fidelity.md, Transactions; documentation of transaction retry errors; `pkg/sql/conn_executor_exec.go` |
//! | after 40001 a savepoint does not bring the transaction back | `pkg/sql/conn_executor_savepoints.go` |
//! | COMMIT of a failed transaction succeeds with the tag ROLLBACK | docs/fidelity.md, Transactions |
//! | COMMIT and ROLLBACK outside a transaction: 25P01, XXUUU in v22; only a warning since v25.1 and on PostgreSQL | docs/fidelity.md, Transactions; cockroach#126003, #118440 |
//! | BEGIN in a transaction: 25001 and the transaction has failed; only a warning on PostgreSQL | docs/fidelity.md, Transactions |
//! | DDL commits the transaction that it is in where `autocommit_before_ddl` is on, the default since v25.1: status I | docs/fidelity.md, Transactions; cockroach#118440 |
//! | `autocommit_before_ddl` is not known in v22: 42704 | docs/fidelity.md, Settings; `pkg/sql/vars.go` |
//! | CockroachDB answers 57014 also to a statement of its own transaction that it has committed, after a cancel and after `statement_timeout`; PostgreSQL does not | measured on CockroachDB v21.2: 81 to 90 % of such INSERTs were in the table |
//! | 40003, 58C00 and XXUUU leave open whether an autocommit statement or a COMMIT took effect | documentation of common errors (`result is ambiguous`); `pkg/sql/pgwire/pgcode/codes.go` |
//! | 57P01 may come in place of the answer of a statement that took effect, a COMMIT too | `pkg/sql/pgwire/server.go` (`drainImpl`) |
//! | a node that drains closes new connections without a word or refuses them with 57P01, tells idle sessions 57P01 and closes them within 2 s, lets an open transaction go on, and says 57P01 behind the ReadyForQuery of what was running | measured on CockroachDB v20.2; documentation of node shutdown |
//! | a CancelRequest names a session by its key and hits whatever that runs when it arrives; CockroachDB closes the connection before it looks | docs/fidelity.md, Sessions; `pkg/sql/pgwire/pre_serve.go` (`readCancelKeyAndCloseConn`) |
//! | the node's number is in the top twelve bits of the key | docs/fidelity.md, Sessions |
//! | sessions beyond a limit get 53300 after their login | docs/fidelity.md, Sessions |
//! | a statement that the client has abandoned goes on; an open transaction of a lost connection is rolled back | measured on both |
//! | an evicted statement is 26000 at Bind; a changed result type is 0A000 | docs/fidelity.md, Messages; cockroach#164406 |
//! | after an error in the extended protocol everything up to Sync is skipped | protocol documentation of PostgreSQL, Message Flow |
//! | DISCARD ALL takes variables, temporary tables and prepared statements away, and is refused in a transaction | documentation of `DISCARD` of both |
//! | SET in a transaction is undone with it; SET LOCAL ends with it | documentation of `SET` of PostgreSQL |
//! | a change of `application_name` is reported | docs/fidelity.md, Messages |
//!
//! It is simpler than a server where that makes no difference to a client: one copy of the data, an optimistic check at COMMIT instead
//! of locks, no retries by the server itself.
//!
//! [docs/fidelity.md]: https://github.com/cockroachdb/cockroach

mod cluster;
mod connection;
mod execution;
mod login;
mod messages;
mod session;
pub(super) mod statement;
mod store;
mod value;

use std::io;
use std::sync::Arc;

use tokio::time::sleep;

pub(super) use cluster::{ACCOUNTS, BALANCE, Cluster, HOOKED};
pub(super) use login::PASSWORD;

use super::link::End;
use connection::Connection;
use login::{Startup, read_startup, scram};
use messages::Messages;
use session::Session;

/// The longest time, in milliseconds, that a cancel takes from the end of its connection to its effect.
const CANCEL_LAG: u64 = 20;

/// Serves a connection to a node until it ends.
pub(super) async fn serve(cluster: Arc<Cluster>, node: usize, end: End) {
    let world = Arc::clone(&cluster.world);
    let number = end.link().number;
    if let Err(error) = begin(cluster, node, end).await {
        world.note(format_args!(
            "link {number} ends at its login: {:?}",
            error.kind()
        ));
    }
}

async fn begin(cluster: Arc<Cluster>, node: usize, end: End) -> io::Result<()> {
    let world = Arc::clone(&cluster.world);
    let mut connection = Connection::new(end);
    let parameters = match read_startup(&mut connection).await? {
        Startup::Session(parameters) => parameters,
        Startup::Cancel(key) => {
            if world.setting.cockroach {
                drop(connection);
                sleep(world.millis(CANCEL_LAG)).await;
            }
            cluster.cancel(key);
            return Ok(());
        }
    };
    connection.link().begin_session();
    cluster.watch_sessions();
    if cluster.is_draining(node) {
        if world.coin() {
            let mut refused = Messages::default();
            refused.error("FATAL", "57P01");
            connection.send(refused).await?;
        }
        return Ok(());
    }
    if world.setting.scram && !scram(&mut connection, world.below(u64::MAX)).await? {
        let mut refused = Messages::default();
        refused.error("FATAL", "28P01");
        return connection.send(refused).await;
    }
    let mut greeting = Messages::default();
    greeting.push(b'R', &[0; 4]);
    if world.fails(world.setting.faults.refused / 4) {
        world.count("too many connections");
        greeting.error("FATAL", "53300");
        return connection.send(greeting).await;
    }
    let application = parameters.get("application_name").cloned();
    let application = application.unwrap_or_default();
    for (name, value) in [
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("integer_datetimes", "on"),
        ("standard_conforming_strings", "on"),
        ("application_name", &application),
    ] {
        greeting.parameter(name, value);
    }
    let release = world.setting.release;
    if world.setting.cockroach {
        greeting.parameter("server_version", "13.0.0");
        let version = format!("CockroachDB CCL {release} (x86_64-pc-linux-gnu)");
        greeting.parameter("crdb_version", &version);
    } else {
        greeting.parameter("server_version", release);
    }
    let (key, handle) = cluster.enter(node);
    greeting.push(b'K', &key.to_be_bytes());
    greeting.ready(b'I');
    let link = connection.link().number;
    world.note(format_args!("session {} on link {link}", handle.number));
    let greeted = connection.send(greeting).await;
    if greeted.is_ok() {
        Session::new(&cluster, handle, connection, application)
            .run()
            .await;
    }
    cluster.leave(key);
    greeted
}

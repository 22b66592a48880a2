//! CockroachDB from its own binary: one node in memory, or a cluster of three on disk.

mod command;
mod setup;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::command::{NodePlan, Store, init_arguments, program, unknown_flags};
use super::Launched;
use super::login::{Credentials, Login, random_password};
use super::node::{Node, free_port};
use super::options::{EngineKind, EngineOptions, Nodes};
use super::tls::{HOSTS, ServerTls};
use crate::error::{Error, ErrorKind};
use crate::process::{Keeper, Supervised};

/// Who administers the server, besides `root`.
const ADMINISTRATOR: &str = "crdb_testkit";

/// How often other ports are tried when another process took the chosen ones.
const PORT_ATTEMPTS: usize = 3;

/// How long a node that waits for `cockroach init` may need before it listens.
const INIT_PAUSE: Duration = Duration::from_millis(200);

/// Makes and starts a server or a cluster. Blocks.
pub(super) fn launch(binary: &Path, options: &EngineOptions) -> Result<Launched, Error> {
    let mut attempt = 1;
    loop {
        match launch_once(binary, options) {
            Err(error)
                if attempt < PORT_ATTEMPTS
                    && error.to_string().contains("address already in use") =>
            {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

fn launch_once(binary: &Path, options: &EngineOptions) -> Result<Launched, Error> {
    let deadline = Instant::now() + options.timeout();
    let keeper = Arc::new(Keeper::new("cockroach", None)?);
    let directory = keeper.directory().to_owned();
    let tls = ServerTls::generate(&directory)?;
    tls.authority.node(&HOSTS)?.write(&directory, "node")?;
    let root = tls.certified(&directory, "root")?;

    let (count, store) = match options.node_count() {
        Nodes::One => (1, Store::Memory),
        // A node that comes back empty is a new one, and a cluster that loses two in a row has lost its data.
        Nodes::Three => (3, Store::Disk),
    };
    let ports = (0..count)
        .map(|_| free_port())
        .collect::<Result<Vec<_>, _>>()?;
    let join = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect::<Vec<_>>()
        .join(",");
    let plans: Vec<_> = (1..)
        .zip(&ports)
        .map(|(number, port)| NodePlan {
            directory: &directory,
            number,
            port: *port,
            store,
            join: (count > 1).then_some(join.as_str()),
        })
        .collect();
    let mut nodes = Vec::new();
    let mut unknown = None;
    for plan in plans {
        let unknown = match &unknown {
            Some(known) => known,
            None => unknown.insert(unknown_flags(&keeper, binary, plan, deadline)?),
        };
        let program = program(binary, plan.arguments(unknown));
        let process = Supervised::start(&keeper, &program)?;
        let node = Node::started(
            EngineKind::CockroachDb,
            plan.port,
            process,
            program,
            Arc::clone(&keeper),
        );
        nodes.push(match store {
            Store::Memory => node.forgetful(),
            Store::Disk => node,
        });
    }
    if count > 1 {
        initialise(&keeper, binary, &directory, ports[0], deadline)?;
    }
    for node in &nodes {
        node.wait_until_ready(deadline)?;
    }

    let administrator = Credentials {
        user: ADMINISTRATOR.to_owned(),
        password: random_password(),
        certificate: None,
    };
    let mut logins = Vec::new();
    for login in Login::ALL.into_iter().filter(|login| *login != Login::Md5) {
        logins.push((login, tls.credentials(&directory, login)?));
    }
    Ok(Launched {
        kind: EngineKind::CockroachDb,
        nodes,
        setup: vec![(
            "defaultdb",
            setup::required(&administrator, &logins, options),
        )],
        optional: setup::optional(&administrator, &logins, options),
        administrator,
        operator: Some(root),
        logins,
        database: "defaultdb".to_owned(),
        ca_certificate: Some(tls.ca_certificate.clone()),
        tls: Some(tls),
    })
}

/// Runs `cockroach init` until the first node listens and takes it.
fn initialise(
    keeper: &Keeper,
    binary: &Path,
    directory: &Path,
    port: u16,
    deadline: Instant,
) -> Result<(), Error> {
    let init = program(binary, init_arguments(directory, port));
    loop {
        let attempt = Supervised::start(keeper, &init)?;
        let done = |line: &str| {
            (line.contains("Cluster successfully initialized")
                || line.contains("already been initialized"))
            .then_some(())
        };
        match attempt.wait_for_line(deadline, |line| done(line).map(|()| line)) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Start && Instant::now() < deadline => {
                std::thread::park_timeout(INIT_PAUSE);
            }
            Err(error) => return Err(error),
        }
    }
}

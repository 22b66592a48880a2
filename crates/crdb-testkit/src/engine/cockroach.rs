//! CockroachDB from its own binary, in memory: one node, or a cluster of three.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Launched;
use super::login::{Credentials, Login, random_password};
use super::node::{Node, free_port};
use super::options::{EngineKind, EngineOptions, Nodes};
use super::tls::{HOSTS, ServerTls, quoted};
use crate::error::{Error, ErrorKind};
use crate::process::{Keeper, Program, Supervised};

/// Who administers the server, besides `root`.
const ADMINISTRATOR: &str = "crdb_testkit";

/// How often other ports are tried when somebody else took the chosen ones.
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

    let count = match options.node_count() {
        Nodes::One => 1,
        Nodes::Three => 3,
    };
    let ports = (0..count)
        .map(|_| free_port())
        .collect::<Result<Vec<_>, _>>()?;
    let join = ports
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect::<Vec<_>>()
        .join(",");
    let mut nodes = Vec::new();
    for (number, port) in ports.iter().enumerate() {
        let program = node_program(
            binary,
            &directory,
            number,
            *port,
            (count > 1).then_some(join.as_str()),
        );
        let process = Supervised::start(&keeper, &program)?;
        nodes.push(Node::started(
            EngineKind::CockroachDb,
            *port,
            process,
            program,
            Arc::clone(&keeper),
        ));
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
        setup: vec![("defaultdb", setup(&administrator, &logins, options))],
        administrator,
        operator: Some(root),
        logins,
        database: "defaultdb".to_owned(),
        ca_certificate: Some(tls.ca_certificate.clone()),
        tls: Some(tls),
    })
}

fn node_program(
    binary: &Path,
    directory: &Path,
    number: usize,
    port: u16,
    join: Option<&str>,
) -> Program {
    let logs = directory.join(format!("logs{number}"));
    let mut arguments = vec![
        if join.is_some() { "start".into() } else { "start-single-node".into() },
        format!("--certs-dir={}", directory.display()).into(),
        // CockroachDB wants at least 640 MiB for a store; it is a ceiling, not an allocation.
        "--store=type=mem,size=1GiB".into(),
        "--cache=64MiB".into(),
        "--max-sql-memory=256MiB".into(),
        format!("--listen-addr=127.0.0.1:{port}").into(),
        "--http-addr=127.0.0.1:0".into(),
        "--accept-sql-without-tls".into(),
        format!(
            "--log={{file-defaults: {{dir: '{}'}}, sinks: {{stderr: {{channels: all, filter: ERROR}}}}}}",
            logs.display()
        )
        .into(),
    ];
    if let Some(join) = join {
        arguments.push(format!("--join={join}").into());
        arguments.push(format!("--locality=region=region{}", number + 1).into());
    }
    Program {
        path: binary.to_owned(),
        arguments,
        environment: vec![(
            "COCKROACH_SKIP_ENABLING_DIAGNOSTIC_REPORTING".into(),
            "true".into(),
        )],
        account: None,
        stop_signal: "KILL",
    }
}

/// Runs `cockroach init` until the first node listens and takes it.
fn initialise(
    keeper: &Keeper,
    binary: &Path,
    directory: &Path,
    port: u16,
    deadline: Instant,
) -> Result<(), Error> {
    let init = Program {
        path: binary.to_owned(),
        arguments: vec![
            "init".into(),
            format!("--certs-dir={}", directory.display()).into(),
            format!("--host=127.0.0.1:{port}").into(),
        ],
        environment: Vec::new(),
        account: None,
        stop_signal: "KILL",
    };
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

/// Who may log in how, after the rules that a test adds. The first line that fits decides; CockroachDB itself puts one for
/// `root` before all others.
const LAST_RULES: &str = "\
hostssl all cert_user all cert
host all trust_user all trust
host all password_user all password
host all scram_user all scram-sha-256
host all all all cert-password";

/// The statements that make users and settings; each runs alone, because cluster settings refuse transactions.
fn setup(
    administrator: &Credentials,
    logins: &[(Login, Credentials)],
    options: &EngineOptions,
) -> Vec<String> {
    let mut rules = vec![format!("host all {} all cert-password", administrator.user)];
    rules.extend_from_slice(options.access_rules());
    rules.push(LAST_RULES.to_owned());
    let mut statements = vec![
        // The default since v22.2; v22.1 knows SCRAM but stores bcrypt.
        "SET CLUSTER SETTING server.user_login.password_encryption = 'scram-sha-256'".to_owned(),
        format!(
            "SET CLUSTER SETTING server.host_based_authentication.configuration = {}",
            quoted(&rules.join("\n"))
        ),
        format!(
            "CREATE USER {} WITH PASSWORD {}",
            administrator.user,
            quoted(&administrator.password)
        ),
        format!("GRANT admin TO {}", administrator.user),
    ];
    for (_, credentials) in logins {
        let mut statement = format!("CREATE USER {}", credentials.user);
        if !credentials.password.is_empty() {
            statement.push_str(&format!(" WITH PASSWORD {}", quoted(&credentials.password)));
        }
        statements.push(statement);
    }
    for (name, value) in options.settings() {
        statements.push(format!("SET CLUSTER SETTING {name} = {}", quoted(value)));
    }
    statements
}

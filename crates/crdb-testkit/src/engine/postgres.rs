//! PostgreSQL from its own binaries, in a temporary directory.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::Launched;
use super::login::{Credentials, Login, random_password};
use super::node::{Node, free_port, ready_line};
use super::options::{EngineKind, EngineOptions};
use super::template::Template;
use super::tls::{ServerTls, quoted};
use crate::certificates::write_file;
use crate::error::{Error, ErrorKind};
use crate::process::{Account, Keeper, Program, Supervised};

/// Who administers the server: a superuser with SCRAM-SHA-256.
pub(super) const ADMINISTRATOR: &str = "crdb_testkit";

/// Who owns the server: the test kit's own superuser, with a client certificate, which costs no key derivation.
const OWNER: &str = "crdb_testkit_owner";

/// How often another port is tried when another process took the chosen one.
const PORT_ATTEMPTS: usize = 5;

/// Makes and starts a server. Blocks.
pub(super) fn launch(
    binaries: &Path,
    account: Option<Account>,
    options: &EngineOptions,
) -> Result<Launched, Error> {
    let deadline = Instant::now() + options.timeout();
    let keeper = Arc::new(Keeper::new("postgres", account)?);
    let directory = keeper.directory().to_owned();
    let tls = ServerTls::generate(&directory)?;
    let administrator = Credentials {
        user: ADMINISTRATOR.to_owned(),
        password: random_password(),
        certificate: None,
    };
    let owner = tls.certified(&directory, OWNER)?;

    let data = directory.join("data");
    let template = Template::of(binaries);
    if !template.restore(&data, account) {
        initialise(&keeper, binaries, &data, account, deadline)?;
        template.keep(&data);
    }

    let mut logins = Vec::new();
    let mut rules = vec![FIRST_RULES.to_owned()];
    rules.extend_from_slice(options.access_rules());
    for login in Login::ALL {
        logins.push((login, tls.credentials(&directory, login)?));
    }
    if let Some(service) = options.kerberos_service() {
        logins.push((
            Login::Kerberos,
            tls.credentials(&directory, Login::Kerberos)?,
        ));
        let keytab = std::fs::read(&service.keytab)
            .map_err(|source| Error::io("read", &service.keytab, source))?;
        write_private(&data.join("krb5.keytab"), &keytab, account)?;
        rules.push(format!(
            "host all +kerberos_users all gss include_realm=0 krb_realm={}",
            service.realm
        ));
    }
    write_private(
        &data.join("server.crt"),
        tls.server.certificate_pem().as_bytes(),
        account,
    )?;
    write_private(
        &data.join("server.key"),
        tls.server.key_pem().as_bytes(),
        account,
    )?;
    write_private(
        &data.join("ca.crt"),
        tls.authority.certificate_pem().as_bytes(),
        account,
    )?;
    rules.push(LAST_RULES.to_owned());
    write_private(
        &data.join("pg_hba.conf"),
        rules.join("\n").as_bytes(),
        account,
    )?;

    let mut attempt = 1;
    loop {
        let port = free_port()?;
        write_private(
            &data.join("postgresql.conf"),
            configuration(port, options).as_bytes(),
            account,
        )?;
        let mut postgres = program(
            binaries,
            "postgres",
            account,
            "QUIT",
            ["-D".into(), data.clone().into_os_string()],
        );
        if let Some(service) = options.kerberos_service() {
            // No replay cache: it would be a file outside the directory.
            postgres.environment = vec![
                ("KRB5_CONFIG".into(), service.config.clone().into()),
                ("KRB5RCACHENAME".into(), "none:".into()),
            ];
        }
        let process = Supervised::start(&keeper, &postgres)?;
        match process.wait_for_line(deadline, ready_line(EngineKind::PostgreSql)) {
            Ok(_) => {
                let node = Node::started(EngineKind::PostgreSql, port, process, postgres, keeper);
                return Ok(Launched {
                    kind: EngineKind::PostgreSql,
                    nodes: vec![node],
                    operator: Some(owner),
                    setup: vec![
                        (
                            "postgres",
                            vec![roles(&administrator, &logins), EVERYBODY_CREATES.to_owned()],
                        ),
                        ("template1", vec![EVERYBODY_CREATES.to_owned()]),
                    ],
                    optional: Vec::new(),
                    administrator,
                    logins,
                    database: "postgres".to_owned(),
                    ca_certificate: Some(tls.ca_certificate.clone()),
                    tls: Some(tls),
                });
            }
            Err(_) if attempt < PORT_ATTEMPTS && process.log().contains("could not bind") => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Runs `initdb`. Its superuser logs in by certificate only, so nothing secret gets into what it makes.
fn initialise(
    keeper: &Keeper,
    binaries: &Path,
    data: &Path,
    account: Option<Account>,
    deadline: Instant,
) -> Result<(), Error> {
    let arguments = [
        "--auth=reject",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--wal-segsize=1",
        "--username",
        OWNER,
    ];
    let arguments = arguments
        .map(OsString::from)
        .into_iter()
        .chain(["--pgdata".into(), data.into()]);
    let initdb = Supervised::start(
        keeper,
        &program(binaries, "initdb", account, "KILL", arguments),
    )?;
    initdb.wait_for_end(deadline)?;
    if data.join("PG_VERSION").exists() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Start,
        format!("initdb made no database; its last words:\n{}", initdb.log()),
    ))
}

/// Lets every user create tables, in databases that are made from now on too when it runs in `template1`. PostgreSQL 15
/// took that away; CockroachDB and older servers allow it.
const EVERYBODY_CREATES: &str = "GRANT CREATE ON SCHEMA public TO PUBLIC";

/// Who may log in how, before the rules that a test adds. The first line that fits decides.
const FIRST_RULES: &str = "\
# TYPE  DATABASE USER               ADDRESS METHOD
hostssl all      crdb_testkit_owner all     cert
host    all      crdb_testkit       all     scram-sha-256";

/// Who may log in how, after them.
const LAST_RULES: &str = "\
hostssl all      cert_user          all     cert
host    all      trust_user         all     trust
host    all      md5_user           all     md5
host    all      password_user      all     password
host    all      all                all     scram-sha-256
";

fn configuration(port: u16, options: &EngineOptions) -> String {
    let mut text = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n\
         ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'ca.crt'\n\
         password_encryption = 'scram-sha-256'\nmax_connections = 300\n\
         fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n\
         shared_buffers = '64MB'\ndynamic_shared_memory_type = mmap\n\
         logging_collector = off\nlog_destination = 'stderr'\nlog_line_prefix = '%m [%p] '\n\
         timezone = 'UTC'\n"
    );
    if options.kerberos_service().is_some() {
        // Relative to the data directory, where the server runs.
        text.push_str("krb_server_keyfile = 'krb5.keytab'\n");
    }
    for (name, value) in options.settings() {
        text.push_str(&format!("{name} = {}\n", quoted(value)));
    }
    text
}

/// One simple query that makes the users. MD5 needs its own verifier, so it comes first under its own setting.
fn roles(administrator: &Credentials, logins: &[(Login, Credentials)]) -> String {
    let mut sql = format!(
        "CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}; ",
        administrator.user,
        quoted(&administrator.password)
    );
    if logins.iter().any(|(login, _)| *login == Login::Kerberos) {
        sql.push_str("CREATE ROLE kerberos_users; ");
    }
    for (login, credentials) in logins {
        let encryption = if *login == Login::Md5 {
            "md5"
        } else {
            "scram-sha-256"
        };
        sql.push_str(&format!(
            "SET password_encryption = '{encryption}'; CREATE ROLE {} LOGIN",
            credentials.user
        ));
        if *login == Login::Kerberos {
            sql.push_str(" IN ROLE kerberos_users");
        }
        if !credentials.password.is_empty() {
            sql.push_str(&format!(" PASSWORD {}", quoted(&credentials.password)));
        }
        sql.push_str(&format!(
            "; GRANT CREATE ON DATABASE postgres TO {}; ",
            credentials.user
        ));
    }
    sql
}

fn program(
    binaries: &Path,
    name: &str,
    account: Option<Account>,
    stop_signal: &'static str,
    arguments: impl IntoIterator<Item = OsString>,
) -> Program {
    Program {
        path: binaries.join(name),
        arguments: arguments.into_iter().collect(),
        environment: Vec::new(),
        account,
        stop_signal,
    }
}

fn write_private(path: &Path, contents: &[u8], account: Option<Account>) -> Result<(), Error> {
    write_file(path, contents, 0o600)?;
    if let Some(account) = account {
        std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))
            .map_err(|source| Error::io("change the owner of", path, source))?;
    }
    Ok(())
}

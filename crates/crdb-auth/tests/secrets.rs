//! Canaries for passwords, keys, tokens and keytabs go through everything, with every log line caught, and are found
//! nowhere.
//!
//! Alone in its program, because it catches what the whole process logs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::error::Error as StdError;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_auth::{
    ClientCertificate, Command, Config, ConfigBuilder, ConnectEnd, ConnectionString, Connector,
    Credential, CredentialFuture, CredentialRequest, CredentialSource, Doctor, Endpoint, Error,
    IterationLimits, PartialObserver, Password, ReloadFailed, RootCertificates, TlsConfig,
};
use crdb_testkit::{Authority, Engine, Login};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The two halves of each password; a character that is special somewhere stands between them.
const HEAD: &str = "canary7f3a91";
const TAIL: &str = "yranac19a3f7";
const SPECIAL: [char; 11] = ['-', '/', '@', ':', '?', '#', '%', ' ', '\'', '"', '\\'];

#[derive(Clone, Default)]
struct Caught(Arc<Mutex<Vec<u8>>>);

impl Caught {
    fn note(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn error(&self, error: &Error) {
        self.note(&format!("{error} {error:?} {error:#?}\n"));
        let mut told = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            self.note(&format!("{error} {error:?}\n"));
            assert!(!told.contains(&error.to_string()), "{told:?} / {error}");
            told.push_str(&format!("\n{error}"));
            source = error.source();
        }
    }
}

impl Write for Caught {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Caught {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Notes all that an observer gets.
impl PartialObserver for Caught {
    fn connect_ended(&self, event: &ConnectEnd<'_>) {
        self.note(&format!("{event:?} {}\n", event.endpoint.host));
        if let Some(error) = event.outcome.error() {
            self.error(error);
        }
    }

    fn reload_failed(&self, event: &ReloadFailed<'_>) {
        self.note("reload failed: ");
        self.error(event.error);
    }
}

fn config(engine: &Engine, login: Login, caught: &Caught) -> ConfigBuilder {
    Config::builder()
        .user(engine.login(login).user())
        .database(engine.database())
        .observer(Arc::new(caught.clone()))
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())))
}

fn connector(builder: ConfigBuilder) -> Connector {
    Connector::new(builder.build().unwrap()).unwrap()
}

fn endpoint(engine: &Engine) -> Endpoint {
    Endpoint::new(engine.host(), engine.port())
}

/// Connects and examines, and notes what either says.
async fn attempt(builder: ConfigBuilder, endpoint: &Endpoint, caught: &Caught) {
    caught.note(&format!("{builder:?}\n"));
    let connector = match builder.build().and_then(Connector::new) {
        Ok(connector) => connector,
        Err(error) => return caught.error(&error),
    };
    if let Err(error) = connector.prepare().await {
        caught.error(&error);
    }
    match connector.connect(endpoint).await {
        Ok(session) => caught.note(&format!("{session:?}\n")),
        Err(error) => caught.error(&error),
    }
    let diagnosis = Doctor::new(connector).examine(endpoint).await;
    caught.note(&format!("{diagnosis} {diagnosis:?}\n"));
}

/// Reads, and connects to whatever came out of it.
async fn attempt_string(text: &str, caught: &Caught) {
    match text.parse::<ConnectionString>() {
        Err(error) => caught.error(&error),
        Ok(string) => {
            caught.note(&format!("{string:?}\n"));
            for endpoint in string.endpoints() {
                let builder = string
                    .config()
                    .connect_timeout(Duration::from_secs(2))
                    .observer(Arc::new(caught.clone()));
                attempt(builder, endpoint, caught).await;
            }
        }
    }
}

#[tokio::test]
async fn a_canary_is_found_nowhere() {
    let engine = Engine::shared_ours().await;
    // Roles whose passwords are canaries, so that these are sent, hashed, and remembered. Made before anything is caught:
    // these statements are logged by the client that the test kit uses.
    let mut users = Vec::new();
    for (index, special) in SPECIAL.into_iter().enumerate() {
        let user = format!("canary_{:x}_{index}", std::process::id());
        let password = format!("{HEAD}{special}{TAIL}");
        let quoted = password.replace('\'', "''");
        let create = format!("CREATE USER {user} WITH PASSWORD '{quoted}'");
        engine.execute(&create).await.unwrap();
        users.push((user, password));
    }
    let caught = Caught::default();
    // Also what dependencies say through the `log` crate.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(caught.clone())
        .finish()
        .init();

    for (user, password) in &users {
        let good = connector(
            config(engine, Login::Scram, &caught)
                .user(user)
                .password(password.as_str()),
        );
        let session = good.connect(&endpoint(engine)).await.unwrap();
        let call = session.begin_call();
        call.client().batch_execute("SELECT 1").await.unwrap();
        call.finish();
        caught.note(&format!(
            "{good:?} {session:?} {:?}\n",
            session.cancel_handle()
        ));
        good.connect(&endpoint(engine)).await.unwrap();
        strings(engine, user, password, &caught).await;
        Box::pin(misplaced(engine, password, &caught)).await;
    }
    let password = users[0].1.as_str();
    refused_logins(engine, password, &caught).await;
    places(engine, password, &caught).await;
    let keys = keys(engine, &caught).await;
    #[cfg(feature = "kerberos")]
    keytabs(engine, password, &caught).await;

    let log = String::from_utf8_lossy(&caught.0.lock().unwrap()).into_owned();
    assert!(log.contains("TRACE"), "the logs were caught");
    assert!(log.contains("reload failed"), "a rotation failed");
    let secrets = [HEAD, TAIL].map(str::to_owned).into_iter().chain(keys);
    for secret in secrets {
        if let Some(at) = log.find(&secret) {
            let start = log.floor_char_boundary(at.saturating_sub(300));
            panic!("{}", &log[start..log.ceil_char_boundary(at + 100)]);
        }
    }
    for (user, _) in &users {
        engine.execute(&format!("DROP USER {user}")).await.unwrap();
    }
    println!("row R12: done {} canaries", users.len() + 2);
}

async fn refused_logins(engine: &Engine, password: &str, caught: &Caught) {
    let scram = || config(engine, Login::Scram, caught).password(password);
    for builder in [
        scram(),
        config(engine, Login::Password, caught).password(password),
        config(engine, Login::Password, caught)
            .password(password)
            .tls(TlsConfig::disabled()),
        scram().tls(TlsConfig::new()),
        scram().scram_iterations(IterationLimits::new(400_000, 500_000).unwrap()),
        scram().connect_timeout(Duration::from_millis(1)),
        scram().require_auth("gss".parse().unwrap()),
        // A token that is cut, joined to another, or a password.
        config(engine, Login::Password, caught).jwt(format!("e30.{HEAD}")),
        config(engine, Login::Password, caught).jwt(format!("e30.{HEAD}.{TAIL}e30.{HEAD}.{TAIL}")),
        config(engine, Login::Scram, caught).jwt(password),
    ] {
        attempt(builder, &endpoint(engine), caught).await;
    }
    for host in [
        format!("app:{password}@db1"),
        format!("postgresql://app:{password}@db1/bank"),
        format!("{password}@db1"),
    ] {
        attempt(scram(), &Endpoint::new(host, 26257), caught).await;
    }
}

/// Pieces of a connection string in the places of a name, of options and of session variables.
async fn misplaced(engine: &Engine, password: &str, caught: &Caught) {
    let scram = || config(engine, Login::Scram, caught).password("wrong");
    let good = || {
        let password = engine.login(Login::Scram).password();
        config(engine, Login::Scram, caught).password(password)
    };
    let escaped = password.replace('\\', "\\\\").replace(' ', "\\ ");
    for builder in [
        scram().user(format!("app:{password}")),
        scram().user(format!("app:{password}@db1/bank")),
        scram().user(format!("postgresql://app:{password}")),
        good().database(format!("{password}@db1/bank")),
        good().database(format!("app:{password}")),
        good().database(format!("postgresql://app:{password}@db1/bank")),
        good().application_name(format!("app:{password}@db1")),
        good().options(password),
        good().options(&*escaped),
        good().options(format!("-c {escaped}")),
        good().options(format!("--{password}")),
        good().options(format!("-c app.token={escaped}")),
        good().options(format!("-c app.token={password}")),
        good().options(format!("-c statement_timeout={HEAD}")),
        good().session_parameter("app.token", password),
        good().session_parameter("datestyle", password),
        good().session_parameter("timezone", password),
    ] {
        attempt(builder, &endpoint(engine), caught).await;
    }
}

/// Every form that a password gets into without being escaped.
async fn strings(engine: &Engine, user: &str, password: &str, caught: &Caught) {
    let (host, port, database) = (engine.host(), engine.port(), engine.database());
    let root = engine.ca_cert_path().display().to_string();
    // Without a host, what follows an '@' in the password is a host by every rule.
    if !password.contains('@') {
        attempt_string(&format!("postgresql://{user}:{password}"), caught).await;
    }
    for text in [
        format!("postgresql://{user}:{password}@{host}:{port}/{database}?sslrootcert={root}"),
        format!("postgresql://{user}:{password}@{host}:{port}/{database}?sslmode={password}"),
        format!(
            "postgresql://{user}@{host}:{port}/{database}?password={password}&sslrootcert={root}"
        ),
        format!("postgresql://{user}:{password}@h/?password={password}&nonsense=1"),
        format!("postgresql://{user}:{password}%zz@h/"),
        format!("cockroachdb://{user}:{password}@{host}:{port}/{database}?sslrootcert={root}"),
        format!(" postgresql://{user}:{password}@{host}:{port}/{database}"),
        format!("jdbc:postgresql://{host}:{port}/{database}?user={user}&password={password}"),
        format!("{user}:{password}@{host}:{port}/{database}"),
        format!("user={user} password={password} host={host} port={port} sslrootcert={root}"),
        format!("user={user} password='{password}' host={host} port={port} sslrootcert={root}"),
        format!("user={user} password={password} {password}"),
        format!("user={user} password='{password}"),
        format!("user={user} host={user}:{password}@{host}"),
    ] {
        attempt_string(&text, caught).await;
    }
}

/// Hands out a token, or a failure.
struct Source(String);

impl CredentialSource for Source {
    fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
        Box::pin(async { Ok(Credential::new(self.0.clone())) })
    }
}

/// A source whose library repeats the secret in its error.
struct Failing(String);

impl CredentialSource for Failing {
    fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
        Box::pin(async { Err(std::io::Error::other(self.0.clone()).into()) })
    }
}

/// Files, commands and sources that have a password that does not fit.
async fn places(engine: &Engine, password: &str, caught: &Caught) {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = directory.path().join(name);
        write_private(&path, content);
        path
    };
    let shell = |script: String| Password::command(Command::new("sh").arg("-c").arg(script));
    for place in [
        Password::file(file("password", &format!("{password}\n{password}\n"))),
        Password::passfile(file("passfile", &format!("{password}\n*:*:*:*"))),
        Password::passfile(file(
            "joined",
            &format!("*:*:*:*:{password}*:*:*:*:{password}"),
        )),
        // The secret itself where its place belongs.
        Password::variable(password),
        Password::variable(format!("eyJ{HEAD}.eyJ{TAIL}.x")),
        Password::file(format!("{password}\n")),
        Password::file(password),
        Password::passfile(password),
        Password::command(Command::new(password)),
        Password::command(Command::new("sh").arg(password)),
        Password::file(format!("eyJ{HEAD}.eyJ{TAIL}.x")),
        Password::passfile(format!("*:*:*:*:{password}\n")),
        shell(format!("printf %s '{password}'; exit 1")),
        shell(format!("printf %s '{password}' >&2; exit 1")),
        shell(format!("printf %s '{password}'")),
        Password::source(Source(password.to_owned())),
        Password::source(Failing(password.to_owned())),
    ] {
        let builder = config(engine, Login::Scram, caught).password(place);
        attempt(builder, &endpoint(engine), caught).await;
    }
}

/// Client keys that are cut, joined, broken, encrypted in name or mixed up with certificates. Gives what must not be found.
async fn keys(engine: &Engine, caught: &Caught) -> Vec<String> {
    let authority = Authority::new("an authority").unwrap();
    let (identity, other) = (
        authority.client("app").unwrap(),
        authority.client("app").unwrap(),
    );
    let (certificate, key) = (identity.certificate_pem(), identity.key_pem());
    let body: String = key.lines().filter(|line| !line.contains("-----")).collect();
    let half = &key[..key.len() / 2];
    // The content of the files where their names belong, as `KEY="$(cat client.key)"` has it.
    let certificates = ClientCertificate::files(certificate, key);
    let builder = config(engine, Login::Certificate, caught)
        .tls(TlsConfig::new().client_certificate(certificates));
    attempt(builder, &endpoint(engine), caught).await;
    // A word where the key's file belongs.
    let word = ClientCertificate::files(engine.ca_cert_path(), HEAD);
    let builder =
        config(engine, Login::Certificate, caught).tls(TlsConfig::new().client_certificate(word));
    attempt(builder, &endpoint(engine), caught).await;
    let joined = format!(
        "host=localhost user=app sslcert=client.crt sslkey='{}'",
        key.replace('\n', "")
    );
    attempt_string(&joined, caught).await;
    let pairs = [
        (certificate.to_owned(), key.replace('\n', "")),
        (certificate.to_owned(), key.replace('\n', " ")),
        (certificate.to_owned(), key.replace('\n', "\\n")),
        (certificate.to_owned(), key.replace("-----\n", "-----")),
        (certificate.to_owned(), body.clone()),
        (certificate.to_owned(), half.to_owned()),
        (certificate.to_owned(), format!("{half}{key}")),
        (
            certificate.to_owned(),
            format!("{key}{key}").replace("-----\n-----", "----------"),
        ),
        (
            certificate.to_owned(),
            key.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        ),
        (
            certificate.to_owned(),
            key.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        ),
        (
            certificate.to_owned(),
            key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
        ),
        (certificate.to_owned(), key.replace(&body[40..44], "!!!!")),
        (other.certificate_pem().to_owned(), key.to_owned()),
        // The files mixed up.
        (key.to_owned(), certificate.to_owned()),
        (key.replace('\n', ""), key.replace('\n', "")),
        (key.replace("PRIVATE KEY", "CERTIFICATE"), key.to_owned()),
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let files = || ClientCertificate::files(path("certificate"), path("key"));
    let with = |tls: TlsConfig| config(engine, Login::Scram, caught).tls(tls);
    let trusting = || TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path()));
    let write = |certificate: &str, key: &str| {
        write_private(&path("certificate"), certificate);
        write_private(&path("key"), key);
    };
    for (certificate, bad) in &pairs {
        let in_memory = ClientCertificate::pem(certificate.as_str(), bad.as_str());
        attempt(
            with(trusting().client_certificate(in_memory)),
            &endpoint(engine),
            caught,
        )
        .await;
        write(certificate, bad);
        attempt(
            with(trusting().client_certificate(files())),
            &endpoint(engine),
            caught,
        )
        .await;
        // A key in the place of the roots.
        let roots = TlsConfig::new().roots(RootCertificates::pem(bad.as_str()));
        attempt(with(roots), &endpoint(engine), caught).await;
        // A rotation that fails: the good pair stays in use and the observer is called.
        write(identity.certificate_pem(), key);
        let rotating = connector(with(trusting().client_certificate(files())));
        rotating.prepare().await.unwrap();
        write(certificate, &format!("{bad}\n"));
        rotating.prepare().await.unwrap();
    }
    let text = body.as_bytes().chunks(12).filter(|chunk| chunk.len() == 12);
    let as_text = text.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap());
    // As another library's `Debug` prints bytes.
    let as_numbers = body.as_bytes().chunks(8).filter(|chunk| chunk.len() == 8);
    let as_numbers =
        as_numbers.map(|chunk| format!("{chunk:?}").trim_matches(['[', ']']).to_owned());
    as_text.chain(as_numbers).collect()
}

/// Keytabs that are none.
#[cfg(feature = "kerberos")]
async fn keytabs(engine: &Engine, password: &str, caught: &Caught) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.keytab");
    let keytab = crdb_auth::Kerberos::keytab(password).principal("app@EXAMPLE.TEST");
    let builder = config(engine, Login::Scram, caught).kerberos(keytab);
    attempt(builder, &endpoint(engine), caught).await;
    // A keytab begins with 05 02, and entries follow, each with its length.
    for content in [
        password.to_owned(),
        format!("\u{5}\u{2}{password}"),
        format!("\u{5}\u{2}\0\0\0\u{20}{password}{password}\u{5}\u{2}"),
    ] {
        write_private(&path, &content);
        let keytab = crdb_auth::Kerberos::keytab(&path).principal("app@EXAMPLE.TEST");
        let builder = config(engine, Login::Scram, caught).kerberos(keytab);
        attempt(builder, &endpoint(engine), caught).await;
    }
}

fn write_private(path: &Path, content: &str) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

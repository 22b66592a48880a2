//! What can be wrong gives a clear error of the right kind, in time, and changes nothing.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crdb_facade::config::{MistakeKind, Node, keys};
use crdb_facade::{Config, Database, Error, ErrorKind, Row};
use crdb_testkit::{
    Accept, Authority, Cut, Engine, EngineKind, FaultProxy, QuirksOptions, QuirksProxy,
};

use super::{config, queries};

/// However busy the machine is, this is soon: every deadline in these tests is far below.
const SOON: Duration = Duration::from_secs(10);

/// Opening must fail with this kind, and soon.
async fn refused(config: Config, kind: ErrorKind) -> Error {
    let started = Instant::now();
    let error = Database::open(config).await.unwrap_err();
    let took = started.elapsed();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(took < SOON, "{took:?}: {error}");
    error
}

/// A configuration that reaches the engine through a proxy.
async fn through_proxy() -> (crdb_facade::config::ConfigBuilder, FaultProxy) {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    let builder = config(&database)
        .set(keys::auth::NODES, [Node::new("localhost", proxy.port())])
        .set(keys::auth::CONNECT_TIMEOUT, Duration::from_secs(5));
    (builder, proxy)
}

#[tokio::test]
async fn an_engine_that_is_not_there() {
    let (builder, proxy) = through_proxy().await;
    proxy.set_accept(Accept::Refuse).await;
    let error = refused(builder.build().unwrap(), ErrorKind::Unreachable).await;
    let text = error.to_string();
    assert!(text.starts_with("opening database \""), "{text}");
    assert!(
        text.contains(&format!("localhost:{}", proxy.port())),
        "{text}"
    );
    assert!(text.to_lowercase().contains("refused"), "{text}");
    assert_eq!(
        error.auth().unwrap().kind(),
        crdb_facade::auth::ErrorKind::Refused
    );
}

#[tokio::test]
async fn an_engine_that_never_answers() {
    let (builder, proxy) = through_proxy().await;
    proxy.set_accept(Accept::Blackhole).await;
    let config = builder
        .set(keys::auth::CONNECT_TIMEOUT, Duration::from_millis(600))
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Timeout).await;
    assert!(error.is_timeout());
    assert_eq!(error.http_status(), 503);
    assert!(error.to_string().contains("600ms"), "{error}");
}

#[tokio::test]
async fn an_engine_that_hangs_up() {
    let (builder, proxy) = through_proxy().await;
    for accept in [Accept::Close, Accept::Reset] {
        proxy.set_accept(accept).await;
        refused(builder.clone().build().unwrap(), ErrorKind::Unreachable).await;
    }
}

#[tokio::test]
async fn a_host_name_that_does_not_resolve() {
    let config = super::config(&Engine::shared().await.create_database().await)
        .set(
            keys::auth::NODES,
            [Node::new("no-such-host.invalid", 26257)],
        )
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::UnknownHost).await;
    assert!(
        error.to_string().contains("no-such-host.invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_password() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(keys::auth::PASSWORD, Some("not the password".into()))
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Authentication).await;
    assert!(error.auth().unwrap().is_authentication());
    assert!(error.to_string().contains(engine.user()), "{error}");
    assert!(!error.to_string().contains("not the password"), "{error}");
}

/// Waiters get the error at once, not when their deadline passes, and with the same kind as at the start.
#[tokio::test]
async fn a_wrong_password_that_shows_with_the_first_query() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(keys::auth::PASSWORD, Some("not the password".into()))
        .set(keys::auth::CHECK_AT_OPEN, false)
        .build()
        .unwrap();
    let db = Database::builder(config)
        .repository(queries())
        .open()
        .await
        .unwrap();
    let started = Instant::now();
    let error = db.query("counters.all").fetch_all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication, "{error}");
    assert!(error.auth().unwrap().is_authentication(), "{error:?}");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_database_that_does_not_exist() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(keys::auth::DATABASE, "no_such_database")
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::UnknownDatabase).await;
    assert!(error.to_string().contains("no_such_database"), "{error}");
}

/// CockroachDB lets in a login to one.
#[tokio::test]
async fn a_database_that_does_not_exist_on_cockroachdb() {
    let engine = Engine::shared_postgres().await;
    let proxy = QuirksProxy::start(engine, QuirksOptions::default())
        .await
        .unwrap();
    let database = engine.create_database().await;
    let there = config(&database).set(keys::auth::NODES, [Node::new(proxy.host(), proxy.port())]);
    Database::open(there.clone().build().unwrap())
        .await
        .unwrap();
    let nowhere = there.set(keys::auth::DATABASE, "no_such_database");
    let config = nowhere.build().unwrap();
    let diagnoses = Database::builder(config.clone()).diagnose().await.unwrap();
    let advice = diagnoses[0].next_step().unwrap();
    assert!(advice.contains("create the database"), "{}", diagnoses[0]);
    let error = refused(config, ErrorKind::UnknownDatabase).await;
    assert!(error.to_string().contains("no_such_database"), "{error}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let directory = tempfile::tempdir().unwrap();
    let stranger = directory.path().join("ca.crt");
    std::fs::write(
        &stranger,
        Authority::new("Another authority")
            .unwrap()
            .certificate_pem(),
    )
    .unwrap();
    let config = config(&database)
        .set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::VerifyFull)
        .set(keys::auth::TLS_ROOT_CERTIFICATES, [stranger])
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Tls).await;
    assert_eq!(
        error.auth().unwrap().kind(),
        crdb_facade::auth::ErrorKind::TlsUntrusted
    );
}

#[tokio::test]
async fn a_certificate_for_another_host() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let elsewhere =
        Node::new("db.example.com", engine.port()).with_ip(IpAddr::from([127, 0, 0, 1]));
    let config = config(&database)
        .set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::VerifyFull)
        .set(keys::auth::NODES, [elsewhere])
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Tls).await;
    assert_eq!(
        error.auth().unwrap().kind(),
        crdb_facade::auth::ErrorKind::TlsHostName
    );
    assert!(error.to_string().contains("db.example.com"), "{error}");
}

#[tokio::test]
async fn one_node_of_several_is_enough_and_all_are_named_when_none_works() {
    let (builder, proxy) = through_proxy().await;
    let (_, dead) = through_proxy().await;
    dead.set_accept(Accept::Refuse).await;
    let nodes = [
        Node::new("localhost", dead.port()),
        Node::new("localhost", proxy.port()),
    ];
    let config = builder.set(keys::auth::NODES, nodes).build().unwrap();
    Database::open(config.clone()).await.unwrap();

    proxy.set_accept(Accept::Refuse).await;
    let error = refused(config, ErrorKind::Unreachable).await;
    for port in [proxy.port(), dead.port()] {
        assert!(
            error.to_string().contains(&format!("localhost:{port}")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn everything_that_the_configuration_names_and_is_not_there() {
    let config = Config::builder()
        .set(keys::auth::USER, "teller")
        .set(keys::auth::PASSWORD_FILE, Some("no/such/password".into()))
        .set(
            keys::auth::TLS_ROOT_CERTIFICATES,
            [std::path::PathBuf::from("no/such/ca.crt")],
        )
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Configuration).await;
    let keys: Vec<&str> = error
        .mistakes()
        .iter()
        .map(crdb_facade::config::Mistake::key)
        .collect();
    assert_eq!(keys, ["auth.password_file", "auth.tls.root_certificates"]);
    assert_eq!(error.mistakes()[0].kind(), MistakeKind::WrongValue);
    let message = error.to_string();
    assert!(message.contains("no/such/ca.crt: No such file"), "{error}");
    // What leads nowhere may be the password itself.
    assert!(!message.contains("no/such/password"), "{error}");

    let config = Config::builder()
        .set(keys::auth::USER, "teller")
        .set(
            keys::auth::PASSWORD_ENV,
            Some("CRDB_TEST_NO_SUCH_VARIABLE".to_owned()),
        )
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Configuration).await;
    assert!(
        error
            .to_string()
            .contains("CRDB_TEST_NO_SUCH_VARIABLE is not"),
        "{error}"
    );
}

#[tokio::test]
async fn root_certificates_that_are_none() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.crt");
    std::fs::write(&path, "not a certificate").unwrap();
    let config = config(&database)
        .set(keys::auth::TLS_MODE, crdb_facade::auth::SslMode::VerifyFull)
        .set(keys::auth::TLS_ROOT_CERTIFICATES, [path.clone()])
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::Configuration).await;
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
}

#[tokio::test]
async fn sql_files_that_are_missing_or_wrong() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let directory = tempfile::tempdir().unwrap();
    let builder = config(&database);

    let missing = directory.path().join("nowhere");
    let config = builder
        .clone()
        .set(keys::sql::DIRECTORY, Some(missing.clone()))
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::SqlFiles).await;
    assert_eq!(
        error.sql().unwrap().kind(),
        crdb_facade::sql::ErrorKind::Directory
    );
    assert!(
        error.to_string().contains(missing.to_str().unwrap()),
        "{error}"
    );

    std::fs::write(
        directory.path().join("a.sql"),
        "-- name: broken :nonsense\nSELECT 1;\n",
    )
    .unwrap();
    let config = builder
        .set(keys::sql::DIRECTORY, Some(directory.path().to_owned()))
        .build()
        .unwrap();
    let error = refused(config, ErrorKind::SqlFiles).await;
    assert!(error.to_string().contains("a.sql"), "{error}");
}

async fn ready() -> Database {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let db = Database::builder(config(&database).build().unwrap())
        .repository(queries())
        .open()
        .await
        .unwrap();
    db.query("counters.create").execute().await.unwrap();
    db.query("counters.put")
        .bind("name", "a")
        .bind("value", 1_i64)
        .execute()
        .await
        .unwrap();
    db
}

#[tokio::test]
async fn queries_and_arguments_that_do_not_exist() {
    let db = ready().await;
    let error = db.query("counters.gett").execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownQuery);
    assert!(
        error.to_string().contains("did you mean `counters.get`"),
        "{error}"
    );

    let error = db
        .query("counters.put")
        .bind("name", "b")
        .execute()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Arguments);
    assert!(
        error.to_string().contains("parameter `value` is missing"),
        "{error}"
    );

    let put = db
        .query("counters.put")
        .bind("name", "b")
        .bind("value", 1_i64);
    let error = put.bind("valve", 1_i64).execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Arguments);
    assert!(
        error.to_string().contains("there is no parameter `valve`"),
        "{error}"
    );

    let put = db
        .query("counters.put")
        .bind("name", "b")
        .bind("value", 1_i64);
    let error = put.bind("name", "c").execute().await.unwrap_err();
    assert!(error.to_string().contains("given twice"), "{error}");

    let without = Database::open(db.config().clone()).await.unwrap();
    let error = without.query("counters.get").execute().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownQuery);
    assert!(error.to_string().contains("sql.directory"), "{error}");

    assert_eq!(db.query("counters.all").fetch_all().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_takes_its_transaction_back() {
    let db = ready().await;
    let error = db
        .transact(async |tx| -> Result<(), Error> {
            tx.query("counters.add")
                .bind("name", "a")
                .bind("amount", 1_i64)
                .execute()
                .await?;
            tx.query("counters.put")
                .bind("name", "b")
                .bind("value", "one")
                .execute()
                .await?;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
    assert!(error.to_string().contains("counters.put"), "{error}");
    let row = db
        .query("counters.get")
        .bind("name", "a")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("value").unwrap(), 1);
    // The other way round: a column read as what it is not.
    let error = Error::from(row.get::<String>("value").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
    let error = Error::from(row.get::<i64>("valeu").unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Conversion, "{error}");
}

#[tokio::test]
async fn what_the_server_refuses_keeps_its_sqlstate() {
    let db = ready().await;
    let error = db
        .query("counters.put")
        .bind("name", "a")
        .bind("value", 1_i64)
        .execute()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert_eq!(error.sqlstate().unwrap().as_str(), "23505");
    assert!(error.is_unique_violation());
    assert!(!error.is_retryable() && !error.is_outcome_unknown());
}

#[tokio::test]
async fn what_refused_a_row_is_reached_from_the_error() {
    let db = ready().await;
    for text in [
        "CREATE TABLE account (id INT8 CONSTRAINT account_pkey PRIMARY KEY)",
        "CREATE TABLE card (number TEXT CONSTRAINT card_key UNIQUE, account INT8 NOT NULL CONSTRAINT card_account \
         REFERENCES account, pin INT8 CONSTRAINT card_pin CHECK (pin > 999))",
        "INSERT INTO account VALUES (1)",
        "INSERT INTO card VALUES ('4111', 1, 1234)",
    ] {
        db.execute(text, &[]).await.unwrap();
    }
    let none = db.fetch_one("SELECT id FROM account WHERE id = 9", &[]);
    assert_eq!(none.await.unwrap_err().http_status(), 404);
    let wrong = db.fetch_one("SELECT id FROM no_such_table", &[]);
    assert_eq!(wrong.await.unwrap_err().http_status(), 500);
    type Is = fn(&Error) -> bool;
    for (values, constraint, is) in [
        (
            "('4111', 1, 1234)",
            Some("card_key"),
            Error::is_unique_violation as Is,
        ),
        (
            "('4222', 2, 1234)",
            Some("card_account"),
            Error::is_foreign_key_violation,
        ),
        (
            "('4222', 1, 999)",
            Some("card_pin"),
            Error::is_check_violation,
        ),
        ("('4222', NULL, 1234)", None, Error::is_not_null_violation),
    ] {
        let text = format!("INSERT INTO card VALUES {values}");
        let error = db.execute(&*text, &[]).await.unwrap_err();
        assert!(is(&error) && error.is_constraint_violation(), "{error}");
        let all: [Is; 5] = [
            Error::is_unique_violation,
            Error::is_foreign_key_violation,
            Error::is_check_violation,
            Error::is_not_null_violation,
            Error::is_exclusion_violation,
        ];
        assert_eq!(all.iter().filter(|is| is(&error)).count(), 1, "{error}");
        let status = if error.is_unique_violation() {
            409
        } else {
            422
        };
        assert_eq!(error.http_status(), status, "{error}");
        if let Some(constraint) = constraint {
            assert_eq!(error.constraint(), Some(constraint), "{error}");
            assert_eq!(error.column(), None, "{error}");
        } else {
            // CockroachDB names a constraint and nothing else.
            let names_columns = Engine::shared().await.kind() == EngineKind::PostgreSql;
            assert_eq!(
                error.column(),
                names_columns.then_some("account"),
                "{error}"
            );
        }
        assert!(matches!(error.table(), Some("card") | None), "{error}");
        // What the server says of the row, `Key (number)=(4111) already exists.`, is in neither form.
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(!error.to_string().contains("(number)="), "{error}");
        // And each cause is reported once.
        assert!(std::error::Error::source(&error).is_none());
    }
}

#[tokio::test]
async fn a_statement_that_takes_too_long() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(keys::exec::TIMEOUT, Duration::from_secs(1))
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let started = Instant::now();
    let error = db.fetch_one("SELECT pg_sleep(60)", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.is_timeout());
    assert!(error.to_string().contains("it may take 1s"), "{error}");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
}

#[tokio::test]
async fn no_session_comes_free() {
    let engine = Engine::shared().await;
    let database = engine.create_database().await;
    let config = config(&database)
        .set(keys::pool::MAX_SIZE, 1_u32)
        .set(keys::exec::TIMEOUT, Duration::from_secs(1))
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    let lease = db.pool().acquire().await.unwrap();
    let started = Instant::now();
    let error = db.execute("SELECT 1", &[]).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NoSession | ErrorKind::Timeout),
        "{error}"
    );
    assert!(error.is_timeout(), "{error:?}");
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    drop(lease);
    db.execute("SELECT 1", &[]).await.unwrap();
}

#[tokio::test]
async fn an_engine_that_goes_away_and_comes_back() {
    let (builder, proxy) = through_proxy().await;
    let config = builder
        .set(keys::exec::TIMEOUT, Duration::from_secs(3))
        .build()
        .unwrap();
    let db = Database::open(config).await.unwrap();
    db.execute("SELECT 1", &[]).await.unwrap();
    proxy.set_accept(Accept::Refuse).await;
    proxy.cut_now(Cut::Reset);
    let started = Instant::now();
    let error = db.execute("SELECT 1", &[]).await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            ErrorKind::Unreachable | ErrorKind::Connection | ErrorKind::Timeout
        ),
        "{error}"
    );
    assert!(started.elapsed() < SOON, "{:?}: {error}", started.elapsed());
    proxy.heal().await;
    db.execute("SELECT 1", &[]).await.unwrap();
}

#[tokio::test]
async fn a_password_comes_from_a_file_or_a_command() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    std::fs::write(&file, format!("{}\n", engine.password())).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let url = database
        .url()
        .replace(&format!(":{}@", engine.password()), "@");
    let without = Config::builder().set(keys::auth::URL, Some(url.into()));

    let from_file = without
        .clone()
        .set(keys::auth::PASSWORD_FILE, Some(file.clone()));
    Database::open(from_file.build().unwrap()).await.unwrap();

    let command = ["cat".to_owned(), file.to_str().unwrap().to_owned()];
    let from_command = without
        .clone()
        .set(keys::auth::PASSWORD_COMMAND, Some(command.to_vec()));
    Database::open(from_command.build().unwrap()).await.unwrap();

    let nothing = without.set(keys::auth::PASSWORD_COMMAND, Some(vec!["false".to_owned()]));
    let error = Database::open(nothing.build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
}

//! Every way in that needs no KDC, and what a failure says.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crdb_auth::{
    AuthMethod, ChannelBinding, ClientCertificate, Config, ConnectEnd, ConnectionString, Diagnosis,
    Doctor, DoctorStep, Endpoint, Engine as Product, ErrorKind, IterationLimits, OperationOutcome,
    Outcome, PartialObserver, Password, RequireAuth, RootCertificates, SslMode, TlsConfig,
};
use crdb_testkit::{Authority, Engine, EngineKind, FaultProxy, Link, Login};

use crate::bed::{config, connector, endpoint, postgresql, run, session, verified};
use crate::modes::without_tls;

#[tokio::test]
async fn scram_over_verified_tls_gives_a_session_that_knows_its_server() {
    let engine = Engine::shared_ours().await;
    let session = session(engine).await;
    assert!(session.is_tls());
    let product = match engine.kind() {
        EngineKind::CockroachDb => Product::CockroachDb,
        _ => Product::PostgreSql,
    };
    assert_eq!(session.facts().engine(), product);
    let version = session.facts().version().unwrap();
    assert!(
        engine
            .version()
            .contains(&format!("{}.{}", version.major, version.minor))
    );
    let call = session.begin_call();
    let row = call
        .client()
        .query_one("SELECT current_user", &[])
        .await
        .unwrap();
    call.finish();
    assert_eq!(row.get::<_, &str>(0), "scram_user");
}

#[tokio::test]
async fn each_kind_of_user_gets_in() {
    let engine = Engine::shared_ours().await;
    for login in [Login::Scram, Login::Password, Login::Trust] {
        let session = connector(config(engine, login))
            .connect(&endpoint(engine))
            .await
            .unwrap();
        run(&session, "SELECT 1").await.unwrap();
    }
    let certificate = engine.login(Login::Certificate);
    let client = ClientCertificate::files(
        certificate.certificate_path().unwrap(),
        certificate.key_path().unwrap(),
    );
    let builder = Config::builder()
        .user(certificate.user())
        .database(engine.database())
        .tls(verified(engine).client_certificate(client))
        .require_auth(RequireAuth::only([AuthMethod::None]));
    let session = connector(builder).connect(&endpoint(engine)).await.unwrap();
    run(&session, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_authentication_and_never_printed() {
    let engine = Engine::shared_ours().await;
    let builder = config(engine, Login::Scram).password("hunter2-canary");
    let error = connector(builder)
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.sqlstate(), Some("28P01"));
    assert!(error.is_authentication());
    let all = format!("{error} {error:?}");
    assert!(
        all.contains("check the user name and the password"),
        "{all}"
    );
    assert!(!all.contains("canary"), "{all}");
}

#[tokio::test]
async fn md5_and_clear_passwords_need_a_name() {
    let engine = postgresql().await;
    let error = connector(config(engine, Login::Md5))
        .connect(&endpoint(engine))
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Downgrade);
    let named = config(engine, Login::Md5).require_auth("md5".parse().unwrap());
    connector(named).connect(&endpoint(engine)).await.unwrap();
    let permitted = config(engine, Login::Md5).permit_md5(true);
    connector(permitted)
        .connect(&endpoint(engine))
        .await
        .unwrap();
    let plain = || config(engine, Login::Password).tls(TlsConfig::disabled());
    let error = connector(plain())
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Downgrade);
    assert!(error.to_string().contains("was not sent"), "{error}");
    let permitted = plain().permit_cleartext_without_tls(true);
    connector(permitted)
        .connect(&endpoint(engine))
        .await
        .unwrap();
}

#[tokio::test]
async fn require_auth_refuses_before_anything_is_sent() {
    let engine = Engine::shared_ours().await;
    for (login, list) in [
        (Login::Trust, "scram-sha-256"),
        (Login::Password, "scram-sha-256,none"),
        (Login::Scram, "gss"),
        (Login::Scram, "!scram-sha-256"),
    ] {
        let builder = config(engine, login).require_auth(list.parse().unwrap());
        let error = connector(builder)
            .connect(&endpoint(engine))
            .await
            .unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Downgrade,
            "{login:?} {list}: {error}"
        );
        assert!(error.to_string().contains("require_auth"), "{error}");
    }
}

#[tokio::test]
async fn a_server_below_the_iteration_floor_is_refused() {
    let engine = Engine::shared_ours().await;
    let builder = config(engine, Login::Scram)
        .scram_iterations(IterationLimits::new(400_000, 500_000).unwrap());
    let error = connector(builder)
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Downgrade);
    assert!(error.to_string().contains("SCRAM iterations"), "{error}");
}

#[tokio::test]
async fn channel_binding_holds_on_postgresql_and_is_refused_on_cockroachdb() {
    let engine = Engine::shared_ours().await;
    let builder = config(engine, Login::Scram).channel_binding(ChannelBinding::Require);
    let result = connector(builder).connect(&endpoint(engine)).await;
    match engine.kind() {
        EngineKind::CockroachDb => {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Downgrade);
            assert!(
                error
                    .to_string()
                    .contains("CockroachDB has no channel binding"),
                "{error}"
            );
        }
        _ => {
            result.unwrap();
        }
    }
    for binding in [ChannelBinding::Disable, ChannelBinding::Prefer] {
        let builder = config(engine, Login::Scram).channel_binding(binding);
        connector(builder).connect(&endpoint(engine)).await.unwrap();
    }
    // Required, and no SCRAM.
    let builder = config(engine, Login::Password).channel_binding(ChannelBinding::Require);
    let error = connector(builder)
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Downgrade);
}

#[tokio::test]
async fn a_password_from_a_rotated_file_is_used_by_the_next_login() {
    let engine = Engine::shared_ours().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    let connector = connector(config(engine, Login::Scram).password(Password::file(&path)));
    let error = connector.connect(&endpoint(engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    std::fs::write(&path, "wrong").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let error = connector.connect(&endpoint(engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    std::fs::write(&path, engine.login(Login::Scram).password()).unwrap();
    connector.connect(&endpoint(engine)).await.unwrap();
}

#[tokio::test]
async fn the_name_of_the_host_must_be_in_the_certificate() {
    let engine = Engine::shared_ours().await;
    let address = engine.host().parse().unwrap_or([127, 0, 0, 1].into());
    let foreign = Endpoint::new("db.example.com", engine.port()).at(address);
    let error = connector(config(engine, Login::Scram))
        .connect(&foreign)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsHostName);
    assert!(
        error.is_tls() && error.to_string().contains("db.example.com"),
        "{error}"
    );

    let by_authority = config(engine, Login::Scram).tls(verified(engine).mode(SslMode::VerifyCa));
    connector(by_authority).connect(&foreign).await.unwrap();
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_told_apart() {
    let engine = Engine::shared_ours().await;
    let other = Authority::new("another authority").unwrap();
    for mode in [SslMode::VerifyFull, SslMode::VerifyCa, SslMode::Require] {
        let tls = TlsConfig::new()
            .mode(mode)
            .roots(RootCertificates::pem(other.certificate_pem()));
        let error = connector(config(engine, Login::Scram).tls(tls))
            .connect(&endpoint(engine))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TlsUntrusted, "{mode}: {error}");
    }
    // Without roots `require` does not look at the certificate.
    let tls = TlsConfig::new().mode(SslMode::Require);
    connector(config(engine, Login::Scram).tls(tls))
        .connect(&endpoint(engine))
        .await
        .unwrap();
}

#[tokio::test]
async fn an_unknown_database_has_its_kind() {
    let engine = postgresql().await;
    let error = connector(config(engine, Login::Scram).database("no_such_database"))
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownDatabase);
}

#[tokio::test]
async fn session_parameters_and_options_arrive() {
    let engine = Engine::shared_ours().await;
    let builder = config(engine, Login::Scram)
        .session_parameter("statement_timeout", "4321")
        .options("-c lock_timeout=1234");
    let session = connector(builder).connect(&endpoint(engine)).await.unwrap();
    let call = session.begin_call();
    for (name, number) in [("statement_timeout", "4321"), ("lock_timeout", "1234")] {
        let row = call
            .client()
            .query_one(&format!("SHOW {name}"), &[])
            .await
            .unwrap();
        let value: String = row.get(0);
        assert!(value.starts_with(number), "{name} is {value}");
    }
    call.finish();
}

#[tokio::test]
async fn one_deadline_covers_a_silent_server() {
    let engine = Engine::shared_ours().await;
    let proxy = FaultProxy::start(engine.host(), engine.port()).unwrap();
    for direction in [
        crdb_testkit::Direction::ToClient,
        crdb_testkit::Direction::ToServer,
    ] {
        proxy.set_link(direction, Link::blackhole());
        let builder = config(engine, Login::Scram).connect_timeout(Duration::from_millis(300));
        let start = Instant::now();
        let error = connector(builder)
            .connect(&Endpoint::new(proxy.host(), proxy.port()))
            .await
            .unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!(error.to_string().contains("TLS handshake"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(2));
        proxy.heal().await;
    }
}

#[derive(Default)]
struct Seen {
    events: Mutex<Vec<String>>,
}

impl PartialObserver for Seen {
    fn connect_ended(&self, event: &ConnectEnd<'_>) {
        assert!(event.timings.total >= event.timings.login);
        let seen = match &event.outcome {
            OperationOutcome::Done(connected) => {
                assert!(!event.timings.login.is_zero());
                format!("connected tls={}", connected.tls)
            }
            OperationOutcome::Failed(error) => format!("{:?}", error.kind()),
            outcome => outcome.as_str().to_owned(),
        };
        self.events.lock().unwrap().push(seen);
    }
}

#[tokio::test]
async fn the_observer_hears_of_success_and_failure() {
    let engine = Engine::shared_ours().await;
    let seen = Arc::new(Seen::default());
    let observed = || config(engine, Login::Scram).observer(seen.clone());
    connector(observed())
        .connect(&endpoint(engine))
        .await
        .unwrap();
    connector(observed().password("wrong"))
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    assert_eq!(
        *seen.events.lock().unwrap(),
        ["connected tls=true", "Authentication"]
    );
}

#[tokio::test]
async fn the_doctor_walks_the_steps_and_names_the_one_that_fails() {
    let engine = Engine::shared_ours().await;
    let doctor = |builder| Doctor::new(connector(builder));
    let healthy = doctor(config(engine, Login::Scram))
        .examine(&endpoint(engine))
        .await;
    assert!(healthy.is_healthy(), "{healthy}");
    let text = healthy.to_string();
    for word in [
        "resolve",
        "tcp",
        "crdb-auth 0.1",
        "TLS 1.3",
        "certificate ends in",
        "is let in by",
        "session",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }

    let failed = |diagnosis: &Diagnosis| {
        let failed = diagnosis
            .findings()
            .iter()
            .filter_map(|finding| match finding.outcome {
                Outcome::Failed(kind) => Some((finding.step, kind)),
                _ => None,
            });
        failed.collect::<Vec<_>>()
    };
    let wrong = doctor(config(engine, Login::Scram).password("wrong"))
        .examine(&endpoint(engine))
        .await;
    assert_eq!(
        failed(&wrong),
        [(DoctorStep::Login, ErrorKind::Authentication)],
        "{wrong}"
    );
    assert!(!wrong.is_healthy());

    let untrusted = config(engine, Login::Scram).tls(TlsConfig::new());
    let untrusted = doctor(untrusted).examine(&endpoint(engine)).await;
    let kind = ErrorKind::TlsUntrusted;
    assert_eq!(
        failed(&untrusted),
        [(DoctorStep::Tls, kind)],
        "a failure is told once: {untrusted}"
    );

    let nowhere = doctor(config(engine, Login::Scram))
        .examine(&Endpoint::new("no.such.invalid", 1))
        .await;
    assert_eq!(
        failed(&nowhere),
        [(DoctorStep::Resolve, ErrorKind::Resolve)],
        "{nowhere}"
    );
}

#[tokio::test]
async fn the_doctor_of_a_plain_url_has_nothing_to_say_of_kerberos() {
    let engine = postgresql().await;
    let good = engine.login(Login::Scram);
    let url = |password: &str| {
        format!(
            "postgresql://{}{password}@{}:{}/{}?sslrootcert={}",
            good.user(),
            engine.host(),
            engine.port(),
            engine.database(),
            engine.ca_cert_path().display()
        )
    };
    let examine = async |url: String| {
        let string: ConnectionString = url.parse().unwrap();
        let endpoint = string.endpoints()[0].clone();
        Doctor::new(connector(string.config()))
            .examine(&endpoint)
            .await
    };
    let healthy = examine(url(&format!(":{}", good.password()))).await;
    assert!(healthy.is_healthy(), "{healthy}");
    let version = engine
        .execute("SHOW server_version")
        .await
        .unwrap()
        .unwrap();
    assert!(healthy.to_string().contains(&version), "{healthy}");
    let without = examine(url("")).await;
    for diagnosis in [&healthy, &without] {
        let steps: Vec<_> = diagnosis
            .findings()
            .iter()
            .map(|finding| finding.step)
            .collect();
        assert!(
            !steps.contains(&DoctorStep::Ticket) && !steps.contains(&DoctorStep::ServiceName),
            "{diagnosis}"
        );
    }
    let advice = without.next_step().unwrap();
    assert!(advice.contains("set a password"), "{advice}");
}

#[tokio::test]
async fn the_doctor_warns_where_prefer_goes_on_without_tls() {
    let engine = postgresql().await;
    let endpoint = without_tls(engine, b"Snonsense that is no TLS").await;
    let tls = TlsConfig::new().mode(SslMode::Prefer);
    let doctor = Doctor::new(connector(config(engine, Login::Scram).tls(tls)));
    let diagnosis = doctor.examine(&endpoint).await;
    assert!(diagnosis.is_healthy(), "{diagnosis}");
    let found = diagnosis
        .findings()
        .iter()
        .find(|finding| finding.step == DoctorStep::Tls)
        .unwrap();
    assert_eq!(found.outcome, Outcome::Warning, "{diagnosis}");
    assert!(found.text.contains("goes on without TLS"), "{diagnosis}");
}

#[tokio::test]
async fn the_doctor_says_that_a_url_is_no_host() {
    let url = "postgresql://app:hunter2@db1/bank";
    let diagnosis = Doctor::new(connector(Config::builder().user("app")))
        .examine(&Endpoint::new(url, 26257))
        .await;
    let text = format!("{diagnosis} {}", diagnosis.next_step().unwrap());
    assert!(text.contains("ConnectionString reads URLs"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_password_that_saslprep_makes_empty_is_taken_as_it_is() {
    let engine = postgresql().await;
    let user = format!("soft_{:x}", std::process::id());
    // Soft hyphens, which SASLprep maps to nothing: PostgreSQL stores the hash of the raw bytes.
    let password = "\u{ad}\u{ad}";
    engine
        .execute(&format!("CREATE USER {user} WITH PASSWORD '{password}'"))
        .await
        .unwrap();
    let login = |password: &str| {
        let builder = config(engine, Login::Scram).user(&user).password(password);
        connector(builder.require_auth("scram-sha-256".parse().unwrap()))
    };
    login(password).connect(&endpoint(engine)).await.unwrap();
    login("\u{ad}")
        .connect(&endpoint(engine))
        .await
        .unwrap_err();
    engine.execute(&format!("DROP USER {user}")).await.unwrap();
}

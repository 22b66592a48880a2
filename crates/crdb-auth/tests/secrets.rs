//! A canary password goes through everything, with every log line caught, and is found nowhere.
//!
//! Alone in its program, because it catches what the whole process logs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crdb_auth::{
    Config, ConfigBuilder, ConnectionString, Connector, Doctor, Endpoint, IterationLimits,
    RootCertificates, TlsConfig,
};
use crdb_testkit::{Engine, Login};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

const CANARY: &str = "canary-7f3a91";

#[derive(Clone, Default)]
struct Caught(Arc<Mutex<Vec<u8>>>);

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

fn config(engine: &Engine, login: Login) -> ConfigBuilder {
    Config::builder()
        .user(engine.login(login).user())
        .database(engine.database())
        .tls(TlsConfig::new().roots(RootCertificates::file(engine.ca_cert_path())))
}

fn connector(builder: ConfigBuilder) -> Connector {
    Connector::new(builder.build().unwrap()).unwrap()
}

fn endpoint(engine: &Engine) -> Endpoint {
    Endpoint::new(engine.host(), engine.port())
}

#[tokio::test]
async fn a_canary_is_found_nowhere() {
    let engine = Engine::shared_ours().await;
    // A role whose password is the canary, so that it is sent, hashed, and remembered. Made before
    // anything is caught: that statement is logged by the client that the test kit uses.
    let user = format!("canary_{:x}", std::process::id());
    let create = format!("CREATE USER {user} WITH PASSWORD '{CANARY}'");
    engine.execute(&create).await.unwrap();
    let caught = Caught::default();
    // Also what dependencies say through the `log` crate.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(caught.clone())
        .finish()
        .init();
    let mut texts = Vec::new();

    let good = connector(config(engine, Login::Scram).user(&user).password(CANARY));
    let session = good.connect(&endpoint(engine)).await.unwrap();
    let call = session.begin_call();
    call.client().batch_execute("SELECT 1").await.unwrap();
    call.finish();
    texts.push(format!(
        "{good:?} {session:?} {:?}",
        session.cancel_handle()
    ));
    good.connect(&endpoint(engine)).await.unwrap();

    let bad = [
        config(engine, Login::Scram).password(CANARY),
        config(engine, Login::Password).password(CANARY),
        config(engine, Login::Password)
            .password(CANARY)
            .tls(TlsConfig::disabled()),
        config(engine, Login::Scram)
            .password(CANARY)
            .tls(TlsConfig::new()),
        config(engine, Login::Scram)
            .password(CANARY)
            .scram_iterations(IterationLimits::new(400_000, 500_000).unwrap()),
        config(engine, Login::Scram)
            .password(CANARY)
            .connect_timeout(Duration::from_millis(1)),
        config(engine, Login::Scram)
            .password(CANARY)
            .require_auth("gss".parse().unwrap()),
    ];
    for builder in bad {
        texts.push(format!("{builder:?}"));
        let connector = connector(builder);
        let error = connector.connect(&endpoint(engine)).await.unwrap_err();
        texts.push(format!("{error} {error:?} {error:#?}"));
        texts.push(
            Doctor::new(connector)
                .examine(&endpoint(engine))
                .await
                .to_string(),
        );
    }
    for text in [
        format!("postgresql://u:{CANARY}@h/?password={CANARY}&nonsense=1"),
        format!("postgresql://u:{CANARY}%zz@h/"),
        format!("user=u password={CANARY} {CANARY}"),
        format!("user=u password='{CANARY}"),
        format!("user=u password={CANARY}"),
    ] {
        match text.parse::<ConnectionString>() {
            Ok(string) => texts.push(format!("{string:?}")),
            Err(error) => texts.push(format!("{error} {error:?}")),
        }
    }

    let logs = String::from_utf8_lossy(&caught.0.lock().unwrap()).into_owned();
    assert!(logs.contains("TRACE"), "the logs were caught");
    texts.push(logs);
    for text in texts {
        assert!(!text.contains("canary-7f3a91"), "{text}");
    }
    drop(session);
    engine.execute(&format!("DROP USER {user}")).await.unwrap();
    println!("row R12: done 1 canaries");
}

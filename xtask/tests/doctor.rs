//! `cargo xtask doctor` tells a login that works from one that does not, and why.
#![cfg(feature = "stack")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself fails"
)]

use std::process::{Command, Output};

use crdb_testkit::{Engine, EngineChoice, EngineOptions};
use serde_json::Value;

fn doctor(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("doctor").args(arguments);
    command
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// How a step went, by its name.
fn outcome(diagnosis: &Value, step: &str) -> Vec<String> {
    diagnosis["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["step"] == step)
        .map(|finding| finding["outcome"].as_str().unwrap().to_owned())
        .collect()
}

fn url(engine: &Engine, user: &str, password: &str) -> String {
    format!(
        "host={} port={} user={user} password='{password}' dbname={} sslrootcert='{}'",
        engine.host(),
        engine.port(),
        engine.database(),
        engine.ca_cert_path().display()
    )
}

async fn postgresql(options: EngineOptions) -> Engine {
    Engine::start(options.choice(EngineChoice::Postgres)).await
}

#[tokio::test]
async fn a_login_that_works_and_ones_that_do_not() {
    let engine = postgresql(EngineOptions::default()).await;
    let (user, password) = (engine.user(), engine.password());
    let good = doctor(&[&url(&engine, user, password), "--format", "json"])
        .output()
        .unwrap();
    assert!(good.status.success(), "{good:?}");
    let diagnosis = json(&good);
    assert_eq!(diagnosis["healthy"], true);
    assert_eq!(diagnosis["next"], Value::Null);
    for step in ["resolve", "tcp", "tls", "login", "session"] {
        assert!(
            outcome(&diagnosis, step).contains(&"ok".to_owned()),
            "{step}: {diagnosis}"
        );
    }

    let wrong = doctor(&[&url(&engine, user, "canary-password")])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let text = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(
        text.contains("FAILED") && text.contains("next: check the user and the password"),
        "{text}"
    );
    assert!(!format!("{wrong:?}").contains("canary"), "{wrong:?}");

    // No root vouches for the certificate.
    let untrusted = format!(
        "host={} port={} user={user} password=x",
        engine.host(),
        engine.port()
    );
    let untrusted = doctor(&[&untrusted, "--format", "json"]).output().unwrap();
    assert_eq!(untrusted.status.code(), Some(1));
    let diagnosis = json(&untrusted);
    assert_eq!(outcome(&diagnosis, "tls"), ["failed"], "{diagnosis}");
    assert!(diagnosis["next"].as_str().unwrap().contains("sslrootcert"));

    let nonsense = doctor(&["host=db nonsense=1"]).output().unwrap();
    assert_eq!(nonsense.status.code(), Some(1));
    let error = String::from_utf8_lossy(&nonsense.stderr);
    assert!(error.contains("error: connection string"), "{error}");
}

#[tokio::test]
async fn the_nodes_of_a_configuration() {
    let engine = postgresql(EngineOptions::default()).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("crdb.yaml");
    let text = format!(
        "version: 1\nauth:\n  nodes: [\"{}:{}\"]\n  user: {}\n  password: \"{}\"\n  database: {}\n  tls:\n    \
         root_certificates: [\"{}\"]\n",
        engine.host(),
        engine.port(),
        engine.user(),
        engine.password(),
        engine.database(),
        engine.ca_cert_path().display()
    );
    std::fs::write(&file, text).unwrap();
    let output = doctor(&["--config", &file.display().to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(text.contains("healthy"), "{text}");
}

#[cfg(feature = "kerberos")]
#[tokio::test]
async fn a_ticket_and_its_absence() {
    use std::path::Path;
    use std::time::Duration;

    use crdb_testkit::{Kdc, KdcOptions, Login};

    let kdc = Kdc::start(KdcOptions::default()).await;
    let engine = postgresql(EngineOptions::default().kerberos(&kdc)).await;
    let user = engine.login(Login::Kerberos).user();
    let url = format!(
        "host=localhost port={} user={user} dbname=postgres sslrootcert='{}'",
        engine.port(),
        engine.ca_cert_path().display()
    );
    let run = |cache: &Path| {
        let output = doctor(&[&url, "--format", "json"])
            .envs(kdc.environment())
            .env("KRB5CCNAME", format!("FILE:{}", cache.display()))
            .output()
            .unwrap();
        (output.status.code(), json(&output))
    };
    let (code, diagnosis) = run(&kdc.directory().join("none"));
    assert_eq!(code, Some(1), "{diagnosis}");
    assert_eq!(outcome(&diagnosis, "ticket"), ["failed"], "{diagnosis}");
    assert!(diagnosis["next"].as_str().unwrap().contains("kinit"));

    let cache = kdc.ticket_cache(user, Duration::from_secs(600)).unwrap();
    let (code, diagnosis) = run(&cache);
    assert_eq!(code, Some(0), "{diagnosis}");
    for step in ["service", "ticket", "login", "session"] {
        assert_eq!(outcome(&diagnosis, step), ["ok"], "{diagnosis}");
    }
}

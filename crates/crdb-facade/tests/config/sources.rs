use std::path::PathBuf;
use std::time::Duration;

use crdb_facade::Config;
use crdb_facade::config::{Node, Origin, keys};

use super::{NONE, complete, yaml};

#[test]
fn each_source_is_stronger_than_the_one_before() {
    let file = "auth: {user: file}\npool: {max_size: 1, min_size: 1, max_waiters: 1}";
    let variables = [("CRDB_POOL__MIN_SIZE", "2"), ("CRDB_POOL__MAX_SIZE", "2")];
    // Code comes first here, and is the strongest all the same.
    let config = Config::builder()
        .set(keys::pool::MAX_SIZE, 3_u32)
        .variables(variables)
        .text("crdb.yaml", crdb_facade::config::Format::Yaml, file)
        .build()
        .unwrap();
    assert_eq!(config.get(keys::pool::MAX_SIZE), 3);
    assert_eq!(config.get(keys::pool::MIN_SIZE), 2);
    assert_eq!(config.get(keys::pool::MAX_WAITERS), 1);
    assert_eq!(config.get(keys::pool::MAX_OPENING), 8);

    assert!(
        matches!(config.origin(keys::pool::MAX_SIZE), Origin::Code(place) if place.file().ends_with("sources.rs"))
    );
    assert_eq!(
        config.origin(keys::pool::MIN_SIZE),
        &Origin::Variable("CRDB_POOL__MIN_SIZE".into())
    );
    assert_eq!(
        config.origin(keys::pool::MAX_WAITERS),
        &Origin::File {
            path: "crdb.yaml".into(),
            line: Some(2)
        }
    );
    assert_eq!(config.origin(keys::pool::MAX_OPENING), &Origin::Default);
}

#[test]
fn a_later_file_is_stronger() {
    let config = yaml("auth: {user: a, database: first}")
        .text(
            "site.yaml",
            crdb_facade::config::Format::Yaml,
            "auth: {database: second}",
        )
        .build()
        .unwrap();
    assert_eq!(config.get(keys::auth::USER), "a");
    assert_eq!(config.get(keys::auth::DATABASE), "second");
}

#[test]
fn a_value_of_the_environment_keeps_its_exact_text() {
    let config = complete()
        .variables([
            ("CRDB_AUTH__USER", "0042"),
            ("CRDB_AUTH__DATABASE", "true"),
            ("CRDB_AUTH__PASSWORD", "1e3"),
        ])
        .build()
        .unwrap();
    assert_eq!(config.get(keys::auth::USER), "0042");
    assert_eq!(config.get(keys::auth::DATABASE), "true");
    assert_eq!(config.get(keys::auth::PASSWORD).unwrap().expose(), b"1e3");
}

/// `echo secret | base64` puts one into every variable that Kubernetes makes of a secret.
#[test]
fn a_line_break_at_an_end_is_a_mistake() {
    for (variable, value) in [
        ("CRDB_AUTH__USER", "app\n"),
        ("CRDB_AUTH__DATABASE", "\nbank"),
        ("CRDB_AUTH__PASSWORD", "hunter2\n"),
        ("CRDB_AUTH__PASSWORD_FILE", "/run/secrets/hunter2\r\n"),
        ("CRDB_AUTH__URL", "postgresql://a:hunter2@h/d\n"),
    ] {
        let error = complete()
            .variables([(variable, value)])
            .build()
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains(variable) && message.contains("remove it"),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }
    // What is no text is read with blanks around it.
    let config = complete()
        .variables([
            ("CRDB_POOL__MAX_SIZE", "8\n"),
            ("CRDB_EXEC__TIMEOUT", "7s\n"),
        ])
        .build()
        .unwrap();
    assert_eq!(config.get(keys::pool::MAX_SIZE), 8);
}

#[test]
fn an_empty_variable_and_an_empty_section_are_not_set() {
    let config = yaml("auth: {user: a}\npool:\nsql:\n  # directory: sql\n")
        .variables([("CRDB_AUTH__DATABASE", "")])
        .build()
        .unwrap();
    assert_eq!(config.get(keys::auth::DATABASE), "defaultdb");
}

#[test]
fn variables_that_kubernetes_and_test_tools_set_are_left_alone() {
    let config = complete().variables([
        ("CRDB_SERVICE_HOST", "10.0.0.1"),
        ("CRDB_SERVICE_PORT", "26257"),
        ("CRDB_SERVICE_PORT_GRPC", "26257"),
        ("CRDB_PORT_26257_TCP", "tcp://10.0.0.1:26257"),
        ("CRDB_PUBLIC_SERVICE_HOST", "10.0.0.1"),
        ("CRDB_PUBLIC_SERVICE_PORT", "26257"),
        ("CRDB_PUBLIC_SERVICE_PORT_GRPC_TLS", "26257"),
        ("CRDB_PUBLIC_PORT", "tcp://10.0.0.1:26257"),
        ("CRDB_PUBLIC_PORT_26257_TCP", "tcp://10.0.0.1:26257"),
        ("CRDB_PUBLIC_PORT_26257_TCP_PROTO", "tcp"),
        ("CRDB_PUBLIC_PORT_26257_TCP_PORT", "26257"),
        ("CRDB_PUBLIC_PORT_26257_TCP_ADDR", "10.0.0.1"),
        ("CRDB_COCKROACHDB_PUBLIC_PORT_8080_UDP_ADDR", "10.0.0.1"),
        ("CRDB_POOL_PORT_9_SCTP_PORT", "9"),
        ("CRDB_A__B_SERVICE_HOST", "10.0.0.1"),
        ("CRDB_A__B_PORT", "udp://[fd00::1]:1"),
        ("CRDB_PORT", "tcp://10.0.0.1:26257"),
        ("CRDB_PORT_26257_TCP_ADDR", "10.0.0.1"),
        ("CRDB_TEST_URL", "postgresql://root@localhost"),
        ("CRDB_CONFIG", "crdb.yaml"),
        ("COCKROACH_URL", "postgresql://root@localhost"),
    ]);
    complete().variables(NONE).build().unwrap();
    config.build().unwrap();
    // These are nearly of that form.
    for name in [
        "CRDB_PUBLIC_PORT_26257_TCP_HOST",
        "CRDB_PUBLIC_PORT_99999_TCP",
        "CRDB_PUBLIC_26257_TCP",
        "CRDB_PUBLIC_PORT_26257_ICMP",
        "CRDB_SERVICE",
        "CRDB_PUBLIC_SERVICE_PORT_",
    ] {
        complete().variables([(name, "x")]).build().unwrap_err();
    }
}

#[test]
fn durations_are_written_as_in_the_headers_of_queries() {
    use std::time::Duration;
    let config = complete()
        .variables([("CRDB_EXEC__TIMEOUT", "1m30s")])
        .set(keys::pool::ACQUIRE_TIMEOUT, Duration::MAX)
        .build()
        .unwrap();
    assert_eq!(config.get(keys::exec::TIMEOUT), Duration::from_secs(90));
    assert_eq!(config.get(keys::pool::ACQUIRE_TIMEOUT), Duration::MAX);
}

#[test]
fn of_the_ways_to_give_a_password_the_strongest_source_counts() {
    let config = yaml("auth: {user: a, password_file: /run/secrets/crdb}")
        .variables([("CRDB_AUTH__PASSWORD", "laptop")])
        .build()
        .unwrap();
    assert_eq!(config.get(keys::auth::PASSWORD_FILE), None);
    assert_eq!(
        config.get(keys::auth::PASSWORD).unwrap().expose(),
        b"laptop"
    );
}

#[test]
fn a_path_in_a_file_starts_at_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = vec![("crdb.yaml", "auth: {user: a}\nsql: {directory: queries}\n")];
    if cfg!(feature = "toml") {
        files.push(("crdb.toml", "auth.user = 'a'\nsql.directory = 'queries'\n"));
    }
    for (name, text) in files {
        let file = directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        let config = Config::builder()
            .file(&file)
            .variables(NONE)
            .build()
            .unwrap();
        assert_eq!(
            config.path(keys::sql::DIRECTORY),
            Some(directory.path().join("queries"))
        );
    }

    let config = complete()
        .variables([("CRDB_SQL__DIRECTORY", "queries")])
        .build()
        .unwrap();
    assert_eq!(config.path(keys::sql::DIRECTORY), Some("queries".into()));
}

#[test]
fn the_fingerprint_follows_meaning_not_spelling_and_not_secrets() {
    let one = yaml("auth: {user: a, password: x}\npool: {acquire_timeout: 30s, max_size: 10}")
        .build()
        .unwrap();
    let same = yaml("pool: {acquire_timeout: 0.5m}\nauth: {password: y, user: a}")
        .build()
        .unwrap();
    let other = yaml("auth: {user: a}\npool: {acquire_timeout: 31s}")
        .build()
        .unwrap();
    assert_eq!(one.fingerprint(), same.fingerprint());
    assert_ne!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.fingerprint().to_string().len(), 64);
}

#[test]
fn explain_lists_every_key_with_value_and_origin() {
    let config = yaml("auth:\n  user: a\n")
        .variables([("CRDB_POOL__MAX_SIZE", "7")])
        .build()
        .unwrap();
    let explanation = config.explain();
    let find = |key: &str| {
        let line = explanation.iter().find(|line| line.key() == key).unwrap();
        (line.value().to_owned(), line.origin().to_string())
    };
    assert_eq!(
        find("auth.user"),
        ("a".to_owned(), "crdb.yaml:2".to_owned())
    );
    assert_eq!(
        find("pool.max_size"),
        ("7".to_owned(), "variable CRDB_POOL__MAX_SIZE".to_owned())
    );
    assert_eq!(
        find("pool.fresh_for"),
        ("500ms".to_owned(), "default".to_owned())
    );
    assert_eq!(
        explanation.iter().count(),
        crdb_facade::config::reference().count()
    );
    assert!(
        explanation
            .to_string()
            .lines()
            .any(|line| line.starts_with("auth.user ") && line.ends_with(" crdb.yaml:2"))
    );
}

#[test]
fn a_connection_string_is_another_spelling_of_other_keys() {
    let url = "postgresql://teller:s3cret@db-1:26257,[::1]:26258/bank?sslmode=verify-ca&sslrootcert=ca.crt\
               &connect_timeout=7&application_name=till&keepalives=0&tcp_user_timeout=1500&sslsni=0&sslcrl=ca.crl&sslcrldir=lists";
    let config = Config::builder()
        .text(
            "etc/crdb.yaml",
            crdb_facade::config::Format::Yaml,
            &format!("auth:\n  url: '{url}'\n  database: other\n"),
        )
        .variables([("CRDB_AUTH__APPLICATION_NAME", "desk")])
        .build()
        .unwrap();
    assert_eq!(
        config.get(keys::auth::NODES),
        [Node::new("db-1", 26257), Node::new("::1", 26258)]
    );
    assert_eq!(config.get(keys::auth::USER), "teller");
    assert_eq!(
        config.get(keys::auth::PASSWORD).unwrap().expose(),
        b"s3cret"
    );
    assert_eq!(
        config.get(keys::auth::TLS_MODE),
        crdb_facade::auth::SslMode::VerifyCa
    );
    assert_eq!(
        config.get(keys::auth::CONNECT_TIMEOUT),
        Duration::from_secs(7)
    );
    assert_eq!(config.get(keys::auth::KEEPALIVE_IDLE), None);
    assert_eq!(
        config.get(keys::auth::TCP_USER_TIMEOUT),
        Some(Duration::from_millis(1_500))
    );
    assert!(!config.get(keys::auth::TLS_SNI));
    assert_eq!(
        config.get(keys::auth::TLS_REVOCATION_LISTS),
        Some(["ca.crl", "lists"].map(PathBuf::from).to_vec())
    );
    // What is set beside it, or in a stronger source, counts more.
    assert_eq!(config.get(keys::auth::DATABASE), "other");
    assert_eq!(
        config.get(keys::auth::APPLICATION_NAME).as_deref(),
        Some("desk")
    );
    assert_eq!(
        config.origin(keys::auth::USER).to_string(),
        "etc/crdb.yaml:2"
    );
    let explained = config.explain().to_string();
    assert!(!explained.contains("s3cret"), "{explained}");
}

/// A service's own configuration, with the database as a section of it.
#[derive(Debug, serde::Deserialize)]
struct Settings {
    listen: String,
    database: Config,
}

#[test]
fn a_section_of_a_configuration_of_ones_own_is_read() {
    let settings: Settings = serde_saphyr::from_str(
        "listen: a:1\ndatabase:\n  version: 1\n  auth: {user: a, nodes: [b, c]}\n  exec: {timeout: 1m}\n",
    )
    .unwrap();
    assert_eq!(settings.listen, "a:1");
    let config = settings.database;
    assert_eq!(config.get(keys::auth::NODES).len(), 2);
    assert_eq!(config.get(keys::exec::TIMEOUT).as_secs(), 60);
    assert_eq!(config.origin(keys::exec::TIMEOUT).to_string(), "section");
    assert_eq!(config.origin(keys::pool::MAX_SIZE).to_string(), "default");

    // Other formats have other types: TOML's integers are signed.
    let from_toml: Settings = toml::from_str(
        "listen = 'a:1'\n[database.auth]\nuser = 'a'\n[database.pool]\nmax_size = 7\n",
    )
    .unwrap();
    assert_eq!(from_toml.database.get(keys::pool::MAX_SIZE), 7);
}

#[test]
fn every_mistake_of_a_section_is_in_the_error() {
    let error = serde_saphyr::from_str::<Settings>(
        "listen: a:1\ndatabase:\n  auth: {password: s3cret, nodes: []}\n  pool: {max_sise: 5}\n",
    )
    .unwrap_err()
    .to_string();
    for expected in [
        "auth.nodes (section): expected a list of one node or more",
        "auth.user: required, but set nowhere",
        "pool.max_sise (section): no such key; did you mean pool.max_size?",
    ] {
        assert!(error.contains(expected), "{error}");
    }
}

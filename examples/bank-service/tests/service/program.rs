//! The program itself: start, drain, health check, rotation.

use std::process::Command;
use std::time::Duration;

use crdb_testkit::{Engine, Login};

use crate::api::no_tables;
use crate::replica::{LIMIT, Replica, request};

fn settings(url: &str) -> String {
    format!(
        "listen: 127.0.0.1:1\ndrain: {{ unready: 0s }}\ndatabase: {{ auth: {{ url: '{url}' }} }}\n"
    )
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn replicas_that_start_together_migrate_once(url: String) {
    let directories = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let settings = settings(&url);
    let start = |index: usize| Replica::start(directories[index].path(), &settings, &[]);
    let replicas = tokio::join!(start(0), start(1), start(2));
    let replicas = [replicas.0, replicas.1, replicas.2];
    let mut applied = 0;
    for replica in &replicas {
        replica.until_ready(204).await;
        applied += usize::from(replica.log().contains("\"applied\":\"[1, 2]\""));
    }
    assert_eq!(applied, 1, "{}", replicas[0].log());
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn sigterm_drains_and_ends_in_order(url: String) {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("BANK_DRAIN_UNREADY", "1s")];
    let mut replica = Replica::start(directory.path(), &settings(&url), &variables).await;
    replica.until_ready(204).await;

    // A request that is under way when the signal comes: its body is still being sent.
    let mut slow = tokio::net::TcpStream::connect(replica.address)
        .await
        .unwrap();
    let body = r#"{"name":"Ada","email":"ada@example.com","country":"GB"}"#;
    let head = format!(
        "POST /customers HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    tokio::io::AsyncWriteExt::write_all(&mut slow, head.as_bytes())
        .await
        .unwrap();

    replica.signal("-TERM");
    // Unready at once, while new requests are still answered.
    replica.until_ready(503).await;
    let (status, _) = request(replica.address, "GET", "/accounts", None, "")
        .await
        .unwrap();
    assert_eq!(status, 200);
    // Then no more connections come in.
    let closed = async {
        while request(replica.address, "GET", "/live", None, "")
            .await
            .is_some()
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, closed).await.unwrap();
    // What was under way is finished.
    tokio::io::AsyncWriteExt::write_all(&mut slow, body.as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut slow, &mut answer)
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(replica.ended().await.success(), "{}", replica.log());
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn the_grace_period_ends_what_hangs(url: String) {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("BANK_DRAIN_GRACE", "1s")];
    let mut replica = Replica::start(directory.path(), &settings(&url), &variables).await;
    replica.until_ready(204).await;
    let mut hangs = tokio::net::TcpStream::connect(replica.address)
        .await
        .unwrap();
    let head = b"POST /customers HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut hangs, head)
        .await
        .unwrap();
    // It has been read once another request, sent after it, is answered.
    request(replica.address, "GET", "/live", None, "")
        .await
        .unwrap();
    replica.signal("-TERM");
    assert_eq!(replica.ended().await.code(), Some(1), "{}", replica.log());
    assert!(
        replica.log().contains("requests were cut off"),
        "{}",
        replica.log()
    );
}

#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn the_health_check_and_the_command_for_migrations(url: String) {
    let directory = tempfile::tempdir().unwrap();
    let replica = Replica::start(
        directory.path(),
        &settings(&url),
        &[("BANK_MIGRATE", "command")],
    )
    .await;
    let address = replica.address.to_string();
    let run = async |command: &'static str| {
        let file = directory.path().join("bank.yaml");
        let address = address.clone();
        let run = move || {
            Command::new(env!("CARGO_BIN_EXE_bank-service"))
                .arg(command)
                .arg(file)
                .env("BANK_LISTEN", address)
                .output()
                .unwrap()
        };
        // The proxy in front of the database runs on this thread.
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, error) = run("health").await;
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("not ready: schema"), "{error}");
    assert_eq!(run("migrate").await, (Some(0), String::new()));
    replica.until_ready(204).await;
    assert_eq!(run("health").await, (Some(0), String::new()));
    assert_eq!(run("--help").await.0, Some(2));
}

/// A password that is replaced in its file, and on the server, needs no restart. It is asked of PostgreSQL, whose roles and sessions the
/// statements below know.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_password_needs_no_restart() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let user = format!("rotating_{}", database.name());
    let create = format!("CREATE ROLE \"{user}\" LOGIN SUPERUSER PASSWORD 'first'");
    engine.execute(&create).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("password");
    write_secret(&secret, "first");
    let settings = format!(
        "listen: 127.0.0.1:1\ndatabase:\n  auth: {{ nodes: ['{}:{}'], user: '{user}', database: '{}', password_file: '{}', tls: {{ mode: disable }} }}\n",
        engine.host(),
        engine.port(),
        database.name(),
        secret.display()
    );
    let replica = Replica::start(directory.path(), &settings, &[]).await;
    replica.until_ready(204).await;

    // As the kubelet does it: a new file takes the old one's name.
    let fresh = directory.path().join("fresh");
    write_secret(&fresh, "second");
    std::fs::rename(&fresh, &secret).unwrap();
    let alter = format!("ALTER ROLE \"{user}\" PASSWORD 'second'");
    engine.execute(&alter).await.unwrap();
    let end = format!(
        "SELECT count(pg_terminate_backend(pid))::TEXT FROM pg_stat_activity WHERE usename = '{user}'"
    );
    engine.execute(&end).await.unwrap();
    replica.until_ready(204).await;
    let (status, body) = request(replica.address, "GET", "/accounts", None, "")
        .await
        .unwrap();
    assert_eq!(status, 200, "{body}\n{}", replica.log());
}

/// A secret that others may read is refused.
fn write_secret(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// As the component `separate-owner` of Kubernetes has it: the job migrates as the owner of the tables, and the service has their rows alone.
#[tokio::test]
async fn a_service_whose_user_owns_no_table_works() {
    let engine = Engine::shared_postgres().await;
    let database = engine.create_database().await;
    let (owner, user) = (engine.administrator(), engine.login(Login::Trust).user());
    let prepared = format!(
        "REVOKE CREATE ON SCHEMA public FROM public; GRANT USAGE ON SCHEMA public TO {user}; \
         ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {user}",
        owner.user()
    );
    engine.execute_in(database.name(), &prepared).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "listen: 127.0.0.1:1\nmigrate: command\ndatabase:\n  auth:\n    nodes: [localhost:{}]\n    user: {user}\n    database: {}\n    \
         tls: {{ root_certificates: [{}] }}\n",
        engine.port(),
        database.name(),
        engine.ca_cert_path().display()
    );
    let replica = Replica::start(directory.path(), &settings, &[]).await;
    replica.until_ready(503).await;
    let migrate = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bank-service"));
        command
            .arg("migrate")
            .arg(directory.path().join("bank.yaml"));
        command.envs(variables.iter().copied());
        command.output().unwrap()
    };
    let refused = migrate(&[]);
    assert!(!refused.status.success(), "the service's user made tables");
    let variables = [
        ("CRDB_AUTH__USER", owner.user()),
        ("CRDB_AUTH__PASSWORD", owner.password()),
    ];
    let migrated = migrate(&variables);
    let said = String::from_utf8_lossy(&migrated.stdout);
    assert!(migrated.status.success(), "{said}");
    replica.until_ready(204).await;
    let ada = r#"{"name":"Ada","email":"ada@example.com","country":"GB"}"#;
    let answer = request(replica.address, "POST", "/customers", None, ada).await;
    assert_eq!(answer.unwrap().0, 200, "{}", replica.log());
}

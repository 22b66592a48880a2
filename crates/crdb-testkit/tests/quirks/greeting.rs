//! How sessions begin, and what they say of themselves.

use crdb_testkit::{CockroachVersion, Engine, Login, QuirksOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{Raw, proxy, query, run, session, startup, sync, until_a_session, untyped};

#[tokio::test]
async fn a_session_begins_with_cockroachdbs_parameters() {
    let (_proxy, _database, raw) = session(QuirksOptions::default()).await;
    let names: Vec<_> = raw
        .greeting
        .iter()
        .map(|line| line.split('=').next().unwrap())
        .collect();
    assert_eq!(names.first(), Some(&"Authentication 0"));
    for name in [
        "server_version",
        "client_encoding",
        "TimeZone",
        "crdb_version",
        "session_authorization",
    ] {
        assert!(
            names.contains(&format!("ParameterStatus {name}").as_str()),
            "{name}: {names:?}"
        );
    }
    assert!(
        !names.contains(&"ParameterStatus in_hot_standby"),
        "{names:?}"
    );
    assert!(
        raw.greeting
            .contains(&"ParameterStatus server_version=13.0.0".to_owned())
    );
    assert!(
        raw.greeting
            .contains(&"ParameterStatus session_authorization=trust_user".to_owned())
    );
    assert_eq!(raw.greeting.last().unwrap(), "ReadyForQuery I");
}

#[tokio::test]
async fn the_node_id_is_in_the_key_and_in_the_answers() {
    for (node, top) in [(7, 0x0070_0000_u32), (2047, 0x7ff0_0000)] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().node_id(node)).await;
        let process_id = u32::from_be_bytes(raw.key[..4].try_into().unwrap());
        assert_eq!(process_id & 0xfff0_0000, top);
        assert_eq!(
            raw.query("SHOW node_id").await,
            [
                "RowDescription node_id:25".to_owned(),
                format!("DataRow {node}"),
                "CommandComplete 'SHOW'".to_owned(),
                "ReadyForQuery I".to_owned()
            ]
        );
        assert_eq!(
            raw.exchange(&[run("SHOW node_id"), sync()].concat()).await[2..4],
            [
                format!("DataRow {node}"),
                "CommandComplete 'SHOW'".to_owned()
            ]
        );
    }
    let (_proxy, _database, raw) = session(QuirksOptions::default().node_id(5000)).await;
    let process_id = u32::from_be_bytes(raw.key[..4].try_into().unwrap());
    assert_eq!(process_id, 0x8000_0000 | 5000);
}

#[tokio::test]
async fn the_version_is_cockroachdbs() {
    for version in [CockroachVersion::V22_1, CockroachVersion::V25_2] {
        let (_proxy, _database, mut raw) = session(QuirksOptions::default().version(version)).await;
        let banner = version.banner();
        assert!(banner.starts_with("CockroachDB "));
        for sql in [
            "SELECT version()",
            "select VERSION ( ) ;",
            "SHOW crdb_version",
        ] {
            assert_eq!(
                raw.query(sql).await[1],
                format!("DataRow {banner}"),
                "{sql}"
            );
        }
        assert!(
            raw.greeting
                .contains(&format!("ParameterStatus crdb_version={banner}"))
        );
    }
}

#[tokio::test]
async fn unknown_parameters_at_startup_are_ignored() {
    let (proxy, database) = proxy(QuirksOptions::default()).await;
    let parameters = [
        ("user", Login::Trust.user()),
        ("database", database.name()),
        ("no_such_parameter", "on"),
        ("Application_Name", "kept"),
    ];
    let mut raw = Raw::connect_with(proxy.port(), &parameters).await.unwrap();
    assert_eq!(raw.query("SHOW application_name").await[1], "DataRow kept");
    let refused = raw.query("SET no_such_parameter = on").await;
    assert!(
        refused[0].starts_with("ErrorResponse ERROR 42704"),
        "{refused:?}"
    );
}

/// A StartupMessage of another minor version.
fn startup_as(minor: u8, parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut message = startup(parameters);
    message[7] = minor;
    message
}

#[tokio::test]
async fn a_newer_protocol_is_refused_and_negotiated_since_v26() {
    let old = QuirksOptions::default().version(CockroachVersion::V25_4);
    for (options, negotiates) in [(QuirksOptions::default(), true), (old, false)] {
        let (proxy, database) = proxy(options).await;
        let parameters = [
            ("user", Login::Trust.user()),
            ("database", database.name()),
            ("_pq_.option", "1"),
        ];
        let mut stream = connect(proxy.port()).await;
        stream.write_all(&startup_as(2, &parameters)).await.unwrap();
        if negotiates {
            let mut answer = [0; 25];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"v\0\0\0\x18\0\x03\0\0\0\0\0\x01_pq_.option\0");
            let mut next = [0; 9];
            stream.read_exact(&mut next).await.unwrap();
            assert_eq!(&next, b"R\0\0\0\x08\0\0\0\0");
        } else {
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer[0], b'E');
            assert!(
                String::from_utf8_lossy(&answer).contains("unknown protocol version 196610"),
                "{answer:?}"
            );
        }
    }
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}

#[tokio::test]
async fn gss_encryption_is_an_error_and_not_a_no() {
    let (proxy, _database) = proxy(QuirksOptions::default()).await;
    let mut stream = connect(proxy.port()).await;
    stream
        .write_all(&untyped(&80_877_104_u32.to_be_bytes()))
        .await
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer[0], b'E');
    let text = String::from_utf8_lossy(&answer);
    assert!(
        text.contains("C08P01\0") && text.contains("GSS encryption is not yet supported"),
        "{text}"
    );
}

#[tokio::test]
async fn tls_can_be_required() {
    let (proxy, database) = proxy(QuirksOptions::default().require_tls(true)).await;
    let parameters = [("user", Login::Trust.user()), ("database", database.name())];
    let refused = Raw::connect_with(proxy.port(), &parameters)
        .await
        .err()
        .unwrap();
    assert_eq!(
        refused[0],
        "ErrorResponse ERROR 08P01 'node is running secure mode, SSL connection required'"
    );
}

#[tokio::test]
async fn scram_is_offered_without_channel_binding_over_tls() {
    let (proxy, _database) = proxy(QuirksOptions::default()).await;
    let mut stream = connect(proxy.port()).await;
    stream
        .write_all(&untyped(&80_877_103_u32.to_be_bytes()))
        .await
        .unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let mut roots = rustls::RootCertStore::empty();
    let certificate = Engine::shared_postgres().await.ca_cert_path();
    roots
        .add(rustls::pki_types::pem::PemObject::from_pem_file(certificate).unwrap())
        .unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let mut stream = connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    stream
        .write_all(&startup(&[
            ("user", Login::Scram.user()),
            ("database", "postgres"),
        ]))
        .await
        .unwrap();
    let mut answer = vec![0; 24];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0");
}

#[tokio::test]
async fn options_of_cockroachdb_alone_do_not_disturb() {
    let (proxy, database) = proxy(QuirksOptions::default()).await;
    let options = "--crdb:jwt_auth_enabled=true -c application_name=jwt";
    let parameters = [
        ("user", Login::Trust.user()),
        ("database", database.name()),
        ("options", options),
    ];
    let mut raw = Raw::connect_with(proxy.port(), &parameters)
        .await
        .map_err(|refused| format!("{refused:?}"))
        .unwrap();
    assert_eq!(raw.query("SHOW application_name").await[1], "DataRow jwt");
    assert_eq!(
        raw.query("SHOW transaction_isolation").await[1],
        "DataRow serializable"
    );
}

#[tokio::test]
async fn a_cancel_request_reaches_the_session_that_it_names() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    raw.send(&query("SELECT pg_sleep(30)")).await;
    until_a_session(
        &database,
        "query = 'SELECT pg_sleep(30)' AND state = 'active'",
    )
    .await;
    let mut request = 80_877_102_u32.to_be_bytes().to_vec();
    request.extend_from_slice(&raw.key);
    let mut stream = connect(proxy.port()).await;
    stream.write_all(&untyped(&request)).await.unwrap();
    assert_eq!(
        stream.read(&mut [0]).await.unwrap(),
        0,
        "a cancel request is never answered"
    );
    let answer = raw.answers(1).await;
    assert!(
        answer.contains(&"ErrorResponse ERROR 57014 'query execution canceled'".to_owned()),
        "{answer:?}"
    );
    proxy.wait_for(|counts| counts.cancels == 1).await.unwrap();
    // A key that no session has cancels none.
    let mut stream = connect(proxy.port()).await;
    stream
        .write_all(&untyped(
            &[&80_877_102_u32.to_be_bytes()[..], &[0; 8]].concat(),
        ))
        .await
        .unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(proxy.counts().cancels, 1);
}

#[tokio::test]
async fn sessions_beyond_the_limit_are_refused() {
    let (proxy, database) = proxy(QuirksOptions::default()).await;
    proxy.limit_connections(Some(1));
    let first = Raw::connect(proxy.port(), database.name()).await;
    let parameters = [("user", Login::Trust.user()), ("database", database.name())];
    let refused = Raw::connect_with(proxy.port(), &parameters)
        .await
        .err()
        .unwrap();
    assert!(
        refused[0].starts_with("ErrorResponse ERROR 53300 'sorry, too many clients already'"),
        "{refused:?}"
    );
    drop(first);
    proxy.wait_for(|counts| counts.open == 0).await.unwrap();
    Raw::connect(proxy.port(), database.name())
        .await
        .query("SELECT 1")
        .await;
}

#[tokio::test]
async fn a_refused_login_is_told_and_closed() {
    let (proxy, database) = proxy(QuirksOptions::default()).await;
    let mut stream = connect(proxy.port()).await;
    let parameters = [
        ("user", Login::Password.user()),
        ("database", database.name()),
    ];
    stream.write_all(&startup(&parameters)).await.unwrap();
    let mut request = [0; 9];
    stream.read_exact(&mut request).await.unwrap();
    assert_eq!(&request, b"R\0\0\0\x08\0\0\0\x03");
    stream.write_all(b"p\0\0\0\x0awrong\0").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer);
    assert!(answer[0] == b'E' && text.contains("C28P01\0"), "{text}");
}

#[tokio::test]
async fn a_database_that_does_not_exist_shows_with_the_first_statement_that_needs_it() {
    let (proxy, _database) = proxy(QuirksOptions::default()).await;
    let mut raw = Raw::connect(proxy.port(), "nowhere").await;
    assert_eq!(raw.query("SELECT 1").await[1], "DataRow 1");
    assert_eq!(
        raw.query("SELECT current_database()").await[1],
        "DataRow nowhere"
    );
    for (sql, refusal) in [
        (
            "SELECT has_database_privilege(current_database(), 'CONNECT')",
            "ErrorResponse ERROR 3D000 'database \"nowhere\" does not exist'",
        ),
        (
            "SELECT * FROM accounts",
            "ErrorResponse ERROR 42P01 'relation \"accounts\" does not exist'",
        ),
        (
            "CREATE TABLE IF NOT EXISTS accounts (id INT8)",
            "ErrorResponse ERROR 3F000 'cannot create \"accounts\" because the target database or schema does not exist' \
             hint=\"verify that the current database and search_path are valid and/or the target database exists\"",
        ),
    ] {
        let answer = raw.query(sql).await;
        let end: Vec<_> = answer.iter().rev().take(2).rev().collect();
        assert_eq!(end, [refusal, "ReadyForQuery I"], "{sql}");
    }
}

#[tokio::test]
async fn a_session_can_be_found_and_ended_by_its_id() {
    let (proxy, database, mut raw) = session(QuirksOptions::default()).await;
    raw.query("SET application_name = 'to be ended'").await;
    let shown = raw.query("SHOW session_id").await;
    assert_eq!(shown[0], "RowDescription session_id:25");
    assert_eq!(shown[2], "CommandComplete 'SHOW'");
    let id = shown[1].strip_prefix("DataRow ").unwrap();
    assert_eq!(id.len(), 32, "{id}");

    let mut other = Raw::connect(proxy.port(), database.name()).await;
    let found =
        "SELECT session_id FROM [SHOW CLUSTER SESSIONS] WHERE application_name = 'to be ended'";
    assert_eq!(other.query(found).await[1], shown[1]);
    let cancel = format!("CANCEL SESSION '{id}'");
    assert_eq!(
        other.query(&cancel).await,
        ["CommandComplete 'CANCEL SESSIONS 1'", "ReadyForQuery I"]
    );
    let told = raw.one().await;
    assert!(told.starts_with("ErrorResponse FATAL 57P01"), "{told}");
    assert_eq!(raw.one().await, "closed");
    let again = other.query("CANCEL SESSION '00'").await;
    assert!(again[0].contains("session ID 00 not found"), "{again:?}");
}

#[tokio::test]
async fn the_process_id_is_the_one_in_the_key() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default().node_id(3)).await;
    let id = i32::from_be_bytes(raw.key[..4].try_into().unwrap());
    assert_eq!(
        raw.query("SELECT pg_backend_pid()").await[..2],
        [
            "RowDescription pg_backend_pid:23".to_owned(),
            format!("DataRow {id}")
        ]
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let options = QuirksOptions::default().cut_unacknowledged(std::time::Duration::from_secs(1));
    let (proxy, _database, mut raw) = session(options).await;
    // More than the buffers between the two hold, and nothing is read.
    raw.send(&query(
        "SELECT repeat('x', 1000000) FROM generate_series(1, 60)",
    ))
    .await;
    proxy.wait_for(|counts| counts.open == 0).await.unwrap();
}

/// It is there with its columns, and CockroachDB never fills it.
#[tokio::test]
async fn the_activity_of_sessions_is_empty() {
    let (_proxy, _database, mut raw) = session(QuirksOptions::default()).await;
    for sql in [
        "SELECT count(pid) FROM pg_stat_activity",
        "SELECT count(a.query) FROM pg_catalog.pg_stat_activity AS a WHERE a.state = 'active'",
    ] {
        assert_eq!(raw.query(sql).await[1], "DataRow 0", "{sql}");
        let answer = raw.exchange(&[run(sql), sync()].concat()).await;
        assert!(
            answer.contains(&"DataRow 0".to_owned()),
            "{sql}: {answer:?}"
        );
    }
    // Sessions are found by its own words.
    let shown = "SELECT count(*) > 0 FROM [SHOW CLUSTER SESSIONS]";
    assert_eq!(raw.query(shown).await[1], "DataRow t");
}

/// As a server of May 2021 answered.
#[tokio::test]
async fn a_release_before_v22_has_no_key_and_takes_no_cancel_requests() {
    let (proxy, _database, mut raw) =
        session(QuirksOptions::default().version(CockroachVersion::V21_2)).await;
    assert_eq!(raw.key, [0; 8]);
    raw.send(&query("SELECT pg_sleep(0.3)")).await;
    let mut other = TcpStream::connect(("127.0.0.1", proxy.port()))
        .await
        .unwrap();
    let request = [&[0x04, 0xd2, 0x16, 0x2e][..], &[0; 8]].concat();
    other.write_all(&untyped(&request)).await.unwrap();
    assert_eq!(other.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(raw.answers(1).await[2], "CommandComplete 'SELECT 1'");
    assert_eq!(proxy.counts().cancels, 0);

    // Each statement of a text is its own transaction, and no setting says so.
    let answer = raw
        .query("INSERT INTO tr VALUES (1, 1, 'a'); INSERT INTO tr VALUES (1, 1, 'a')")
        .await;
    assert_eq!(answer[0], "CommandComplete 'INSERT 0 1'");
    assert_eq!(
        answer[1],
        "ErrorResponse ERROR 23505 'duplicate key value violates unique constraint \"primary\"' \
         detail=\"Key (id)=(1) already exists.\" constraint=\"primary\""
    );
    assert_eq!(raw.query("SELECT count(*) FROM tr").await[1], "DataRow 1");
    for (sql, code) in [
        (
            "SHOW enable_implicit_transaction_for_batch_statements",
            "42704",
        ),
        ("SET LOCAL statement_timeout = 100", "0A000"),
        ("RESET role", "42601"),
        ("RESET ALL", "42704"),
        ("DECLARE c CURSOR FOR SELECT 1", "42601"),
    ] {
        let answer = raw.query(sql).await;
        let refused = format!("ErrorResponse ERROR {code} ");
        assert!(answer[0].starts_with(&refused), "{sql}: {answer:?}");
    }
}

//! The hostile server does what each attack says, and sees what its victim gives away. The victim is tokio-postgres where
//! it falls for the attack and bytes where it does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends by panicking, helpers of tests included"
)]

use std::time::Duration;

use crdb_testkit::{Attack, Authority, HostileServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::NoTls;

const PASSWORD: &str = "canary";

/// A driver that takes what it is offered.
async fn log_in(server: &HostileServer) -> Result<(), String> {
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(server.port())
        .user("a_user")
        .password(PASSWORD)
        .dbname("d");
    let connecting = tokio::time::timeout(Duration::from_secs(2), config.connect(NoTls));
    match connecting.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:?}")),
        Err(_) => Err("took too long".to_owned()),
    }
}

async fn attack(attack: Attack) -> (HostileServer, Result<(), String>) {
    let server = HostileServer::start(attack, None).unwrap();
    let outcome = log_in(&server).await;
    (server, outcome)
}

#[tokio::test]
async fn a_driver_that_takes_anything_gives_its_password_away() {
    let (server, outcome) = attack(Attack::CleartextPassword).await;
    outcome.unwrap();
    let seen = server.observation();
    assert_eq!(seen.answers, [format!("{PASSWORD}\0").into_bytes()]);
    assert_eq!(
        (
            seen.connections,
            seen.startups,
            seen.plain_startups,
            seen.handshakes
        ),
        (1, 1, 1, 0)
    );
    let (server, outcome) = attack(Attack::Md5Password).await;
    outcome.unwrap();
    assert!(server.observation().answers[0].starts_with(b"md5"));
    let (server, outcome) = attack(Attack::NoAuthentication).await;
    outcome.unwrap();
    assert!(server.observation().answers.is_empty());
}

#[tokio::test]
async fn scram_goes_as_far_as_the_client_lets_it() {
    for (kind, answers) in [
        (Attack::ScramWrongSignature, 2),
        (Attack::ScramNoSignature, 2),
        (Attack::ScramIterations(1), 2),
        (Attack::ScramForeignNonce, 1),
        (Attack::ScramFirstMessage("i=1".to_owned()), 1),
        (Attack::SaslMechanisms(vec!["OTHER".to_owned()]), 0),
    ] {
        let (server, outcome) = attack(kind.clone()).await;
        if kind != Attack::ScramNoSignature {
            outcome.unwrap_err();
        }
        assert_eq!(server.observation().answers.len(), answers, "{kind:?}");
    }
}

#[tokio::test]
async fn what_is_no_protocol_is_no_login() {
    for kind in [
        Attack::TruncatedMessage,
        Attack::GarbageAfterError,
        Attack::UnknownMethod(99),
        Attack::Silence,
    ] {
        let (server, outcome) = attack(kind.clone()).await;
        outcome.unwrap_err();
        let seen = server.wait_for(|seen| seen.closed == 1).await.unwrap();
        assert!(seen.answers.is_empty(), "{kind:?}");
    }
}

/// Speaks bytes: a startup packet of version 3 without parameters, then whatever `say` holds.
async fn bytes(server: &HostileServer, say: &[u8], expect: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    stream
        .write_all(&[0, 0, 0, 9, 0, 3, 0, 0, 0])
        .await
        .unwrap();
    stream.write_all(say).await.unwrap();
    let mut answer = vec![0; expect];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn rounds_and_floods_have_no_end() {
    let server = HostileServer::start(Attack::EndlessRounds, None).unwrap();
    let answers = b"p\0\0\0\x04".repeat(50);
    let sasl = bytes(&server, &answers, 24 + 50 * 40).await;
    assert_eq!(&sasl[..9], b"R\0\0\0\x17\0\0\0\x0a");
    server
        .wait_for(|seen| seen.answers.len() == 50)
        .await
        .unwrap();

    let server = HostileServer::start(Attack::OversizedMessage(u32::MAX), None).unwrap();
    let answer = bytes(&server, b"", 1 << 20).await;
    assert_eq!(&answer[9..14], b"S\xff\xff\xff\xff");
    assert!(server.observation().flood >= 1 << 19);

    let server = HostileServer::start(Attack::EndlessParameters, None).unwrap();
    assert_eq!(&bytes(&server, b"", 30).await[9..14], b"S\0\0\0\x0f");
    let server = HostileServer::start(Attack::NegativeLength, None).unwrap();
    assert_eq!(bytes(&server, b"", 5).await, b"R\0\0\0\x03");
    let server = HostileServer::start(Attack::Garbage, None).unwrap();
    assert_eq!(bytes(&server, b"", 64).await, [0xff; 64]);
}

async fn answer_to_ssl_request(kind: Attack, with_tls: bool) -> Vec<u8> {
    let identity = Authority::new("a")
        .unwrap()
        .server(&["elsewhere.example"])
        .unwrap();
    let server = HostileServer::start(kind, with_tls.then_some(&identity)).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    stream
        .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
        .await
        .unwrap();
    let mut answer = vec![0; 100];
    let length = stream.read(&mut answer).await.unwrap();
    answer.truncate(length);
    answer
}

#[tokio::test]
async fn the_answer_to_ssl_request_is_a_no_an_error_or_stuffed() {
    assert_eq!(answer_to_ssl_request(Attack::RefuseTls, true).await, b"N");
    assert_eq!(
        answer_to_ssl_request(Attack::CleartextPassword, false).await,
        b"N"
    );
    assert!(
        answer_to_ssl_request(Attack::ErrorInsteadOfTls, true)
            .await
            .starts_with(b"E\0\0\0")
    );
    assert_eq!(
        answer_to_ssl_request(Attack::InjectBeforeTls, true).await,
        b"SR\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"
    );
}

#[tokio::test]
async fn a_man_in_the_middle_shows_a_certificate_for_another_name() {
    let authority = Authority::new("known to the client").unwrap();
    let elsewhere = authority.server(&["elsewhere.example"]).unwrap();
    let server = HostileServer::start(Attack::CleartextPassword, Some(&elsewhere)).unwrap();
    for (name, accepted) in [("localhost", false), ("elsewhere.example", true)] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
            .await
            .unwrap();
        stream
            .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
            .await
            .unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'S');
        let mut roots = rustls::RootCertStore::empty();
        let pem = authority.certificate_pem().as_bytes();
        roots
            .add(rustls::pki_types::pem::PemObject::from_pem_slice(pem).unwrap())
            .unwrap();
        let config = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        let outcome = connector.connect(name.try_into().unwrap(), stream).await;
        assert_eq!(outcome.is_ok(), accepted, "{name}");
    }
    let seen = server.wait_for(|seen| seen.closed == 2).await.unwrap();
    assert_eq!((seen.handshakes, seen.startups), (1, 0));
}

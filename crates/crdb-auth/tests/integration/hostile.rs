//! Servers that misbehave on purpose: each ends in an error of the right kind, soon.

use std::time::Duration;

use crdb_auth::{
    Config, ConfigBuilder, Endpoint, Error, ErrorKind, RootCertificates, TargetSessionAttrs,
    TlsConfig,
};
use crdb_testkit::Authority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::bed::connector;
use crate::tls_server::{self, Begin, auth, message};

/// Accepts one connection, reads the startup message, then sends each part after whatever the
/// client says next.
async fn serve(parts: Vec<Vec<u8>>) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = vec![0; 65536];
        for part in parts {
            if stream.read(&mut buffer).await? == 0 {
                break;
            }
            stream.write_all(&part).await?;
        }
        // What the client says until it gives up.
        while stream.read(&mut buffer).await? > 0 {}
        Ok::<_, std::io::Error>(())
    });
    endpoint
}

fn plain() -> ConfigBuilder {
    Config::builder()
        .user("app")
        .password("hunter2-canary")
        .connect_timeout(Duration::from_secs(2))
        .tls(TlsConfig::disabled())
}

async fn error_of(parts: Vec<Vec<u8>>) -> Error {
    let endpoint = serve(parts).await;
    let error = connector(plain()).connect(&endpoint).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
    error
}

const SCRAM: &[u8] = b"SCRAM-SHA-256\0\0";

#[tokio::test]
async fn scram_without_a_servers_proof_is_no_login() {
    // Let in at once: nothing was asked, which the default permits; but not after SCRAM began.
    let error = error_of(vec![auth(10, SCRAM), auth(0, b"")]).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn scram_challenges_that_are_none() {
    for (challenge, kind) in [
        (
            &b"r=foreign,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"[..],
            ErrorKind::Protocol,
        ),
        (b"", ErrorKind::Protocol),
        (b"e=other-error", ErrorKind::Protocol),
        (&[0xff; 5000], ErrorKind::Protocol),
    ] {
        let error = error_of(vec![auth(10, SCRAM), auth(11, challenge)]).await;
        assert_eq!(error.kind(), kind, "{error}");
    }
}

/// Answers with the client's own nonce extended, and `i` iterations.
async fn scram_with_iterations(iterations: &str) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    let iterations = iterations.to_owned();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut buffer = vec![0; 65536];
        if stream.read(&mut buffer).await? == 0 {
            return Ok(());
        }
        stream.write_all(&auth(10, SCRAM)).await?;
        let read = stream.read(&mut buffer).await?;
        let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
        let nonce = text.split("r=").nth(1).unwrap_or("").to_owned();
        let challenge = format!("r={nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i={iterations}");
        stream.write_all(&auth(11, challenge.as_bytes())).await?;
        while stream.read(&mut buffer).await? > 0 {
            stream.write_all(&auth(12, b"v=AAAA")).await?;
            stream.write_all(&auth(0, b"")).await?;
        }
        Ok::<_, std::io::Error>(())
    });
    connector(plain()).connect(&endpoint).await.unwrap_err()
}

#[tokio::test]
async fn scram_iterations_and_false_proofs() {
    let error = scram_with_iterations("1").await;
    assert_eq!(error.kind(), ErrorKind::Downgrade, "{error}");
    let error = scram_with_iterations("2147483647").await;
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    let error = scram_with_iterations("4096").await;
    assert_eq!(
        error.kind(),
        ErrorKind::Downgrade,
        "a proof that is none: {error}"
    );
    assert!(error.to_string().contains("not the server"), "{error}");
}

#[tokio::test]
async fn downgrades_are_refused_without_sending_the_password() {
    let error = error_of(vec![auth(3, b"")]).await;
    assert_eq!(error.kind(), ErrorKind::Downgrade);
    let error = error_of(vec![auth(5, b"salt")]).await;
    assert_eq!(error.kind(), ErrorKind::Downgrade);
    // Channel binding offered where there is no TLS.
    let offer = b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0";
    let error = error_of(vec![auth(10, offer)]).await;
    assert_eq!(error.kind(), ErrorKind::Downgrade);
}

#[tokio::test]
async fn what_is_not_the_protocol() {
    for part in [
        b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        message(b'R', b""),
        auth(99, b""),
        auth(10, b"SCRAM"),
        auth(11, b"out of order"),
        vec![b'R', 0, 0, 0, 3],
        vec![b'R', 0xff, 0xff, 0xff, 0xff],
        vec![b'E', 0x7f, 0xff, 0xff, 0xff],
        message(b'Z', b"I"),
        [auth(0, b""), auth(0, b"")].concat(),
        [auth(0, b""), message(b'Z', b"T")].concat(),
        [auth(0, b""), message(b'S', b"no end")].concat(),
        [auth(0, b""), message(b'K', b"short")].concat(),
        message(b'N', b"\0").repeat(1000),
    ] {
        let error = error_of(vec![part.clone()]).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{part:?}: {error}");
    }
}

#[tokio::test]
async fn parameters_without_end_are_not_read() {
    let parameter = message(b'S', b"a\0b\0");
    let flood = [auth(0, b""), parameter.repeat(5000)].concat();
    assert_eq!(error_of(vec![flood]).await.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn a_server_that_stops_talking_meets_the_deadline() {
    for part in [Vec::new(), vec![b'R'], vec![b'R', 0, 0, 0, 200, 0]] {
        let endpoint = serve(vec![part]).await;
        let builder = plain().connect_timeout(Duration::from_millis(200));
        let error = connector(builder).connect(&endpoint).await.unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!(error.to_string().contains("login"), "{error}");
    }
}

/// What is asked of a server that has let in the login, before the stream is given away.
#[tokio::test]
async fn a_question_after_the_login_is_answered_wrongly_or_not_at_all() {
    let ready = || message(b'Z', b"I");
    let row = |value: &[u8]| {
        let length = u32::try_from(value.len()).unwrap().to_be_bytes();
        message(b'D', &[&[0, 1][..], &length, value].concat())
    };
    let endless = row(b"off").repeat(1_001);
    for (answer, kind) in [
        (Some([row(b"off"), ready()].concat()), None),
        (
            Some([row(b"on"), row(b"off"), ready()].concat()),
            Some(ErrorKind::Unsupported),
        ),
        (Some(ready()), Some(ErrorKind::Unsupported)),
        (
            Some(message(b'E', b"SERROR\0C57P01\0Mgoing\0\0")),
            Some(ErrorKind::Draining),
        ),
        (Some(message(b'D', b"\0\x01")), Some(ErrorKind::Protocol)),
        (Some(message(b'Z', b"T")), Some(ErrorKind::Protocol)),
        (Some(message(b'G', b"\0\0\0")), Some(ErrorKind::Protocol)),
        (Some(endless), Some(ErrorKind::Protocol)),
        (None, Some(ErrorKind::Timeout)),
    ] {
        let login = [auth(0, b""), ready()].concat();
        let endpoint = serve([login].into_iter().chain(answer).collect()).await;
        let opened = connector(plain())
            .open_any(&[endpoint], TargetSessionAttrs::ReadWrite)
            .await;
        assert_eq!(opened.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_looks_like_a_node_that_drains() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        // A draining CockroachDB node accepts, reads, and closes without a word.
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 1024];
            drop(stream.read(&mut buffer).await);
        }
    });
    for tls in [TlsConfig::disabled(), TlsConfig::new()] {
        // Reading the system's root certificates takes its time.
        let patient = plain().tls(tls).connect_timeout(Duration::from_mins(1));
        let error = connector(patient).connect(&endpoint).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        assert!(
            error.is_draining() && error.to_string().contains("another node"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn refusals_have_their_kinds() {
    for (sqlstate, kind) in [
        ("28P01", ErrorKind::Authentication),
        ("28000", ErrorKind::NotPermitted),
        ("3D000", ErrorKind::UnknownDatabase),
        ("53300", ErrorKind::TooManyConnections),
        ("57P01", ErrorKind::Draining),
        ("57P03", ErrorKind::Draining),
        ("XX000", ErrorKind::Server),
    ] {
        let body = format!("SFATAL\0C{sqlstate}\0Mno\0\0");
        let error = error_of(vec![message(b'E', body.as_bytes())]).await;
        assert_eq!(error.kind(), kind);
        assert_eq!(error.sqlstate(), Some(sqlstate));
    }
}

#[tokio::test]
async fn a_man_in_the_middle_with_a_certificate_for_another_name_sees_no_password() {
    let authority = Authority::new("the cluster's authority").unwrap();
    let identity = authority.server(&["somewhere.else"]).unwrap();
    let begin = Begin::Asked(b"S");
    let (endpoint, mut hears) = tls_server::serve(&identity, begin, vec![auth(3, b"")]).await;
    let tls = TlsConfig::new().roots(RootCertificates::pem(authority.certificate_pem()));
    let error = connector(plain().tls(tls))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsHostName, "{error}");
    assert!(hears.try_recv().is_err(), "nothing was said to it");
}

#[tokio::test]
async fn plaintext_put_behind_the_answer_to_sslrequest_is_not_taken_for_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let mut request = [0; 8];
        stream.read_exact(&mut request).await?;
        let injected = [b"S".to_vec(), auth(0, b""), message(b'Z', b"I")].concat();
        stream.write_all(&injected).await?;
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok::<_, std::io::Error>(())
    });
    let error = connector(plain().tls(TlsConfig::new()))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert!(error.is_tls(), "{error}");
}

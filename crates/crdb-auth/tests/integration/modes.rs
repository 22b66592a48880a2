//! The six modes against a server with TLS and against one without.

use std::sync::{Arc, Mutex};

use crdb_auth::{ErrorKind, Observer, PartialObserver, SslMode, TlsConfig, WithoutTls};
use crdb_testkit::{Engine, Login};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::bed::{config, connector, endpoint, postgresql, verified};

pub(crate) const MODES: [SslMode; 6] = [
    SslMode::Disable,
    SslMode::Allow,
    SslMode::Prefer,
    SslMode::Require,
    SslMode::VerifyCa,
    SslMode::VerifyFull,
];

/// The reasons for which a connection went on without TLS.
#[derive(Default)]
struct Told(Mutex<Vec<Option<ErrorKind>>>);

impl PartialObserver for Told {
    fn without_tls(&self, event: &WithoutTls<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(event.error.map(crdb_auth::Error::kind));
    }
}

#[tokio::test]
async fn a_server_with_both() {
    let engine = postgresql().await;
    for mode in MODES {
        let tls = match mode {
            SslMode::VerifyCa | SslMode::VerifyFull => verified(engine).mode(mode),
            _ => TlsConfig::new().mode(mode),
        };
        let session = connector(config(engine, Login::Scram).tls(tls))
            .connect(&endpoint(engine))
            .await
            .unwrap();
        assert_eq!(session.is_tls(), mode >= SslMode::Prefer, "{mode}");
    }
}

#[tokio::test]
async fn prefer_goes_on_without_tls_when_the_handshake_fails() {
    let engine = postgresql().await;
    // It says that it has TLS, and hangs up or answers with nonsense.
    for answer in [&b"S"[..], b"Snonsense that is no TLS"] {
        let endpoint = without_tls(engine, answer).await;
        let told = Arc::new(Told::default());
        let prefer = config(engine, Login::Scram)
            .tls(TlsConfig::new().mode(SslMode::Prefer))
            .observer(Arc::clone(&told) as Arc<dyn Observer>);
        let session = connector(prefer).connect(&endpoint).await.unwrap();
        assert!(!session.is_tls());
        let told = told.0.lock().unwrap().clone();
        assert!(matches!(told.as_slice(), [Some(_)]), "{told:?}");
        let require = config(engine, Login::Scram).tls(TlsConfig::new().mode(SslMode::Require));
        connector(require).connect(&endpoint).await.unwrap_err();
    }
}

/// Answers every SSLRequest with `answer` and passes everything else on.
pub(crate) async fn without_tls(engine: &Engine, answer: &'static [u8]) -> crdb_auth::Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = (engine.host().to_owned(), engine.port());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move {
                let mut first = [0; 8];
                client.read_exact(&mut first).await?;
                let mut upstream = TcpStream::connect(server).await?;
                if first == [0, 0, 0, 8, 4, 210, 22, 47] {
                    client.write_all(answer).await?;
                    if answer != b"N" {
                        return Ok(());
                    }
                } else {
                    upstream.write_all(&first).await?;
                }
                copy_bidirectional(&mut client, &mut upstream).await?;
                Ok::<_, std::io::Error>(())
            });
        }
    });
    crdb_auth::Endpoint::new("127.0.0.1", port)
}

#[tokio::test]
async fn a_server_without_tls() {
    let engine = postgresql().await;
    let endpoint = without_tls(engine, b"N").await;
    for mode in MODES {
        let tls = match mode {
            SslMode::VerifyCa | SslMode::VerifyFull => verified(engine).mode(mode),
            _ => TlsConfig::new().mode(mode),
        };
        let told = Arc::new(Told::default());
        let builder = config(engine, Login::Scram)
            .tls(tls)
            .observer(Arc::clone(&told) as Arc<dyn Observer>);
        let result = connector(builder).connect(&endpoint).await;
        // Only prefer gives something up that it was asked for.
        let expected = (mode == SslMode::Prefer).then_some(None);
        assert_eq!(*told.0.lock().unwrap(), Vec::from_iter(expected), "{mode}");
        if mode < SslMode::Require {
            assert!(!result.unwrap().is_tls(), "{mode}");
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TlsUnavailable, "{mode}");
            assert!(error.to_string().contains(mode.as_str()), "{error}");
        }
    }
}

#[tokio::test]
async fn an_error_in_answer_to_sslrequest_is_not_shown() {
    let engine = postgresql().await;
    let endpoint = without_tls(engine, b"E\0\0\0\x20C28000\0MSend money to me\0\0").await;
    let error = connector(config(engine, Login::Scram))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsUnavailable);
    assert!(!format!("{error} {error:?}").contains("money"));
}

#[tokio::test]
async fn allow_turns_to_tls_and_prefer_away_from_it_when_the_login_is_refused() {
    let engine = postgresql().await;
    // Without TLS `cert_user` is asked for a password, which it has not: that login is refused.
    let credentials = engine.login(Login::Certificate);
    let certificate = crdb_auth::ClientCertificate::files(
        credentials.certificate_path().unwrap(),
        credentials.key_path().unwrap(),
    );
    let tls = TlsConfig::new()
        .mode(SslMode::Allow)
        .client_certificate(certificate);
    let builder = crdb_auth::Config::builder()
        .user(credentials.user())
        .password("none that the server knows")
        .database(engine.database())
        .tls(tls);
    let session = connector(builder).connect(&endpoint(engine)).await.unwrap();
    assert!(session.is_tls());
}

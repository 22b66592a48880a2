//! How TLS begins, what is sent inside it, and certificates that change.

use crdb_auth::{
    AuthContext, AuthRequest, Authenticator, ClientCertificate, Config, CredentialError, ErrorKind,
    Exchange, ExchangeFuture, RootCertificates, Secret, SslMode, TlsConfig, TlsNegotiation,
};
use crdb_testkit::{Authority, Engine, Login};

use crate::bed::{connector, endpoint, verified};
use crate::tls_server::{self, Begin, auth, message, welcome};

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig::new().roots(RootCertificates::pem(authority.certificate_pem()))
}

#[tokio::test]
async fn direct_tls_needs_the_protocol_s_name() {
    let authority = Authority::new("an authority").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let direct = || {
        let tls = trusting(&authority).negotiation(TlsNegotiation::Direct);
        connector(Config::builder().user("app").tls(tls))
    };
    let named = Begin::Directly(Some("postgresql"));
    let (endpoint, _hears) = tls_server::serve(&identity, named, vec![welcome()]).await;
    let session = direct().connect(&endpoint).await.unwrap();
    assert!(session.is_tls());
    assert_eq!(session.facts().node_id(), Some(7));

    let (endpoint, mut hears) =
        tls_server::serve(&identity, Begin::Directly(None), vec![welcome()]).await;
    let error = direct().connect(&endpoint).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("ALPN"), "{error}");
    assert!(hears.try_recv().is_err(), "nothing was said");
}

#[tokio::test]
async fn a_jwt_is_announced_and_sent_inside_tls_only() {
    let authority = Authority::new("an authority").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let parts = vec![auth(3, b""), welcome()];
    let begin = Begin::Asked(b"S");
    let (endpoint, mut hears) = tls_server::serve(&identity, begin, parts).await;
    let with_token = |tls| {
        connector(
            Config::builder()
                .user("app")
                .options("-c a=b")
                .jwt("e30.e30.c2ln")
                .tls(tls),
        )
    };
    with_token(trusting(&authority))
        .connect(&endpoint)
        .await
        .unwrap();
    let startup = String::from_utf8_lossy(&hears.recv().await.unwrap()).into_owned();
    assert!(
        startup.contains("options\0-c a=b --crdb:jwt_auth_enabled=true\0"),
        "{startup:?}"
    );
    assert_eq!(
        hears.recv().await.unwrap(),
        message(b'p', b"e30.e30.c2ln\0")
    );

    // A cluster where JWT is not enabled asks for SCRAM: the token is not a password.
    let scram = vec![auth(10, b"SCRAM-SHA-256\0\0")];
    let (endpoint, _hears) = tls_server::serve(&identity, begin, scram).await;
    let error = with_token(trusting(&authority))
        .connect(&endpoint)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Downgrade);
    assert!(
        error
            .to_string()
            .contains("server.jwt_authentication.enabled"),
        "{error}"
    );
}

struct Own;

struct OwnExchange {
    round: u32,
}

impl Authenticator for Own {
    fn begin(
        &self,
        context: &AuthContext<'_>,
        request: &AuthRequest<'_>,
    ) -> Option<Box<dyn Exchange>> {
        match request {
            AuthRequest::Sasl(mechanisms) if context.tls && mechanisms.contains(&"X-OWN") => {
                Some(Box::new(OwnExchange { round: 0 }))
            }
            _ => None,
        }
    }
}

impl Exchange for OwnExchange {
    fn mechanism(&self) -> &str {
        "X-OWN"
    }

    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>> {
        Box::pin(async move {
            self.round += 1;
            match (self.round, challenge) {
                (1, b"") => Ok(Some(Secret::from("one"))),
                (2, b"challenge") => Ok(Some(Secret::from("two"))),
                (3, b"final") => Ok(None),
                other => Err(CredentialError::new(format!("unexpected {other:?}")).into()),
            }
        })
    }

    fn complete(&mut self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.round == 3 {
            Ok(())
        } else {
            Err(CredentialError::new("the server has proven nothing").into())
        }
    }
}

#[tokio::test]
async fn an_authenticator_of_one_s_own_is_driven_to_its_end() {
    let authority = Authority::new("an authority").unwrap();
    let identity = authority.server(&["localhost"]).unwrap();
    let begin = Begin::Asked(b"S");
    let login = || {
        connector(
            Config::builder()
                .user("app")
                .authenticator(Own)
                .tls(trusting(&authority)),
        )
    };
    let offer = auth(10, b"X-OWN\0SCRAM-SHA-256\0\0");

    let parts = vec![
        offer.clone(),
        auth(11, b"challenge"),
        [auth(12, b"final"), welcome()].concat(),
    ];
    let (endpoint, _hears) = tls_server::serve(&identity, begin, parts).await;
    login().connect(&endpoint).await.unwrap();

    // A server that cuts the exchange short.
    let parts = vec![offer, auth(11, b"challenge"), welcome()];
    let (endpoint, _hears) = tls_server::serve(&identity, begin, parts).await;
    let error = login().connect(&endpoint).await.unwrap_err();
    assert!(error.to_string().contains("has proven nothing"), "{error}");
}

#[tokio::test]
async fn a_replaced_client_certificate_is_used_by_the_next_login() {
    let engine = Engine::shared_ours().await;
    let good = engine.login(Login::Certificate);
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        directory.path().join("c.crt"),
        directory.path().join("c.key"),
    );
    let stranger = Authority::new("a stranger")
        .unwrap()
        .client(good.user())
        .unwrap();
    let install = |certificate_pem: &str, key_pem: &str| {
        std::fs::write(&certificate, certificate_pem).unwrap();
        std::fs::write(&key, key_pem).unwrap();
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    };
    install(stranger.certificate_pem(), stranger.key_pem());
    let tls = verified(engine).client_certificate(ClientCertificate::files(&certificate, &key));
    let connector = connector(
        Config::builder()
            .user(good.user())
            .database(engine.database())
            .tls(tls),
    );
    let error = connector.connect(&endpoint(engine)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.to_string().contains("client certificate"), "{error}");

    let read = |path: Option<&std::path::Path>| std::fs::read_to_string(path.unwrap()).unwrap();
    install(&read(good.certificate_path()), &read(good.key_path()));
    connector.connect(&endpoint(engine)).await.unwrap();
    // In the middle of a rotation the previous pair stays in use.
    std::fs::write(&certificate, stranger.certificate_pem()).unwrap();
    connector.connect(&endpoint(engine)).await.unwrap();
}

#[tokio::test]
async fn sni_can_be_left_out() {
    let engine = Engine::shared_ours().await;
    let tls = verified(engine).sni(false).mode(SslMode::VerifyFull);
    let builder = crate::bed::config(engine, Login::Scram).tls(tls);
    connector(builder).connect(&endpoint(engine)).await.unwrap();
}

/// Runs itself again in a process whose system has other root certificates, which change while it runs.
#[tokio::test]
async fn the_system_s_root_certificates_are_read_again_when_they_change() {
    const STORE: &str = "CRDB_AUTH_TEST_STORE";
    let Some(store) = std::env::var_os(STORE) else {
        let directory = tempfile::tempdir().unwrap();
        let store = directory.path().join("ca-certificates.crt");
        let this = "tls::the_system_s_root_certificates_are_read_again_when_they_change";
        let status = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", this, "--nocapture"])
            .env(STORE, &store)
            .env("SSL_CERT_FILE", &store)
            .env_remove("SSL_CERT_DIR")
            .status()
            .await
            .unwrap();
        assert!(status.success());
        return;
    };
    let (old, new) = (
        Authority::new("old").unwrap(),
        Authority::new("new").unwrap(),
    );
    std::fs::write(&store, old.certificate_pem()).unwrap();
    let identity = new.server(&["localhost"]).unwrap();
    let begin = Begin::Asked(b"S");
    let (endpoint, _hears) = tls_server::serve(&identity, begin, vec![welcome()]).await;
    let connector = connector(Config::builder().user("app"));
    let error = connector.open(&endpoint).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsUntrusted, "{error}");
    std::fs::write(
        &store,
        new.certificate_pem().to_owned() + old.certificate_pem(),
    )
    .unwrap();
    connector.open(&endpoint).await.unwrap();
    // A store that is being replaced leaves the last one in use.
    std::fs::write(&store, "").unwrap();
    connector.open(&endpoint).await.unwrap();
}

//! Servers' certificates: which are accepted, and what is said of one that is not.

use std::sync::Arc;

use crdb_auth::{ClientCertificate, Endpoint, ErrorKind, SslMode, TlsConfig, TlsVersion};
use crdb_testkit::{Authority, Identity};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::issued::{
    Issued, assert_told, authority, connect, named, refusal, serve, serve_by, server, trusting,
    version_1,
};
use crate::tls_server::{Begin, acceptor_of, serve_with, welcome};

/// PostgreSQL's recipe is `openssl req -x509 -subj "/CN=host"`: CA:TRUE, a common name, no alternative names.
#[tokio::test]
async fn a_server_s_certificate_that_is_one_of_the_roots_is_accepted() {
    let recipe = Issued::itself(authority("localhost"));
    let old = Issued::itself(named("localhost"));
    let old_pem = version_1("localhost", &old);
    let mut with_names = server();
    with_names.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let with_names = Issued::itself(with_names);
    let other = Issued::itself(authority("another authority"));
    for (chain, key) in [
        (recipe.pem(), &recipe.key),
        (old_pem, &old.key),
        (with_names.pem(), &with_names.key),
    ] {
        for versions in [
            &[&rustls::version::TLS12][..],
            &[&rustls::version::TLS13][..],
        ] {
            let endpoint = serve_by(&chain, key, versions).await;
            // Among others, wherever it stands.
            let roots = other.pem() + &chain;
            for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
                connect(trusting(&roots).mode(mode), &endpoint)
                    .await
                    .unwrap();
            }
            let mut elsewhere = endpoint.clone();
            elsewhere.host = "db.example.com".to_owned();
            connect(trusting(&roots).mode(SslMode::VerifyCa), &elsewhere)
                .await
                .unwrap();
            assert_told(
                refusal(trusting(&roots), &elsewhere).await,
                ErrorKind::TlsHostName,
                &["not for \"db.example.com\"", "localhost"],
            );
            // Another one of the same name is not the given one.
            let namesake = Issued::itself(authority("localhost"));
            let (kind, told) = refusal(trusting(&namesake.pem()), &endpoint).await;
            assert_eq!(kind, ErrorKind::TlsUntrusted, "{told}");
        }
    }
}

#[tokio::test]
async fn a_certificate_of_version_1_that_is_not_a_root_is_refused_by_name() {
    let old = Issued::itself(named("localhost"));
    let endpoint = serve(&version_1("localhost", &old), &old.key).await;
    let other = Issued::itself(authority("another authority"));
    assert_told(
        refusal(trusting(&other.pem()), &endpoint).await,
        ErrorKind::TlsUntrusted,
        &["version 1", "root certificates"],
    );
    // Without checks it is no obstacle, as for libpq.
    connect(TlsConfig::new().mode(SslMode::Require), &endpoint)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_root_that_is_the_server_s_own_must_still_be_valid_and_for_servers() {
    let mut params = authority("localhost");
    params.not_after = date_time_ymd(2020, 2, 3);
    let expired = Issued::itself(params);
    let endpoint = serve(&expired.pem(), &expired.key).await;
    assert_told(
        refusal(trusting(&expired.pem()), &endpoint).await,
        ErrorKind::TlsCertificate,
        &["expired on 2020-02-03 00:00:00 UTC", "renew"],
    );
    let mut params = authority("localhost");
    params.not_before = date_time_ymd(4000, 1, 1);
    let future = Issued::itself(params);
    let endpoint = serve(&future.pem(), &future.key).await;
    assert_told(
        refusal(trusting(&future.pem()), &endpoint).await,
        ErrorKind::TlsCertificate,
        &["not valid before 4000-01-01", "clocks"],
    );
    let mut params = authority("localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = Issued::itself(params);
    let endpoint = serve(&client.pem(), &client.key).await;
    assert_told(
        refusal(trusting(&client.pem()), &endpoint).await,
        ErrorKind::TlsCertificate,
        &["serverAuth"],
    );
    // The key of another: the certificate is public, its key is not.
    let good = Issued::itself(authority("localhost"));
    let endpoint = serve(&good.pem(), &client.key).await;
    assert_told(
        refusal(trusting(&good.pem()), &endpoint).await,
        ErrorKind::TlsUntrusted,
        &["did not prove", "key"],
    );
}

#[tokio::test]
async fn each_cause_is_told_with_its_remedy() {
    use ErrorKind::{TlsCertificate, TlsHostName, TlsUntrusted};
    let root = Issued::itself(authority("the root"));
    let between = root.by(authority("the intermediate"));
    let leaf = between.by(server());
    let chain = leaf.pem() + &between.pem();
    let trusted = || trusting(&root.pem());
    connect(trusted(), &serve(&chain, &leaf.key).await)
        .await
        .unwrap();
    // A file that holds the intermediate makes up for a server that does not send it.
    let alone = serve(&leaf.pem(), &leaf.key).await;
    connect(trusting(&(root.pem() + &between.pem())), &alone)
        .await
        .unwrap();

    let told = refusal(trusted(), &alone).await;
    assert_told(
        told,
        TlsUntrusted,
        &["CN=the intermediate", "the server must send"],
    );

    let stranger = Issued::itself(authority("a stranger"));
    let whole = serve(&chain, &leaf.key).await;
    let told = refusal(trusting(&stranger.pem()), &whole).await;
    assert_told(told, TlsUntrusted, &["leads to CN=the root", "ca.crt"]);

    let again = Issued::itself(authority("the root"));
    let told = refusal(trusting(&again.pem()), &whole).await;
    assert_told(told, TlsUntrusted, &["CN=the root", "another key"]);

    let own = Issued::itself(server());
    let told = refusal(trusted(), &serve(&own.pem(), &own.key).await).await;
    assert_told(told, TlsUntrusted, &["signed by itself", "as root"]);

    for (change, kind, words) in [
        (
            (|params| params.not_after = date_time_ymd(2021, 1, 2)) as fn(&mut CertificateParams),
            TlsCertificate,
            &["expired on 2021-01-02", "renew"][..],
        ),
        (
            |params| params.not_before = date_time_ymd(4000, 1, 2),
            TlsCertificate,
            &["not valid before 4000-01-02", "clocks"],
        ),
        (
            |params| params.subject_alt_names.clear(),
            TlsHostName,
            &[
                "no subject alternative names",
                "does not count (CN=localhost)",
            ],
        ),
        (
            |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth],
            TlsCertificate,
            &["serverAuth"],
        ),
        (
            |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign],
            TlsCertificate,
            &["key usage", "digitalSignature"],
        ),
        (
            |params| {
                let features = CustomExtension::from_oid_content(
                    &[1, 3, 6, 1, 5, 5, 7, 1, 24],
                    vec![0x30, 3, 2, 1, 5],
                );
                params.custom_extensions = vec![features];
            },
            TlsCertificate,
            &["must-staple", "OCSP"],
        ),
        (
            |params| {
                let mut unknown =
                    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
                unknown.set_criticality(true);
                params.custom_extensions = vec![unknown];
            },
            TlsCertificate,
            &["critical extension"],
        ),
        (
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            TlsUntrusted,
            &["CA:TRUE", "root certificate"],
        ),
    ] {
        let mut params = server();
        change(&mut params);
        let bad = root.by(params);
        let told = refusal(trusted(), &serve(&bad.pem(), &bad.key).await).await;
        assert_told(told, kind, words);
    }

    let mut elsewhere = whole.clone();
    elsewhere.host = "db1.example.com".to_owned();
    let told = refusal(trusted(), &elsewhere).await;
    assert_told(
        told,
        TlsHostName,
        &["is for localhost, 127.0.0.1, not for \"db1.example.com\""],
    );

    let mut params = authority("the old intermediate");
    params.not_after = date_time_ymd(2019, 1, 1);
    let old = root.by(params);
    let leaf_of_old = old.by(server());
    let chain = leaf_of_old.pem() + &old.pem();
    let told = refusal(trusted(), &serve(&chain, &leaf_of_old.key).await).await;
    assert_told(
        told,
        TlsCertificate,
        &["an authority whose certificate expired on 2019-01-01"],
    );

    let not_an_authority = root.by(named("not an authority"));
    let leaf_of_it = not_an_authority.by(server());
    let chain = leaf_of_it.pem() + &not_an_authority.pem();
    let told = refusal(trusted(), &serve(&chain, &leaf_of_it.key).await).await;
    assert_told(told, TlsUntrusted, &["CN=not an authority", "CA:FALSE"]);

    let mut params = authority("one that permits no other authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = root.by(params);
    let below = last.by(authority("one too many"));
    let leaf_below = below.by(server());
    let chain = leaf_below.pem() + &below.pem() + &last.pem();
    let told = refusal(trusted(), &serve(&chain, &leaf_below.key).await).await;
    assert_told(told, TlsUntrusted, &["path length"]);

    let mut params = authority("for example.org only");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let narrow = Issued::itself(params);
    let leaf_of_narrow = narrow.by(server());
    let endpoint = serve(&leaf_of_narrow.pem(), &leaf_of_narrow.key).await;
    let told = refusal(trusting(&narrow.pem()), &endpoint).await;
    assert_told(told, TlsUntrusted, &["name constraints", "localhost"]);
}

/// A server that staples passes; what it staples is not checked, as the docs say.
#[tokio::test]
async fn a_certificate_that_demands_an_ocsp_response_is_accepted_with_one() {
    let root = Issued::itself(authority("the root"));
    let mut params = server();
    let features =
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
    params.custom_extensions = vec![features];
    let leaf = root.by(params);
    for versions in [
        &[&rustls::version::TLS12][..],
        &[&rustls::version::TLS13][..],
    ] {
        let key = leaf.key.serialize_pem();
        let acceptor = acceptor_of(&leaf.pem(), &key, None, versions, Some(b"a response"));
        let (endpoint, _hears) = serve_with(acceptor, Begin::Asked(b"S"), vec![welcome()]).await;
        connect(trusting(&root.pem()), &endpoint).await.unwrap();
    }
}

#[tokio::test]
async fn a_host_may_be_spelled_as_the_resolver_takes_it() {
    let root = Issued::itself(authority("the root"));
    let leaf = root.by(server());
    let endpoint = serve(&leaf.pem(), &leaf.key).await;
    let resolved = Endpoint::new("127.1", endpoint.port);
    let by_name = |host: &str| Endpoint::new(host, endpoint.port).at([127, 0, 0, 1].into());
    let long = "a".repeat(64);
    for mode in [
        SslMode::Prefer,
        SslMode::Require,
        SslMode::VerifyCa,
        SslMode::VerifyFull,
    ] {
        let tls = match mode {
            SslMode::Prefer => TlsConfig::new(),
            _ => trusting(&root.pem()),
        };
        for endpoint in [&resolved, &by_name("0x7f.1"), &by_name("localhost.")] {
            connect(tls.clone().mode(mode), endpoint).await.unwrap();
        }
        // What no certificate can be for is an obstacle where the name counts.
        for host in [long.as_str(), "-db", "db..example"] {
            let result = connect(tls.clone().mode(mode), &by_name(host)).await;
            if mode == SslMode::VerifyFull {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::TlsHostName);
            } else {
                result.unwrap();
            }
        }
    }
    let elsewhere = by_name("10.1");
    assert_told(
        refusal(trusting(&root.pem()), &elsewhere).await,
        ErrorKind::TlsHostName,
        &["10.0.0.1"],
    );
}

#[tokio::test]
async fn what_the_server_says_of_the_client_s_certificate_is_told_in_words() {
    let authority_of_clients = Authority::new("clients").unwrap();
    let stranger = Authority::new("strangers").unwrap().client("app").unwrap();
    let own = Authority::new("servers").unwrap();
    let identity = own.server(&["localhost"]).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let acceptor = demanding(&identity, authority_of_clients.certificate_pem(), version);
        let (endpoint, _hears) = serve_with(acceptor, Begin::Asked(b"S"), vec![welcome()]).await;
        let tls = || trusting(own.certificate_pem());
        let good = authority_of_clients.client("app").unwrap();
        let with = |identity: &Identity| {
            tls().client_certificate(ClientCertificate::pem(
                identity.certificate_pem(),
                identity.key_pem(),
            ))
        };
        connect(with(&good), &endpoint).await.unwrap();
        assert_told(
            refusal(with(&stranger), &endpoint).await,
            ErrorKind::Tls,
            &["client certificate", "authority that issued it"],
        );
        assert_told(
            refusal(tls(), &endpoint).await,
            ErrorKind::Tls,
            &["client certificate"],
        );
    }
}

#[tokio::test]
async fn the_end_of_the_client_s_certificate_is_told_ahead() {
    let authority = Authority::new("clients").unwrap();
    let client = authority.client("app").unwrap();
    let connector = |tls| {
        let config = crdb_auth::Config::builder().user("app").tls(tls).build();
        crdb_auth::Connector::new(config.unwrap()).unwrap()
    };
    let without = connector(trusting(authority.certificate_pem()));
    without.prepare().await.unwrap();
    assert_eq!(without.time_left().certificate, None);
    let certificate = ClientCertificate::pem(client.certificate_pem(), client.key_pem());
    let tls = trusting(authority.certificate_pem()).client_certificate(certificate);
    let with = connector(tls);
    assert_eq!(with.time_left().certificate, None, "not read yet");
    with.prepare().await.unwrap();
    assert!(with.time_left().certificate.unwrap() > std::time::Duration::from_secs(60));
    let mut ended = rcgen::CertificateParams::default();
    ended.not_before = date_time_ymd(2020, 1, 1);
    ended.not_after = date_time_ymd(2021, 1, 1);
    let ended = Issued::itself(ended);
    let certificate = ClientCertificate::pem(ended.pem(), ended.key.serialize_pem());
    let tls = trusting(authority.certificate_pem()).client_certificate(certificate);
    let ended = connector(tls);
    ended.prepare().await.unwrap();
    assert_eq!(
        ended.time_left().certificate,
        Some(std::time::Duration::ZERO)
    );
}

/// A server that takes only clients with a certificate of this authority.
fn demanding(
    identity: &Identity,
    clients: &str,
    version: &'static rustls::SupportedProtocolVersion,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(clients.as_bytes()).unwrap())
        .unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let chain = CertificateDer::pem_slice_iter(identity.certificate_pem().as_bytes());
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key)
        .unwrap();
    TlsAcceptor::from(Arc::new(server))
}

#[tokio::test]
async fn what_is_not_tls_and_versions_not_in_common_are_told_in_words() {
    let root = Issued::itself(authority("the root"));
    let leaf = root.by(server());
    let endpoint = serve_by(&leaf.pem(), &leaf.key, &[&rustls::version::TLS12]).await;
    let tls = trusting(&root.pem()).min_version(TlsVersion::Tls13);
    let (kind, told) = refusal(tls, &endpoint).await;
    assert_eq!(kind, ErrorKind::Tls, "{told}");
    assert!(told.contains("TLS 1.3"), "{told}");
    // An HTTP server where SQL is expected, which says S by chance.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 64];
            let _read = stream.read(&mut buffer).await;
            drop(stream.write_all(b"S").await);
            let _read = stream.read(&mut buffer).await;
            drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
        }
    });
    assert_told(
        refusal(trusting(&root.pem()), &Endpoint::new("127.0.0.1", port)).await,
        ErrorKind::Tls,
        &["not TLS", "SQL port"],
    );
}

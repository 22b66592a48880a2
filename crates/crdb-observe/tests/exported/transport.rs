//! How it travels: with headers, over TLS, and to a collector that is not there.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crdb_exec::{ExecutorExt as _, PooledExecutor};
use crdb_observe::otlp::Otlp;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::arrived::spans;
use crate::collector::Collector;
use crate::{adapter, shut_down, stub};

#[test]
fn a_collector_that_is_not_there_is_an_error_of_shutdown_alone() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let otlp = Otlp::builder("bank")
        .endpoint(format!("http://127.0.0.1:{port}"))
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let adapter = adapter(&otlp);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let db = PooledExecutor::builder(stub::Stub::refusing(0))
            .observer(adapter)
            .build();
        db.fetch_one("SELECT 1", &[]).await.unwrap();
    });
    let failed = otlp.shutdown(Duration::from_secs(60)).unwrap_err();
    assert!(
        failed.to_string().starts_with("sending telemetry"),
        "{failed}"
    );
}

#[tokio::test]
async fn a_collector_over_tls_is_verified_and_shown_the_headers() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = Arc::new(server);
    let collector = Collector::start_with(move |stream: TcpStream| {
        StreamOwned::new(ServerConnection::new(Arc::clone(&server)).unwrap(), stream)
    });
    let directory = tempfile::tempdir().unwrap();
    let roots = |name: &str, pem: String| {
        let file = directory.path().join(name);
        std::fs::write(&file, pem).unwrap();
        file
    };
    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (its, others) = (
        roots("its.pem", made.cert.pem()),
        roots("others.pem", other.cert.pem()),
    );
    let otlp = |roots: std::path::PathBuf| {
        Otlp::builder("bank")
            .endpoint(collector.endpoint().replace("http:", "https:"))
            .roots_file(roots)
            .header("authorization", "Bearer of-the-collector")
            .timeout(Duration::from_secs(30))
            .build()
    };
    let call = async |otlp: &Otlp| {
        let db = PooledExecutor::builder(stub::Stub::refusing(0))
            .observer(adapter(otlp))
            .build();
        db.fetch_one("SELECT v FROM secured", &[]).await.unwrap();
    };
    // One whose certificate is another's gets nothing.
    let refused = otlp(others).unwrap();
    call(&refused).await;
    let ended = tokio::task::spawn_blocking(move || refused.shutdown(Duration::from_secs(60)));
    ended.await.unwrap().unwrap_err();
    assert!(collector.take().traces.is_empty());

    let trusted = otlp(its).unwrap();
    call(&trusted).await;
    shut_down(trusted).await;
    let arrived = collector.take();
    assert!(
        spans(&arrived)
            .iter()
            .any(|span| span.name == "SELECT secured")
    );
    assert!(!arrived.authorizations.is_empty());
    assert!(
        arrived
            .authorizations
            .iter()
            .all(|value| value == "Bearer of-the-collector")
    );

    let empty = otlp(roots("empty.pem", String::new())).unwrap_err();
    assert!(
        empty
            .to_string()
            .contains("empty.pem: there is no certificate"),
        "{empty}"
    );
}

#[test]
fn a_header_that_cannot_be_one_is_refused_at_once_and_not_shown() {
    let failed = Otlp::builder("bank")
        .endpoint("http://127.0.0.1:4318")
        .header("authorization", "s3cret\nof-the-collector")
        .build()
        .unwrap_err();
    let shown = format!("{failed} {failed:?}");
    assert!(shown.starts_with("setting up OTLP: "), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}

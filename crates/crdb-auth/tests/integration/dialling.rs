//! Connections that a dialler of the user's own opens.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crdb_auth::{DialFuture, DialledStream, Dialler, Doctor, Endpoint, ErrorKind};
use crdb_testkit::{Engine, Login};
use tokio::net::TcpStream;

use crate::bed::{config, connector, endpoint, run};

/// Reaches one server whatever it is asked for, and counts.
struct Tunnel {
    to: (String, u16),
    dialled: AtomicUsize,
}

impl Tunnel {
    fn to(host: &str, port: u16) -> Arc<Self> {
        Arc::new(Self {
            to: (host.to_owned(), port),
            dialled: AtomicUsize::new(0),
        })
    }

    fn dialled(&self) -> usize {
        self.dialled.load(Ordering::SeqCst)
    }
}

impl Dialler for Tunnel {
    fn dial<'a>(&'a self, _: &'a Endpoint) -> DialFuture<'a> {
        Box::pin(async move {
            self.dialled.fetch_add(1, Ordering::SeqCst);
            let stream = TcpStream::connect((self.to.0.as_str(), self.to.1)).await?;
            Ok(DialledStream::new(stream))
        })
    }
}

/// The engine's own name, which its certificate is for, at an address where nothing listens: only the dialler finds the way.
fn nowhere(engine: &Engine) -> Endpoint {
    endpoint(engine).at(IpAddr::from([192, 0, 2, 1]))
}

#[tokio::test]
async fn sessions_and_cancels_go_through_the_dialler_and_tls_is_verified_on_it() {
    let engine = Engine::shared().await;
    engine.require_cancel_requests().await;
    let tunnel = Tunnel::to(engine.host(), engine.port());
    let connector = connector(config(engine, Login::Scram).dialler(tunnel.clone()));
    let stream = connector.open(&nowhere(engine)).await.unwrap();
    assert!(stream.is_tls() && !stream.is_unbuffered());
    drop(stream);
    let session = connector.connect(&nowhere(engine)).await.unwrap();
    run(&session, "SELECT 1").await.unwrap();
    assert_eq!(tunnel.dialled(), 2);
    session.cancel_handle().cancel().await.unwrap();
    assert_eq!(tunnel.dialled(), 3);

    let wrong = Endpoint::new("wrong.example", engine.port());
    let refused = connector.open(&wrong).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TlsHostName, "{refused}");
}

#[tokio::test]
async fn a_dialler_that_fails_says_where() {
    let engine = Engine::shared().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let connector = connector(config(engine, Login::Scram).dialler(Tunnel::to("127.0.0.1", port)));
    let refused = connector.open(&endpoint(engine)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    let place = format!("{} by the configured dialler", endpoint(engine));
    assert!(refused.to_string().contains(&place), "{refused}");
}

#[tokio::test]
async fn the_doctor_takes_the_dialler() {
    let engine = Engine::shared().await;
    let tunnel = Tunnel::to(engine.host(), engine.port());
    let doctor = Doctor::new(connector(config(engine, Login::Scram).dialler(tunnel)));
    let diagnosis = doctor.examine(&nowhere(engine)).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:?}");
}

//! A server that speaks TLS and then what the test sends, to see what the client says.

use std::sync::Arc;

use crdb_auth::Endpoint;
use crdb_testkit::Identity;
use rustls::SupportedProtocolVersion;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_rustls::TlsAcceptor;

/// How TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// After an SSLRequest, answered with these bytes.
    Asked(&'static [u8]),
    /// At once, with this ALPN name if any.
    Directly(Option<&'static str>),
}

pub(crate) fn acceptor(identity: &Identity, alpn: Option<&str>) -> TlsAcceptor {
    let versions = rustls::DEFAULT_VERSIONS;
    acceptor_of(
        identity.certificate_pem(),
        identity.key_pem(),
        alpn,
        versions,
        None,
    )
}

/// For any certificates and any key, whether they belong together or not, with an OCSP response to send along.
pub(crate) fn acceptor_of(
    chain: &str,
    key: &str,
    alpn: Option<&str>,
    versions: &[&'static SupportedProtocolVersion],
    staple: Option<&[u8]>,
) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let mut identity = CertifiedKey::new(chain, key);
    identity.ocsp = staple.map(<[u8]>::to_vec);
    let mut server = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    server.alpn_protocols = alpn
        .into_iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    TlsAcceptor::from(Arc::new(server))
}

/// Takes connections; after the handshake sends each part after whatever the client says next.
/// What the client says inside TLS comes out of the channel.
pub(crate) async fn serve(
    identity: &Identity,
    begin: Begin,
    parts: Vec<Vec<u8>>,
) -> (Endpoint, UnboundedReceiver<Vec<u8>>) {
    let alpn = match begin {
        Begin::Directly(alpn) => alpn,
        Begin::Asked(_) => None,
    };
    serve_with(acceptor(identity, alpn), begin, parts).await
}

/// As [`serve`].
pub(crate) async fn serve_with(
    acceptor: TlsAcceptor,
    begin: Begin,
    parts: Vec<Vec<u8>>,
) -> (Endpoint, UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint =
        Endpoint::new("localhost", listener.local_addr().unwrap().port()).at([127, 0, 0, 1].into());
    let (heard, hears) = unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (acceptor, parts, heard) = (acceptor.clone(), parts.clone(), heard.clone());
            tokio::spawn(async move {
                if let Begin::Asked(answer) = begin {
                    stream.read_exact(&mut [0; 8]).await?;
                    stream.write_all(answer).await?;
                }
                let mut tls = acceptor.accept(stream).await?;
                let mut buffer = vec![0; 65536];
                let mut parts = parts.into_iter();
                loop {
                    let read = tls.read(&mut buffer).await?;
                    if read == 0 {
                        return Ok::<_, std::io::Error>(());
                    }
                    drop(heard.send(buffer[..read].to_vec()));
                    if let Some(part) = parts.next() {
                        tls.write_all(&part).await?;
                        tls.flush().await?;
                    }
                }
            });
        }
    });
    (endpoint, hears)
}

pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    out.extend_from_slice(body);
    out
}

pub(crate) fn auth(code: u32, body: &[u8]) -> Vec<u8> {
    message(b'R', &[&code.to_be_bytes(), body].concat())
}

/// AuthenticationOk and a CockroachDB of some age.
pub(crate) fn welcome() -> Vec<u8> {
    [
        auth(0, b""),
        message(b'S', b"crdb_version\0CockroachDB CCL v24.1.0 (x86_64)\0"),
        message(b'K', &[0, 0x70, 0, 1, 0, 0, 0, 2]),
        message(b'Z', b"I"),
    ]
    .concat()
}

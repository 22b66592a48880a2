//! `start`: a node. TLS and logins by certificate in front of a quirks proxy, in front of the first node's PostgreSQL.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crdb_testkit::{Engine, EngineChoice, EngineOptions, QuirksOptions, QuirksProxy};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::{Failure, Line};

/// What a client sends to ask for TLS: its length, and PostgreSQL's number for the request.
pub(crate) const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Where the first node's PostgreSQL listens, for the other nodes.
const INNER: u16 = 5433;

/// PostgreSQL does not run as root.
const USER: u32 = 65_534;

const DATA: &str = "/cockroach/cockroach-data";

/// Serves until SIGTERM.
pub(crate) async fn start(line: &Line) -> Result<(), Failure> {
    let certificates = PathBuf::from(line.option("certs-dir")?);
    let own = line.option("advertise-addr")?;
    let nodes: Vec<&str> = line.option("join")?.split(',').collect();
    let number = nodes.iter().position(|node| *node == own);
    let number = number.ok_or("--join does not name this node")?;
    let first = nodes.first().copied().unwrap_or(own);
    let mut postgres = match first == own {
        true => Some(start_postgres()?),
        false => None,
    };
    let url = format!("postgresql://root@{first}:{INNER}/postgres?sslmode=disable");
    let engine = loop {
        let options = EngineOptions::default().choice(EngineChoice::Url(url.clone()));
        match Engine::try_start(options).await {
            Ok(engine) => break engine,
            Err(error) => {
                println!("waiting for {first}: {error}");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    };
    let id = u32::try_from(number)? + 1;
    let options = QuirksOptions::default()
        .version("v25.2".parse()?)
        .node_id(id);
    let proxy = QuirksProxy::start(&engine, options).await?;
    if first == own {
        make_default_database().await?;
    }
    let acceptor = acceptor(&certificates, true)?;
    let sql = TcpListener::bind(("0.0.0.0", 26257)).await?;
    let http = TcpListener::bind(("0.0.0.0", 8080)).await?;
    tokio::spawn(metrics(http, self::acceptor(&certificates, false)?));
    println!("node {id} serves");
    let mut end = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = end.recv() => break,
            accepted = sql.accept() => {
                let (stream, _) = accepted?;
                let (acceptor, port) = (acceptor.clone(), proxy.port());
                tokio::spawn(async move {
                    if let Err(error) = session(stream, acceptor, port).await {
                        println!("a session ended: {error}");
                    }
                });
            }
        }
    }
    if let Some(postgres) = &mut postgres {
        postgres.kill()?;
        postgres.wait()?;
    }
    Ok(())
}

/// PostgreSQL for the nodes, who are trusted: it is reached through them alone.
fn start_postgres() -> Result<std::process::Child, Failure> {
    let inside = Path::new(DATA).join("postgres");
    if !inside.exists() {
        fs::create_dir_all(&inside)?;
        chown(&inside, Some(USER), Some(USER))?;
        fs::set_permissions(DATA, fs::Permissions::from_mode(0o755))?;
        let made = Command::new("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
            .args(["--username=root", "--pgdata"])
            .arg(&inside)
            .current_dir("/")
            .uid(USER)
            .gid(USER)
            .status()?;
        if !made.success() {
            return Err("initdb failed".into());
        }
        let rules = inside.join("pg_hba.conf");
        fs::write(&rules, "local all all trust\nhost all all all trust\n")?;
    }
    let postgres = Command::new("postgres")
        .arg("-D")
        .arg(&inside)
        .args([
            "-k",
            "",
            "-c",
            "listen_addresses=*",
            "-p",
            &INNER.to_string(),
        ])
        .args(["-c", "default_transaction_isolation=serializable"])
        .current_dir("/")
        .uid(USER)
        .gid(USER)
        .stdin(Stdio::null())
        .spawn()?;
    Ok(postgres)
}

async fn make_default_database() -> Result<(), Failure> {
    let url = format!("postgresql://root@localhost:{INNER}/postgres");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let question = "SELECT 1 FROM pg_database WHERE datname = 'defaultdb'";
    if client.query_opt(question, &[]).await?.is_none() {
        client.batch_execute("CREATE DATABASE defaultdb").await?;
    }
    Ok(())
}

/// One client: TLS, a certificate of the user that it names, then the proxy's business.
async fn session(mut stream: TcpStream, acceptor: TlsAcceptor, port: u16) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut request = [0; 8];
    stream.read_exact(&mut request).await?;
    if request != SSL_REQUEST {
        return Err("the client asked for no TLS".into());
    }
    stream.write_all(b"S").await?;
    let mut stream = acceptor.accept(stream).await?;
    let length = stream.read_u32().await?;
    let mut rest = vec![
        0;
        usize::try_from(length)?
            .checked_sub(4)
            .ok_or("a short packet")?
            .min(65536)
    ];
    stream.read_exact(&mut rest).await?;
    // A request to cancel names no user.
    if rest.starts_with(&[0, 3]) {
        let (_, connection) = stream.get_ref();
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        let name = common_name(certificate.ok_or("no certificate")?);
        let asked = user(&rest).ok_or("no user")?;
        if name.as_deref() != Some(asked.as_str()) {
            return Err(format!("{asked} came with the certificate of {name:?}").into());
        }
    }
    let mut proxy = TcpStream::connect(("127.0.0.1", port)).await?;
    proxy.set_nodelay(true)?;
    proxy.write_u32(length).await?;
    proxy.write_all(&rest).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut proxy).await?;
    Ok(())
}

/// The user of a startup packet, whose parameters are names and values that end with a zero.
fn user(packet: &[u8]) -> Option<String> {
    let mut texts = packet.get(4..)?.split(|byte| *byte == 0);
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        if name == b"user" {
            return String::from_utf8(value.to_vec()).ok();
        }
    }
    None
}

/// The subject's common name: the last one in the certificate, since the issuer stands before the subject.
fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    const IDENTIFIER: [u8; 5] = [6, 3, 85, 4, 3];
    let bytes: &[u8] = certificate;
    let at = bytes.windows(5).rposition(|window| window == IDENTIFIER)?;
    let length = usize::from(*bytes.get(at + 6)?);
    String::from_utf8(bytes.get(at + 7..at + 7 + length)?.to_vec()).ok()
}

/// A scrape of a node's metrics, as far as a scraper's own checks go.
async fn metrics(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let mut stream = BufReader::new(acceptor.accept(stream).await?);
            while read_head(&mut stream).await?.is_some() {
                let body = "# TYPE sys_uptime gauge\nsys_uptime 1\n";
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await?;
                stream.flush().await?;
            }
            Ok::<(), Failure>(())
        });
    }
}

/// The head of the next request, or nothing when the client is through.
pub(crate) async fn read_head(
    stream: &mut (impl AsyncBufRead + Unpin),
) -> Result<Option<String>, Failure> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    Ok(CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?)
}

fn authority(certificates: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in read_chain(&certificates.join("ca.crt"))? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

/// The node's side of TLS; with clients' certificates or without.
fn acceptor(certificates: &Path, for_clients: bool) -> Result<TlsAcceptor, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match for_clients {
        true => {
            let roots = Arc::new(authority(certificates)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
        false => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_file(certificates.join("node.key"))?;
    let config = builder.with_single_cert(read_chain(&certificates.join("node.crt"))?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The user root's side of TLS.
pub(crate) fn connector(certificates: &Path) -> Result<TlsConnector, Failure> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_file(certificates.join("client.root.key"))?;
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authority(certificates)?)
        .with_client_auth_cert(read_chain(&certificates.join("client.root.crt"))?, key)?;
    Ok(TlsConnector::from(Arc::new(config)))
}

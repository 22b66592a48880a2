//! How a session begins: TLS, cancel requests, logging in.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::backend::Backend;
use super::control::Control;
use super::failure::Failure;
use super::session::{Client, Session};
use super::settings::{Setting, on_or_off, parse_boolean};
use super::statement::SERVER_VERSION;
use super::translate::{self, REPORTED};
use super::version::CockroachVersion;
use super::wire::{
    Frame, FrameReader, Incoming, LARGEST_MESSAGE, put, put_failure, put_frame, put_parameter,
    put_ready, put_text, put_untyped, read_untyped, take_text,
};
use crate::certificates::Identity;
use crate::error::{Error, ErrorKind};

const PROTOCOL_3: u32 = 196_608;
const SSL_REQUEST: u32 = 80_877_103;
const GSSENC_REQUEST: u32 = 80_877_104;
const CANCEL_REQUEST: u32 = 80_877_102;

/// What PostgreSQL says of a database that does not exist, once the client has logged in.
const DATABASE_MISSING: &str = "3D000";

/// A connection, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What shows `identity` to clients.
pub(crate) fn acceptor(identity: &Identity) -> Result<TlsAcceptor, Error> {
    let unusable = || {
        Error::new(
            ErrorKind::InvalidInput,
            "the certificate cannot be used for a server",
        )
    };
    let chain = CertificateDer::pem_slice_iter(identity.certificate_pem().as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| unusable().with_source(source.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes())
        .map_err(|source| unusable().with_source(source.to_string()))?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|source| unusable().with_source(source))?
    .with_no_client_auth()
    .with_single_cert(chain, key)
    .map_err(|source| unusable().with_source(source))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, control: Arc<Control>) {
    let draining = *control.draining.borrow();
    let served = if draining {
        turn_away(stream).await
    } else {
        begin(stream, &control).await
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a session of the quirks proxy ended");
    }
}

/// Whether this is 3.0 or a later version that begins in the same way.
fn is_protocol_3(version: u32) -> bool {
    version >> 16 == PROTOCOL_3 >> 16
}

/// NegotiateProtocolVersion: 3.0 it is, without the options of the protocol that the client named.
fn version_and_no_options(parameters: &Bytes) -> BytesMut {
    let mut rest = parameters.clone();
    let mut options = Vec::new();
    while let (Some(name), Some(_)) = (take_text(&mut rest), take_text(&mut rest)) {
        if name.starts_with(b"_pq_.") {
            options.push(name);
        }
    }
    let mut out = BytesMut::new();
    put(&mut out, b'v', |out| {
        out.put_u32(PROTOCOL_3);
        out.put_u32(u32::try_from(options.len()).unwrap_or(u32::MAX));
        for option in &options {
            out.put_slice(option);
            out.put_u8(0);
        }
    });
    out
}

/// Tells a client that the node drains: in clear, whatever the client asked for first.
async fn turn_away(mut stream: TcpStream) -> std::io::Result<()> {
    let mut packet = read_untyped(&mut stream).await?;
    if packet.try_get_u32() == Ok(CANCEL_REQUEST) {
        return Ok(());
    }
    let mut stream: Box<dyn Stream> = Box::new(stream);
    refuse(&mut stream, &Failure::not_accepting_clients()).await
}

async fn begin(stream: TcpStream, control: &Arc<Control>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    // Shares the socket, so that it can be reset from outside TLS.
    let socket = socket2::SockRef::from(&stream).try_clone()?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(control.options.unacknowledged())?;
    let mut stream: Box<dyn Stream> = Box::new(stream);
    let mut encrypted = false;
    let mut negotiated = false;
    let parameters = loop {
        let mut packet = read_untyped(&mut stream).await?;
        match packet
            .try_get_u32()
            .map_err(|_| std::io::ErrorKind::InvalidData)?
        {
            SSL_REQUEST if !encrypted => match &control.upstream.tls {
                Some(tls) => {
                    stream.write_all(b"S").await?;
                    stream = Box::new(tls.accept(stream).await?);
                    encrypted = true;
                }
                None => stream.write_all(b"N").await?,
            },
            CANCEL_REQUEST => {
                // The connection is closed before the request is looked at.
                drop((stream, socket));
                return cancel(packet, control).await;
            }
            GSSENC_REQUEST => {
                return refuse(
                    &mut stream,
                    &Failure::protocol("GSS encryption is not yet supported"),
                )
                .await;
            }
            version if is_protocol_3(version) && !encrypted && control.options.refuses_plain() => {
                let failure =
                    Failure::protocol("node is running secure mode, SSL connection required");
                return refuse(&mut stream, &failure).await;
            }
            PROTOCOL_3 => break packet,
            newer if is_protocol_3(newer) && control.options.release().negotiates_protocol() => {
                negotiated = true;
                break packet;
            }
            other => {
                return refuse(
                    &mut stream,
                    &Failure::protocol(&format!("unknown protocol version {other}")),
                )
                .await;
            }
        }
    };
    let user = parameter(&parameters, "user").unwrap_or_default();
    let database = parameter(&parameters, "database").unwrap_or_else(|| user.clone());
    let (reader, writer) = tokio::io::split(stream);
    let mut client = Client {
        reader: FrameReader::new(reader, LARGEST_MESSAGE),
        writer,
        socket,
    };
    if negotiated {
        client
            .writer
            .write_all(&version_and_no_options(&parameters))
            .await?;
    }
    let mut backend = Backend::connect(&control.upstream.address).await?;
    let (message, named) = startup_message(parameters, control.options.release());
    backend.send(&message).await?;
    if !authenticate(&mut client, &mut backend, control).await? {
        return Ok(());
    }
    let mut missing = None;
    let mut heard = hear(&mut backend).await?;
    if let (Err(refusal), Some(guest)) = (&heard, &control.upstream.guest)
        && translate::code(&refusal.body) == DATABASE_MISSING
    {
        // A client that has logged in is let in all the same.
        backend = Backend::connect(&control.upstream.address).await?;
        backend
            .send(&guest_startup_message(guest, control.options.release()))
            .await?;
        heard = hear(&mut backend).await?;
        missing = Some(database.clone());
    }
    let Some(greeting) = greet(&mut client, heard, control, &user).await? else {
        return Ok(());
    };
    let number = greeting.number;
    let outcome = Session::new(
        Arc::clone(control),
        client,
        backend,
        (number, greeting.key),
        database.clone(),
    )
    .without_database(missing)
    .with_settings(named)
    .run()
    .await;
    control.unregister(greeting.key);
    control.count(|counts| counts.open -= 1);
    outcome
}

/// Passes messages both ways until PostgreSQL is satisfied. False when it is not; the client knows.
async fn authenticate(
    client: &mut Client,
    backend: &mut Backend,
    control: &Control,
) -> std::io::Result<bool> {
    loop {
        tokio::select! {
            message = client.reader.next() => match message? {
                Some(Incoming::Frame(frame)) if frame.tag == b'p' => backend.send_frame(&frame).await?,
                _ => return Ok(false),
            },
            frame = backend.next_frame() => {
                let frame = frame?;
                let mut out = BytesMut::new();
                match frame.tag {
                    b'R' if frame.body.as_ref() == [0, 0, 0, 0] => return Ok(true),
                    b'R' => put_frame(&mut out, &without_channel_binding(&frame)),
                    b'E' => put_frame(&mut out, &translate::error(&frame.body, control.options.release())),
                    _ => put_frame(&mut out, &frame),
                }
                client.writer.write_all(&out).await?;
                client.writer.flush().await?;
                if frame.tag == b'E' {
                    client.writer.shutdown().await?;
                    return Ok(false);
                }
            }
        }
    }
}

/// AuthenticationSASL without `SCRAM-SHA-256-PLUS`: CockroachDB does not offer it, and it could not pass a proxy.
fn without_channel_binding(frame: &Frame) -> Frame {
    const SASL: [u8; 4] = [0, 0, 0, 10];
    let Some(mut mechanisms) = frame.body.strip_prefix(&SASL).map(Bytes::copy_from_slice) else {
        return frame.clone();
    };
    let mut body = BytesMut::from(&SASL[..]);
    while let Some(mechanism) = take_text(&mut mechanisms).filter(|mechanism| !mechanism.is_empty())
    {
        if !mechanism.ends_with(b"-PLUS") {
            body.put_slice(&mechanism);
            body.put_u8(0);
        }
    }
    body.put_u8(0);
    Frame {
        tag: b'R',
        body: body.freeze(),
    }
}

/// What PostgreSQL says of a session that it has let in.
#[derive(Default)]
struct Heard {
    parameters: Vec<(Bytes, Bytes)>,
    key: super::control::CancelKey,
}

/// Collects what PostgreSQL says after the login; its error when it refuses after all.
async fn hear(backend: &mut Backend) -> std::io::Result<Result<Heard, Frame>> {
    let mut heard = Heard::default();
    loop {
        let mut frame = backend.next_frame().await?;
        match frame.tag {
            b'S' => {
                if let (Some(name), Some(value)) =
                    (take_text(&mut frame.body), take_text(&mut frame.body))
                {
                    heard.parameters.push((name, value));
                }
            }
            b'K' if frame.body.len() == 8 => {
                heard.key = (frame.body.get_u32(), frame.body.get_u32());
            }
            b'Z' => return Ok(Ok(heard)),
            b'E' => return Ok(Err(frame)),
            _ => {}
        }
    }
}

struct Greeting {
    key: super::control::CancelKey,
    number: u64,
}

/// Says what CockroachDB says after the login. None when PostgreSQL refused or there are too many sessions.
async fn greet(
    client: &mut Client,
    heard: Result<Heard, Frame>,
    control: &Control,
    user: &str,
) -> std::io::Result<Option<Greeting>> {
    let version = control.options.release();
    let Heard { parameters, key } = match heard {
        Ok(heard) => heard,
        Err(refusal) => {
            let mut out = BytesMut::new();
            put_frame(&mut out, &translate::error(&refusal.body, version));
            client.writer.write_all(&out).await?;
            client.writer.shutdown().await?;
            return Ok(None);
        }
    };
    let limit = control.failures().connection_limit;
    let mut number = None;
    control.count(|counts| {
        if limit.is_none_or(|limit| counts.open < limit as u64) {
            counts.open += 1;
            counts.sessions += 1;
            number = Some(counts.sessions);
        }
    });
    let Some(number) = number else {
        let failure = Failure::too_many_connections(limit.unwrap_or_default());
        let mut out = BytesMut::new();
        put_failure(&mut out, &failure);
        client.writer.write_all(&out).await?;
        client.writer.shutdown().await?;
        return Ok(None);
    };
    let key = control.register(key);
    let mut out = BytesMut::new();
    put(&mut out, b'R', |out| out.put_u32(0));
    put_parameter(&mut out, "server_version", SERVER_VERSION);
    for reported in REPORTED {
        if let Some((_, value)) = parameters
            .iter()
            .find(|(name, _)| name.as_ref() == reported.as_bytes())
        {
            put_parameter(&mut out, reported, &String::from_utf8_lossy(value));
        }
    }
    put_parameter(&mut out, "crdb_version", version.banner());
    put_parameter(&mut out, "session_authorization", user);
    let shown = if version.has_cancel_keys() {
        key
    } else {
        (0, 0)
    };
    put(&mut out, b'K', |out| {
        out.put_u32(shown.0);
        out.put_u32(shown.1);
    });
    put_ready(&mut out, b'I');
    if let Err(error) = async {
        client.writer.write_all(&out).await?;
        client.writer.flush().await
    }
    .await
    {
        control.unregister(key);
        control.count(|counts| counts.open -= 1);
        return Err(error);
    }
    Ok(Some(Greeting { key, number }))
}

/// The value of a startup parameter.
fn parameter(parameters: &Bytes, wanted: &str) -> Option<String> {
    let mut rest = parameters.clone();
    while let (Some(name), Some(value)) = (take_text(&mut rest), take_text(&mut rest)) {
        if name.as_ref() == wanted.as_bytes() {
            return Some(String::from_utf8_lossy(&value).into_owned());
        }
    }
    None
}

/// The parameters of a StartupMessage that reach PostgreSQL. CockroachDB ignores what it does not know and PostgreSQL ends
/// the session; the settings that only CockroachDB knows change nothing here.
const FORWARDED: [&str; 16] = [
    "user",
    "database",
    "application_name",
    "client_encoding",
    "datestyle",
    "intervalstyle",
    "timezone",
    "extra_float_digits",
    "search_path",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "standard_conforming_strings",
    "client_min_messages",
];

/// The StartupMessage for PostgreSQL: serializable unless the client says otherwise, without the parameters and options that
/// are CockroachDB's business alone, and with CockroachDB's settings under the names by which PostgreSQL keeps them.
/// Says also whether the client has set one of those.
fn startup_message(parameters: Bytes, version: CockroachVersion) -> (BytesMut, bool) {
    let options = parameter(&parameters, "options").unwrap_or_default();
    let mut kept = settings(version);
    kept.push("-c default_transaction_isolation=serializable".to_owned());
    let mut named = false;
    for option in options.split(' ') {
        let (switch, assignment) = option
            .strip_prefix("-c")
            .map_or(("", option), |rest| ("-c", rest));
        match own_setting(assignment, version) {
            Some(assignment) => {
                named = true;
                kept.push(format!("{switch}{assignment}"));
            }
            None if option.starts_with("--crdb:") => {}
            None => kept.push(option.to_owned()),
        }
    }
    let mut message = BytesMut::new();
    put_untyped(&mut message, |out| {
        out.put_u32(PROTOCOL_3);
        let mut rest = parameters;
        while let (Some(name), Some(value)) = (take_text(&mut rest), take_text(&mut rest)) {
            let is = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
            let assignment = format!(
                "{}={}",
                String::from_utf8_lossy(&name),
                String::from_utf8_lossy(&value)
            );
            if let Some(assignment) = own_setting(&assignment, version) {
                named = true;
                kept.push(format!("-c {assignment}"));
            } else if FORWARDED.iter().any(is)
                || (name.contains(&b'.') && !name.starts_with(b"_pq_."))
            {
                // A name with a dot is an option of the client's own, on both.
                for text in [name, value] {
                    out.put_slice(&text);
                    out.put_u8(0);
                }
            }
        }
        put_text(out, "options");
        put_text(out, kept.join(" ").trim_end());
        out.put_u8(0);
    });
    (message, named)
}

/// The options that give CockroachDB's settings their first values.
fn settings(version: CockroachVersion) -> Vec<String> {
    Setting::ALL
        .into_iter()
        .map(|setting| {
            let value = on_or_off(setting.default(version));
            format!("-c {}={value}", setting.kept_as())
        })
        .collect()
}

/// `name=value` of one of CockroachDB's settings, as PostgreSQL keeps it.
fn own_setting(assignment: &str, version: CockroachVersion) -> Option<String> {
    let (name, value) = assignment.split_once('=')?;
    let setting = Setting::find(name.trim(), version)?;
    let value = on_or_off(parse_boolean(value)?);
    Some(format!("{}={value}", setting.kept_as()))
}

/// The StartupMessage of the guest.
fn guest_startup_message(
    (user, database): &(String, String),
    version: CockroachVersion,
) -> BytesMut {
    let mut message = BytesMut::new();
    put_untyped(&mut message, |out| {
        out.put_u32(PROTOCOL_3);
        let options = settings(version).join(" ");
        for text in ["user", user, "database", database, "options", &options] {
            put_text(out, text);
        }
        out.put_u8(0);
    });
    message
}

/// Passes a cancel request on under the real key, and waits until PostgreSQL has taken it.
async fn cancel(mut packet: Bytes, control: &Control) -> std::io::Result<()> {
    if packet.len() != 8 {
        return Ok(());
    }
    let shown = (packet.get_u32(), packet.get_u32());
    let Some((process_id, secret)) = control.real_key(shown) else {
        return Ok(());
    };
    control.cancel(shown);
    let mut message = BytesMut::new();
    put_untyped(&mut message, |out| {
        out.put_u32(CANCEL_REQUEST);
        out.put_u32(process_id);
        out.put_u32(secret);
    });
    let (host, port) = &control.upstream.address;
    let mut stream = TcpStream::connect((host.as_str(), *port)).await?;
    stream.write_all(&message).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    control.count(|counts| counts.cancels += 1);
    Ok(())
}

async fn refuse(stream: &mut Box<dyn Stream>, failure: &Failure) -> std::io::Result<()> {
    let mut out = BytesMut::new();
    put_failure(&mut out, failure);
    stream.write_all(&out).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_cockroachdb_alone_are_kept_from_postgresql() {
        let parameters =
            Bytes::from_static(b"user\0u\0options\0--crdb:jwt_auth_enabled=true -c a=b\0\0");
        let (message, named) = startup_message(parameters, CockroachVersion::V26_2);
        assert!(!named);
        let text = String::from_utf8_lossy(&message).into_owned();
        assert!(!text.contains("--crdb"), "{text}");
        assert!(
            text.contains("-c default_transaction_isolation=serializable -c a=b\0"),
            "{text}"
        );
        assert!(text.contains("user\0u\0"), "{text}");
    }

    #[test]
    fn cockroachdbs_settings_can_be_given_at_startup() {
        for parameters in [
            &b"user\0u\0autocommit_before_ddl\0off\0\0"[..],
            b"user\0u\0options\0-c autocommit_before_ddl=false\0\0",
            b"user\0u\0options\0-cautocommit_before_ddl=0\0\0",
        ] {
            let (message, named) =
                startup_message(Bytes::copy_from_slice(parameters), CockroachVersion::V26_2);
            let text = String::from_utf8_lossy(&message).into_owned();
            assert!(named, "{text}");
            let last = text.rfind("crdb_testkit.autocommit_before_ddl=");
            assert!(last.is_some_and(|at| text[at..].contains("=off")), "{text}");
        }
    }

    #[test]
    fn channel_binding_is_not_offered() {
        let offered = Frame {
            tag: b'R',
            body: Bytes::from_static(b"\0\0\0\x0aSCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"),
        };
        assert_eq!(
            without_channel_binding(&offered).body.as_ref(),
            b"\0\0\0\x0aSCRAM-SHA-256\0\0"
        );
        let other = Frame {
            tag: b'R',
            body: Bytes::from_static(b"\0\0\0\x05salt"),
        };
        assert_eq!(without_channel_binding(&other), other);
    }
}

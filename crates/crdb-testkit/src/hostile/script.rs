//! How an attack goes, message by message.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::Observation;
use super::attack::Attack;

const SSL_REQUEST: u32 = 80_877_103;
const OK: u32 = 0;
const CLEARTEXT: u32 = 3;
const MD5: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// The salt of every challenge: 16 bytes in base64.
const SALT: &str = "c2FsdHNhbHRzYWx0c2FsdA==";

/// An attack and what it has yielded.
pub(super) struct Script {
    pub(super) attack: Attack,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) observed: watch::Sender<Observation>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Plays the attack on one connection, to the client's end of it.
pub(super) async fn play(script: Arc<Script>, stream: TcpStream) {
    script.see(|seen| seen.connections += 1);
    if let Err(error) = script.run(stream).await {
        tracing::debug!(%error, "the victim of an attack has ended it");
    }
    script.see(|seen| seen.closed += 1);
}

impl Script {
    fn see(&self, change: impl FnOnce(&mut Observation)) {
        self.observed.send_modify(change);
    }

    async fn run(&self, mut stream: TcpStream) -> io::Result<()> {
        if self.attack == Attack::Silence {
            return exhaust(&mut stream).await;
        }
        if read_packet(&mut stream).await? != SSL_REQUEST {
            self.see(|seen| seen.plain_startups += 1);
            return self.log_in(Box::new(stream)).await;
        }
        match (&self.attack, &self.tls) {
            (Attack::ErrorInsteadOfTls, _) => {
                stream.write_all(&error("the words of an attacker")).await?;
                exhaust(&mut stream).await
            }
            (Attack::InjectBeforeTls, Some(_)) => {
                stream
                    .write_all(&[b"S".as_slice(), &authentication(OK, b""), &ready()].concat())
                    .await?;
                exhaust(&mut stream).await
            }
            (Attack::RefuseTls, _) | (_, None) => {
                stream.write_all(b"N").await?;
                read_packet(&mut stream).await?;
                self.see(|seen| seen.plain_startups += 1);
                self.log_in(Box::new(stream)).await
            }
            (_, Some(tls)) => {
                stream.write_all(b"S").await?;
                let mut stream = tls.accept(stream).await?;
                self.see(|seen| seen.handshakes += 1);
                read_packet(&mut stream).await?;
                self.log_in(Box::new(stream)).await
            }
        }
    }

    /// From the startup message on.
    async fn log_in(&self, mut stream: Box<dyn Stream>) -> io::Result<()> {
        self.see(|seen| seen.startups += 1);
        match &self.attack {
            Attack::CleartextPassword => {
                stream.write_all(&authentication(CLEARTEXT, b"")).await?;
                self.answer(&mut stream).await?;
                self.welcome(&mut stream).await
            }
            Attack::Md5Password => {
                stream.write_all(&authentication(MD5, b"salt")).await?;
                self.answer(&mut stream).await?;
                self.welcome(&mut stream).await
            }
            Attack::NoAuthentication | Attack::RefuseTls => self.welcome(&mut stream).await,
            Attack::UnknownMethod(number) => {
                stream.write_all(&authentication(*number, b"")).await?;
                self.answer(&mut stream).await?;
                self.welcome(&mut stream).await
            }
            Attack::SaslMechanisms(mechanisms) => {
                let mechanisms: Vec<&str> = mechanisms.iter().map(String::as_str).collect();
                stream
                    .write_all(&authentication(SASL, &list(&mechanisms)))
                    .await?;
                self.answer(&mut stream).await?;
                self.refuse(&mut stream).await
            }
            Attack::OversizedMessage(length) => {
                stream.write_all(&authentication(OK, b"")).await?;
                stream
                    .write_all(&[b"S".as_slice(), &length.to_be_bytes()].concat())
                    .await?;
                self.flood(&mut stream, &[b'x'; 4096]).await
            }
            Attack::EndlessParameters => {
                stream.write_all(&authentication(OK, b"")).await?;
                self.flood(&mut stream, &message(b'S', b"name\0value\0"))
                    .await
            }
            Attack::TruncatedMessage => {
                let whole = authentication(SASL, &list(&["SCRAM-SHA-256"]));
                stream.write_all(&whole[..whole.len() / 2]).await?;
                stream.shutdown().await?;
                exhaust(&mut stream).await
            }
            Attack::NegativeLength => {
                stream.write_all(b"R\0\0\0\x03").await?;
                self.listen(&mut stream).await
            }
            Attack::GarbageAfterError => {
                stream.write_all(&error("no")).await?;
                stream.write_all(&[0xff; 64]).await?;
                stream.shutdown().await?;
                exhaust(&mut stream).await
            }
            Attack::Garbage => {
                stream.write_all(&[0xff; 64]).await?;
                self.listen(&mut stream).await
            }
            _ => self.scram(&mut stream).await,
        }
    }

    async fn scram(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        stream
            .write_all(&authentication(SASL, &list(&["SCRAM-SHA-256"])))
            .await?;
        let first = self.answer(stream).await?;
        let nonce = client_nonce(&first);
        let iterations = match self.attack {
            Attack::ScramIterations(iterations) => iterations,
            _ => 4096,
        };
        let challenge = match &self.attack {
            Attack::ScramForeignNonce => format!("r=somebodyelse,s={SALT},i={iterations}"),
            Attack::ScramFirstMessage(text) => text.clone(),
            _ => format!("r={nonce}andours,s={SALT},i={iterations}"),
        };
        loop {
            stream
                .write_all(&authentication(SASL_CONTINUE, challenge.as_bytes()))
                .await?;
            self.answer(stream).await?;
            if self.attack != Attack::EndlessRounds {
                break;
            }
        }
        match self.attack {
            Attack::ScramNoSignature => self.welcome(stream).await,
            Attack::ScramWrongSignature
            | Attack::ScramForeignNonce
            | Attack::ScramFirstMessage(_) => {
                let made_up = format!("v={}=", "A".repeat(43));
                stream
                    .write_all(&authentication(SASL_FINAL, made_up.as_bytes()))
                    .await?;
                self.welcome(stream).await
            }
            _ => self.refuse(stream).await,
        }
    }

    /// Reads a message in which the client may give something away.
    async fn answer(&self, stream: &mut Box<dyn Stream>) -> io::Result<Vec<u8>> {
        let (tag, body) = read_message(stream).await?;
        if tag == b'p' {
            self.see(|seen| seen.answers.push(body.clone()));
        } else {
            self.see(|seen| seen.statements += 1);
        }
        Ok(body)
    }

    /// Lets the client in and sees what it says then.
    async fn welcome(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        stream
            .write_all(&[authentication(OK, b""), ready()].concat())
            .await?;
        self.listen(stream).await
    }

    /// Turns the client away as an honest server does.
    async fn refuse(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        stream
            .write_all(&error("password authentication failed"))
            .await?;
        stream.shutdown().await?;
        exhaust(stream).await
    }

    /// Counts what comes until the client goes. Terminate is no statement.
    async fn listen(&self, stream: &mut Box<dyn Stream>) -> io::Result<()> {
        loop {
            match read_message(stream).await?.0 {
                b'p' => self.see(|seen| seen.answers.push(Vec::new())),
                b'X' => {}
                _ => self.see(|seen| seen.statements += 1),
            }
        }
    }

    async fn flood(&self, stream: &mut Box<dyn Stream>, piece: &[u8]) -> io::Result<()> {
        loop {
            stream.write_all(piece).await?;
            self.see(|seen| seen.flood += piece.len() as u64);
        }
    }
}

/// Reads a packet without a type byte and gives its code.
async fn read_packet<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<u32> {
    let length = stream.read_u32().await? as usize;
    let mut body = vec![
        0;
        length
            .checked_sub(4)
            .filter(|size| *size <= 65_536)
            .ok_or(io::ErrorKind::InvalidData)?
    ];
    stream.read_exact(&mut body).await?;
    let code = body.first_chunk::<4>().ok_or(io::ErrorKind::InvalidData)?;
    Ok(u32::from_be_bytes(*code))
}

async fn read_message<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<(u8, Vec<u8>)> {
    let tag = stream.read_u8().await?;
    let length = stream.read_u32().await? as usize;
    let size = length
        .checked_sub(4)
        .filter(|size| *size <= 1 << 20)
        .ok_or(io::ErrorKind::InvalidData)?;
    let mut body = vec![0; size];
    stream.read_exact(&mut body).await?;
    Ok((tag, body))
}

/// Waits for the client to close.
async fn exhaust<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<()> {
    tokio::io::copy(stream, &mut tokio::io::sink())
        .await
        .map(|_| ())
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [&[tag], length.to_be_bytes().as_slice(), body].concat()
}

fn authentication(code: u32, body: &[u8]) -> Vec<u8> {
    message(b'R', &[code.to_be_bytes().as_slice(), body].concat())
}

fn ready() -> Vec<u8> {
    message(b'Z', b"I")
}

fn error(text: &str) -> Vec<u8> {
    message(b'E', format!("SFATAL\0C28P01\0M{text}\0\0").as_bytes())
}

fn list(texts: &[&str]) -> Vec<u8> {
    let mut body: Vec<u8> = texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .collect();
    body.push(0);
    body
}

/// The nonce of `n,,n=user,r=nonce` in a SASLInitialResponse.
fn client_nonce(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    text.rsplit_once(",r=")
        .map_or_else(String::new, |(_, nonce)| nonce.to_owned())
}

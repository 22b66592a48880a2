//! A session made of bytes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ReplayTarget;
use super::answer::{decode, kind};
use crate::error::{Error, ErrorKind};

/// How long an answer may take before the server counts as silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same once a ReadyForQuery has come where something else was to come first: most likely nothing follows.
const DOUBT: Duration = Duration::from_secs(2);

/// The largest message that is read.
const LARGEST: usize = 64 << 20;

pub(super) struct Client {
    stream: TcpStream,
    /// That of BackendKeyData; none where the server has sent none.
    process_id: Option<i32>,
}

impl Client {
    /// Logs in, without TLS.
    pub(super) async fn connect(target: &ReplayTarget) -> Result<Self, Error> {
        let place = format!("{}:{}", target.host, target.port);
        let login = async {
            let stream = TcpStream::connect((target.host.as_str(), target.port)).await?;
            stream.set_nodelay(true)?;
            let mut client = Self {
                stream,
                process_id: None,
            };
            let mut body = vec![0, 3, 0, 0];
            for text in ["user", &target.user, "database", &target.database, ""] {
                body.extend(text.as_bytes());
                body.push(0);
            }
            let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
            client.stream.write_all(&length.to_be_bytes()).await?;
            client.stream.write_all(&body).await?;
            loop {
                let (tag, body) = client.read().await?;
                match (tag, body.get(3)) {
                    (b'R', Some(3)) => {
                        let mut password = target.password.clone().into_bytes();
                        password.push(0);
                        let length = u32::try_from(password.len() + 4).unwrap_or(u32::MAX);
                        client.stream.write_all(b"p").await?;
                        client.stream.write_all(&length.to_be_bytes()).await?;
                        client.stream.write_all(&password).await?;
                    }
                    (b'K', _) => {
                        let id = body.get(..4).and_then(|id| id.try_into().ok());
                        client.process_id = id.map(i32::from_be_bytes);
                    }
                    (b'R', Some(0)) | (b'S' | b'N', _) => {}
                    (b'Z', _) => return Ok(Ok(client)),
                    (b'E', _) => return Ok(Err(decode(tag, &body).to_string())),
                    _ => {
                        let why = "it asks for another login than trust or a password in clear";
                        return Ok(Err(why.to_owned()));
                    }
                }
            }
        };
        let refused = |why: String| {
            Error::new(
                ErrorKind::Database,
                format!("{place} does not let {} in: {why}", target.user),
            )
        };
        match tokio::time::timeout(PATIENCE, login).await {
            Ok(Ok(Ok(client))) => Ok(client),
            Ok(Ok(Err(why))) => Err(refused(why)),
            Ok(Err(source)) => {
                let source: std::io::Error = source;
                Err(Error::new(ErrorKind::Io, format!("cannot reach {place}")).with_source(source))
            }
            Err(_) => Err(refused("it does not answer".to_owned())),
        }
    }

    /// The process id of the session, as its BackendKeyData has it.
    pub(super) fn process_id(&self) -> Option<i32> {
        self.process_id
    }

    /// Writes; that the server has hung up shows when an answer is read.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes).await {
            tracing::debug!(%error, "the server has hung up");
        }
    }

    /// Reads up to messages of these types, one after the other.
    pub(super) async fn until(&mut self, kinds: &[String]) -> Vec<Value> {
        let mut answers = Vec::new();
        let mut patience = PATIENCE;
        for wanted in kinds {
            loop {
                let answer = match tokio::time::timeout(patience, self.read()).await {
                    Ok(Ok((b'K', _))) => continue,
                    Ok(Ok((tag, body))) => decode(tag, &body),
                    Ok(Err(error)) => json!({"Type": format!("hung up: {}", error.kind())}),
                    Err(_) => json!({"Type": "silence"}),
                };
                let found = kind(&answer) == wanted;
                if !found && kind(&answer) == "ReadyForQuery" {
                    patience = DOUBT;
                }
                let over = matches!(answer["Type"].as_str(), Some(kind) if kind == "silence" || kind.starts_with("hung up"));
                answers.push(answer);
                if over {
                    return answers;
                }
                if found {
                    break;
                }
            }
        }
        answers
    }

    async fn read(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let tag = self.stream.read_u8().await?;
        let length = self.stream.read_u32().await? as usize;
        let size = length
            .checked_sub(4)
            .filter(|size| *size <= LARGEST)
            .ok_or(std::io::ErrorKind::InvalidData)?;
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body).await?;
        Ok((tag, body))
    }
}

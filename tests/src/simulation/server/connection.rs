//! The server's end of a connection: whole messages in, bytes out.

use std::io;
use std::sync::Arc;

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::messages::Messages;
use crate::simulation::link::{End, Link};

/// Reads messages and writes bytes.
pub(super) struct Connection {
    end: End,
    read: BytesMut,
}

impl Connection {
    pub(super) fn new(end: End) -> Self {
        Self {
            end,
            read: BytesMut::new(),
        }
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        self.end.link()
    }

    /// The next message: its tag and body. Dropping the future loses nothing.
    pub(super) async fn read(&mut self) -> io::Result<(u8, BytesMut)> {
        let length = self.fill(1).await?;
        let tag = self.read.get_u8();
        let mut body = self.read.split_to(length);
        body.advance(4);
        Ok((tag, body))
    }

    /// The next message, which must have this tag.
    pub(super) async fn read_message(&mut self, tag: u8) -> io::Result<BytesMut> {
        match self.read().await? {
            (found, body) if found == tag => Ok(body),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The first message, which has no tag.
    pub(super) async fn read_startup(&mut self) -> io::Result<BytesMut> {
        let length = self.fill(0).await?;
        let mut body = self.read.split_to(length);
        body.advance(4);
        Ok(body)
    }

    /// Reads until a message is there that begins with so many bytes before its length. Gives its length without them.
    async fn fill(&mut self, before: usize) -> io::Result<usize> {
        loop {
            let length = self.read.get(before..before + 4);
            if let Some(length) = length.and_then(|bytes| bytes.try_into().ok()) {
                let length = u32::from_be_bytes(length) as usize;
                if length < 4 {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if self.read.len() >= before + length {
                    return Ok(length);
                }
            }
            if self.end.read_buf(&mut self.read).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(super) async fn send(&mut self, messages: Messages) -> io::Result<()> {
        self.end.write_all(&messages.0).await
    }
}

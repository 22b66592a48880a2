//! COPY FROM STDIN, which only the simple protocol has.

use std::io;

use bytes::Bytes;

use super::failure::Failure;
use super::session::Session;
use super::wire::{Frame, Incoming, put_failure};

impl Session {
    /// Passes the client's data on until it is done, gives up, or PostgreSQL refuses it. What PostgreSQL says then is
    /// still to be read. False when the client has been told that the COPY has failed.
    pub(super) async fn copy_in(&mut self) -> io::Result<bool> {
        loop {
            tokio::select! {
                message = self.client.reader.next() => {
                    let frame = match message? {
                        Some(Incoming::Frame(frame)) => frame,
                        Some(Incoming::TooLarge { .. }) => give_up("a message is bigger than 16 MiB"),
                        None => return Err(io::ErrorKind::UnexpectedEof.into()),
                    };
                    match frame.tag {
                        b'd' => self.backend.send_frame(&frame).await?,
                        b'c' | b'f' => {
                            self.backend.send_flushed(&frame).await?;
                            return Ok(true);
                        }
                        b'H' | b'S' => {}
                        _ => {
                            self.break_off().await?;
                            return Ok(false);
                        }
                    }
                }
                frame = self.backend.reader.next_frame() => {
                    let frame = frame?;
                    let ended = frame.tag == b'E';
                    self.relay(frame, None);
                    if ended {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Ends a COPY in whose middle another statement came. That statement is lost.
    async fn break_off(&mut self) -> io::Result<()> {
        self.backend
            .send_frame(&give_up("another message came"))
            .await?;
        while self.backend.reader.next_frame().await?.tag != b'E' {}
        put_failure(
            &mut self.out,
            &Failure::protocol("unexpected message type during COPY"),
        );
        Ok(())
    }
}

/// A CopyFail.
fn give_up(why: &str) -> Frame {
    let mut body = why.as_bytes().to_vec();
    body.push(0);
    Frame {
        tag: b'f',
        body: Bytes::from(body),
    }
}

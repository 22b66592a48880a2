//! The proxy's side towards PostgreSQL.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::wire::{Frame, FrameReader, put, put_frame, put_text, take_text};

/// The name of the prepared statement and portal that the proxy uses for itself.
const OWN: &str = "crdb_testkit";

/// A statement that PostgreSQL cannot parse, to make a transaction fail there too.
const FAILING: &str = "crdb_testkit fails here";

/// A session with PostgreSQL.
#[derive(Debug)]
pub(super) struct Backend {
    reader: FrameReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// The error since the last ReadyForQuery. After it PostgreSQL answers nothing up to the next Sync.
    failed: Option<Frame>,
    /// A Sync has been sent and not been answered.
    synchronizing: bool,
}

impl Backend {
    pub(super) async fn connect(address: &(String, u16)) -> io::Result<Self> {
        let stream = TcpStream::connect((address.0.as_str(), address.1)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            reader: FrameReader::new(reader, usize::MAX),
            writer,
            failed: None,
            synchronizing: false,
        })
    }

    /// The error since the last Sync, if there was one.
    pub(super) fn failed(&self) -> Option<&Frame> {
        self.failed.as_ref()
    }

    /// The next message of an answer that is due. When something has failed since the last Sync, a statement of the proxy's own
    /// or a cancel that came late, PostgreSQL answers nothing more: then it is that error.
    pub(super) async fn answer(&mut self) -> io::Result<Frame> {
        match &self.failed {
            Some(error) => Ok(error.clone()),
            None => self.next_frame().await,
        }
    }

    /// The next message, whether one is due or not.
    pub(super) async fn next_frame(&mut self) -> io::Result<Frame> {
        let frame = self.reader.next_frame().await?;
        match frame.tag {
            b'E' if !self.synchronizing => self.failed = Some(frame.clone()),
            b'Z' => self.synchronizing = false,
            _ => {}
        }
        Ok(frame)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes).await
    }

    pub(super) async fn send_frame(&mut self, frame: &Frame) -> io::Result<()> {
        let mut out = BytesMut::new();
        put_frame(&mut out, frame);
        self.send(&out).await
    }

    /// Sends a message of the extended protocol and a Flush, so that its answer comes now.
    pub(super) async fn send_flushed(&mut self, frame: &Frame) -> io::Result<()> {
        let mut out = BytesMut::new();
        put_frame(&mut out, frame);
        put(&mut out, b'H', |_| {});
        self.send(&out).await
    }

    /// Runs `sql` by the extended protocol, with results as text and described, without a Sync: the answer comes now.
    pub(super) async fn send_text(&mut self, sql: &str) -> io::Result<()> {
        let mut out = BytesMut::new();
        put(&mut out, b'P', |out| {
            put_text(out, "");
            put_text(out, sql);
            out.put_u16(0);
        });
        put(&mut out, b'B', |out| out.put_bytes(0, 8));
        put(&mut out, b'D', |out| out.put_slice(b"P\0"));
        put(&mut out, b'E', |out| out.put_bytes(0, 5));
        put(&mut out, b'H', |_| {});
        self.send(&out).await
    }

    pub(super) async fn send_sync(&mut self) -> io::Result<()> {
        self.failed = None;
        self.synchronizing = true;
        let mut out = BytesMut::new();
        put(&mut out, b'S', |_| {});
        self.send(&out).await
    }

    /// Ends what runs since the last Sync without telling the client. Gives the error if there was one.
    pub(super) async fn end_batch(&mut self) -> io::Result<Option<Frame>> {
        self.end_batch_with_status().await.map(|(_, error)| error)
    }

    /// As [`end_batch`](Self::end_batch), with the transaction status.
    pub(super) async fn end_batch_with_status(&mut self) -> io::Result<(u8, Option<Frame>)> {
        let failed = self.failed.clone();
        self.send_sync().await?;
        let (status, error) = self.until_ready().await?;
        Ok((status, error.or(failed)))
    }

    /// Binds by the client's own message once more, without telling it. Gives the error if there was one.
    pub(super) async fn bind_quietly(&mut self, bind: &Frame) -> io::Result<Option<Frame>> {
        let mut name = bind.body.clone();
        let name = take_text(&mut name).unwrap_or_default();
        let mut out = BytesMut::new();
        put(&mut out, b'C', |out| {
            out.put_u8(b'P');
            out.put_slice(&name);
            out.put_u8(0);
        });
        put_frame(&mut out, bind);
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        loop {
            let frame = self.answer().await?;
            match frame.tag {
                b'2' => return Ok(None),
                b'E' => return Ok(Some(frame)),
                _ => {}
            }
        }
    }

    /// Closes a prepared statement without telling the client.
    pub(super) async fn close_statement(&mut self, name: &Bytes) -> io::Result<()> {
        let mut out = BytesMut::new();
        put(&mut out, b'C', |out| {
            out.put_u8(b'S');
            out.put_slice(name);
            out.put_u8(0);
        });
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        while !matches!(self.answer().await?.tag, b'3' | b'E') {}
        Ok(())
    }

    /// Binds and executes by the client's own messages without telling it. Gives the error if there was one.
    pub(super) async fn run_portal(
        &mut self,
        bind: &Frame,
        execute: &Frame,
    ) -> io::Result<Option<Frame>> {
        let mut out = BytesMut::new();
        put_frame(&mut out, bind);
        put_frame(&mut out, execute);
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        loop {
            let frame = self.answer().await?;
            match frame.tag {
                b'E' => return Ok(Some(frame)),
                b'C' | b'I' | b's' => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads to the next ReadyForQuery without telling the client.
    pub(super) async fn until_ready(&mut self) -> io::Result<(u8, Option<Frame>)> {
        let mut error = None;
        loop {
            let frame = self.answer().await?;
            match frame.tag {
                b'Z' => return Ok((frame.body.first().copied().unwrap_or(b'I'), error)),
                b'E' => error = Some(frame),
                _ => {}
            }
        }
    }

    /// Makes what runs since the last Sync fail; PostgreSQL then ignores everything up to the next Sync.
    pub(super) async fn fail_batch(&mut self) -> io::Result<()> {
        if self.failed.is_some() {
            return Ok(());
        }
        let mut out = BytesMut::new();
        put(&mut out, b'P', |out| {
            put_text(out, OWN);
            put_text(out, FAILING);
            out.put_u16(0);
        });
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        while self.answer().await?.tag != b'E' {}
        Ok(())
    }

    /// Runs `sql` by the extended protocol without a Sync and without telling the client. Gives the error if there was
    /// one; PostgreSQL then ignores everything up to the next Sync.
    pub(super) async fn run_in_batch(&mut self, sql: &str) -> io::Result<Option<Frame>> {
        self.ask_in_batch(sql).await.map(Result::err)
    }

    /// What SHOW says of a setting; none when PostgreSQL does not know it or the transaction has failed. It takes no
    /// snapshot, so that what must come first in a transaction still can.
    pub(super) async fn show_in_batch(&mut self, name: &str) -> io::Result<Option<String>> {
        Ok(self
            .ask_in_batch(&format!("SHOW {name}"))
            .await?
            .unwrap_or_default())
    }

    /// The first value of the last row that `sql` gives, or its error.
    pub(super) async fn ask_in_batch(
        &mut self,
        sql: &str,
    ) -> io::Result<Result<Option<String>, Frame>> {
        let mut out = BytesMut::new();
        // A cancel that came late may have left the last one there: a prepared statement outlives the error.
        put(&mut out, b'C', |out| {
            out.put_u8(b'S');
            put_text(out, OWN);
        });
        put(&mut out, b'P', |out| {
            put_text(out, OWN);
            put_text(out, sql);
            out.put_u16(0);
        });
        put(&mut out, b'B', |out| {
            put_text(out, OWN);
            put_text(out, OWN);
            out.put_bytes(0, 6);
        });
        put(&mut out, b'E', |out| {
            put_text(out, OWN);
            out.put_u32(0);
        });
        put(&mut out, b'C', |out| {
            out.put_u8(b'S');
            put_text(out, OWN);
        });
        put(&mut out, b'C', |out| {
            out.put_u8(b'P');
            put_text(out, OWN);
        });
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        let mut value = None;
        let mut closed = 0;
        loop {
            let frame = self.answer().await?;
            match frame.tag {
                b'E' => return Ok(Err(frame)),
                b'D' => value = first_value(&frame.body),
                b'3' => {
                    closed += 1;
                    if closed == 3 {
                        return Ok(Ok(value));
                    }
                }
                _ => {}
            }
        }
    }
}

/// The first value of a DataRow.
fn first_value(row: &Bytes) -> Option<String> {
    let mut row = row.clone();
    row.try_get_u16().ok()?;
    let length = usize::try_from(row.try_get_i32().ok()?).ok()?;
    row.get(..length)
        .map(|value| String::from_utf8_lossy(value).into_owned())
}

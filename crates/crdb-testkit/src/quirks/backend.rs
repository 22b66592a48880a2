//! The proxy's side towards PostgreSQL.

use std::io;

use bytes::{BufMut, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::wire::{Frame, FrameReader, put, put_frame, put_text};

/// The name of the prepared statement and portal that the proxy uses for itself.
const OWN: &str = "crdb_testkit";

/// A statement that PostgreSQL cannot parse, to make a transaction fail there too.
const FAILING: &str = "crdb_testkit fails here";

/// A session with PostgreSQL.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) reader: FrameReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Backend {
    pub(super) async fn connect(address: &(String, u16)) -> io::Result<Self> {
        let stream = TcpStream::connect((address.0.as_str(), address.1)).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self {
            reader: FrameReader::new(reader, usize::MAX),
            writer,
        })
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

    pub(super) async fn send_query(&mut self, sql: &str) -> io::Result<()> {
        let mut out = BytesMut::new();
        put(&mut out, b'Q', |out| put_text(out, sql));
        self.send(&out).await
    }

    /// Runs `sql` by the simple protocol without telling the client. Gives the transaction status, and the error if
    /// there was one.
    pub(super) async fn run(&mut self, sql: &str) -> io::Result<(u8, Option<Frame>)> {
        self.send_query(sql).await?;
        self.until_ready().await
    }

    /// Reads to the next ReadyForQuery without telling the client.
    pub(super) async fn until_ready(&mut self) -> io::Result<(u8, Option<Frame>)> {
        let mut error = None;
        loop {
            let frame = self.reader.next_frame().await?;
            match frame.tag {
                b'Z' => return Ok((frame.body.first().copied().unwrap_or(b'I'), error)),
                b'E' => error = Some(frame),
                _ => {}
            }
        }
    }

    /// Makes the open transaction fail, or does nothing outside one.
    pub(super) async fn fail_transaction(&mut self) -> io::Result<u8> {
        self.run(FAILING).await.map(|(status, _)| status)
    }

    /// Makes what runs since the last Sync fail; PostgreSQL then ignores everything up to the next Sync.
    pub(super) async fn fail_batch(&mut self) -> io::Result<()> {
        let mut out = BytesMut::new();
        put(&mut out, b'P', |out| {
            put_text(out, OWN);
            put_text(out, FAILING);
            out.put_u16(0);
        });
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        while self.reader.next_frame().await?.tag != b'E' {}
        Ok(())
    }

    /// Runs `sql`, which returns no rows, by the extended protocol without a Sync and without telling the client. Gives
    /// the error if there was one; PostgreSQL then ignores everything up to the next Sync.
    pub(super) async fn run_in_batch(&mut self, sql: &str) -> io::Result<Option<Frame>> {
        let mut out = BytesMut::new();
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
        put(&mut out, b'H', |_| {});
        self.send(&out).await?;
        loop {
            let frame = self.reader.next_frame().await?;
            match frame.tag {
                b'E' => return Ok(Some(frame)),
                b'3' => return Ok(None),
                _ => {}
            }
        }
    }
}

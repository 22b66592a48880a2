//! Bytes in, which are COPY data already; CopyData messages out.

use std::collections::VecDeque;

use bytes::{BufMut as _, Bytes, BytesMut};
use crdb_auth::Engine;

use super::encode_error::{EncodeError, Reason};
use super::format::CopyFormat;
use super::row_end::CsvRows;

/// The longest body of a message. Longer pieces are cut.
const LONGEST_PIECE: usize = 1 << 20;

/// The longest row of CSV on CockroachDB, whose `sql.conn.max_read_buffer_message_size` is 16 MiB by default.
const LONGEST_ROW: usize = (16 << 20) - 64;

/// Puts bytes into CopyData messages: as they come, or for CSV on CockroachDB one whole row a message.
#[derive(Debug)]
pub(super) struct PassThrough {
    /// Cuts rows, where that is needed.
    rows: Option<CsvRows>,
    begun: BytesMut,
    /// Each with its header in front, or with no header where the body is made of whole messages.
    messages: VecDeque<(Bytes, Bytes)>,
    rows_seen: u64,
    bytes: u64,
}

impl PassThrough {
    pub(super) fn new(format: CopyFormat, engine: Engine) -> Self {
        let cuts = format == CopyFormat::Csv && engine == Engine::CockroachDb;
        Self {
            rows: cuts.then(CsvRows::default),
            begun: BytesMut::new(),
            messages: VecDeque::new(),
            rows_seen: 0,
            bytes: 0,
        }
    }

    /// Takes bytes of the caller's.
    pub(super) fn push(&mut self, mut data: Bytes) -> Result<(), EncodeError> {
        self.bytes += data.len() as u64;
        let Some(rows) = &mut self.rows else {
            while !data.is_empty() {
                let piece = data.split_to(data.len().min(LONGEST_PIECE));
                self.messages.push_back((header(piece.len()), piece));
            }
            return Ok(());
        };
        self.begun.extend_from_slice(&data);
        let mut out = BytesMut::new();
        while let Some(end) = rows.end(&self.begun) {
            out.put_slice(&header(end));
            out.put_slice(&self.begun.split_to(end));
            self.rows_seen += 1;
        }
        if !out.is_empty() {
            self.messages.push_back((Bytes::new(), out.freeze()));
        }
        if self.begun.len() > LONGEST_ROW {
            return Err(EncodeError::new(self.rows_seen + 1, 0, Reason::TooLong));
        }
        Ok(())
    }

    /// Takes the end of the bytes: a last row may lack its line feed.
    pub(super) fn finish(&mut self) {
        if !self.begun.is_empty() {
            let last = self.begun.split().freeze();
            self.messages.push_back((header(last.len()), last));
            self.rows_seen += 1;
        }
    }

    /// The next whole messages of the outgoing stream, in two pieces that must not be parted.
    pub(super) fn pop(&mut self) -> Option<(Bytes, Bytes)> {
        self.messages.pop_front()
    }

    /// Whether nothing waits to be sent.
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// How many rows have been seen; 0 where rows are not told apart.
    pub(super) fn rows(&self) -> u64 {
        self.rows_seen
    }

    /// How many bytes have been taken.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Appends data that is there as a whole, as messages.
pub(super) fn append(
    format: CopyFormat,
    engine: Engine,
    data: &[u8],
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    if format != CopyFormat::Csv || engine != Engine::CockroachDb {
        for piece in data.chunks(LONGEST_PIECE) {
            out.put_slice(&header(piece.len()));
            out.put_slice(piece);
        }
        return Ok(());
    }
    let mut rest = data;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = CsvRows::default().end(rest).unwrap_or(rest.len());
        if end > LONGEST_ROW {
            return Err(EncodeError::new(number, 0, Reason::TooLong));
        }
        let (row, after) = rest.split_at(end);
        out.put_slice(&header(row.len()));
        out.put_slice(row);
        rest = after;
    }
    Ok(())
}

/// The header of a CopyData whose body is so long; bodies are bounded far below 2 GiB.
fn header(length: usize) -> Bytes {
    let mut header = BytesMut::with_capacity(5);
    header.put_u8(b'd');
    header.put_u32(length as u32 + 4);
    header.freeze()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bodies of the messages in a stream.
    fn bodies(pass: &mut PassThrough) -> Vec<Vec<u8>> {
        let mut stream = Vec::new();
        while let Some((header, body)) = pass.pop() {
            stream.extend_from_slice(&header);
            stream.extend_from_slice(&body);
        }
        let mut rest = &stream[..];
        let mut bodies = Vec::new();
        while let Some((head, after)) = rest.split_first_chunk::<5>() {
            assert_eq!(head[0], b'd');
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4;
            bodies.push(after[..length].to_vec());
            rest = &after[length..];
        }
        assert!(rest.is_empty());
        bodies
    }

    fn row() -> impl Strategy<Value = String> {
        "([a-z,]{0,5}|\"([a-z,\n\r]|\"\"){0,6}\"){1,4}"
    }

    proptest! {
        #[test]
        fn cockroachdb_gets_whole_rows_however_the_bytes_are_cut(
            rows in prop::collection::vec(row(), 0..12),
            cuts in prop::collection::vec(1_usize..7, 1..40),
            ends in any::<bool>(),
        ) {
            let mut rows: Vec<Vec<u8>> = rows.into_iter().map(|row| format!("{row}\n").into_bytes()).collect();
            if !ends && let Some(last) = rows.last_mut() && last.len() > 1 {
                last.pop();
            }
            let stream = rows.concat();
            let mut pass = PassThrough::new(CopyFormat::Csv, Engine::CockroachDb);
            let mut rest = &stream[..];
            let mut cuts = cuts.into_iter().cycle();
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(cuts.next().unwrap_or(1).min(rest.len()));
                pass.push(Bytes::copy_from_slice(piece)).unwrap();
                rest = after;
            }
            pass.finish();
            prop_assert_eq!(pass.rows(), rows.len() as u64);
            prop_assert_eq!(pass.bytes(), stream.len() as u64);
            prop_assert_eq!(bodies(&mut pass), rows);
        }
    }

    #[test]
    fn other_data_passes_as_it_is_in_bounded_messages() {
        for (format, engine) in [
            (CopyFormat::Text, Engine::CockroachDb),
            (CopyFormat::Csv, Engine::PostgreSql),
        ] {
            let mut pass = PassThrough::new(format, engine);
            let data = vec![b'"'; LONGEST_PIECE + 1];
            pass.push(data.clone().into()).unwrap();
            pass.finish();
            let bodies = bodies(&mut pass);
            assert_eq!(bodies.len(), 2);
            assert_eq!(bodies.concat(), data);
        }
    }

    #[test]
    fn a_row_without_end_is_refused_instead_of_gathered() {
        let mut pass = PassThrough::new(CopyFormat::Csv, Engine::CockroachDb);
        pass.push("1\n\"".into()).unwrap();
        let chunk = Bytes::from(vec![b'a'; 1 << 20]);
        let error = (0..32)
            .find_map(|_| pass.push(chunk.clone()).err())
            .unwrap();
        assert_eq!(error.row(), 2);
    }
}

//! What has gone over the wire lately, for understanding a failure.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::settings::Direction;

/// Of each piece so many bytes are kept; the rest is counted.
const KEPT_OF_A_PIECE: usize = 512;

/// The latest bytes that a [`FaultProxy`](super::FaultProxy) has handed on, once
/// [`FaultProxy::record`](super::FaultProxy::record) was called. Clones show the same bytes.
///
/// It holds whatever passed, secrets in clear text included: it is for tests.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    recorded: Arc<Mutex<Recorded>>,
}

#[derive(Debug, Default)]
struct Recorded {
    limit: usize,
    pieces: VecDeque<Piece>,
}

/// Bytes that were handed on together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece {
    /// When they had been handed to the receiver's side.
    pub at: Instant,
    /// The connection, counted from 1 in the order in which the proxy accepted them.
    pub connection: u64,
    /// Which way they went.
    pub direction: Direction,
    /// How many they were.
    pub length: usize,
    /// The first 512 of them.
    pub bytes: Vec<u8>,
}

impl Wire {
    /// What is kept at this moment, the oldest first.
    #[must_use]
    pub fn pieces(&self) -> Vec<Piece> {
        self.lock().pieces.iter().cloned().collect()
    }

    pub(super) fn keep(&self, pieces: usize) {
        self.lock().limit = pieces;
    }

    pub(super) fn add(&self, connection: u64, direction: Direction, bytes: &[u8]) {
        let mut recorded = self.lock();
        if recorded.limit == 0 {
            return;
        }
        if recorded.pieces.len() == recorded.limit {
            recorded.pieces.pop_front();
        }
        recorded.pieces.push_back(Piece {
            at: Instant::now(),
            connection,
            direction,
            length: bytes.len(),
            bytes: bytes[..bytes.len().min(KEPT_OF_A_PIECE)].to_vec(),
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `connection 3 -> server, 12 bytes: Q\x00\x00\x00\x0bCOMMIT\x00`
impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = match self.direction {
            Direction::ToServer => "server",
            Direction::ToClient => "client",
        };
        write!(
            f,
            "connection {} -> {receiver}, {} bytes: {}",
            self.connection,
            self.length,
            self.bytes.escape_ascii()
        )?;
        if self.length > self.bytes.len() {
            f.write_str("..")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_pieces_are_kept_and_of_long_ones_the_beginning() {
        let wire = Wire::default();
        wire.add(1, Direction::ToServer, b"before anybody asked");
        assert_eq!(wire.pieces(), []);
        wire.keep(2);
        for number in 0..3 {
            wire.add(number, Direction::ToServer, &[b'a'; 600]);
        }
        let pieces = wire.pieces();
        assert_eq!(pieces.len(), 2);
        assert_eq!((pieces[0].connection, pieces[1].connection), (1, 2));
        assert_eq!((pieces[0].length, pieces[0].bytes.len()), (600, 512));
    }

    #[test]
    fn a_piece_can_be_read() {
        let wire = Wire::default();
        wire.keep(1);
        wire.add(3, Direction::ToServer, b"Q\0\0\0\x0bCOMMIT\0");
        assert_eq!(
            wire.pieces()[0].to_string(),
            r"connection 3 -> server, 12 bytes: Q\x00\x00\x00\x0bCOMMIT\x00"
        );
    }
}

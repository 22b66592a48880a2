//! DataRow messages, as they lie in the received buffer.

use bytes::{Buf, Bytes};

use super::Violation;
use super::frame::HEADER;

/// Whether a DataRow's body holds exactly `columns` values, each within the body.
pub(crate) fn check_row(body: &[u8], columns: u16) -> Result<(), Violation> {
    let Some((count, mut rest)) = body.split_first_chunk::<2>() else {
        return Err(Violation("a DataRow without a column count"));
    };
    if u16::from_be_bytes(*count) != columns {
        return Err(Violation(
            "a DataRow with another number of columns than described",
        ));
    }
    for _ in 0..columns {
        let Some((length, after)) = rest.split_first_chunk::<4>() else {
            return Err(Violation("a DataRow that ends within a column"));
        };
        rest = match i32::from_be_bytes(*length) {
            -1 => after,
            length => usize::try_from(length)
                .ok()
                .and_then(|length| after.get(length..))
                .ok_or(Violation("a DataRow's column is longer than the row"))?,
        };
    }
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Violation("a DataRow with bytes after its last column"))
    }
}

/// DataRow messages that arrived one behind the other. Each has passed [`check_row`].
#[derive(Debug, Clone)]
pub(crate) struct RowBlock {
    messages: Bytes,
    rows: usize,
}

impl RowBlock {
    /// `messages` are `rows` whole DataRow messages.
    pub(crate) fn new(messages: Bytes, rows: usize) -> Self {
        Self { messages, rows }
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.messages.len()
    }
}

impl Iterator for RowBlock {
    /// A DataRow's body.
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let &[_, a, b, c, d] = self.messages.first_chunk::<HEADER>()?;
        let length = u32::from_be_bytes([a, b, c, d]) as usize + 1;
        if length < HEADER || length > self.messages.len() {
            return None;
        }
        let mut body = self.messages.split_to(length);
        body.advance(HEADER);
        self.rows = self.rows.saturating_sub(1);
        Some(body)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rows, Some(self.rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_checked_to_the_byte() {
        let good = [&b"\0\x02"[..], b"\xff\xff\xff\xff", b"\0\0\0\x01x"].concat();
        assert_eq!(check_row(&good, 2), Ok(()));
        for columns in [0, 1, 3, u16::MAX] {
            assert!(check_row(&good, columns).is_err());
        }
        for cut in 0..good.len() {
            assert!(check_row(&good[..cut], 2).is_err(), "{cut}");
        }
        assert!(check_row(&[&good[..], b"y"].concat(), 2).is_err());
        assert!(check_row(b"\0\x01\xff\xff\xff\xfe", 1).is_err());
        assert!(check_row(b"\0\x01\x7f\xff\xff\xffx", 1).is_err());
    }

    #[test]
    fn a_block_gives_its_rows_in_order() {
        let messages = Bytes::from_static(b"D\0\0\0\x06\0\0D\0\0\0\x07\0\0x");
        let mut block = RowBlock::new(messages, 2);
        assert_eq!(block.next().as_deref(), Some(&b"\0\0"[..]));
        assert_eq!(block.size_hint(), (1, Some(1)));
        assert_eq!(block.next().as_deref(), Some(&b"\0\0x"[..]));
        assert_eq!(block.next(), None);
    }
}

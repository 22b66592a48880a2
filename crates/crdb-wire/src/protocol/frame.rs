//! Where a message begins and ends.

use super::Violation;

/// The longest messages that are accepted, in bytes, header included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// DataRow and CopyData.
    pub(crate) data: usize,
    /// Every other message.
    pub(crate) other: usize,
}

/// The first message of a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// It is all there: its type, and its length with the header of five bytes.
    Whole { tag: u8, len: usize },
    /// It is not: at least this many bytes of the buffer are needed.
    Needs(usize),
}

/// The bytes of a message's header: type and length.
pub(crate) const HEADER: usize = 5;

/// Looks at the first message of a buffer.
///
/// # Errors
/// A length that no message can have, or above the limit.
pub(crate) fn frame(buffer: &[u8], limits: Limits) -> Result<Frame, Violation> {
    let Some(&[tag, a, b, c, d]) = buffer.first_chunk::<HEADER>() else {
        return Ok(Frame::Needs(HEADER));
    };
    // The length counts itself, not the type byte. Read unsigned, a negative one is above every limit.
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length < HEADER - 1 {
        return Err(Violation("a message shorter than its own header"));
    }
    let limit = match tag {
        b'D' | b'd' => limits.data,
        _ => limits.other,
    };
    if length >= limit {
        return Err(Violation("a message longer than the limit"));
    }
    let len = length + 1;
    Ok(if buffer.len() < len {
        Frame::Needs(len)
    } else {
        Frame::Whole { tag, len }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits {
        data: 1000,
        other: 100,
    };

    #[test]
    fn impossible_and_excessive_lengths_are_refused() {
        for length in [0_u32, 3, 100, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            let header = [&b"C"[..], &length.to_be_bytes()].concat();
            assert!(frame(&header, LIMITS).is_err(), "{length}");
        }
        assert_eq!(frame(b"D\0\0\x01\0", LIMITS), Ok(Frame::Needs(257)));
        assert_eq!(
            frame(b"Z\0\0\0\x05Irest", LIMITS),
            Ok(Frame::Whole { tag: b'Z', len: 6 })
        );
    }

    proptest! {
        #[test]
        fn what_is_needed_is_more_than_is_there_and_within_the_limit(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            match frame(&bytes, LIMITS) {
                Ok(Frame::Needs(needed)) => prop_assert!(needed > bytes.len() && needed <= LIMITS.data),
                Ok(Frame::Whole { len, .. }) => prop_assert!(len <= bytes.len()),
                Err(_) => prop_assert!(bytes.len() >= HEADER),
            }
        }
    }
}

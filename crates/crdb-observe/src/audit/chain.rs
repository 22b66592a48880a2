//! The keyed hash that chains each line to the one before.

use std::fmt;

use ring::hmac;

use super::error::{Error, ErrorKind};

/// A line's keyed hash.
pub(super) type Mac = [u8; 32];

/// What stands before the hash at the end of a line, and behind it.
const HEAD: &[u8] = b",\"mac\":\"";
const TAIL: &[u8] = b"\"}";
const HEX: usize = 64;

/// The key of the chain. Keep it where the process that writes the log reads it, and nowhere that an editor of the log can.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// Takes a key of 32 bytes or more.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] when it is shorter.
    pub fn new(key: &[u8]) -> Result<Self, Error> {
        if key.len() < 32 {
            return Err(Error::new(
                ErrorKind::Key,
                "the key of the audit log needs 32 bytes or more; `openssl rand -out audit.key 32` makes one",
            ));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key)))
    }

    /// The hash of a line's body behind `previous`.
    fn mac(&self, previous: &Mac, body: &[u8]) -> Mac {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(previous);
        context.update(body);
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(***)")
    }
}

/// Turns the JSON object at the end of `lines`, from `start` on, into a line without its end, and gives the line's hash.
pub(super) fn seal(key: &MacKey, previous: &Mac, lines: &mut Vec<u8>, start: usize) -> Mac {
    if lines.last() == Some(&b'}') {
        lines.pop();
    }
    let mac = key.mac(previous, lines.get(start..).unwrap_or_default());
    lines.extend_from_slice(HEAD);
    for byte in mac {
        lines.extend_from_slice(&digits(byte));
    }
    lines.extend_from_slice(TAIL);
    mac
}

/// The hash that a line ends with; `None` when it does not end with one.
pub(super) fn stated(line: &[u8]) -> Option<Mac> {
    let (_, mac) = split(line)?;
    Some(mac)
}

/// Whether a line is the one that was written behind `previous`.
pub(super) fn is_intact(key: &MacKey, previous: &Mac, line: &[u8]) -> bool {
    let Some((body, mac)) = split(line) else {
        return false;
    };
    let mut context = hmac::Context::with_key(&key.0);
    context.update(previous);
    context.update(body);
    // A difference in time would tell an attacker nothing that the file does not: they can read the right hash.
    context.sign().as_ref() == mac
}

fn split(line: &[u8]) -> Option<(&[u8], Mac)> {
    let line = line.strip_suffix(TAIL)?;
    let (rest, digits) = line.split_at_checked(line.len().checked_sub(HEX)?)?;
    let body = rest.strip_suffix(HEAD)?;
    Some((body, from_hex(digits)?))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| digits(*byte));
    digits.map(char::from).collect()
}

const fn digits(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]
}

/// The 32 bytes of 64 lower-case hexadecimal digits.
pub(super) fn from_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != HEX {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            *byte = *byte << 4 | value;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MacKey {
        MacKey::new(&[1; 32]).unwrap()
    }

    fn sealed(key: &MacKey, previous: &Mac, object: &str) -> (Vec<u8>, Mac) {
        let mut line = object.as_bytes().to_vec();
        let mac = seal(key, previous, &mut line, 0);
        (line, mac)
    }

    #[test]
    fn a_line_is_intact_only_behind_the_line_it_was_written_behind() {
        let (first, mac) = sealed(&key(), &[0; 32], r#"{"n":0}"#);
        let (second, _) = sealed(&key(), &mac, r#"{"n":1}"#);
        assert!(is_intact(&key(), &[0; 32], &first));
        assert!(is_intact(&key(), &mac, &second));
        assert!(!is_intact(&key(), &[0; 32], &second));
        assert_eq!(stated(&first), Some(mac));
        assert!(!is_intact(&MacKey::new(&[2; 32]).unwrap(), &mac, &second));
    }

    #[test]
    fn a_line_stays_json() {
        let (line, mac) = sealed(&key(), &[0; 32], r#"{"n":0}"#);
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value["mac"], hex(&mac));
    }

    #[test]
    fn every_bit_of_a_line_counts() {
        let (line, _) = sealed(&key(), &[0; 32], r#"{"principal":"a","time":"t"}"#);
        for index in 0..line.len() * 8 {
            let mut changed = line.clone();
            changed[index / 8] ^= 1 << (index % 8);
            assert!(!is_intact(&key(), &[0; 32], &changed), "bit {index}");
        }
    }

    #[test]
    fn a_short_key_is_refused_and_none_is_printed() {
        assert_eq!(MacKey::new(&[1; 31]).unwrap_err().kind(), ErrorKind::Key);
        assert_eq!(format!("{:?}", key()), "MacKey(***)");
    }
}

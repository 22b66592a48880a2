//! Splits the server's bytes into messages without buffering those that do not matter.

/// A message that tells something about the session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    /// ReadyForQuery with its status byte.
    Ready(u8),
    /// CommandComplete with its tag, without the NUL.
    Complete(&'a [u8]),
    /// ParameterStatus: name, NUL, value, NUL.
    Parameter(&'a [u8]),
    /// ErrorResponse: its body, cut at [`Scanner::CAPTURE`] bytes.
    Error(&'a [u8]),
    /// The bytes are not messages: the session is lost.
    Desynchronised,
}

/// Follows the message boundaries across reads of any size.
///
/// Bodies of messages that do not matter, DataRow above all, are skipped by their length. Of the
/// others at most [`Scanner::CAPTURE`] bytes are kept, and only when a read ends within one.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    header: [u8; 5],
    header_len: usize,
    /// Bytes of the body that have not been seen yet.
    remaining: usize,
    captured: Vec<u8>,
    lost: bool,
    replying: bool,
}

impl Scanner {
    /// The most that is kept of one body.
    pub(crate) const CAPTURE: usize = 8 * 1024;

    /// A reply has begun whose ReadyForQuery has not come. Servers flush an error before it, and
    /// clients return on the error.
    pub(crate) fn is_replying(&self) -> bool {
        self.replying
    }

    pub(crate) fn scan(&mut self, mut bytes: &[u8], mut report: impl FnMut(Seen<'_>)) {
        if self.lost {
            return;
        }
        while !bytes.is_empty() {
            if self.remaining == 0 {
                if self.header_len == 0 && bytes.len() >= 5 {
                    self.header.copy_from_slice(&bytes[..5]);
                    bytes = &bytes[5..];
                } else {
                    let take = (5 - self.header_len).min(bytes.len());
                    self.header[self.header_len..self.header_len + take]
                        .copy_from_slice(&bytes[..take]);
                    bytes = &bytes[take..];
                    self.header_len += take;
                    if self.header_len < 5 {
                        return;
                    }
                }
                self.header_len = 0;
                let [_, a, b, c, d] = self.header;
                let length = u32::from_be_bytes([a, b, c, d]);
                if !(4..=i32::MAX as u32).contains(&length) {
                    self.lost = true;
                    report(Seen::Desynchronised);
                    return;
                }
                self.remaining = length as usize - 4;
                match self.header[0] {
                    // ReadyForQuery ends a reply, once its body is there; NoticeResponse,
                    // NotificationResponse and ParameterStatus come at any time.
                    b'Z' | b'N' | b'A' | b'S' => {}
                    _ => self.replying = true,
                }
                if self.remaining == 0 {
                    continue;
                }
            }
            let take = self.remaining.min(bytes.len());
            let (part, rest) = bytes.split_at(take);
            bytes = rest;
            self.remaining -= take;
            if !matters(self.header[0]) {
                continue;
            }
            if self.header[0] == b'Z' && self.remaining == 0 {
                self.replying = false;
            }
            if self.remaining == 0 && self.captured.is_empty() {
                deliver(
                    self.header[0],
                    &part[..take.min(Self::CAPTURE)],
                    &mut report,
                );
            } else {
                let room = Self::CAPTURE - self.captured.len();
                self.captured.extend_from_slice(&part[..take.min(room)]);
                if self.remaining == 0 {
                    deliver(self.header[0], &self.captured, &mut report);
                    self.captured = Vec::new();
                }
            }
        }
    }
}

fn matters(tag: u8) -> bool {
    matches!(tag, b'Z' | b'C' | b'S' | b'E')
}

fn deliver(tag: u8, body: &[u8], report: &mut impl FnMut(Seen<'_>)) {
    match tag {
        b'Z' => report(Seen::Ready(body[0])),
        b'C' => report(Seen::Complete(body.strip_suffix(b"\0").unwrap_or(body))),
        b'S' => report(Seen::Parameter(body)),
        _ => report(Seen::Error(body)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        out.extend_from_slice(body);
        out
    }

    fn describe(seen: Seen<'_>) -> String {
        match seen {
            Seen::Ready(status) => format!("Z {}", status as char),
            Seen::Complete(tag) => format!("C {}", String::from_utf8_lossy(tag)),
            Seen::Parameter(body) => format!("S {}", String::from_utf8_lossy(body)),
            Seen::Error(body) => format!("E {}", body.len()),
            Seen::Desynchronised => "lost".to_owned(),
        }
    }

    fn scan_in(chunks: &[&[u8]]) -> Vec<String> {
        let mut scanner = Scanner::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            scanner.scan(chunk, |message| seen.push(describe(message)));
        }
        seen
    }

    fn sample() -> Vec<u8> {
        let mut bytes = message(b'1', b"");
        bytes.extend(message(b'D', &[0x5a; 3000]));
        bytes.extend(message(b'C', b"SELECT 1\0"));
        bytes.extend(message(b'S', b"TimeZone\0UTC\0"));
        bytes.extend(message(b'E', &[b'x'; Scanner::CAPTURE + 10]));
        bytes.extend(message(b'Z', b"T"));
        bytes
    }

    #[test]
    fn reports_what_matters_in_order() {
        assert_eq!(
            scan_in(&[&sample()]),
            ["C SELECT 1", "S TimeZone\0UTC\0", "E 8192", "Z T"]
        );
    }

    #[test]
    fn impossible_lengths_end_it_once() {
        for length in [0_u32, 3, 0x8000_0000, u32::MAX] {
            let mut bytes = vec![b'Z'];
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&message(b'Z', b"I"));
            assert_eq!(scan_in(&[&bytes, &bytes]), ["lost"]);
        }
    }

    #[test]
    fn an_empty_body_of_a_short_message_reports_nothing() {
        assert_eq!(scan_in(&[&message(b'Z', b"")]), [""; 0]);
    }

    proptest! {
        #[test]
        fn boundaries_of_reads_do_not_matter(cuts in proptest::collection::vec(0_usize..12_000, 0..12)) {
            let bytes = sample();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut from = 0;
            for cut in cuts {
                chunks.push(&bytes[from..cut]);
                from = cut;
            }
            chunks.push(&bytes[from..]);
            prop_assert_eq!(scan_in(&chunks), scan_in(&[&bytes]));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
            let mut scanner = Scanner::default();
            scanner.scan(&bytes, |_| {});
            prop_assert!(scanner.captured.len() <= Scanner::CAPTURE);
        }
    }
}

//! The one question of the domain name system that is asked here, and its answer (RFC 1035, 2782, 6891).

use std::fmt;

/// What an answer by UDP may have: what passes every network unfragmented (<https://www.dnsflagday.net/2020/>).
pub(super) const LARGEST_DATAGRAM: usize = 1232;

const TYPE_SRV: u16 = 33;
const TYPE_OPT: u16 = 41;
const CLASS_IN: u16 = 1;
const HEADER: usize = 12;
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 255;

/// A question, ready to be sent.
#[derive(Debug)]
pub(super) struct Question {
    bytes: Vec<u8>,
    /// Where the question itself ends.
    end: usize,
}

/// One SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) priority: u16,
    pub(super) port: u16,
    pub(super) target: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Records(Vec<Record>),
    /// It did not fit into the datagram.
    Truncated,
    ToAnotherQuestion,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    BadName,
    NoSuchName,
    NotOffered,
    Code(u8),
    Malformed,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName => f.write_str("not a domain name"),
            Self::NoSuchName => f.write_str("there is no such name"),
            Self::NotOffered => f.write_str("the service is not offered there"),
            Self::Code(code) => write!(f, "failure with response code {code}"),
            Self::Malformed => f.write_str("an answer that cannot be read"),
        }
    }
}

impl std::error::Error for Failure {}

impl Question {
    pub(super) fn new(id: u16, name: &str) -> Result<Self, Failure> {
        let mut bytes = Vec::with_capacity(HEADER + name.len() + 17);
        let mut put = |number: u16| bytes.extend(number.to_be_bytes());
        put(id);
        put(0x0100); // recursion desired
        put(1); // question
        put(0);
        put(0);
        put(1); // additional record
        for label in name.strip_suffix('.').unwrap_or(name).split('.') {
            let length = u8::try_from(label.len()).map_err(|_| Failure::BadName)?;
            if label.is_empty() || label.len() > LONGEST_LABEL || !label.is_ascii() {
                return Err(Failure::BadName);
            }
            bytes.push(length);
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        if bytes.len() - HEADER > LONGEST_NAME {
            return Err(Failure::BadName);
        }
        for number in [TYPE_SRV, CLASS_IN] {
            bytes.extend(number.to_be_bytes());
        }
        let end = bytes.len();
        // The root, and how large a datagram may be; no flags, no options.
        bytes.push(0);
        for number in [TYPE_OPT, LARGEST_DATAGRAM as u16, 0, 0, 0] {
            bytes.extend(number.to_be_bytes());
        }
        Ok(Self { bytes, end })
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads what a server sent.
    pub(super) fn read(&self, answer: &[u8]) -> Result<Answer, Failure> {
        let mut reader = Reader {
            bytes: answer,
            at: 0,
        };
        let id = reader.u16()?;
        let flags = reader.u16()?;
        let [questions, answers, _, _] =
            [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let is_answer = flags & 0x8000 != 0;
        if id.to_be_bytes() != self.bytes[..2] || !is_answer || questions != 1 {
            return Ok(Answer::ToAnotherQuestion);
        }
        let asked = &self.bytes[HEADER..self.end];
        let repeated = reader.take(asked.len())?;
        if !repeated.eq_ignore_ascii_case(asked) {
            return Ok(Answer::ToAnotherQuestion);
        }
        if flags & 0x0200 != 0 {
            return Ok(Answer::Truncated);
        }
        match flags & 0x000f {
            0 => {}
            3 => return Err(Failure::NoSuchName),
            code => return Err(Failure::Code(code as u8)),
        }
        let mut records = Vec::new();
        for _ in 0..answers {
            records.extend(reader.record()?);
        }
        if let [only] = records.as_slice()
            && only.target.is_empty()
        {
            return Err(Failure::NotOffered);
        }
        Ok(Answer::Records(records))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Failure> {
        let end = self.at.checked_add(length).ok_or(Failure::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Failure::Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Failure> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, Failure> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// The next record, where it is one of those asked for.
    fn record(&mut self) -> Result<Option<Record>, Failure> {
        self.name()?;
        let kind = self.u16()?;
        let class = self.u16()?;
        self.take(4)?; // how long it may be kept
        let length = usize::from(self.u16()?);
        let end = self.at + length;
        if kind != TYPE_SRV || class != CLASS_IN {
            self.take(length)?;
            return Ok(None);
        }
        let priority = self.u16()?;
        self.u16()?; // weight
        let port = self.u16()?;
        let target = self.name()?;
        if self.at != end {
            return Err(Failure::Malformed);
        }
        Ok(Some(Record {
            priority,
            port,
            target,
        }))
    }

    /// A name, which may go on earlier in the message. Each step leads further back, so that it ends.
    fn name(&mut self) -> Result<String, Failure> {
        let mut name = String::new();
        let mut earliest = self.at;
        let mut after = None;
        loop {
            let length = self.u8()?;
            match length >> 6 {
                0b00 if length == 0 => break,
                0b00 => {
                    let label = self.take(usize::from(length))?;
                    let plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'.';
                    let label = std::str::from_utf8(label).map_err(|_| Failure::Malformed)?;
                    if !label.bytes().all(|byte| plain(&byte))
                        || name.len() + label.len() >= LONGEST_NAME
                    {
                        return Err(Failure::Malformed);
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.push_str(label);
                }
                0b11 => {
                    let low = self.u8()?;
                    after.get_or_insert(self.at);
                    let earlier = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    if earlier >= earliest {
                        return Err(Failure::Malformed);
                    }
                    earliest = earlier;
                    self.at = earlier;
                }
                _ => return Err(Failure::Malformed),
            }
        }
        if let Some(after) = after {
            self.at = after;
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "_sql._tcp.example.org";

    /// An answer to `question` with these flags, and records whose targets go on in the question's name.
    fn answer(question: &Question, flags: u16, records: &[(u16, u16, &str)]) -> Vec<u8> {
        let mut bytes = question.bytes[..question.end].to_vec();
        bytes[2..4].copy_from_slice(&flags.to_be_bytes());
        bytes[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
        bytes[10..12].copy_from_slice(&[0, 0]);
        // `example.org` in the question.
        let domain = (HEADER + "_sql._tcp.".len()) as u8;
        for (priority, port, host) in records {
            bytes.extend([0xc0, HEADER as u8, 0, 33, 0, 1, 0, 0, 0, 60]);
            bytes.extend((host.len() as u16 + 9).to_be_bytes());
            bytes.extend([priority.to_be_bytes(), [0, 5], port.to_be_bytes()].concat());
            bytes.push(host.len() as u8);
            bytes.extend(host.bytes());
            bytes.extend([0xc0, domain]);
        }
        bytes
    }

    #[test]
    fn records_are_read() {
        let question = Question::new(7, NAME).unwrap();
        let bytes = answer(&question, 0x8180, &[(10, 26257, "a"), (20, 26258, "b")]);
        let record = |priority, port, target: &str| Record {
            priority,
            port,
            target: target.to_owned(),
        };
        let expected = vec![
            record(10, 26257, "a.example.org"),
            record(20, 26258, "b.example.org"),
        ];
        assert_eq!(question.read(&bytes), Ok(Answer::Records(expected)));
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        let question = Question::new(7, NAME).unwrap();
        let read = |flags| question.read(&answer(&question, flags, &[]));
        assert_eq!(read(0x8380), Ok(Answer::Truncated));
        assert_eq!(read(0x0180), Ok(Answer::ToAnotherQuestion));
        assert_eq!(read(0x8183), Err(Failure::NoSuchName));
        assert_eq!(read(0x8182), Err(Failure::Code(2)));
        let other = Question::new(8, NAME).unwrap();
        let bytes = answer(&other, 0x8180, &[]);
        assert_eq!(question.read(&bytes), Ok(Answer::ToAnotherQuestion));
    }

    #[test]
    fn names_that_are_none_are_refused() {
        let long = "a".repeat(64);
        let longer = "abcdefg.".repeat(40);
        for name in ["", "a..b", "ü.org", long.as_str(), longer.as_str()] {
            assert_eq!(
                Question::new(1, name).unwrap_err(),
                Failure::BadName,
                "{name}"
            );
        }
        assert!(Question::new(1, "a.org.").is_ok());
    }

    #[test]
    fn a_name_that_leads_in_circles_ends() {
        let question = Question::new(7, NAME).unwrap();
        let mut bytes = answer(&question, 0x8180, &[(1, 1, "a")]);
        let last = bytes.len() - 2;
        bytes[last..].copy_from_slice(&(0xc000 | last as u16).to_be_bytes());
        assert_eq!(question.read(&bytes), Err(Failure::Malformed));
    }

    proptest! {
        #[test]
        fn no_answer_panics(noise in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..400) {
            let question = Question::new(7, NAME).unwrap();
            let mut bytes = answer(&question, 0x8180, &[(1, 1, "a"), (2, 2, "b")]);
            let from = cut.min(bytes.len());
            bytes.splice(from.., noise);
            drop(question.read(&bytes));
        }
    }
}

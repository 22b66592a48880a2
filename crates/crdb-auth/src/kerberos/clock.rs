//! What time a KDC has.
//!
//! Every error of a KDC carries its time (RFC 4120, 5.9.1: `stime`, `susec`). So one is provoked: a ticket is asked for in
//! the name of a client that no realm has, and the answer says that there is none, and when.

use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::profile::KdcAddress;
use crate::der::{GENERALIZED_TIME, INTEGER, SEQUENCE, element, generalized_time};

/// How long all KDCs together may take: this only makes a message better.
const PATIENCE: Duration = Duration::from_secs(2);

/// Longer answers are none that were asked for.
const MAX_ANSWER: usize = 8 * 1024;

const GENERAL_STRING: u8 = 0x1b;
const BIT_STRING: u8 = 0x03;
/// `[APPLICATION 10]`, AS-REQ.
const AS_REQ: u8 = 0x6a;
/// `[APPLICATION 30]`, KRB-ERROR.
const KRB_ERROR: u8 = 0x7e;

/// The KDC that answers first in the order of the list, its time, and this machine's at that moment.
pub(super) struct Reading {
    pub(super) kdc: KdcAddress,
    pub(super) theirs: SystemTime,
    pub(super) ours: SystemTime,
}

/// Asks the realm's KDCs for the time, one after another over TCP, within two seconds.
///
/// Dropping the future closes the connection.
pub(super) async fn read(realm: &str, kdcs: &[KdcAddress]) -> Option<Reading> {
    let ask = async {
        for kdc in kdcs {
            if let Some(theirs) = time_of(kdc, realm).await {
                return Some(Reading {
                    kdc: kdc.clone(),
                    theirs,
                    ours: SystemTime::now(),
                });
            }
        }
        None
    };
    timeout(PATIENCE, ask).await.ok().flatten()
}

async fn time_of(kdc: &KdcAddress, realm: &str) -> Option<SystemTime> {
    let mut stream = TcpStream::connect((kdc.host.as_str(), kdc.port))
        .await
        .ok()?;
    let request = request(realm);
    // RFC 4120, 7.2.2: four bytes of length in front.
    stream
        .write_u32(u32::try_from(request.len()).ok()?)
        .await
        .ok()?;
    stream.write_all(&request).await.ok()?;
    let length = usize::try_from(stream.read_u32().await.ok()?).ok()?;
    if length > MAX_ANSWER {
        return None;
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.ok()?;
    time_in(&answer)
}

/// An AS-REQ (RFC 4120, 5.4.1) of a client that does not exist.
fn request(realm: &str) -> Vec<u8> {
    let text = |text: &str| tagged(GENERAL_STRING, &[text.as_bytes()]);
    let principal = |kind: u8, parts: &[&str]| {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| text(part)).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let kind = field(0, &tagged(INTEGER, &[&[kind]]));
        let parts = field(1, &tagged(SEQUENCE, &parts));
        tagged(SEQUENCE, &[&kind, &parts])
    };
    /// NT-PRINCIPAL and NT-SRV-INST.
    const KINDS: (u8, u8) = (1, 2);
    let body = tagged(
        SEQUENCE,
        &[
            &field(0, &tagged(BIT_STRING, &[&[0, 0, 0, 0, 0]])),
            &field(1, &principal(KINDS.0, &["crdb-auth-asks-for-the-time"])),
            &field(2, &text(realm)),
            &field(3, &principal(KINDS.1, &["krbtgt", realm])),
            // As long as the KDC likes.
            &field(5, &tagged(GENERALIZED_TIME, &[b"19700101000000Z"])),
            &field(7, &tagged(INTEGER, &[&[1]])),
            // aes256-cts-hmac-sha1-96 and aes128-cts-hmac-sha1-96; no ticket comes of it.
            &field(8, &tagged(SEQUENCE, &[&[INTEGER, 1, 18, INTEGER, 1, 17]])),
        ],
    );
    let request = tagged(
        SEQUENCE,
        &[
            &field(1, &tagged(INTEGER, &[&[5]])),
            &field(2, &tagged(INTEGER, &[&[10]])),
            &field(4, &body),
        ],
    );
    tagged(AS_REQ, &[&request])
}

/// One explicitly tagged field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    tagged(0xa0 | number, &[content])
}

/// One DER element of these parts.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(length as u8);
    } else {
        out.push(0x82);
        out.extend_from_slice(&(length as u16).to_be_bytes());
    }
    out.extend(content);
    out
}

/// `stime` of a KRB-ERROR (RFC 4120, 5.9.1); nothing else is one.
pub(crate) fn time_in(answer: &[u8]) -> Option<SystemTime> {
    let (error, _) = element(answer, KRB_ERROR)?;
    let (mut fields, _) = element(error, SEQUENCE)?;
    while let Some(&tag) = fields.first() {
        let (content, rest) = element(fields, tag)?;
        if tag == 0xa4 {
            return generalized_time(element(content, GENERALIZED_TIME)?.0);
        }
        fields = rest;
    }
    None
}

/// How this machine's clock stands to the other, to a second: `2 h 0 min 1 s ahead of`.
pub(super) fn difference(ours: SystemTime, theirs: SystemTime) -> String {
    let (apart, word) = match ours.duration_since(theirs) {
        Ok(apart) => (apart, "ahead of"),
        Err(error) => (error.duration(), "behind"),
    };
    let seconds = apart.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s {word}"),
        (0, _) => format!("{minutes} min {rest} s {word}"),
        _ => format!("{hours} h {minutes} min {rest} s {word}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(stime: &[u8]) -> Vec<u8> {
        let fields = [
            field(0, &tagged(INTEGER, &[&[5]])),
            field(1, &tagged(INTEGER, &[&[30]])),
            field(4, &tagged(GENERALIZED_TIME, &[stime])),
            field(5, &tagged(INTEGER, &[&[7]])),
            field(6, &tagged(INTEGER, &[&[6]])),
        ];
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        tagged(KRB_ERROR, &[&tagged(SEQUENCE, &fields)])
    }

    #[test]
    fn the_time_of_an_error_is_read() {
        let at = time_in(&error(b"20300301000000Z")).unwrap();
        assert_eq!(
            at,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_898_553_600)
        );
        assert_eq!(time_in(&error(b"yesterday")), None);
        assert_eq!(time_in(&request("R")), None);
    }

    #[test]
    fn a_request_is_one_element_whatever_the_realm() {
        for realm in ["R", &"LONG.".repeat(40)] {
            let request = request(realm);
            let (content, rest) = element(&request, AS_REQ).unwrap();
            assert!(rest.is_empty() && element(content, SEQUENCE).unwrap().1.is_empty());
        }
    }

    #[test]
    fn differences_are_told_in_both_directions() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(difference(at(7201), at(0)), "2 h 0 min 1 s ahead of");
        assert_eq!(difference(at(0), at(400)), "6 min 40 s behind");
        assert_eq!(difference(at(5), at(5)), "0 s ahead of");
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(answer in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = time_in(&answer);
        }
    }
}

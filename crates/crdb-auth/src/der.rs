//! The little of DER that is read here: of certificates, and of a KDC's answers.

use std::time::{Duration, SystemTime};

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
/// `[0]`, constructed.
pub(crate) const CONTEXT_0: u8 = 0xa0;
pub(crate) const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;

/// The content of the DER element at the start, which must have this tag, and what follows it.
pub(crate) fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        let length = bytes
            .iter()
            .fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
        (length, rest)
    };
    rest.split_at_checked(length)
}

/// When a certificate's validity ends (RFC 5280, 4.1.2.5).
pub(crate) fn certificate_expiry(certificate: &[u8]) -> Option<SystemTime> {
    let (certificate, _) = element(certificate, SEQUENCE)?;
    let (body, _) = element(certificate, SEQUENCE)?;
    let body = element(body, CONTEXT_0).map_or(body, |(_version, rest)| rest);
    let (_serial, body) = element(body, INTEGER)?;
    let (_algorithm, body) = element(body, SEQUENCE)?;
    let (_issuer, body) = element(body, SEQUENCE)?;
    let (validity, _) = element(body, SEQUENCE)?;
    let (_, not_after) =
        element(validity, UTC_TIME).or_else(|| element(validity, GENERALIZED_TIME))?;
    if let Some((text, _)) = element(not_after, UTC_TIME) {
        let year = number(text.get(..2)?)?;
        // RFC 5280, 4.1.2.5.1: 50 to 99 are of the twentieth century.
        time(year + if year < 50 { 2000 } else { 1900 }, text.get(2..)?)
    } else {
        let (text, _) = element(not_after, GENERALIZED_TIME)?;
        generalized_time(text)
    }
}

/// `YYYYMMDDHHMMSSZ` of a year from 1970.
pub(crate) fn generalized_time(text: &[u8]) -> Option<SystemTime> {
    time(number(text.get(..4)?)?, text.get(4..)?)
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// `MMDDHHMMSSZ` of a year from 1970.
fn time(year: u64, text: &[u8]) -> Option<SystemTime> {
    let part = |at: usize| number(text.get(at..at + 2)?);
    let (month, day) = (part(0)?, part(2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years are counted from March, so that a leap day is a year's last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1;
    /// 1 March of the year 0 to 1 January 1970.
    const EPOCH: u64 = 719_468;
    let seconds = (days - EPOCH) * 86_400 + part(4)? * 3600 + part(6)? * 60 + part(8)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_found() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["x".to_owned()]).unwrap();
        for (year, seconds) in [(2030, 1_898_553_600), (2077, 3_381_782_400)] {
            parameters.not_after = rcgen::date_time_ymd(year, 3, 1);
            let certificate = parameters.self_signed(&key).unwrap();
            let end = certificate_expiry(certificate.der()).unwrap();
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(end, expected, "{year}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[0-9]{0,16}") {
            let _ = certificate_expiry(&bytes);
            let _ = time(2000, text.as_bytes());
        }
    }
}

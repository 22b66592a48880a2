//! What is read of a certificate beside what webpki checks: of version 1 too, for a root that is the server's own
//! certificate, and for words about one that is refused.

use std::net::IpAddr;
use std::time::SystemTime;

use crate::der::{CONTEXT_0, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, element, time_element, whole};

const SET: u8 = 0x31;
const BOOLEAN: u8 = 0x01;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
/// `[3]`, constructed.
const CONTEXT_3: u8 = 0xa3;
/// `[2]` and `[7]`, primitive: a DNS name and an IP address among the alternative names.
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

/// 2.5.29, the extensions of RFC 5280, by their last number.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// 1.3.6.1.5.5.7.1.24, "TLS features" (RFC 7633).
const TLS_FEATURES: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
/// 1.3.6.1.5.5.7.3.1, serverAuth.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// 2.5.4, attributes of a name.
const ATTRIBUTES: [(&[u8], &str); 3] = [
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// The parts of a certificate (RFC 5280, 4.1), not checked beyond their encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) struct X509<'a> {
    version: u8,
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// The SubjectPublicKeyInfo, with its tag and length.
    pub(crate) public_key: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> X509<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let (certificate, _) = element(der, SEQUENCE)?;
        let (body, _) = element(certificate, SEQUENCE)?;
        // Without the field it is version 1, which is written as 0.
        let (version, body) = match element(body, CONTEXT_0) {
            Some((version, rest)) => (*element(version, INTEGER)?.0.last()?, rest),
            None => (0, body),
        };
        let (_serial, body) = element(body, INTEGER)?;
        let (_algorithm, body) = element(body, SEQUENCE)?;
        let (issuer, body) = element(body, SEQUENCE)?;
        let (validity, body) = element(body, SEQUENCE)?;
        let (not_before, rest) = time_element(validity)?;
        let (not_after, _) = time_element(rest)?;
        let (subject, body) = element(body, SEQUENCE)?;
        let (public_key, rest) = whole(body, SEQUENCE)?;
        Some(Self {
            version: version.saturating_add(1),
            issuer,
            subject,
            not_before,
            not_after,
            public_key,
            extensions: extensions(rest).unwrap_or_default(),
        })
    }

    /// 1 to 3.
    pub(crate) fn version(&self) -> u8 {
        self.version
    }

    /// Issued by the holder of the same name; the signature is not checked.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    fn extension(&self, wanted: &[u8]) -> Option<&'a [u8]> {
        let mut rest = self.extensions;
        while let Some((extension, tail)) = element(rest, SEQUENCE) {
            rest = tail;
            let (identifier, value) = element(extension, OBJECT_IDENTIFIER)?;
            let value = element(value, BOOLEAN).map_or(value, |(_critical, value)| value);
            if identifier == wanted {
                return Some(element(value, OCTET_STRING)?.0);
            }
        }
        None
    }

    /// Whether its key may be used for TLS at all: a certificate without the extension may, another needs
    /// digitalSignature, keyEncipherment or keyAgreement. This is OpenSSL's rule for servers (`check_purpose_ssl_server`
    /// in `crypto/x509/v3_purp.c`).
    pub(crate) fn may_do_tls(&self) -> bool {
        let Some(usage) = self.extension(KEY_USAGE) else {
            return true;
        };
        // The first byte counts unused bits; then digitalSignature is the first bit, keyEncipherment the third,
        // keyAgreement the fifth.
        element(usage, BIT_STRING)
            .and_then(|(bits, _)| bits.get(1).copied())
            .is_some_and(|bits| bits & 0b1010_1000 != 0)
    }

    /// Whether it is for servers: without the extension it is for all.
    pub(crate) fn may_serve(&self) -> bool {
        let Some(usages) = self.extension(EXTENDED_KEY_USAGE) else {
            return true;
        };
        let mut rest = element(usages, SEQUENCE).map_or(&[][..], |(usages, _)| usages);
        while let Some((usage, tail)) = element(rest, OBJECT_IDENTIFIER) {
            if usage == SERVER_AUTH {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// Whether it demands that the server sends an OCSP response along (RFC 7633: feature 5, `status_request`).
    pub(crate) fn must_staple(&self) -> bool {
        let features = self.extension(TLS_FEATURES);
        let mut rest = features
            .and_then(|features| element(features, SEQUENCE))
            .map_or(&[][..], |(features, _)| features);
        while let Some((feature, tail)) = element(rest, INTEGER) {
            if feature == [5] {
                return true;
            }
            rest = tail;
        }
        false
    }

    /// The DNS names and IP addresses that it is for.
    pub(crate) fn alternative_names(&self) -> Vec<String> {
        let names = self.extension(ALTERNATIVE_NAMES);
        let mut rest = names
            .and_then(|names| element(names, SEQUENCE))
            .map_or(&[][..], |(names, _)| names);
        let mut found = Vec::new();
        while let Some(&tag) = rest.first() {
            let Some((name, tail)) = element(rest, tag) else {
                break;
            };
            rest = tail;
            if tag == DNS_NAME {
                found.push(printable(name));
            } else if tag == IP_ADDRESS {
                let v4 = <[u8; 4]>::try_from(name).map(IpAddr::from);
                let address = v4.or_else(|_| <[u8; 16]>::try_from(name).map(IpAddr::from));
                found.extend(address.map(|address| address.to_string()));
            }
        }
        found
    }

    /// Whether there are alternative names of any kind.
    pub(crate) fn has_alternative_names(&self) -> bool {
        self.extension(ALTERNATIVE_NAMES).is_some()
    }

    /// Whether the common name is this host: equal but for case, or `*.` for its first label, as libpq compares
    /// (`wildcard_certificate_match` in `fe-secure-common.c`).
    pub(crate) fn common_name_is(&self, host: &str) -> bool {
        let Some(name) = common_name(self.subject) else {
            return false;
        };
        if name.eq_ignore_ascii_case(host) {
            return true;
        }
        let (Some(wild), Some((label, domain))) = (name.strip_prefix("*."), host.split_once('.'))
        else {
            return false;
        };
        !label.is_empty() && host.parse::<IpAddr>().is_err() && wild.eq_ignore_ascii_case(domain)
    }
}

/// The extensions, behind the key and the two unique identifiers, which are obsolete.
fn extensions(mut rest: &[u8]) -> Option<&[u8]> {
    while let Some(&tag) = rest.first() {
        let (content, tail) = element(rest, tag)?;
        if tag == CONTEXT_3 {
            return Some(element(content, SEQUENCE)?.0);
        }
        rest = tail;
    }
    None
}

/// The attributes of a name that people know it by: `CN=root, O=Cockroach`.
pub(crate) fn name_text(name: &[u8]) -> String {
    let mut parts = Vec::new();
    for (identifier, value) in attributes(name) {
        let known = ATTRIBUTES.iter().find(|(known, _)| *known == identifier);
        if let Some((_, short)) = known {
            parts.push(format!("{short}={}", printable(value)));
        }
    }
    if parts.is_empty() {
        "an authority without a name".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The last common name, which is the most specific one.
fn common_name(name: &[u8]) -> Option<String> {
    attributes(name)
        .filter(|(identifier, _)| *identifier == COMMON_NAME)
        .filter(|(_, value)| !value.contains(&0))
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .last()
        .map(str::to_owned)
}

/// Identifiers and values, whatever string type these have.
fn attributes(name: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let (set, tail) = element(rest, SET)?;
        rest = tail;
        Some(set)
    })
    .filter_map(|set| {
        let (pair, _) = element(set, SEQUENCE)?;
        let (identifier, value) = element(pair, OBJECT_IDENTIFIER)?;
        Some((identifier, element(value, *value.first()?)?.0))
    })
}

/// Text from a certificate that may be hostile: escaped, and not too long.
fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let short: String = text.chars().take(100).collect();
    short.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

    use super::*;

    fn der(params: &CertificateParams) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_parts_are_found() {
        let names = [
            "db.example.com".to_owned(),
            "10.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        let mut params = CertificateParams::new(names).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, "*.Example.com");
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Bank \u{7}");
        for (year, seconds) in [(2030, 1_898_553_600), (2077, 3_381_782_400)] {
            params.not_after = rcgen::date_time_ymd(year, 3, 1);
            let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(X509::read(&der(&params)).unwrap().not_after, expected);
        }
        let der = der(&params);
        let certificate = X509::read(&der).unwrap();
        assert_eq!(certificate.version(), 3);
        assert!(certificate.is_self_issued());
        let names = certificate.alternative_names();
        assert_eq!(names, ["db.example.com", "10.0.0.1", "::1"]);
        assert_eq!(
            name_text(certificate.subject),
            r"CN=*.Example.com, O=Bank \u{7}"
        );
        for (host, same) in [
            ("a.example.com", true),
            ("*.example.com", true),
            ("example.com", false),
            ("a.b.example.com", false),
            (".example.com", false),
        ] {
            assert_eq!(certificate.common_name_is(host), same, "{host}");
        }
    }

    #[test]
    fn usages_are_read_as_openssl_reads_them() {
        let with = |usages: &[KeyUsagePurpose]| {
            let mut params = CertificateParams::default();
            params.key_usages = usages.to_vec();
            X509::read(&der(&params)).unwrap().may_do_tls()
        };
        assert!(with(&[]));
        assert!(with(&[KeyUsagePurpose::DigitalSignature]));
        assert!(with(&[
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyCertSign
        ]));
        assert!(with(&[KeyUsagePurpose::KeyAgreement]));
        assert!(!with(&[
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign
        ]));
        assert!(!with(&[KeyUsagePurpose::ContentCommitment]));
        let serves = |usages: &[ExtendedKeyUsagePurpose]| {
            let mut params = CertificateParams::default();
            params.extended_key_usages = usages.to_vec();
            X509::read(&der(&params)).unwrap().may_serve()
        };
        assert!(serves(&[]));
        assert!(serves(&[
            ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedKeyUsagePurpose::ServerAuth
        ]));
        assert!(!serves(&[ExtendedKeyUsagePurpose::ClientAuth]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..600, byte: u8) {
            let mut broken = der(&CertificateParams::new(["x".to_owned()]).unwrap());
            let at = at % broken.len();
            broken[at] = byte;
            for der in [&bytes, &broken] {
                if let Some(certificate) = X509::read(der) {
                    let _ = (certificate.may_do_tls(), certificate.may_serve(), certificate.must_staple());
                    drop((certificate.alternative_names(), name_text(certificate.issuer)));
                    let _ = certificate.common_name_is("x");
                }
            }
        }
    }
}

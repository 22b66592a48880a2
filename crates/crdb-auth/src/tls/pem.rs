//! Reads PEM, and says what is wrong with it without repeating any of it.
//!
//! The errors of the libraries below hold the bytes that they stumbled over. In a file with a key, or one that was mixed up
//! with it, these are the key. So none of their errors is shown or kept.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use crate::error::{Error, ErrorKind};

/// The certificates, at least one. `what` and `place` are for the error: "client certificate", "client.crt".
pub(super) fn certificates(
    pem: &[u8],
    what: &str,
    place: &str,
) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    // A certificate whose first line is joined to the last line of another would be left out without a word.
    let begun = String::from_utf8_lossy(pem)
        .matches("-----BEGIN CERTIFICATE-----")
        .count();
    match found {
        Ok(found) if !found.is_empty() && found.len() == begun => Ok(found),
        _ => Err(unusable(what, place, diagnose(pem, "CERTIFICATE"))),
    }
}

/// The first private key.
pub(super) fn private_key(
    pem: &[u8],
    what: &str,
    place: &str,
) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| unusable(what, place, diagnose(pem, "PRIVATE KEY")))
}

/// The certificate revocation lists, at least one.
pub(super) fn revocation_lists(
    pem: &[u8],
    place: &str,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
    let begun = String::from_utf8_lossy(pem)
        .matches("-----BEGIN X509 CRL-----")
        .count();
    match found {
        Ok(found) if !found.is_empty() && found.len() == begun => Ok(found),
        _ => Err(unusable(
            "revocation lists",
            place,
            diagnose(pem, "X509 CRL"),
        )),
    }
}

pub(super) fn unusable(what: &str, place: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Credential,
        format!("the {what} in {place} cannot be used: {why}"),
    )
}

/// Why PEM with a section of this label could not be read.
pub(super) fn diagnose(pem: &[u8], label: &str) -> &'static str {
    let text = String::from_utf8_lossy(pem);
    let count = |pattern: &str| text.matches(pattern).count();
    let (begins, ends) = (count("-----BEGIN "), count("-----END "));
    if text.trim().is_empty() {
        return "it is empty";
    }
    if begins == 0 && ends == 0 {
        return if pem.first() == Some(&0x30) {
            "it is binary (DER or PKCS #12) and PEM is expected: text that begins with a line -----BEGIN; openssl converts it"
        } else {
            "it is not PEM: no line begins with -----BEGIN"
        };
    }
    if text.starts_with('\u{feff}') {
        return "it begins with a byte order mark: save it as text without one";
    }
    if text
        .lines()
        .any(|line| line.starts_with([' ', '\t']) && line.trim().starts_with("-----BEGIN "))
    {
        return "its lines are indented: each begins at the first column";
    }
    if text.contains("\\n") {
        return "its line breaks are written as the two characters \\n: write real line breaks";
    }
    if text.contains("ENCRYPTED") {
        return "the key in it is encrypted: write it without encryption (openssl pkey does)";
    }
    let broken_line = text.lines().map(str::trim).any(|line| {
        let is_boundary = |line: &str| {
            line.strip_prefix("-----BEGIN ")
                .or_else(|| line.strip_prefix("-----END "))
                .and_then(|rest| rest.strip_suffix("-----"))
                .is_some_and(|label| !label.contains("-----"))
        };
        (line.contains("-----BEGIN ") || line.contains("-----END ")) && !is_boundary(line)
    });
    if broken_line {
        return "line breaks are missing: each -----BEGIN and each -----END stands on a line of its own, and the text between \
                them on lines of 64 characters";
    }
    if begins != ends {
        return "it is cut: a line -----BEGIN has no line -----END";
    }
    let has_label = text.lines().map(str::trim).any(|line| {
        line.strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"))
            .is_some_and(|found| found.ends_with(label))
    });
    if !has_label {
        return match label {
            "CERTIFICATE" => "it has no certificate: no line -----BEGIN CERTIFICATE-----",
            "PRIVATE KEY" => {
                "it has no private key: no line -----BEGIN PRIVATE KEY-----, -----BEGIN RSA PRIVATE KEY----- or \
                 -----BEGIN EC PRIVATE KEY-----"
            }
            _ => "it has no revocation list: no line -----BEGIN X509 CRL-----",
        };
    }
    "the text between -----BEGIN and -----END is damaged: it is not base64"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> String {
        rcgen::KeyPair::generate().unwrap().serialize_pem()
    }

    fn why(pem: &str) -> String {
        private_key(pem.as_bytes(), "client key", "client.key")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn each_way_to_break_a_key_is_told_and_the_key_is_not() {
        let key = key();
        let body: String = key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let pair = rcgen::generate_simple_self_signed(vec!["x".to_owned()]).unwrap();
        for (pem, expected) in [
            (String::new(), "empty"),
            (body.clone(), "not PEM"),
            (key.replace('\n', ""), "line breaks are missing"),
            (key.replace('\n', " "), "line breaks are missing"),
            (key.replace('\n', "\\n"), "two characters"),
            (key.replace("-----\n", "-----"), "line breaks are missing"),
            (format!("\u{feff}{key}"), "byte order mark"),
            (format!("  {}", key.replace('\n', "\n  ")), "indented"),
            (key.lines().take(2).collect::<Vec<_>>().join("\n"), "cut"),
            (pair.cert.pem(), "no private key"),
            (
                key.replace(&body[..20], "!!!!!!!!!!!!!!!!!!!!"),
                "not base64",
            ),
            (
                key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
                "encrypted",
            ),
            (key.replace("PRIVATE KEY", "PUBLIC KEY"), "no private key"),
        ] {
            let message = why(&pem);
            assert!(message.contains(expected), "{expected}: {message}");
            assert!(message.contains("client.key"), "{message}");
            for part in body.as_bytes().chunks(8) {
                let part = std::str::from_utf8(part).unwrap();
                assert!(!message.contains(part), "{message}");
            }
        }
    }

    #[test]
    fn joined_certificates_are_not_left_out() {
        let pem = || {
            rcgen::generate_simple_self_signed(vec!["x".to_owned()])
                .unwrap()
                .cert
                .pem()
        };
        let two = pem() + &pem();
        let read = |text: &str| certificates(text.as_bytes(), "root certificates", "ca.crt");
        assert_eq!(read(&two).unwrap().len(), 2);
        assert_eq!(read(&two.replace('\n', "\r\n")).unwrap().len(), 2);
        let joined = two.replacen(
            "-----END CERTIFICATE-----\n",
            "-----END CERTIFICATE-----",
            1,
        );
        let message = read(&joined).unwrap_err().to_string();
        assert!(message.contains("line breaks are missing"), "{message}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for pem in [bytes.clone(), [b"-----BEGIN PRIVATE KEY-----", bytes.as_slice()].concat()] {
                drop(certificates(&pem, "a", "b"));
                drop(private_key(&pem, "a", "b"));
                drop(revocation_lists(&pem, "b"));
                let _ = diagnose(&pem, "CERTIFICATE");
            }
        }
    }
}

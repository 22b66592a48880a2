//! Channel binding: the hash that stands for the server's certificate (RFC 5929, section 4.1).

use ring::digest;

use crate::der::{CONTEXT_0, OBJECT_IDENTIFIER, SEQUENCE, element};

/// The `tls-server-end-point` binding of a DER certificate.
///
/// The hash is the one of the certificate's signature, SHA-256 where that is weaker. `None` where
/// RFC 5929 leaves it undefined (Ed25519), or for a certificate that cannot be read.
pub(crate) fn tls_server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (certificate_body, _) = element(certificate, SEQUENCE)?;
    let (_to_be_signed, rest) = element(certificate_body, SEQUENCE)?;
    let (algorithm, _) = element(rest, SEQUENCE)?;
    let (identifier, parameters) = element(algorithm, OBJECT_IDENTIFIER)?;
    let algorithm = hash_of(identifier, parameters)?;
    Some(digest::digest(algorithm, certificate).as_ref().to_vec())
}

fn hash_of(identifier: &[u8], parameters: &[u8]) -> Option<&'static digest::Algorithm> {
    /// 1.2.840.113549.1.1, PKCS #1.
    const PKCS1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    /// 1.2.840.10045.4.3, ECDSA with SHA-2.
    const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
    /// 1.2.840.10045.4.1, ECDSA with SHA-1.
    const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
    /// 2.16.840.1.101.3.4.2, the hash algorithms of NIST.
    const NIST_HASHES: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

    if identifier == ECDSA_SHA1 {
        return Some(&digest::SHA256);
    }
    let (&last, family) = identifier.split_last()?;
    match (family, last) {
        // MD5 and SHA-1 count as SHA-256.
        (PKCS1, 4 | 5 | 11) | (ECDSA_SHA2, 2) => Some(&digest::SHA256),
        (PKCS1, 12) | (ECDSA_SHA2, 3) => Some(&digest::SHA384),
        (PKCS1, 13) | (ECDSA_SHA2, 4) => Some(&digest::SHA512),
        (PKCS1, 10) => {
            let (parameters, _) = element(parameters, SEQUENCE)?;
            // `[0]` is the hash algorithm; absent means SHA-1.
            let Some((hash, _)) = element(parameters, CONTEXT_0) else {
                return Some(&digest::SHA256);
            };
            let (hash, _) = element(hash, SEQUENCE)?;
            let (hash, _) = element(hash, OBJECT_IDENTIFIER)?;
            let (&last, family) = hash.split_last()?;
            match (family, last) {
                (NIST_HASHES, 1) => Some(&digest::SHA256),
                (NIST_HASHES, 2) => Some(&digest::SHA384),
                (NIST_HASHES, 3) => Some(&digest::SHA512),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn self_signed(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        rcgen::CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap()
            .der()
            .to_vec()
    }

    #[test]
    fn the_hash_follows_the_signature() {
        let sha256 = self_signed(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert_eq!(
            tls_server_end_point(&sha256).unwrap(),
            digest::digest(&digest::SHA256, &sha256).as_ref()
        );
        let sha384 = self_signed(&rcgen::PKCS_ECDSA_P384_SHA384);
        assert_eq!(
            tls_server_end_point(&sha384).unwrap(),
            digest::digest(&digest::SHA384, &sha384).as_ref()
        );
    }

    #[test]
    fn ed25519_has_no_binding() {
        assert_eq!(
            tls_server_end_point(&self_signed(&rcgen::PKCS_ED25519)),
            None
        );
    }

    #[test]
    fn rsassa_pss_names_its_hash_in_the_parameters() {
        // SEQUENCE { [0] { SEQUENCE { 2.16.840.1.101.3.4.2.3, NULL } } }
        let parameters = [
            0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
            0x04, 0x02, 0x03, 0x05, 0x00,
        ];
        let pss = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 10];
        assert!(std::ptr::eq(
            hash_of(&pss, &parameters).unwrap(),
            &digest::SHA512
        ));
        assert!(std::ptr::eq(
            hash_of(&pss, &[0x30, 0]).unwrap(),
            &digest::SHA256
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(tls_server_end_point(&bytes));
            bytes.splice(0..0, [0x30, 0x81, 0x80, 0x30, 0x02, 0, 0, 0x30, 0x10, 0x06]);
            drop(tls_server_end_point(&bytes));
        }
    }
}

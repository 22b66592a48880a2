//! Checks the server's certificate as far as the mode asks for it.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, PeerMisbehaved, SignatureScheme};
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RawPublicKeyEntity,
    RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::refusal::{
    Evidence, NOT_FOR_SERVERS, OLD_VERSION, Refusal, UNREADABLE, other_name, system_time,
};
use super::roots::Trust;
use super::x509::X509;
use crate::error::ErrorKind;

/// That the server holds the certificate's key is always checked, by the signatures; whether the certificate is trusted, and
/// for this name, as [`Checks`] say.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) checks: Option<Checks>,
    pub(super) provider: Arc<CryptoProvider>,
}

/// What a certificate must be.
#[derive(Debug)]
pub(super) struct Checks {
    pub(super) trust: Trust,
    /// Whether it must be for the name of the host: verify-full.
    pub(super) with_name: bool,
    /// Where there is one, each certificate of the chain must be covered by one and not be in it.
    pub(super) revocation: Vec<CertRevocationList<'static>>,
}

impl Checks {
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        is_stapled: bool,
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<(), Refusal> {
        let unreadable = || Refusal::new(ErrorKind::TlsCertificate, UNREADABLE);
        let read = X509::read(certificate).ok_or_else(unreadable)?;
        let evidence = Evidence {
            certificate: read,
            intermediates,
            roots: &self.trust.anchors,
            now,
        };
        // webpki leaves key usage and TLS features to its callers.
        if !read.may_do_tls() {
            return Err(Refusal::new(
                ErrorKind::TlsCertificate,
                "is not meant for TLS: its key usage lacks digitalSignature and keyEncipherment; have one issued for a server",
            ));
        }
        if read.must_staple() && !is_stapled {
            return Err(Refusal::new(
                ErrorKind::TlsCertificate,
                "demands that the server sends an OCSP response with it (must-staple), and the server sent none; turn stapling on, \
                 or have one issued without that demand",
            ));
        }
        let is_given = self.trust.given.iter().any(|root| root == certificate);
        if is_given && self.revocation.is_empty() {
            return self.check_given(&evidence, certificate, name);
        }
        if read.version() != 3 {
            return Err(Refusal::new(ErrorKind::TlsUntrusted, OLD_VERSION));
        }
        let parsed =
            EndEntityCert::try_from(certificate).map_err(|cause| evidence.refusal(&cause))?;
        let lists: Vec<&CertRevocationList<'_>> = self.revocation.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists).ok().map(|options| {
            options
                .with_depth(RevocationCheckDepth::Chain)
                .with_status_policy(UnknownStatusPolicy::Deny)
                .with_expiration_policy(ExpirationPolicy::Enforce)
                .build()
        });
        parsed
            .verify_for_usage(
                provider.signature_verification_algorithms.all,
                &self.trust.anchors.roots,
                intermediates,
                now,
                KeyUsage::server_auth(),
                revocation,
                None,
            )
            .map_err(|cause| evidence.refusal(&cause))?;
        if self.with_name && parsed.verify_is_valid_for_subject_name(name).is_err() {
            return Err(other_name(&read, &name.to_str(), false));
        }
        Ok(())
    }

    /// A certificate that is itself one of the given roots needs no signature: it was given. Its validity, purpose and name
    /// are checked as those of any other; where it has no alternative names, its common name counts, as for libpq.
    fn check_given(
        &self,
        evidence: &Evidence<'_>,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
    ) -> Result<(), Refusal> {
        let read = &evidence.certificate;
        let now = system_time(evidence.now);
        let unix = |time: std::time::SystemTime| {
            UnixTime::since_unix_epoch(
                time.duration_since(std::time::SystemTime::UNIX_EPOCH)
                    .unwrap_or_default(),
            )
        };
        let time = evidence.now;
        if now > read.not_after {
            let not_after = unix(read.not_after);
            return Err(evidence.refusal(&webpki::Error::CertExpired { time, not_after }));
        }
        if now < read.not_before {
            let not_before = unix(read.not_before);
            return Err(evidence.refusal(&webpki::Error::CertNotValidYet { time, not_before }));
        }
        if !read.may_serve() {
            return Err(Refusal::new(ErrorKind::TlsCertificate, NOT_FOR_SERVERS));
        }
        // Version 1 has no extensions that could be critical.
        let parsed = match read.version() {
            1 => None,
            _ => Some(
                EndEntityCert::try_from(certificate).map_err(|cause| evidence.refusal(&cause))?,
            ),
        };
        if !self.with_name {
            return Ok(());
        }
        let host = name.to_str();
        let fits = match parsed.filter(|_| read.has_alternative_names()) {
            Some(parsed) => parsed.verify_is_valid_for_subject_name(name).is_ok(),
            None => read.common_name_is(&host),
        };
        if fits {
            Ok(())
        } else {
            Err(other_name(read, &host, true))
        }
    }
}

impl Verifier {
    /// The key in the certificate, to check a signature by. Not by webpki, which reads no certificate of version 1.
    fn public_key<'a>(
        certificate: &'a CertificateDer<'_>,
    ) -> Result<SubjectPublicKeyInfoDer<'a>, rustls::Error> {
        X509::read(certificate)
            .map(|read| SubjectPublicKeyInfoDer::from(read.public_key))
            .ok_or_else(|| CertificateError::BadEncoding.into())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(checks) = &self.checks {
            checks.check(
                end_entity,
                intermediates,
                server_name,
                !ocsp_response.is_empty(),
                now,
                &self.provider,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let (_, possible) = algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == dss.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let key = Self::public_key(cert)?;
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        // A scheme of TLS 1.2 leaves the curve open: the algorithm that fits the key decides.
        possible
            .iter()
            .any(|algorithm| {
                key.verify_signature(*algorithm, message, dss.signature())
                    .is_ok()
            })
            .then(HandshakeSignatureValid::assertion)
            .ok_or_else(|| CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature_with_raw_key(
            message,
            &Self::public_key(cert)?,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// The name that the certificate must be for and that SNI sends.
///
/// A host that the system's resolver takes for an IPv4 address in one of its other spellings (`127.1`, `0x7f000001`), and
/// an IPv6 address with a zone, are these addresses. Where the name is not checked, a host that no certificate can be for
/// is no obstacle: the address that was reached stands for it.
pub(super) fn server_name(
    host: &str,
    reached: Option<IpAddr>,
    with_name: bool,
) -> Option<ServerName<'static>> {
    // A trailing dot makes a name absolute for the resolver; certificates never have it.
    let host = host.strip_suffix('.').unwrap_or(host);
    let (address, _zone) = host.split_once('%').unwrap_or((host, ""));
    if let Ok(address) = address.parse::<IpAddr>() {
        return Some(ServerName::from(address));
    }
    if let Some(address) = any_ipv4(host) {
        return Some(ServerName::from(IpAddr::from(address)));
    }
    match ServerName::try_from(host.to_owned()) {
        Ok(name) => Some(name),
        Err(_) if !with_name => reached.map(ServerName::from),
        Err(_) => None,
    }
}

/// An IPv4 address as `inet_aton` reads it: one to four numbers, decimal, octal or hexadecimal, of which the last fills
/// the bytes that are left.
fn any_ipv4(text: &str) -> Option<[u8; 4]> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let left = 8 * (4 - u32::try_from(first.len()).ok()?);
    if left < 32 && last >> left != 0 {
        return None;
    }
    let mut address = *last;
    for (index, part) in first.iter().enumerate() {
        address |= part << (24 - 8 * index);
    }
    Some(address.to_be_bytes())
}

fn number(text: &str) -> Option<u32> {
    let digits = |digits: &str, radix| {
        let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        valid.then(|| u32::from_str_radix(digits, radix).ok())?
    };
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hexadecimal) => digits(hexadecimal, 16),
        None if text.len() > 1 && text.starts_with('0') => digits(text, 8),
        None => digits(text, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_resolver_reads_them() {
        for (text, address) in [
            ("127.1", [127, 0, 0, 1]),
            ("127.0.1", [127, 0, 0, 1]),
            ("127.0.0.1", [127, 0, 0, 1]),
            ("2130706433", [127, 0, 0, 1]),
            ("0x7f.1", [127, 0, 0, 1]),
            ("0x7F000001", [127, 0, 0, 1]),
            ("0177.0.0.01", [127, 0, 0, 1]),
            ("10.258", [10, 0, 1, 2]),
            ("0", [0, 0, 0, 0]),
        ] {
            assert_eq!(any_ipv4(text), Some(address), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".1",
            "1..2",
            "256.1.1.1",
            "1.2.3.4.5",
            "127.0.0.256",
            "1.16777216",
            "08",
            "0x",
            "+1",
            "db",
            "1.db",
            "4294967296",
        ] {
            assert_eq!(any_ipv4(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_that_no_certificate_is_for_is_an_obstacle_in_verify_full_only() {
        let reached = Some(IpAddr::from([10, 0, 0, 9]));
        let name = |host: &str, with_name| {
            server_name(host, reached, with_name).map(|name| name.to_str().into_owned())
        };
        for host in ["db.example.com", "my_db", "127.0.0.1", "::1"] {
            assert_eq!(name(host, true).as_deref(), Some(host));
        }
        assert_eq!(name("db.", true).as_deref(), Some("db"));
        assert_eq!(name("127.1", true).as_deref(), Some("127.0.0.1"));
        assert_eq!(name("fe80::1%eth0", true).as_deref(), Some("fe80::1"));
        let long = "a".repeat(64);
        for host in [long.as_str(), "-db", "a..b"] {
            assert_eq!(name(host, true), None, "{host}");
            assert_eq!(name(host, false).as_deref(), Some("10.0.0.9"), "{host}");
        }
    }
}

//! Why a server's certificate is refused, in words.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, OtherError, RootCertStore};
use webpki::Error as Cause;

use super::x509::{X509, name_text};
use crate::der::date;
use crate::error::ErrorKind;

/// A refusal, carried through rustls to the caller of the handshake.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) kind: ErrorKind,
    /// What is wrong and what to do, to follow "the server's certificate ".
    pub(super) words: String,
}

impl Refusal {
    pub(super) fn new(kind: ErrorKind, words: impl Into<String>) -> Self {
        Self {
            kind,
            words: words.into(),
        }
    }

    /// The refusal in a failure that rustls reports.
    pub(super) fn find(error: &rustls::Error) -> Option<&Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
                other.0.downcast_ref()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's certificate {}", self.words)
    }
}

impl StdError for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

/// What the server sent and what it was held against.
pub(super) struct Evidence<'a> {
    pub(super) certificate: X509<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) roots: &'a RootCertStore,
    pub(super) now: UnixTime,
}

impl Evidence<'_> {
    /// The refusal that webpki's error stands for.
    pub(super) fn refusal(&self, cause: &Cause) -> Refusal {
        use ErrorKind::{TlsCertificate, TlsUntrusted};
        let (kind, words) = match cause {
            Cause::UnknownIssuer => (TlsUntrusted, self.unknown_issuer()),
            Cause::CertExpired { not_after, .. } => (
                TlsCertificate,
                self.outside_validity(
                    *not_after,
                    self.certificate.not_after,
                    "expired on",
                    "renew it",
                ),
            ),
            Cause::CertNotValidYet { not_before, .. } => (
                TlsCertificate,
                self.outside_validity(
                    *not_before,
                    self.certificate.not_before,
                    "is not valid before",
                    "wait, or have it issued with an earlier begin",
                ),
            ),
            Cause::InvalidCertValidity => (
                TlsCertificate,
                "has a validity that ends before it begins; have it issued anew".to_owned(),
            ),
            Cause::CaUsedAsEndEntity => (
                TlsUntrusted,
                "is that of an authority (CA:TRUE) and is not, byte for byte, one of the given root certificates; give this very \
                 certificate as root certificate, without revocation lists, or have the authority issue one for the server"
                    .to_owned(),
            ),
            Cause::EndEntityUsedAsCa => (
                TlsUntrusted,
                format!(
                    "is signed by {}, whose certificate is not that of an authority (CA:FALSE); have it issued by an authority",
                    self.issuer()
                ),
            ),
            Cause::UnsupportedCriticalExtension => (
                TlsCertificate,
                "has a critical extension that is not known here; have it issued without that extension".to_owned(),
            ),
            Cause::RequiredEkuNotFoundContext(_) | Cause::EmptyEkuExtension => {
                (TlsCertificate, NOT_FOR_SERVERS.to_owned())
            }
            Cause::PathLenConstraintViolated => (
                TlsUntrusted,
                format!(
                    "is signed by {} through more authorities than one of them permits (path length); have it issued by one \
                     that may",
                    self.issuer()
                ),
            ),
            Cause::NameConstraintViolation => (
                TlsUntrusted,
                format!(
                    "has names that one of its authorities may not issue for (name constraints): {}",
                    listed(&self.certificate.alternative_names())
                ),
            ),
            Cause::InvalidSignatureForPublicKey => (TlsUntrusted, self.wrong_signature()),
            Cause::UnsupportedSignatureAlgorithmContext(_)
            | Cause::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
            | Cause::SignatureAlgorithmMismatch => (
                TlsCertificate,
                "is signed in a way that is not accepted, such as with SHA-1, MD5, DSA or an RSA key below 2048 bits; have it \
                 issued with SHA-256 or better"
                    .to_owned(),
            ),
            Cause::MaximumPathDepthExceeded
            | Cause::MaximumPathBuildCallsExceeded
            | Cause::MaximumSignatureChecksExceeded
            | Cause::MaximumNameConstraintComparisonsExceeded => (
                TlsCertificate,
                "has a chain of authorities that is too long or too branched".to_owned(),
            ),
            Cause::CertRevoked => (
                TlsCertificate,
                "or that of one of its authorities is revoked, says a given revocation list; have a new one issued".to_owned(),
            ),
            Cause::UnknownRevocationStatus => (
                TlsCertificate,
                format!(
                    "cannot be checked for revocation: no given revocation list covers its issuer, {}, or one of the \
                     authorities above it; give a list of each",
                    self.issuer()
                ),
            ),
            Cause::CrlExpired { next_update, .. } => (
                TlsCertificate,
                format!(
                    "cannot be checked for revocation: the list of its authority was to be replaced by {}; get the present list, \
                     and check the clocks",
                    date(system_time(*next_update))
                ),
            ),
            Cause::InvalidCrlSignatureForPublicKey | Cause::IssuerNotCrlSigner => (
                TlsCertificate,
                "cannot be checked for revocation: a given list is not signed by the key of the authority that it names, or its certificate \
                 may not sign lists; get the authority's own list"
                    .to_owned(),
            ),
            Cause::UnsupportedCrlSignatureAlgorithmContext(_)
            | Cause::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => (
                TlsCertificate,
                "cannot be checked for revocation: the given list is signed in a way that is not accepted, such as with SHA-1"
                    .to_owned(),
            ),
            _ => (TlsCertificate, UNREADABLE.to_owned()),
        };
        Refusal::new(kind, words)
    }

    /// `leaf` is the same time of the server's own certificate: another one is that of an authority.
    fn outside_validity(
        &self,
        limit: UnixTime,
        leaf: SystemTime,
        what: &str,
        remedy: &str,
    ) -> String {
        let limit = system_time(limit);
        let (whose, remedy) = if limit == leaf {
            ("", remedy)
        } else {
            (
                "is signed by an authority whose certificate ",
                "have both issued anew",
            )
        };
        format!(
            "{whose}{what} {}, and it is {} on this machine; {remedy}, and check the clocks",
            date(limit),
            date(system_time(self.now))
        )
    }

    fn issuer(&self) -> String {
        name_text(self.certificate.issuer)
    }

    /// The name at which the chain that the server sent ends, and whether it is the name of a given root.
    fn end_of_chain(&self) -> (String, bool) {
        let sent: Vec<X509<'_>> = self
            .intermediates
            .iter()
            .filter_map(|certificate| X509::read(certificate))
            .collect();
        let mut top = self.certificate;
        for _ in 0..sent.len() {
            let above = sent
                .iter()
                .find(|above| above.subject == top.issuer && !top.is_self_issued());
            match above {
                Some(above) => top = *above,
                None => break,
            }
        }
        // An anchor has the content of its subject, as a certificate has here.
        let is_given = self
            .roots
            .roots
            .iter()
            .any(|root| root.subject.as_ref() == top.issuer);
        (name_text(top.issuer), is_given)
    }

    fn wrong_signature(&self) -> String {
        match self.end_of_chain() {
            (name, true) => format!(
                "is signed by an authority of the name of a given root certificate, {name}, and with another key: the authority was \
                 made anew, or this is another cluster; give its present root certificate (ca.crt)"
            ),
            (_, false) => {
                "has a signature, or an authority above it has one, that is not by the key of its issuer: it is damaged or forged; \
                 have it issued anew"
                    .to_owned()
            }
        }
    }

    /// Follows the issuers through what the server sent, to say where the chain breaks.
    fn unknown_issuer(&self) -> String {
        if self.certificate.is_self_issued() {
            return format!(
                "is signed by itself ({}) and is not one of the given root certificates; give this very certificate as root \
                 certificate, or have an authority issue one",
                self.issuer()
            );
        }
        let (missing, is_given) = self.end_of_chain();
        if is_given {
            return self.wrong_signature();
        }
        if self.intermediates.is_empty() {
            return format!(
                "is signed by {missing}, which is not among the root certificates, and the server sent no certificate of it; if it \
                 is an intermediate authority, the server must send its certificate too: append it to the server's certificate \
                 file; otherwise configure the root certificate of the cluster's authority (ca.crt)"
            );
        }
        format!(
            "leads to {missing}, which is not among the root certificates; configure the root certificate of the cluster's \
             authority (ca.crt), or let the server send the authorities up to one that is given"
        )
    }
}

pub(super) const NOT_FOR_SERVERS: &str = "is not meant for servers: its extended key usage lacks serverAuth; have one issued for a server";

pub(super) const OLD_VERSION: &str = "is not of X.509 version 3; one of version 1 is accepted only if it is itself one of the given \
                                      root certificates";

pub(super) const UNREADABLE: &str =
    "cannot be read as X.509: it is damaged or has a malformed extension; have it issued anew";

/// The certificate is for other names. `by_common_name`: where it has no alternative names, the common name counts.
pub(super) fn other_name(certificate: &X509<'_>, host: &str, by_common_name: bool) -> Refusal {
    let words = if certificate.has_alternative_names() {
        format!(
            "is for {}, not for {host:?}; connect by a name in the certificate, or have one issued for this name",
            listed(&certificate.alternative_names())
        )
    } else if by_common_name {
        format!(
            "is for its common name ({}), not for {host:?}; connect by that name, or have one issued for this name",
            name_text(certificate.subject)
        )
    } else {
        format!(
            "has no subject alternative names, and its common name does not count ({}); have one issued with the subject \
             alternative name {host:?}",
            name_text(certificate.subject)
        )
    };
    Refusal::new(ErrorKind::TlsHostName, words)
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names {
        [] => "no DNS name or address".to_owned(),
        names if names.len() > SHOWN => {
            format!(
                "{} and {} more",
                names[..SHOWN].join(", "),
                names.len() - SHOWN
            )
        }
        names => names.join(", "),
    }
}

pub(super) fn system_time(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

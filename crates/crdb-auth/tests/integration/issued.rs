//! Certificates of every kind, servers that present them, and what a client says of them.

use std::error::Error as StdError;

use crdb_auth::{Config, Endpoint, Error, ErrorKind, RootCertificates, TlsConfig};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType,
    IsCa, Issuer, KeyIdMethod, KeyPair, RevocationReason, RevokedCertParams, SerialNumber,
    SigningKey, date_time_ymd,
};

use crate::bed::connector;
use crate::tls_server::{Begin, acceptor_of, serve_with, welcome};

/// Names of types and values that only another library's `Debug` has.
const DEBUG_TEXT: [&str; 8] = [
    "OtherError",
    "Other(",
    "InvalidCertificate",
    "UnixTime",
    "DnsName",
    "Context",
    "UnknownIssuer",
    "CaUsed",
];

/// An authority or a server, with its key.
pub(crate) struct Issued {
    certificate: Certificate,
    params: CertificateParams,
    pub(crate) key: KeyPair,
}

impl Issued {
    pub(crate) fn itself(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            params,
            key,
        }
    }

    pub(crate) fn by(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        Self {
            certificate,
            params,
            key,
        }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A list of revoked serial numbers of 2001, due for replacement at the begin of this year.
    pub(crate) fn revoking(&self, serials: &[u64], until: i32) -> String {
        self.revoking_in(2001, serials, until)
    }

    pub(crate) fn revoking_in(&self, year: i32, serials: &[u64], until: i32) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2001, 1, 1),
            reason_code: Some(RevocationReason::KeyCompromise),
            invalidity_date: None,
        });
        CertificateRevocationListParams {
            this_update: date_time_ymd(year, 1, 1),
            next_update: date_time_ymd(until, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&Issuer::from_params(&self.params, &self.key))
        .unwrap()
        .pem()
        .unwrap()
    }
}

pub(crate) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// For `localhost` and 127.0.0.1, with the serial number 7.
pub(crate) fn server() -> CertificateParams {
    let mut params =
        CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    params.serial_number = Some(SerialNumber::from(7_u64));
    params
}

/// A server that presents these certificates and this key.
pub(crate) async fn serve(chain: &str, key: &KeyPair) -> Endpoint {
    serve_by(chain, key, rustls::DEFAULT_VERSIONS).await
}

pub(crate) async fn serve_by(
    chain: &str,
    key: &KeyPair,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Endpoint {
    let acceptor = acceptor_of(chain, &key.serialize_pem(), None, versions, None);
    let (endpoint, _hears) = serve_with(acceptor, Begin::Asked(b"S"), vec![welcome()]).await;
    endpoint
}

pub(crate) fn trusting(roots: &str) -> TlsConfig {
    TlsConfig::new().roots(RootCertificates::pem(roots))
}

pub(crate) async fn connect(tls: TlsConfig, endpoint: &Endpoint) -> Result<(), Error> {
    connector(Config::builder().user("app").tls(tls))
        .open(endpoint)
        .await
        .map(drop)
}

/// The refusal, in words of this crate.
pub(crate) async fn refusal(tls: TlsConfig, endpoint: &Endpoint) -> (ErrorKind, String) {
    let error = connect(tls, endpoint).await.unwrap_err();
    let mut told = error.to_string();
    let mut source = StdError::source(&error);
    while let Some(error) = source {
        told.push_str(&format!(" | {error}"));
        source = error.source();
    }
    for text in DEBUG_TEXT {
        assert!(!told.contains(text), "{told}");
    }
    (error.kind(), told)
}

#[track_caller]
pub(crate) fn assert_told((kind, told): (ErrorKind, String), expected: ErrorKind, words: &[&str]) {
    assert_eq!(kind, expected, "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is missing: {told}");
    }
}

/// An X.509 certificate of version 1 for this common name, signed by its own key: what a certificate of version 3 has,
/// without the version and the extensions.
pub(crate) fn version_1(name: &str, issued: &Issued) -> String {
    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header = match length {
            [0, short @ 0..=0x7f] => vec![tag, short],
            [0, long] => vec![tag, 0x81, long],
            [high, low] => vec![tag, 0x82, high, low],
        };
        [&header, content].concat()
    }
    /// Each element at this level, with its tag and length.
    fn elements(mut der: &[u8]) -> Vec<&[u8]> {
        let mut found = Vec::new();
        while !der.is_empty() {
            let (header, length) = match der[1] {
                short @ 0..=0x7f => (2, usize::from(short)),
                0x81 => (3, usize::from(der[2])),
                _ => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
            };
            let (element, rest) = der.split_at(header + length);
            found.push(element);
            der = rest;
        }
        found
    }
    fn content(element: &[u8]) -> &[u8] {
        let header = match element[1] {
            0..=0x7f => 2,
            0x81 => 3,
            _ => 4,
        };
        &element[header..]
    }
    assert!(
        issued
            .params
            .distinguished_name
            .iter()
            .any(|(_, value)| *value == name.into())
    );
    let der = issued.certificate.der().to_vec();
    let parts = elements(content(&der));
    let body: Vec<u8> = elements(content(parts[0]))
        .into_iter()
        .filter(|part| ![0xa0, 0xa3].contains(&part[0]))
        .flatten()
        .copied()
        .collect();
    let body = element(0x30, &body);
    let signature = issued.key.sign(&body).unwrap();
    let signature = element(0x03, &[&[0], signature.as_slice()].concat());
    let der = element(0x30, &[&body, parts[1], &signature].concat());
    pem("CERTIFICATE", &der)
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

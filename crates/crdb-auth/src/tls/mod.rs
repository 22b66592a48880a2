//! TLS as the configuration asks for it.

mod client;
mod client_certificate;
mod config;
mod end_point;
mod handshake;
mod pem;
mod refusal;
mod reload;
mod revocation;
mod roots;
mod ssl_mode;
mod verifier;
mod x509;

pub(crate) use client::TlsClient;
pub use client_certificate::ClientCertificate;
pub use config::{TlsConfig, TlsNegotiation, TlsVersion};
pub(crate) use end_point::tls_server_end_point;
pub(crate) use handshake::{Negotiated, negotiate, tls_error};
pub(crate) use reload::TlsSource;
pub use revocation::RevocationLists;
pub use roots::RootCertificates;
pub use ssl_mode::SslMode;
pub(crate) use x509::X509;

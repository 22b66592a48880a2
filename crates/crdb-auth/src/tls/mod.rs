//! TLS as the configuration asks for it.

mod config;
mod handshake;
mod roots;
mod verifier;

pub use config::{SslMode, TlsConfig};
pub(crate) use handshake::{Negotiated, TlsClient, negotiate};
pub use roots::RootCertificates;

//! Where credentials come from.

mod child;
mod command;
mod error;
mod jwt;
mod passfile;
mod password;
mod source;
mod time_left;

pub use command::Command;
pub use error::CredentialError;
pub(crate) use error::failed;
pub use password::Password;
pub use source::{Credential, CredentialFuture, CredentialRequest, CredentialSource};
pub use time_left::TimeLeft;

/// What the fuzz targets read: a password file, and a token.
#[cfg(fuzzing)]
pub(crate) fn fuzz(bytes: &[u8], endpoint: &crate::Endpoint) -> Option<crate::Secret> {
    let _ = jwt::expiry(bytes);
    passfile::find(bytes, endpoint, "bank", "app")
}

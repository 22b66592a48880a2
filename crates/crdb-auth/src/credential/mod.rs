//! Where credentials come from.

mod command;
mod jwt;
mod passfile;
mod password;
mod source;

pub use command::Command;
pub use password::Password;
pub use source::{Credential, CredentialFuture, CredentialRequest, CredentialSource};

//! The users that an engine knows, one for each way to log in.

use std::fmt;
use std::path::{Path, PathBuf};

/// A way to log in for which an engine that the test kit starts has a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Login {
    /// `scram_user`, SCRAM-SHA-256.
    Scram,
    /// `password_user`, the password in clear.
    Password,
    /// `md5_user`, MD5. PostgreSQL only.
    Md5,
    /// `trust_user`, let in without being asked.
    Trust,
    /// `cert_user`, a client certificate over TLS.
    Certificate,
    /// `kerberos_user`, a ticket of the realm that [`EngineOptions::kerberos`](super::EngineOptions::kerberos) named;
    /// its keytab is there. PostgreSQL only.
    Kerberos,
}

impl Login {
    /// The ways that every engine has but MD5, which CockroachDB lacks.
    pub const ALL: [Self; 5] = [
        Self::Scram,
        Self::Password,
        Self::Md5,
        Self::Trust,
        Self::Certificate,
    ];

    /// The name of the user who logs in this way.
    #[must_use]
    pub fn user(self) -> &'static str {
        match self {
            Self::Scram => "scram_user",
            Self::Password => "password_user",
            Self::Md5 => "md5_user",
            Self::Trust => "trust_user",
            Self::Certificate => "cert_user",
            Self::Kerberos => "kerberos_user",
        }
    }
}

/// A user and what proves who it is. The password does not print.
#[derive(Clone)]
pub struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
}

impl Credentials {
    /// The user's name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password; empty where none is needed.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The PEM file of the client certificate, for [`Login::Certificate`].
    #[must_use]
    pub fn certificate_path(&self) -> Option<&Path> {
        self.certificate
            .as_ref()
            .map(|(certificate, _)| certificate.as_path())
    }

    /// The PEM file of the client certificate's key, for [`Login::Certificate`].
    #[must_use]
    pub fn key_path(&self) -> Option<&Path> {
        self.certificate.as_ref().map(|(_, key)| key.as_path())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"***")
            .finish_non_exhaustive()
    }
}

/// A password that cannot be guessed: 128 random bits.
pub(crate) fn random_password() -> String {
    format!("{:032x}", rand::random::<u128>())
}

//! The certificates of an engine that the test kit starts.

use std::path::{Path, PathBuf};

use super::login::{Credentials, Login, random_password};
use crate::certificates::{Authority, Identity, write_file};
use crate::error::Error;

/// The names under which an engine can be reached.
pub(super) const HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// An engine's authority and its server certificate.
#[derive(Debug)]
pub(super) struct ServerTls {
    pub(super) authority: Authority,
    pub(super) server: Identity,
    pub(super) ca_certificate: PathBuf,
}

impl ServerTls {
    /// Makes both and writes `ca.crt` into `directory`.
    pub(super) fn generate(directory: &Path) -> Result<Self, Error> {
        let authority = Authority::new("crdb-testkit authority")?;
        let server = authority.server(&HOSTS)?;
        let ca_certificate = directory.join("ca.crt");
        write_file(
            &ca_certificate,
            authority.certificate_pem().as_bytes(),
            0o644,
        )?;
        Ok(Self {
            authority,
            server,
            ca_certificate,
        })
    }

    /// A user with a client certificate in `directory`.
    pub(super) fn certified(&self, directory: &Path, user: &str) -> Result<Credentials, Error> {
        let name = format!("client.{user}");
        self.authority.client(user)?.write(directory, &name)?;
        let files = (
            directory.join(format!("{name}.crt")),
            directory.join(format!("{name}.key")),
        );
        Ok(Credentials {
            user: user.to_owned(),
            password: String::new(),
            certificate: Some(files),
        })
    }

    /// What `login`'s user needs: a password or a certificate in `directory`.
    pub(super) fn credentials(&self, directory: &Path, login: Login) -> Result<Credentials, Error> {
        let user = login.user();
        let mut credentials = Credentials {
            user: user.to_owned(),
            password: String::new(),
            certificate: None,
        };
        match login {
            Login::Certificate => return self.certified(directory, user),
            Login::Scram | Login::Password | Login::Md5 => credentials.password = random_password(),
            Login::Trust | Login::Kerberos => {}
        }
        Ok(credentials)
    }
}

/// `text` as a quoted literal, for SQL and for `postgresql.conf`.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

//! Passwords in clear and hashed with MD5.

use postgres_protocol::authentication::md5_hash;
use postgres_protocol::message::frontend;
use zeroize::Zeroizing;

use super::{Login, Wire, refused};
use crate::error::{Error, ErrorKind};
use crate::policy::AuthMethod;
use crate::progress::Step;
use crate::secret::Secret;

/// Looks for the password only when the server asks for it: the place may be a command.
pub(super) async fn password(login: &Login<'_>) -> Result<Secret, Error> {
    let Some(password) = &login.config.password else {
        return Err(Error::new(
            ErrorKind::Credential,
            format!(
                "{}: the server asks for a password and none is configured",
                login.attempt
            ),
        ));
    };
    login.progress.enter(Step::Credential);
    let limit = login.config.connect_timeout;
    let secret = password.get(&login.credential_request(), limit).await?;
    login.progress.enter(Step::Login);
    login.used(&secret);
    Ok(secret)
}

pub(super) fn refuse_in_clear(login: &Login<'_>, wire: &Wire<'_>) -> Result<(), Error> {
    if !wire.transport().is_tls() && !login.config.permit_cleartext_without_tls {
        return Err(refused(
            login,
            "the server asks for the password in clear without TLS, so it was not sent; use TLS, \
             or permit this by name",
        ));
    }
    Ok(())
}

pub(super) async fn cleartext(login: &Login<'_>, wire: &mut Wire<'_>) -> Result<(), Error> {
    let password = password(login).await?;
    wire.send(|buf| frontend::password_message(password.expose(), buf))
        .await
}

pub(super) async fn md5(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    salt: [u8; 4],
) -> Result<(), Error> {
    let named = login
        .config
        .require_auth
        .as_ref()
        .is_some_and(|require| require.names(AuthMethod::Md5));
    if !login.config.permit_md5 && !named {
        return Err(refused(
            login,
            "the server asks for an MD5 login, so none was attempted; store the password as \
             SCRAM on the server, or permit MD5 by name",
        ));
    }
    let password = password(login).await?;
    let hash = Zeroizing::new(md5_hash(
        login.config.user.as_bytes(),
        password.expose(),
        salt,
    ));
    wire.send(|buf| frontend::password_message(hash.as_bytes(), buf))
        .await
}

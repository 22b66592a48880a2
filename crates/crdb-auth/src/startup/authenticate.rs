//! Answers what the server asks for, within what the configuration permits.

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;
use zeroize::Zeroizing;

use super::{Login, Wire};
use crate::error::{Error, ErrorKind};
use crate::scram::{Binding, ClientFirst, Keys, SCRAM_SHA_256, ScramError};
use crate::secret::Secret;

pub(super) async fn authenticate(login: &Login<'_>, wire: &mut Wire<'_>) -> Result<(), Error> {
    match wire.read().await? {
        Message::AuthenticationOk => return Ok(()),
        Message::AuthenticationCleartextPassword => cleartext(login, wire).await?,
        Message::AuthenticationMd5Password(body) => md5(login, wire, body.salt()).await?,
        Message::AuthenticationSasl(body) => scram(login, wire, &body).await?,
        Message::AuthenticationGss
        | Message::AuthenticationSspi
        | Message::AuthenticationKerberosV5 => {
            return Err(unsupported(login, "Kerberos (GSSAPI)"));
        }
        Message::AuthenticationScmCredential => {
            return Err(unsupported(login, "SCM credentials"));
        }
        _ => return Err(wire.unexpected("no request for authentication")),
    }
    match wire.read().await? {
        Message::AuthenticationOk => Ok(()),
        _ => Err(wire.unexpected("another request for authentication")),
    }
}

fn unsupported(login: &Login<'_>, method: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "{}: the server asks for {method}, which is not configured",
            login.attempt
        ),
    )
}

fn password<'a>(login: &Login<'a>) -> Result<&'a Secret, Error> {
    login.password.ok_or_else(|| {
        Error::new(
            ErrorKind::Credential,
            format!(
                "{}: the server asks for a password and none is configured",
                login.attempt
            ),
        )
    })
}

async fn cleartext(login: &Login<'_>, wire: &mut Wire<'_>) -> Result<(), Error> {
    if !wire.transport().is_tls() && !login.config.permit_cleartext_without_tls {
        return Err(Error::new(
            ErrorKind::Downgrade,
            format!(
                "{}: the server asks for the password in clear without TLS, so it was not sent; \
                 use TLS, or permit this by name",
                login.attempt
            ),
        ));
    }
    let password = password(login)?;
    wire.send(|buf| frontend::password_message(password.expose(), buf))
        .await
}

async fn md5(login: &Login<'_>, wire: &mut Wire<'_>, salt: [u8; 4]) -> Result<(), Error> {
    if !login.config.permit_md5 {
        return Err(Error::new(
            ErrorKind::Downgrade,
            format!(
                "{}: the server asks for an MD5 login, so none was attempted; store the \
                 password as SCRAM on the server, or permit MD5 by name",
                login.attempt
            ),
        ));
    }
    let password = password(login)?;
    let hash = Zeroizing::new(md5_hash(
        login.config.user.as_bytes(),
        password.expose(),
        salt,
    ));
    wire.send(|buf| frontend::password_message(hash.as_bytes(), buf))
        .await
}

async fn scram(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    body: &AuthenticationSaslBody,
) -> Result<(), Error> {
    let mut offered = Vec::new();
    let mut mechanisms = body.mechanisms();
    while let Some(mechanism) = mechanisms
        .next()
        .map_err(|_| wire.unexpected("a malformed list of SASL mechanisms"))?
    {
        offered.push(mechanism);
    }
    if !offered.contains(&SCRAM_SHA_256) {
        return Err(unsupported(
            login,
            &format!("one of the SASL mechanisms {offered:?}"),
        ));
    }
    let password = password(login)?;
    let failed = |error: ScramError| {
        let kind = match &error {
            ScramError::TooFewIterations { .. } | ScramError::NotTheServer => ErrorKind::Downgrade,
            ScramError::Refused(_) => ErrorKind::Authentication,
            _ => ErrorKind::Protocol,
        };
        Error::new(kind, format!("{}: {error}", login.attempt)).with_source(error)
    };

    let first = ClientFirst::new(Binding::None).ok_or_else(|| {
        Error::new(
            ErrorKind::Credential,
            format!("{}: the system has no randomness to give", login.attempt),
        )
    })?;
    let message = first.message();
    wire.send(|buf| frontend::sasl_initial_response(SCRAM_SHA_256, message.as_bytes(), buf))
        .await?;
    let Message::AuthenticationSaslContinue(body) = wire.read().await? else {
        return Err(wire.unexpected("no SCRAM challenge"));
    };
    let challenge = first
        .challenge(body.data(), login.config.iterations)
        .map_err(failed)?;
    let (user, iterations) = (&login.config.user, challenge.iterations());
    let remembered = login.keys.get(user, password, challenge.salt(), iterations);
    let known = remembered.is_some();
    let keys = match remembered {
        Some(keys) => keys,
        None => derive(password, challenge.salt(), iterations).await?,
    };
    let (message, verification) = challenge.respond(&keys);
    wire.send(|buf| frontend::sasl_response(message.as_bytes(), buf))
        .await?;
    // An AuthenticationOk here would be a server that skips its own proof.
    let Message::AuthenticationSaslFinal(body) = wire.read().await? else {
        return Err(failed(ScramError::NotTheServer));
    };
    verification.verify(body.data()).map_err(failed)?;
    if !known {
        login
            .keys
            .put(user, password, challenge.salt(), iterations, keys);
    }
    Ok(())
}

/// PBKDF2 takes milliseconds and more: off the async threads.
async fn derive(
    password: &Secret,
    salt: &[u8],
    iterations: std::num::NonZeroU32,
) -> Result<Keys, Error> {
    let (password, salt) = (password.clone(), salt.to_vec());
    tokio::task::spawn_blocking(move || Keys::derive(&password, &salt, iterations))
        .await
        .map_err(|error| {
            Error::new(ErrorKind::Credential, "deriving the SCRAM keys failed").with_source(error)
        })
}

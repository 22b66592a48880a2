//! SCRAM on the wire.

use std::num::NonZeroU32;

use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::password::password;
use super::{Login, Wire, refused, unsupported, without_binding};
use crate::error::{Error, ErrorKind};
use crate::policy::ChannelBinding;
use crate::scram::{Binding, ClientFirst, Keys, SCRAM_SHA_256, SCRAM_SHA_256_PLUS, ScramError};
use crate::secret::Secret;

pub(super) async fn scram(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    plain: bool,
    plus: bool,
) -> Result<(), Error> {
    let (mechanism, binding) = choose(login, wire, plain, plus)?;
    let password = password(login).await?;
    let failed = |error: ScramError| {
        let kind = match &error {
            ScramError::TooFewIterations { .. } | ScramError::NotTheServer => ErrorKind::Downgrade,
            ScramError::Refused(_) => ErrorKind::Authentication,
            _ => ErrorKind::Protocol,
        };
        Error::new(kind, format!("{}: {error}", login.attempt)).with_source(error)
    };

    let first = ClientFirst::new(binding).ok_or_else(|| {
        Error::new(
            ErrorKind::Credential,
            format!("{}: the system has no randomness to give", login.attempt),
        )
    })?;
    let message = first.message();
    wire.send(|buf| frontend::sasl_initial_response(mechanism, message.as_bytes(), buf))
        .await?;
    let Message::AuthenticationSaslContinue(body) = wire.read().await? else {
        return Err(wire.unexpected("no SCRAM challenge"));
    };
    let challenge = first
        .challenge(body.data(), login.config.iterations)
        .map_err(failed)?;
    let (user, iterations) = (&login.config.user, challenge.iterations());
    let remembered = login
        .keys
        .get(user, &password, challenge.salt(), iterations);
    let known = remembered.is_some();
    let keys = match remembered {
        Some(keys) => keys,
        None => derive(&password, challenge.salt(), iterations).await?,
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
            .put(user, &password, challenge.salt(), iterations, keys);
    }
    Ok(())
}

/// The mechanism, and what to say about channel binding.
///
/// Without TLS, or with binding disabled, the client says that it has none (`n`). With TLS and a
/// server that offers none it says that it could (`y`), by which a server that does offer it
/// notices that the offer was removed on the way.
fn choose(
    login: &Login<'_>,
    wire: &Wire<'_>,
    plain: bool,
    plus: bool,
) -> Result<(&'static str, Binding), Error> {
    let wanted = login.config.channel_binding != ChannelBinding::Disable;
    let tls = wire.transport().is_tls();
    if plus && !tls {
        // The offer makes no sense without TLS: TLS was removed on the way, or the server is wrong.
        return Err(refused(
            login,
            "the server offers channel binding without TLS: an attacker in between may have \
             removed TLS",
        ));
    }
    if tls && wanted && plus {
        if let Some(hash) = wire.transport().tls_server_end_point() {
            return Ok((SCRAM_SHA_256_PLUS, Binding::TlsServerEndPoint(hash)));
        }
        without_binding(login, "has a certificate whose signature has no binding")?;
    } else {
        let what = if tls {
            "offers SCRAM without it"
        } else {
            "is reached without TLS"
        };
        without_binding(login, what)?;
    }
    if !plain {
        return Err(unsupported(login, "SCRAM with channel binding only"));
    }
    let binding = if tls && wanted && !plus {
        Binding::ServerCannot
    } else {
        Binding::None
    };
    Ok((SCRAM_SHA_256, binding))
}

/// PBKDF2 takes milliseconds and more: off the async threads.
async fn derive(password: &Secret, salt: &[u8], iterations: NonZeroU32) -> Result<Keys, Error> {
    let (password, salt) = (password.clone(), salt.to_vec());
    tokio::task::spawn_blocking(move || Keys::derive(&password, &salt, iterations))
        .await
        .map_err(|_| {
            Error::new(
                ErrorKind::Credential,
                "deriving the SCRAM keys: the task was stopped",
            )
        })
}

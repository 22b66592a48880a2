//! Answers what the server asks for, within what the configuration permits.

mod exchange;
mod password;
mod scram;

use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};

use super::{Login, Wire};
use crate::authenticator::{AuthContext, AuthRequest, Exchange};
use crate::error::{Error, ErrorKind};
use crate::policy::{AuthMethod, ChannelBinding};
use crate::scram::{SCRAM_SHA_256, SCRAM_SHA_256_PLUS};

pub(super) async fn authenticate(login: &Login<'_>, wire: &mut Wire<'_>) -> Result<(), Error> {
    match wire.read().await? {
        Message::AuthenticationOk => {
            permit(login, AuthMethod::None)?;
            return without_binding(login, "did not ask for any authentication");
        }
        Message::AuthenticationCleartextPassword => {
            permit(login, AuthMethod::Password)?;
            without_binding(login, "asks for the password in clear")?;
            password::refuse_in_clear(login, wire)?;
            match begin(login, wire, &AuthRequest::Password) {
                Some(exchange) => return exchange::password(login, wire, exchange).await,
                None => password::cleartext(login, wire).await?,
            }
        }
        Message::AuthenticationMd5Password(body) => {
            permit(login, AuthMethod::Md5)?;
            without_binding(login, "asks for an MD5 login")?;
            password::md5(login, wire, body.salt()).await?;
        }
        Message::AuthenticationSasl(body) => return sasl(login, wire, &body).await,
        Message::AuthenticationGss => {
            permit(login, AuthMethod::Gss)?;
            without_binding(login, "asks for Kerberos")?;
            if !wire.transport().is_tls() && !login.config.gss_without_tls() {
                return Err(refused(
                    login,
                    "the server asks for Kerberos without TLS, after which everything could be \
                     read and changed on the way; use TLS, or permit this by name",
                ));
            }
            let exchange = login
                .take_gss()
                .or_else(|| begin(login, wire, &AuthRequest::Gss));
            let exchange = exchange.ok_or_else(|| {
                unsupported(login, "Kerberos (GSSAPI; feature `kerberos` of this crate)")
            })?;
            return exchange::gss(login, wire, exchange).await;
        }
        Message::AuthenticationSspi => return Err(unsupported(login, "SSPI")),
        Message::AuthenticationKerberosV5 => return Err(unsupported(login, "Kerberos 5 (old)")),
        Message::AuthenticationScmCredential => {
            return Err(unsupported(login, "SCM credentials"));
        }
        _ => return Err(wire.unexpected("no request for authentication")),
    }
    accepted(wire).await
}

/// After the last answer only AuthenticationOk may come.
async fn accepted(wire: &mut Wire<'_>) -> Result<(), Error> {
    match wire.read().await? {
        Message::AuthenticationOk => Ok(()),
        _ => Err(wire.unexpected("another request for authentication")),
    }
}

async fn sasl(
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
    if let Some(exchange) = begin(login, wire, &AuthRequest::Sasl(&offered)) {
        permit(login, AuthMethod::Custom)?;
        without_binding(login, "uses a mechanism of its own")?;
        return exchange::sasl(login, wire, exchange).await;
    }
    let (plain, plus) = (
        offered.contains(&SCRAM_SHA_256),
        offered.contains(&SCRAM_SHA_256_PLUS),
    );
    if !plain && !plus {
        return Err(unsupported(
            login,
            &format!("one of the SASL mechanisms {offered:?}"),
        ));
    }
    permit(login, AuthMethod::ScramSha256)?;
    scram::scram(login, wire, plain, plus).await?;
    accepted(wire).await
}

/// Whether one of the ways that were configured takes the login over.
fn begin(
    login: &Login<'_>,
    wire: &Wire<'_>,
    request: &AuthRequest<'_>,
) -> Option<Box<dyn Exchange>> {
    let context = AuthContext {
        endpoint: login.endpoint,
        user: &login.config.user,
        tls: wire.transport().is_tls(),
    };
    login
        .config
        .authenticators()
        .find_map(|authenticator| authenticator.begin(&context, request))
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

fn refused(login: &Login<'_>, what: &str) -> Error {
    Error::new(ErrorKind::Downgrade, format!("{}: {what}", login.attempt))
}

/// Refuses what the configuration does not permit, before anything is answered.
fn permit(login: &Login<'_>, method: AuthMethod) -> Result<(), Error> {
    login.progress.asks_for(method);
    if let Some(require) = &login.config.require_auth
        && !require.permits(method)
    {
        let asks = match method {
            AuthMethod::None => "let us in without authentication".to_owned(),
            method => format!("asks for {method}"),
        };
        return Err(refused(
            login,
            &format!("the server {asks}, which require_auth={require} does not permit"),
        ));
    }
    if login.config.is_jwt() && !matches!(method, AuthMethod::Password | AuthMethod::None) {
        return Err(refused(
            login,
            &format!(
                "the server asks for {method} although a JWT was announced; enable \
                 server.jwt_authentication.enabled on the cluster"
            ),
        ));
    }
    Ok(())
}

/// Fails where channel binding is required and this way of logging in has none.
fn without_binding(login: &Login<'_>, what: &str) -> Result<(), Error> {
    if login.config.channel_binding == ChannelBinding::Require {
        return Err(refused(
            login,
            &format!(
                "channel_binding=require cannot be met: the server {what}; CockroachDB has no \
                 channel binding, PostgreSQL has it with SCRAM over TLS"
            ),
        ));
    }
    Ok(())
}

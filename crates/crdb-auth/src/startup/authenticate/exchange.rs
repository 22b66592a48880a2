//! Drives an [`Exchange`], built in or custom.

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use super::{Login, Wire, accepted};
use crate::authenticator::Exchange;
use crate::credential::failed;
use crate::error::{Error, ErrorKind};
use crate::progress::Step;
use crate::secret::Secret;

/// Kerberos needs two rounds, a negotiation a few more; a server that never ends is not heard.
const MAX_ROUNDS: usize = 16;

/// One answer, in clear.
pub(super) async fn password(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    mut exchange: Box<dyn Exchange>,
) -> Result<(), Error> {
    let answer = respond(login, &mut exchange, b"").await?;
    let answer = answer.ok_or_else(|| silent(login))?;
    wire.send(|buf| frontend::password_message(answer.expose(), buf))
        .await?;
    accepted(wire).await?;
    complete(login, &mut exchange)
}

/// Tokens to and fro until the server is satisfied.
pub(super) async fn gss(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    mut exchange: Box<dyn Exchange>,
) -> Result<(), Error> {
    let first = respond(login, &mut exchange, b"").await?;
    let first = first.ok_or_else(|| silent(login))?;
    wire.send(|buf| token(&first, buf)).await?;
    for _ in 0..MAX_ROUNDS {
        let message = match wire.read().await {
            Ok(message) => message,
            Err(error) => return Err(gss_refusal(error, &mut exchange)),
        };
        match message {
            Message::AuthenticationOk => return complete(login, &mut exchange),
            Message::AuthenticationGssContinue(body) => {
                if let Some(answer) = respond(login, &mut exchange, body.data()).await? {
                    wire.send(|buf| token(&answer, buf)).await?;
                }
            }
            _ => return Err(wire.unexpected("no GSSAPI token")),
        }
    }
    Err(wire.unexpected("GSSAPI tokens without end"))
}

/// PostgreSQL says 28000 both when it cannot accept the token and when it has accepted it and has
/// no mapping; the server's own token, which has then come, tells them apart.
fn gss_refusal(error: Error, exchange: &mut Box<dyn Exchange>) -> Error {
    if !matches!(error.sqlstate(), Some("28000" | "28P01")) {
        return error;
    }
    if exchange.complete().is_ok() {
        error.reinterpreted(
            ErrorKind::KerberosNotMapped,
            "Kerberos itself succeeded: map the principal to this user on the server (in its HBA \
             rule: include_realm, krb_realm, map)",
        )
    } else {
        error.reinterpreted(
            ErrorKind::Kerberos,
            "the server did not accept the ticket: its log says why; check that its keytab holds \
             the present key of the service, and the clocks",
        )
    }
}

/// Challenges and responses until the server is satisfied.
pub(super) async fn sasl(
    login: &Login<'_>,
    wire: &mut Wire<'_>,
    mut exchange: Box<dyn Exchange>,
) -> Result<(), Error> {
    let first = respond(login, &mut exchange, b"").await?;
    let mechanism = exchange.mechanism().to_owned();
    let empty = Secret::new(Vec::new());
    let first = first.as_ref().unwrap_or(&empty);
    wire.send(|buf| frontend::sasl_initial_response(&mechanism, first.expose(), buf))
        .await?;
    for _ in 0..MAX_ROUNDS {
        match wire.read().await? {
            Message::AuthenticationOk => return complete(login, &mut exchange),
            Message::AuthenticationSaslContinue(body) => {
                let answer = respond(login, &mut exchange, body.data()).await?;
                let answer = answer.ok_or_else(|| silent(login))?;
                wire.send(|buf| frontend::sasl_response(answer.expose(), buf))
                    .await?;
            }
            Message::AuthenticationSaslFinal(body) => {
                respond(login, &mut exchange, body.data()).await?;
                accepted(wire).await?;
                return complete(login, &mut exchange);
            }
            _ => return Err(wire.unexpected("no SASL challenge")),
        }
    }
    Err(wire.unexpected("SASL challenges without end"))
}

/// A GSSResponse has the form of a password message without the NUL, as a SASLResponse has.
fn token(token: &Secret, buf: &mut BytesMut) -> std::io::Result<()> {
    frontend::sasl_response(token.expose(), buf)
}

async fn respond(
    login: &Login<'_>,
    exchange: &mut Box<dyn Exchange>,
    challenge: &[u8],
) -> Result<Option<Secret>, Error> {
    login.progress.enter(Step::Credential);
    let answer = exchange.respond(challenge).await;
    login.progress.enter(Step::Login);
    answer.map_err(|error| failed(login.attempt, error))
}

fn complete(login: &Login<'_>, exchange: &mut Box<dyn Exchange>) -> Result<(), Error> {
    exchange
        .complete()
        .map_err(|error| failed(login.attempt, error))
}

fn silent(login: &Login<'_>) -> Error {
    Error::new(
        ErrorKind::Credential,
        format!(
            "{}: the configured way of authentication has no answer to the server",
            login.attempt
        ),
    )
}

//! Startup and authentication, up to the first ReadyForQuery.

mod authenticate;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::BytesMut;
use postgres_protocol::message::backend::Message;
use postgres_protocol::message::frontend;

use crate::authenticator::Exchange;
use crate::config::Config;
use crate::credential::CredentialRequest;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::facts::{BackendKey, ServerFacts, SharedParameters};
use crate::net::Transport;
use crate::progress::Progress;
use crate::scram::KeyCache;
use crate::secret::Secret;
use crate::shown::Unshown;
pub(crate) use wire::Wire;

/// More than any server reports; a hostile one must not fill the memory.
const MAX_MESSAGES: usize = 1_000;

/// Everything the login needs beside the connection.
pub(crate) struct Login<'a> {
    pub(crate) config: &'a Config,
    pub(crate) endpoint: &'a Endpoint,
    pub(crate) keys: &'a KeyCache,
    pub(crate) parameters: &'a SharedParameters,
    /// What is attempted and where, for messages.
    pub(crate) attempt: &'a str,
    /// Told of each step, and of what the server asks for.
    pub(crate) progress: &'a Progress,
    /// An answer to a server that asks for GSSAPI, begun already.
    pub(crate) gss: Mutex<Option<Box<dyn Exchange>>>,
    /// The password that was used, to be forgotten if the server refuses it.
    pub(crate) used: Mutex<Option<Secret>>,
}

impl Login<'_> {
    fn credential_request(&self) -> CredentialRequest {
        CredentialRequest {
            endpoint: self.endpoint.clone(),
            user: self.config.user.clone(),
            database: self.config.database.clone(),
        }
    }

    fn take_gss(&self) -> Option<Box<dyn Exchange>> {
        let mut gss = self.gss.lock().unwrap_or_else(PoisonError::into_inner);
        gss.take()
    }

    fn used(&self, secret: &Secret) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret.clone());
    }

    fn forget_refused(&self, error: &Error) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(password), Some(secret)) = (&self.config.password, used.as_ref())
            && error.server().is_some()
            && error.is_authentication()
        {
            password.refused(secret);
        }
    }
}

/// A server that has said ReadyForQuery.
pub(crate) struct LoggedIn {
    pub(crate) transport: Transport,
    /// Bytes that came behind ReadyForQuery, perhaps the 57P01 of a node that drains.
    pub(crate) ahead: BytesMut,
    pub(crate) facts: ServerFacts,
}

/// Logs in over a connection on which nothing but TLS has happened.
pub(crate) async fn log_in(login: Login<'_>, transport: Transport) -> Result<LoggedIn, Error> {
    let mut wire = Wire::new(transport, login.attempt, Unshown::of(login.config));
    let options = login.config.startup_options();
    wire.send(|buf| frontend::startup_message(parameters(login.config, options.as_deref()), buf))
        .await?;
    authenticate::authenticate(&login, &mut wire)
        .await
        .inspect_err(|error| login.forget_refused(error))?;
    let facts = read_facts(&mut wire, login.parameters).await?;
    let (transport, ahead) = wire.into_parts();
    Ok(LoggedIn {
        transport,
        ahead,
        facts,
    })
}

fn parameters<'a>(
    config: &'a Config,
    options: Option<&'a str>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let named = [
        ("user", Some(config.user.as_str())),
        ("database", config.database.as_deref()),
        ("application_name", config.application_name.as_deref()),
        ("options", options),
        ("client_encoding", Some("UTF8")),
    ];
    named
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .chain(
            config
                .session_parameters
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
}

/// CockroachDB before v22.1 sends no BackendKeyData, or zeros, which cancel nothing.
async fn read_facts(wire: &mut Wire<'_>, shared: &SharedParameters) -> Result<ServerFacts, Error> {
    let mut parameters = BTreeMap::new();
    let mut key = None;
    for _ in 0..MAX_MESSAGES {
        match wire.read().await? {
            Message::ParameterStatus(body) => {
                let text = |part: std::io::Result<&str>| {
                    part.map(str::to_owned)
                        .map_err(|_| wire.unexpected("a ParameterStatus that is not text"))
                };
                parameters.insert(text(body.name())?, text(body.value())?);
            }
            Message::BackendKeyData(body) => {
                let (process_id, secret_key) = (body.process_id(), body.secret_key());
                key = ((process_id, secret_key) != (0, 0)).then_some(BackendKey {
                    process_id,
                    secret_key,
                });
            }
            Message::ReadyForQuery(body) => {
                if body.status() != b'I' {
                    return Err(wire.unexpected("a ReadyForQuery that is not idle"));
                }
                return Ok(ServerFacts::new(shared.share(parameters), key));
            }
            _ => return Err(wire.unexpected("a message that does not belong to the startup")),
        }
    }
    Err(wire.unexpected("messages without end"))
}

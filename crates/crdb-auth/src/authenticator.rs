//! Custom ways of authentication.

use std::error::Error as StdError;
use std::pin::Pin;

use crate::endpoint::Endpoint;
use crate::secret::Secret;

/// What an [`Exchange`] gives back: to be awaited within the connect deadline.
pub type ExchangeFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<T, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// What the server asks for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum AuthRequest<'a> {
    /// The password in clear. Only ever handed on inside TLS, or where the configuration permits
    /// cleartext without it.
    Password,
    /// GSSAPI tokens.
    Gss,
    /// One of these SASL mechanisms.
    Sasl(&'a [&'a str]),
}

/// The login that an [`Authenticator`] is asked about.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AuthContext<'a> {
    /// The server as it was configured.
    pub endpoint: &'a Endpoint,
    /// The user of the startup message.
    pub user: &'a str,
    /// Whether TLS protects the exchange.
    pub tls: bool,
}

/// A custom way of authentication. It is asked first, for every login.
///
/// An example is in `examples/own_authenticator.rs`.
pub trait Authenticator: Send + Sync + 'static {
    /// Takes the login over, or leaves it to the built-in ways with `None`.
    fn begin(
        &self,
        context: &AuthContext<'_>,
        request: &AuthRequest<'_>,
    ) -> Option<Box<dyn Exchange>>;
}

/// One login under way.
pub trait Exchange: Send {
    /// The SASL mechanism that was chosen; empty for others.
    fn mechanism(&self) -> &str {
        ""
    }

    /// Answers the server. The first challenge is empty; the last, a SASL final message, needs
    /// no answer: `None`.
    ///
    /// Work that blocks belongs on `tokio::task::spawn_blocking`. Of an error only a
    /// [`CredentialError`](crate::CredentialError)'s words are shown and logged.
    fn respond<'a>(&'a mut self, challenge: &'a [u8]) -> ExchangeFuture<'a, Option<Secret>>;

    /// The server says that the login succeeded. A way with mutual authentication must fail here
    /// when the server has not proven who it is.
    ///
    /// # Errors
    /// Ends the connection.
    fn complete(&mut self) -> Result<(), Box<dyn StdError + Send + Sync>>;
}

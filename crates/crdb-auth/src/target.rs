//! Choosing among several servers.

use std::fmt;
use std::str::FromStr;

use crate::connector::Connector;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
#[cfg(feature = "tokio-postgres")]
use crate::session::Session;
use crate::stream::AuthenticatedStream;

/// What kind of server is wanted, libpq's `target_session_attrs`.
///
/// Every CockroachDB node is a primary that takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TargetSessionAttrs {
    /// Any server.
    #[default]
    Any,
    /// A server whose transactions are read-write by default.
    ReadWrite,
    /// A server whose transactions are read-only by default.
    ReadOnly,
    /// A server that is not in hot standby.
    Primary,
    /// A server in hot standby.
    Standby,
    /// A server in hot standby; any server if there is none.
    PreferStandby,
}

impl TargetSessionAttrs {
    pub(crate) const NAMED: [(&'static str, Self); 6] = [
        ("any", Self::Any),
        ("read-write", Self::ReadWrite),
        ("read-only", Self::ReadOnly),
        ("primary", Self::Primary),
        ("standby", Self::Standby),
        ("prefer-standby", Self::PreferStandby),
    ];

    /// The question to the server, and the answer that is wanted.
    fn question(self) -> Option<(&'static str, &'static str)> {
        const READ_ONLY: &str = "SHOW transaction_read_only";
        const STANDBY: &str = "SELECT pg_catalog.pg_is_in_recovery()";
        Some(match self {
            Self::Any => return None,
            Self::ReadWrite => (READ_ONLY, "off"),
            Self::ReadOnly => (READ_ONLY, "on"),
            Self::Primary => (STANDBY, "f"),
            Self::Standby | Self::PreferStandby => (STANDBY, "t"),
        })
    }
}

impl fmt::Display for TargetSessionAttrs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMED.iter().find(|(_, value)| value == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl FromStr for TargetSessionAttrs {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::NAMED
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                Error::config(format!(
                    "target_session_attrs {text:?} is none of any, read-write, read-only, \
                     primary, standby, prefer-standby"
                ))
            })
    }
}

impl Connector {
    /// Tries the endpoints in their order until one gives the bytes of a session of the wanted kind.
    ///
    /// `connect_timeout` holds for each, as in libpq. A server that refuses the credentials or
    /// fails at TLS ends the search: the others would as well.
    ///
    /// # Errors
    /// As [`open`](Self::open), of the last endpoint tried; [`ErrorKind::Config`] without
    /// endpoints; [`ErrorKind::Unsupported`] when servers answer but none is of the wanted kind.
    ///
    /// # Cancel safety
    /// As [`open`](Self::open).
    pub async fn open_any(
        &self,
        endpoints: &[Endpoint],
        target: TargetSessionAttrs,
    ) -> Result<AuthenticatedStream, Error> {
        let mut failure = Error::config("no endpoint to connect to was given");
        for endpoint in endpoints {
            match self.open_one(endpoint, target).await {
                Ok(stream) => return Ok(stream),
                Err(error) if error.is_authentication() || error.is_tls() => return Err(error),
                Err(error) => failure = error,
            }
        }
        if target == TargetSessionAttrs::PreferStandby {
            return Box::pin(self.open_any(endpoints, TargetSessionAttrs::Any)).await;
        }
        Err(failure)
    }

    /// As [`open_any`](Self::open_any), with a `tokio_postgres::Client` on the session.
    ///
    /// # Errors
    /// As [`open_any`](Self::open_any).
    ///
    /// # Cancel safety
    /// As [`open`](Self::open).
    #[cfg(feature = "tokio-postgres")]
    pub async fn connect_any(
        &self,
        endpoints: &[Endpoint],
        target: TargetSessionAttrs,
    ) -> Result<Session, Error> {
        Session::start(self.open_any(endpoints, target).await?).await
    }

    async fn open_one(
        &self,
        endpoint: &Endpoint,
        target: TargetSessionAttrs,
    ) -> Result<AuthenticatedStream, Error> {
        let stream = self.open(endpoint).await?;
        let Some((question, wanted)) = target.question() else {
            return Ok(stream);
        };
        let attempt = format!("asking {endpoint} for {target}");
        let (stream, answer) = stream.ask(&attempt, question).await?;
        if answer.as_deref() == Some(wanted) {
            return Ok(stream);
        }
        stream.say_goodbye().await;
        Err(Error::new(
            ErrorKind::Unsupported,
            format!("{endpoint} is not {target}: another server is needed"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (name, value) in TargetSessionAttrs::NAMED {
            assert_eq!(name.parse::<TargetSessionAttrs>().unwrap(), value);
            assert_eq!(value.to_string(), name);
        }
    }
}

//! Which ways of authentication a server may ask for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Whether SCRAM is bound to the TLS connection (libpq's `channel_binding`). A man in the middle cannot relay a bound exchange,
/// even with a trusted certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ChannelBinding {
    /// SCRAM is never bound.
    Disable,
    /// SCRAM is bound where the server offers it. CockroachDB does not offer it, as of v26.
    #[default]
    Prefer,
    /// The login fails without binding. It always fails with CockroachDB.
    Require,
}

impl ChannelBinding {
    pub(crate) const NAMED: [(&'static str, Self); 3] = [
        ("disable", Self::Disable),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
    ];
}

impl FromStr for ChannelBinding {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let named = Self::NAMED.iter().find(|(name, _)| *name == text);
        named.map(|(_, binding)| *binding).ok_or_else(|| {
            Error::config(format!(
                "channel_binding {text:?} is none of disable, prefer, require"
            ))
        })
    }
}

/// A way of authentication that a server may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AuthMethod {
    /// The password (or JWT) in clear.
    Password,
    /// PostgreSQL's old MD5 hash.
    Md5,
    /// Kerberos over GSSAPI.
    Gss,
    /// Kerberos or NTLM as Windows servers ask for it.
    Sspi,
    /// SCRAM-SHA-256, with or without channel binding.
    ScramSha256,
    /// A SASL mechanism of an [`Authenticator`](crate::Authenticator)'s own.
    Custom,
    /// Nothing: the server trusts the network, or the client's certificate.
    None,
}

impl AuthMethod {
    const NAMED: [(&'static str, Self); 7] = [
        ("password", Self::Password),
        ("md5", Self::Md5),
        ("gss", Self::Gss),
        ("sspi", Self::Sspi),
        ("scram-sha-256", Self::ScramSha256),
        ("custom", Self::Custom),
        ("none", Self::None),
    ];

    /// The spelling in connection strings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMED
            .iter()
            .find(|(_, method)| *method == self)
            .map_or("", |(name, _)| name)
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The ways of authentication that a server may ask for, libpq's `require_auth`.
///
/// A server that asks for another one, or for none at all when [`AuthMethod::None`] is not among
/// them, is refused before anything secret is sent.
///
/// ```
/// use crdb_auth::{AuthMethod, RequireAuth};
///
/// let listed: RequireAuth = "scram-sha-256,gss".parse()?;
/// assert!(listed.permits(AuthMethod::Gss) && !listed.permits(AuthMethod::None));
/// let excluded: RequireAuth = "!password,!md5".parse()?;
/// assert!(excluded.permits(AuthMethod::None) && !excluded.permits(AuthMethod::Md5));
/// # Ok::<(), crdb_auth::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequireAuth {
    methods: BTreeSet<AuthMethod>,
    excluded: bool,
}

impl RequireAuth {
    /// Permits only these methods.
    pub fn only(methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        Self {
            methods: methods.into_iter().collect(),
            excluded: false,
        }
    }

    /// Permits all methods but these.
    pub fn all_but(methods: impl IntoIterator<Item = AuthMethod>) -> Self {
        Self {
            methods: methods.into_iter().collect(),
            excluded: true,
        }
    }

    /// Whether the server may ask for this method.
    #[must_use]
    pub fn permits(&self, method: AuthMethod) -> bool {
        self.methods.contains(&method) != self.excluded
    }

    /// Whether it is permitted by its name, not just by the absence of others.
    pub(crate) fn names(&self, method: AuthMethod) -> bool {
        !self.excluded && self.methods.contains(&method)
    }
}

impl FromStr for RequireAuth {
    type Err = Error;

    /// Reads a list with commas. Either all items have a leading `!`, or none.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut methods = BTreeSet::new();
        let mut excluded = None;
        for item in text.split(',').map(str::trim) {
            let (negative, name) = match item.strip_prefix('!') {
                Some(name) => (true, name),
                None => (false, item),
            };
            if excluded.is_some_and(|excluded| excluded != negative) {
                return Err(Error::config(format!(
                    "require_auth {text:?} mixes methods with and without '!'"
                )));
            }
            excluded = Some(negative);
            let method = AuthMethod::NAMED
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, method)| *method)
                .ok_or_else(|| {
                    Error::config(format!(
                        "require_auth names {name:?}, which is none of password, md5, gss, sspi, \
                         scram-sha-256, custom, none"
                    ))
                })?;
            if !methods.insert(method) {
                return Err(Error::config(format!("require_auth names {name:?} twice")));
            }
        }
        Ok(Self {
            methods,
            excluded: excluded.unwrap_or(false),
        })
    }
}

impl fmt::Display for RequireAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.excluded { "!" } else { "" };
        for (index, method) in self.methods.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{sign}{method}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_libpq_reads_them() {
        assert!("md5,!gss".parse::<RequireAuth>().is_err());
        assert!("md5,md5".parse::<RequireAuth>().is_err());
        assert!("".parse::<RequireAuth>().is_err());
        assert!("kerberos".parse::<RequireAuth>().is_err());
        let list: RequireAuth = "none, scram-sha-256".parse().unwrap();
        assert_eq!(list.to_string(), "scram-sha-256,none");
        let list: RequireAuth = "!none".parse().unwrap();
        assert_eq!(list.to_string(), "!none");
        assert!(!list.names(AuthMethod::Md5) && list.permits(AuthMethod::Md5));
    }
}

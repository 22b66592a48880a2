//! What the server told about itself during startup.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Which kind of server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Engine {
    /// CockroachDB: it reports a `crdb_version`.
    CockroachDb,
    /// PostgreSQL, or something that looks like it.
    PostgreSql,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CockroachDb => "CockroachDB",
            Self::PostgreSql => "PostgreSQL",
        })
    }
}

/// A server's version, as far as the first three numbers go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Version {
    /// CockroachDB 23.1.4: 23; PostgreSQL 15.18: 15.
    pub major: u16,
    /// CockroachDB 23.1.4: 1; PostgreSQL 15.18: 18.
    pub minor: u16,
    /// CockroachDB 23.1.4: 4; PostgreSQL 15.18: 0.
    pub patch: u16,
}

impl Version {
    /// A version to compare with.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads the first run of numbers: `CockroachDB CCL v23.1.4 (x86_64..)`, `15.18 (Debian ..)`,
    /// `17devel`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let start = text.find(|c: char| c.is_ascii_digit())?;
        // In "PostgreSQL-compatible 2 v23.1" the number after a 'v' is the version.
        let start = text
            .match_indices('v')
            .map(|(at, _)| at + 1)
            .find(|&at| text[at..].starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or(start);
        let mut numbers = text[start..]
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()?
            .split('.')
            .map(str::parse::<u16>);
        let major = numbers.next()?.ok()?;
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        Some(Self {
            major,
            minor: next(),
            patch: next(),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The key that a CancelRequest must present.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackendKey {
    pub(crate) process_id: i32,
    pub(crate) secret_key: i32,
}

/// Every ParameterStatus of a startup, by name. Sessions whose server said the same share it.
pub(crate) type Parameters = Arc<BTreeMap<String, String>>;

/// What the last server said, so that the next session need not keep the same words again: they are most of what an idle
/// session holds beside its buffers.
#[derive(Debug, Default)]
pub(crate) struct SharedParameters(Mutex<Parameters>);

impl SharedParameters {
    pub(crate) fn share(&self, told: BTreeMap<String, String>) -> Parameters {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if **last != told {
            *last = Arc::new(told);
        }
        Arc::clone(&last)
    }
}

/// What the server told about itself during startup; it does not change afterwards.
#[derive(Clone)]
pub struct ServerFacts {
    engine: Engine,
    version: Option<Version>,
    key: Option<BackendKey>,
    parameters: Parameters,
}

impl ServerFacts {
    pub(crate) fn new(parameters: Parameters, key: Option<BackendKey>) -> Self {
        let (engine, version) = match parameters.get("crdb_version") {
            Some(text) => (Engine::CockroachDb, Version::parse(text)),
            None => (
                Engine::PostgreSql,
                parameters
                    .get("server_version")
                    .and_then(|text| Version::parse(text)),
            ),
        };
        Self {
            engine,
            version,
            key,
            parameters,
        }
    }

    /// CockroachDB or PostgreSQL.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// CockroachDB's own version, or PostgreSQL's; `None` when the server's text has no number.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// The process id of BackendKeyData; `None` when the server sent none, or zeros (CockroachDB before
    /// v22.1). On CockroachDB it is the upper half of the cancel key, not a process.
    #[must_use]
    pub fn process_id(&self) -> Option<i32> {
        self.key.map(|key| key.process_id)
    }

    /// The CockroachDB node (SQL instance) that answers, from the cancel key it sent.
    ///
    /// Since v22.1 the upper half of the key holds it: when the leading bit is clear, in the top
    /// twelve bits; when it is set, in the other 31 (source: `pgwirecancel.BackendKeyData`).
    /// `None` on PostgreSQL, on older servers, and where the key holds no node.
    #[must_use]
    pub fn node_id(&self) -> Option<u32> {
        if self.engine != Engine::CockroachDb || self.version.is_some_and(|v| v.major < 22) {
            return None;
        }
        let upper = self.key?.process_id.cast_unsigned();
        let node = if upper & 0x8000_0000 == 0 {
            upper >> 20
        } else {
            upper & 0x7fff_ffff
        };
        (node != 0).then_some(node)
    }

    /// A ParameterStatus as it was at the end of startup, for example `server_version`. Later
    /// values are at [`Tap::parameter`](crate::Tap::parameter).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// All of them, by name.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn key(&self) -> Option<BackendKey> {
        self.key
    }

    /// All of them, shared with the sessions whose server said the same.
    #[must_use]
    pub fn shared_parameters(&self) -> Arc<BTreeMap<String, String>> {
        Arc::clone(&self.parameters)
    }
}

impl fmt::Debug for ServerFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerFacts")
            .field("engine", &self.engine)
            .field("version", &self.version)
            .field("process_id", &self.process_id())
            .field("node_id", &self.node_id())
            .field("parameters", &self.parameters)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cockroach(process_id: i32) -> ServerFacts {
        let parameters = [("crdb_version", "CockroachDB CCL v23.1.4 (x86_64, go1.19)")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let key = BackendKey {
            process_id,
            secret_key: 7,
        };
        ServerFacts::new(Arc::new(parameters.into()), Some(key))
    }

    #[test]
    fn versions_of_both_engines() {
        let version = |text| Version::parse(text).map(|v| v.to_string());
        assert_eq!(
            version("15.18 (Debian 15.18-0)").as_deref(),
            Some("15.18.0")
        );
        assert_eq!(version("17devel").as_deref(), Some("17.0.0"));
        assert_eq!(
            version("CockroachDB OSS v20.2.0-alpha.1-dev-g161d68e8c2 (x86_64-pc-linux-gnu)")
                .as_deref(),
            Some("20.2.0")
        );
        assert_eq!(version("none"), None);
        assert_eq!(version("99999999999999.1"), None);
    }

    #[test]
    fn node_id_short_and_long_form() {
        assert_eq!(cockroach(3 << 20 | 0xf_ffff).node_id(), Some(3));
        assert_eq!(cockroach(i32::MIN | 70_000).node_id(), Some(70_000));
        assert_eq!(cockroach(0xf_ffff).node_id(), None);
    }

    #[test]
    fn the_same_words_are_kept_once() {
        let shared = SharedParameters::default();
        let told = |zone: &str| [("TimeZone".to_owned(), zone.to_owned())].into();
        let first = shared.share(told("UTC"));
        assert!(Arc::ptr_eq(&first, &shared.share(told("UTC"))));
        let other = shared.share(told("Asia/Tokyo"));
        assert_eq!(other["TimeZone"], "Asia/Tokyo");
        assert_eq!(first["TimeZone"], "UTC");
    }

    #[test]
    fn postgresql_has_process_ids_not_nodes() {
        let facts = ServerFacts::new(
            Arc::new([("server_version".to_owned(), "15.18".to_owned())].into()),
            Some(BackendKey {
                process_id: 5 << 20,
                secret_key: 1,
            }),
        );
        assert_eq!(facts.engine(), Engine::PostgreSql);
        assert_eq!(facts.node_id(), None);
        assert_eq!(facts.process_id(), Some(5 << 20));
        assert!(!format!("{facts:?}").contains("secret"));
    }
}

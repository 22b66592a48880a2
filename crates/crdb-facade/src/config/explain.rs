//! Shows a configuration, and condenses it.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

use super::layer::Origin;
use super::resolve::Resolved;

/// Every key of a [`Config`](super::Config), in alphabetical order. Its `Display` is a table.
#[derive(Clone, Debug)]
pub struct Explanation(Vec<Explained>);

/// One key with its value and where it came from.
#[derive(Clone, Debug)]
pub struct Explained {
    key: &'static str,
    value: String,
    origin: Origin,
}

impl Explained {
    /// The key's path.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The value in its canonical form: `none` where it is not set, `***` for a secret.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Explanation {
    pub(super) fn new(values: &BTreeMap<&'static str, Resolved>) -> Self {
        Self(
            values
                .iter()
                .map(|(key, resolved)| Explained {
                    key,
                    value: resolved.read.text.clone(),
                    origin: resolved.origin.clone(),
                })
                .collect(),
        )
    }

    /// The keys, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &Explained> {
        self.0.iter()
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |part: fn(&Explained) -> &str| {
            self.0
                .iter()
                .map(|line| part(line).chars().count())
                .max()
                .unwrap_or(0)
        };
        let (key_width, value_width) = (width(|line| line.key), width(|line| &line.value).min(40));
        for Explained { key, value, origin } in &self.0 {
            writeln!(f, "{key:key_width$}  {value:value_width$}  {origin}")?;
        }
        Ok(())
    }
}

/// See [`Config::fingerprint`](super::Config::fingerprint). Prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn new(values: &BTreeMap<&'static str, Resolved>) -> Self {
        let mut hash = Sha256::new();
        for (key, resolved) in values.iter().filter(|(_, resolved)| !resolved.secret) {
            // Lengths, so that no value can pose as the next key.
            for part in [key.as_bytes(), resolved.read.text.as_bytes()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

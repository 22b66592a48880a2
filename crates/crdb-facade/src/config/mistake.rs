//! What is wrong in a configuration, one by one.

use std::fmt;

use super::layer::Origin;

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MistakeKind {
    /// A file that is not there, not readable, or of no known format.
    UnreadableFile,
    /// A file that is not YAML or TOML.
    Syntax,
    /// A version of the configuration that this release does not read.
    UnsupportedVersion,
    /// A key that does not exist.
    UnknownKey,
    /// A value of the wrong type or out of bounds.
    WrongValue,
    /// A required key that is set nowhere.
    Missing,
    /// Two keys that exclude each other, or one that needs another.
    Conflict,
}

impl MistakeKind {
    /// Whether nothing of the source could be used.
    pub(super) fn is_of_a_whole_source(self) -> bool {
        matches!(
            self,
            Self::UnreadableFile | Self::Syntax | Self::UnsupportedVersion
        )
    }
}

/// One mistake: the key, where it was written, and what was expected.
///
/// Never holds the value of a secret.
#[derive(Clone, Debug)]
pub struct Mistake {
    kind: MistakeKind,
    key: String,
    origin: Origin,
    expected: String,
    found: Option<String>,
    nearest: Vec<String>,
    /// The other key of a rule between two.
    other: Option<&'static str>,
}

impl Mistake {
    pub(crate) fn new(
        kind: MistakeKind,
        key: &str,
        origin: Origin,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            key: key.to_owned(),
            origin,
            expected: expected.into(),
            found: None,
            nearest: Vec::new(),
            other: None,
        }
    }

    pub(crate) fn with_found(mut self, found: Option<String>) -> Self {
        self.found = found;
        self
    }

    pub(super) fn with_nearest(mut self, nearest: Vec<String>) -> Self {
        self.nearest = nearest;
        self
    }

    pub(super) fn with_other(mut self, other: &'static str) -> Self {
        self.other = Some(other);
        self
    }

    /// The other key that takes part, of a rule between two keys.
    pub(super) fn other(&self) -> Option<&'static str> {
        self.other
    }

    /// What sort of mistake it is.
    #[must_use]
    pub fn kind(&self) -> MistakeKind {
        self.kind
    }

    /// The key, such as `pool.max_size`. Empty where a whole file is at fault.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What was expected there.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// Known keys that are spelled alike, the likeliest first: of an unknown key.
    #[must_use]
    pub fn nearest(&self) -> &[String] {
        &self.nearest
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.key.is_empty()) {
            (MistakeKind::Missing, _) => return write!(f, "{}: {}", self.key, self.expected),
            (MistakeKind::UnknownKey, _) => {
                write!(f, "{} ({}): no such key", self.key, self.origin)?;
                return match self.nearest.as_slice() {
                    [] => write!(f, "; {}", self.expected),
                    nearest => write!(f, "; did you mean {}?", nearest.join(" or ")),
                };
            }
            (MistakeKind::Conflict | MistakeKind::UnsupportedVersion, false) => {
                return write!(f, "{} ({}): {}", self.key, self.origin, self.expected);
            }
            (_, true) => write!(f, "{}: expected {}", self.origin, self.expected)?,
            (_, false) => write!(
                f,
                "{} ({}): expected {}",
                self.key, self.origin, self.expected
            )?,
        }
        self.found
            .as_ref()
            .map_or(Ok(()), |found| write!(f, ", found {found}"))
    }
}

/// All mistakes of a configuration, as one source of an [`Error`](crate::Error).
#[derive(Clone, Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the configuration has a mistake: {one}"),
            many => {
                write!(f, "the configuration has {} mistakes:", many.len())?;
                many.iter()
                    .try_for_each(|mistake| write!(f, "\n  - {mistake}"))
            }
        }
    }
}

impl std::error::Error for Mistakes {}

/// The known names that `name` was probably meant to be, the likeliest first.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let mut scored: Vec<(f64, &str)> = known
        .map(|candidate| {
            let whole = strsim::normalized_damerau_levenshtein(&spelled(name), &spelled(candidate));
            // The right name in the wrong section, or without any.
            let tail = strsim::normalized_damerau_levenshtein(&last(name), &last(candidate)) - 0.05;
            (whole.max(tail), candidate)
        })
        .filter(|(score, _)| *score >= 0.6)
        .collect();
    scored.sort_by(|(a, a_name), (b, b_name)| b.total_cmp(a).then_with(|| a_name.cmp(b_name)));
    let Some((best, _)) = scored.first().copied() else {
        return Vec::new();
    };
    scored
        .iter()
        .take_while(|(score, _)| best - score < 0.1)
        .take(3)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// One spelling for what differs in separators only.
fn spelled(path: &str) -> String {
    path.replace(['.', '-', '_'], "_").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KNOWN: [&str; 5] = [
        "pool.max_size",
        "pool.min_idle",
        "auth.password",
        "auth.password_file",
        "exec.timeout",
    ];

    #[test]
    fn finds_typing_errors_wrong_sections_and_wrong_separators() {
        for (written, meant) in [
            ("pool.max_sise", "pool.max_size"),
            ("pool_max_size", "pool.max_size"),
            ("pool.max-size", "pool.max_size"),
            ("max_size", "pool.max_size"),
            ("exec.max_size", "pool.max_size"),
            ("auth.pasword", "auth.password"),
        ] {
            assert_eq!(
                nearest(written, KNOWN.into_iter())
                    .first()
                    .map(String::as_str),
                Some(meant),
                "{written}"
            );
        }
        assert!(nearest("zzz.qqqqqqq", KNOWN.into_iter()).is_empty());
    }
}

use std::fmt;

/// A value that a type cannot hold, or a text that is not one of its values.
///
/// The message says why. It does not repeat the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueError(&'static str);

impl ValueError {
    pub(super) const fn new(why: &'static str) -> Self {
        Self(why)
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for ValueError {}

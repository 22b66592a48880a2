//! A password and where it is kept.

use crate::secret::Secret;

/// A password.
#[derive(Debug, Clone)]
pub struct Password {
    value: Secret,
}

impl Password {
    /// The password itself.
    pub fn value(password: impl Into<Secret>) -> Self {
        Self {
            value: password.into(),
        }
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.value
    }
}

impl<T: Into<Secret>> From<T> for Password {
    fn from(password: T) -> Self {
        Self::value(password)
    }
}

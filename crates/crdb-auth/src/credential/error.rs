//! What may be shown of a failure of code that handles secrets and is not this crate's.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::error::{Error, ErrorKind};

/// Why a [`CredentialSource`](crate::CredentialSource) has no credential, or an [`Exchange`](crate::Exchange) no answer, in
/// words that are shown and logged.
///
/// Libraries that read a secret repeat it in their errors: an HTTP client names the URL with its token, a parser quotes what it
/// could not read. So of any other error nothing is shown, nor is it kept as a source, but for the kind of a
/// [`std::io::Error`]. Wrap the cause in words of your own:
///
/// ```
/// use crdb_auth::CredentialError;
///
/// # fn ask() -> Result<u16, std::fmt::Error> { Ok(403) }
/// fn token() -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
///     match ask().map_err(|_| CredentialError::new("the vault cannot be reached"))? {
///         200 => Ok("token".to_owned()),
///         status => Err(CredentialError::new(format!("the vault answers {status}")).into()),
///     }
/// }
/// assert_eq!(token().unwrap_err().to_string(), "the vault answers 403");
/// ```
#[derive(Debug, Clone)]
pub struct CredentialError(Cow<'static, str>);

impl CredentialError {
    /// `message` is shown and logged as it is: it must hold no secret.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for CredentialError {}

/// The failure of `attempt` in code that is not this crate's. An error of this crate, which knows its kind, is passed on.
pub(crate) fn failed(attempt: &str, error: Box<dyn StdError + Send + Sync>) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error.within(attempt),
        Err(error) => Error::new(
            ErrorKind::Credential,
            format!("{attempt}: {}", shown(&*error)),
        ),
    }
}

/// What may be shown of an error of code that is not this crate's.
fn shown(error: &(dyn StdError + 'static)) -> String {
    if error.is::<CredentialError>() {
        return error.to_string();
    }
    let what = match error.downcast_ref::<io::Error>() {
        Some(error) => error.kind().to_string(),
        None => "an error".to_owned(),
    };
    format!(
        "{what} (its text is not shown, it may hold a secret; CredentialError says what may be)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_are_meant_for_it_are_shown() {
        let of = |error: &(dyn StdError + 'static)| shown(error);
        assert_eq!(of(&CredentialError::new("sealed")), "sealed");
        let boxed: Box<dyn StdError + Send + Sync> = "hunter2".into();
        let errors: [&(dyn StdError + 'static); 4] = [
            &*boxed,
            &io::Error::new(io::ErrorKind::NotFound, "hunter2"),
            &"hunter2".parse::<u8>().unwrap_err(),
            &std::env::VarError::NotUnicode("hunter2".into()),
        ];
        for error in errors {
            assert!(!of(error).contains("hunter2"), "{}", of(error));
            assert!(of(error).contains("CredentialError"), "{}", of(error));
        }
        assert!(of(errors[1]).contains("not found"), "{}", of(errors[1]));
    }
}

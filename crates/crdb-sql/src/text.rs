//! A statement that is given as text, outside of any file.

use crate::error::{Error, ErrorKind};
use crate::placeholder::{self, Numbered};
use crate::problem::Problems;
use crate::source::SourceFile;

/// A statement's text with `:name` parameters, as it is sent: with `$1`, `$2`, .. in their place.
///
/// ```
/// use crdb_sql::StatementText;
///
/// let statement = StatementText::parse("UPDATE t SET a = :a WHERE id = :id AND a <> :a")?;
/// assert_eq!(statement.text(), "UPDATE t SET a = $1 WHERE id = $2 AND a <> $1");
/// assert_eq!(statement.position("id"), Some(1));
/// # Ok::<(), crdb_sql::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementText {
    numbered: Numbered,
}

impl StatementText {
    /// Numbers the parameters of a text. Strings, quoted names and comments are left as they are.
    ///
    /// # Errors
    /// [`ErrorKind::Arguments`] when it uses both `:name` and `$1`, leaves a number out, or names a parameter in a way that
    /// cannot be.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let source = SourceFile::new("statement", text);
        match placeholder::number(&source, 0..text.len()) {
            Ok(numbered) => Ok(Self { numbered }),
            Err(problems) => Err(Error::new(
                ErrorKind::Arguments,
                Problems::new(problems).to_string(),
            )),
        }
    }

    /// The text with `$1`, `$2`, ..
    #[must_use]
    pub fn text(&self) -> &str {
        &self.numbered.text
    }

    /// How many parameters it has.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.numbered.names.len()
    }

    /// The names of its parameters in the order of `$1`, `$2`, ..: their numbers, where it uses `$1` itself.
    pub fn parameters(&self) -> impl Iterator<Item = String> + '_ {
        (1..)
            .zip(&self.numbered.names)
            .map(|(number, name)| name.clone().unwrap_or_else(|| number.to_string()))
    }

    /// The place of a parameter, from 0: of `id` for `:id`, of `2` for `$2`.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        let names = &self.numbered.names;
        names
            .iter()
            .position(|known| known.as_deref() == Some(name))
            .or_else(|| {
                let number: usize = name.parse().ok()?;
                let index = number.checked_sub(1)?;
                names.get(index)?.is_none().then_some(index)
            })
    }

    /// Why these arguments do not fit.
    #[must_use]
    pub fn mismatch(&self, given: &[&str]) -> Error {
        let wanted: Vec<String> = self.parameters().collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        crate::query::arrange::mismatch("statement", &wanted, given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_found_by_name_or_by_number() {
        let named = StatementText::parse("SELECT :a, ':b', :c").unwrap();
        assert_eq!(named.text(), "SELECT $1, ':b', $2");
        assert_eq!(
            [
                named.position("c"),
                named.position("b"),
                named.position("2")
            ],
            [Some(1), None, None]
        );
        let numbered = StatementText::parse("SELECT $2, $1").unwrap();
        assert_eq!(numbered.text(), "SELECT $2, $1");
        assert_eq!(
            [
                numbered.position("2"),
                numbered.position("0"),
                numbered.position("3")
            ],
            [Some(1), None, None]
        );
        assert_eq!(numbered.parameter_count(), 2);
    }

    #[test]
    fn mixed_parameters_and_gaps_are_refused() {
        for text in ["SELECT :a, $1", "SELECT $2"] {
            let error = StatementText::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Arguments, "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let statement = StatementText::parse("SELECT :account").unwrap();
        let message = statement.mismatch(&["acount"]).to_string();
        assert!(message.contains("did you mean `account`?"), "{message}");
    }
}

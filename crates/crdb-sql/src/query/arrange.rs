//! From named arguments to positions.

use super::Query;
use crate::error::{Error, ErrorKind};
use crate::name;

impl Query {
    /// Puts named arguments into the order of `$1`, `$2`, ..
    ///
    /// Generic, so that this crate knows no driver's value type; `T` may be a trait object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Arguments`] when a parameter is missing, surplus, or given twice; the message names all of them.
    ///
    /// ```
    /// # use crdb_sql::Repository;
    /// let repository = Repository::from_embedded(&[(
    ///     "accounts/rename.sql",
    ///     "-- name: rename :exec\nUPDATE accounts SET name = :name WHERE id = :id;",
    /// )])?;
    /// let rename = repository.get("accounts.rename")?;
    /// assert_eq!(rename.text(), "UPDATE accounts SET name = $1 WHERE id = $2");
    /// let ordered = rename.arrange(&[("id", "7"), ("name", "Ada")])?;
    /// assert_eq!(ordered, ["Ada", "7"]);
    /// # Ok::<(), crdb_sql::Error>(())
    /// ```
    pub fn arrange<'a, T: ?Sized>(&self, arguments: &[(&str, &'a T)]) -> Result<Vec<&'a T>, Error> {
        let mut ordered = Vec::with_capacity(self.parameters.len());
        for parameter in &self.parameters {
            if let Some((_, value)) = arguments.iter().find(|(name, _)| *name == parameter.name) {
                ordered.push(*value);
            }
        }
        if ordered.len() == self.parameters.len() && arguments.len() == self.parameters.len() {
            return Ok(ordered);
        }
        let given: Vec<&str> = arguments.iter().map(|(name, _)| *name).collect();
        Err(self.mismatch(&given))
    }

    /// Why arguments of these names do not fit.
    #[must_use]
    pub fn mismatch(&self, given: &[&str]) -> Error {
        mismatch(&self.name, &self.parameter_names(), given)
    }

    fn parameter_names(&self) -> Vec<&str> {
        self.parameters.iter().map(super::Parameter::name).collect()
    }
}

/// The error for arguments that do not fit.
pub(crate) fn mismatch(query: &str, wanted: &[&str], given: &[&str]) -> Error {
    let mut faults = Vec::new();
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|w| !given.contains(w))
        .collect();
    for name in &missing {
        faults.push(format!("parameter `{name}` is missing"));
    }
    for (index, argument) in given.iter().copied().enumerate() {
        if given[..index].contains(&argument) {
            faults.push(format!("argument `{argument}` is given twice"));
        } else if !wanted.contains(&argument) {
            let meant = name::nearest(argument, missing.iter().copied());
            let hint = match meant.first() {
                Some(name) => format!(" (did you mean `{name}`?)"),
                None => String::new(),
            };
            faults.push(format!("there is no parameter `{argument}`{hint}"));
        }
    }
    let signature = match wanted {
        [] => "takes no parameters".to_owned(),
        _ => format!("takes {}", wanted.join(", ")),
    };
    Error::new(
        ErrorKind::Arguments,
        format!("query `{query}` {signature}: {}", faults.join("; ")),
    )
}

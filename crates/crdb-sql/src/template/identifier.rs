//! Identifiers as SQL text.

use std::fmt;

use minijinja::value::{Object, ObjectRepr, Value};

/// What a server keeps of an identifier.
const MAX_BYTES: usize = 63;

/// Text that may be written into a statement: it came from an allow-list, or was checked and quoted here.
#[derive(Debug)]
pub(super) struct SafeIdentifier(String);

impl SafeIdentifier {
    /// An entry of an allow-list, which the header's reader has found to be plain. Quoted, so that a keyword is a name.
    pub(super) fn listed(entry: &str) -> Self {
        let parts: Vec<String> = entry.split('.').map(quoted).collect();
        Self(parts.join("."))
    }

    /// Any single identifier.
    pub(super) fn checked(name: &str) -> Result<Self, String> {
        if name.is_empty() {
            return Err("an identifier cannot be empty".to_owned());
        }
        if name.len() > MAX_BYTES {
            return Err(format!(
                "an identifier has at most {MAX_BYTES} bytes, this has {}",
                name.len()
            ));
        }
        if let Some(c) = name.chars().find(|c| c.is_control()) {
            return Err(format!("an identifier cannot hold the character {c:?}"));
        }
        Ok(Self(quoted(name)))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_value(self) -> Value {
        Value::from_object(self)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Object for SafeIdentifier {
    fn repr(self: &std::sync::Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &std::sync::Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_quoted_or_refused() {
        assert_eq!(
            SafeIdentifier::listed("accounts.order").as_str(),
            "\"accounts\".\"order\""
        );
        let checked = |name: &str| SafeIdentifier::checked(name).map(|safe| safe.0);
        assert_eq!(
            checked("a\"; DROP TABLE x; --"),
            Ok("\"a\"\"; DROP TABLE x; --\"".to_owned())
        );
        assert!(checked("").is_err());
        assert!(checked("a\0b").is_err());
        assert!(checked(&"x".repeat(64)).is_err());
    }
}

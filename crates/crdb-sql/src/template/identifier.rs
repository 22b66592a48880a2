//! Identifiers as SQL text.

/// What a server keeps of an identifier.
const MAX_BYTES: usize = 63;

/// Text that may be written into a statement: it came from an allow-list, or was checked and quoted here.
#[derive(Debug)]
pub(crate) struct SafeIdentifier(String);

impl SafeIdentifier {
    /// An entry of an allow-list, which the header's reader has found to be plain. Quoted, so that a keyword is a name.
    pub(crate) fn listed(entry: &str) -> Self {
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

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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

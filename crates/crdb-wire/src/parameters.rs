//! What the server reports of its settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::Violation;

/// The most that a server may report beyond what it reported at the start.
const MAX_NAMES: usize = 256;
const MAX_TEXT: usize = 64 * 1024;

/// The parameters that a server reports: those of the ground state, and those that differ from it now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parameters {
    ground: Arc<BTreeMap<String, String>>,
    changed: BTreeMap<String, String>,
}

impl Parameters {
    pub(crate) fn new(ground: Arc<BTreeMap<String, String>>) -> Self {
        Self {
            ground,
            changed: BTreeMap::new(),
        }
    }

    /// Takes the body of a ParameterStatus.
    pub(crate) fn report(&mut self, body: &[u8]) -> Result<(), Violation> {
        let bad = Violation("a malformed ParameterStatus");
        let mut texts = body
            .strip_suffix(b"\0")
            .ok_or(bad)?
            .split(|&byte| byte == 0);
        let (Some(name), Some(value), None) = (texts.next(), texts.next(), texts.next()) else {
            return Err(bad);
        };
        if body.len() > MAX_TEXT {
            return Err(Violation("a ParameterStatus beyond every measure"));
        }
        let (name, value) = (
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value),
        );
        if self
            .ground
            .get(&*name)
            .is_some_and(|ground| *ground == value)
        {
            self.changed.remove(&*name);
        } else if self.changed.len() < MAX_NAMES || self.changed.contains_key(&*name) {
            self.changed.insert(name.into_owned(), value.into_owned());
        } else {
            return Err(Violation("more parameters than any server has"));
        }
        Ok(())
    }

    /// The present value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.changed
            .get(name)
            .or_else(|| self.ground.get(name))
            .map(String::as_str)
    }

    /// The first name whose value is not that of the ground state.
    pub(crate) fn difference(&self) -> Option<&str> {
        self.changed.keys().next().map(String::as_str)
    }

    /// What is reported now is the ground state.
    pub(crate) fn become_ground(&mut self) {
        if !self.changed.is_empty() {
            Arc::make_mut(&mut self.ground).append(&mut self.changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_differs_until_it_is_back() {
        let ground = Arc::new([("TimeZone".to_owned(), "UTC".to_owned())].into());
        let mut parameters = Parameters::new(ground);
        parameters.report(b"TimeZone\0Asia/Tokyo\0").unwrap();
        assert_eq!(parameters.difference(), Some("TimeZone"));
        assert_eq!(parameters.get("TimeZone"), Some("Asia/Tokyo"));
        parameters.report(b"TimeZone\0UTC\0").unwrap();
        assert_eq!(parameters.difference(), None);
        parameters.report(b"role\0app\0").unwrap();
        parameters.become_ground();
        assert_eq!(parameters.difference(), None);
        assert_eq!(parameters.get("role"), Some("app"));
    }

    #[test]
    fn malformed_and_endless_reports_are_refused() {
        let mut parameters = Parameters::default();
        for body in [&b""[..], b"a", b"a\0", b"a\0b", b"a\0b\0c\0"] {
            assert!(parameters.report(body).is_err(), "{body:?}");
        }
        let endless =
            (0..1000).find_map(|n| parameters.report(format!("n{n}\0v\0").as_bytes()).err());
        assert!(endless.is_some());
    }
}

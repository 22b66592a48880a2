use std::fmt::Write as _;
use std::time::Duration;

/// Settings of a session for a block of work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSettings {
    statement_timeout: Option<Duration>,
    search_path: Option<Vec<String>>,
    role: Option<String>,
    application_name: Option<String>,
}

impl SessionSettings {
    /// Nothing is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a statement may run on the server, from 1 ms on.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// The schemas in which names are looked up, in order.
    #[must_use]
    pub fn search_path<T: Into<String>>(mut self, schemas: impl IntoIterator<Item = T>) -> Self {
        self.search_path = Some(schemas.into_iter().map(Into::into).collect());
        self
    }

    /// The role with whose rights statements run.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.role = Some(role.into());
        self
    }

    /// The name under which the server shows the session.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application_name = Some(name.into());
        self
    }

    pub(super) fn ceiling(&self) -> Option<Duration> {
        self.statement_timeout
    }

    /// The settings that change, and the statements that show what they were.
    pub(super) fn shows(&self) -> impl Iterator<Item = (Setting, &'static str)> {
        [
            (
                self.statement_timeout.is_some(),
                Setting::StatementTimeout,
                "SHOW statement_timeout",
            ),
            (
                self.search_path.is_some(),
                Setting::SearchPath,
                "SHOW search_path",
            ),
            (
                self.application_name.is_some(),
                Setting::ApplicationName,
                "SHOW application_name",
            ),
            (self.role.is_some(), Setting::Role, "SHOW role"),
        ]
        .into_iter()
        .filter_map(|(changes, setting, show)| changes.then_some((setting, show)))
    }

    /// The text that applies the settings. The role comes last: it may not be allowed the others.
    pub(super) fn applying(&self) -> String {
        let mut settings = Vec::new();
        if let Some(timeout) = self.statement_timeout {
            let millis = timeout.as_millis().clamp(1, i32::MAX as u128);
            settings.push(format!("SET statement_timeout = {millis}"));
        }
        if let Some(schemas) = &self.search_path {
            let schemas: Vec<_> = schemas.iter().map(|schema| identifier(schema)).collect();
            let list = if schemas.is_empty() {
                literal("")
            } else {
                schemas.join(", ")
            };
            settings.push(format!("SET search_path = {list}"));
        }
        if let Some(name) = &self.application_name {
            settings.push(format!("SET application_name = {}", literal(name)));
        }
        if let Some(role) = &self.role {
            settings.push(format!("SET ROLE {}", identifier(role)));
        }
        settings.join("; ")
    }
}

/// What can be set.
#[derive(Clone, Copy)]
pub(super) enum Setting {
    StatementTimeout,
    SearchPath,
    ApplicationName,
    Role,
}

/// The statement that sets a setting to what SHOW answered before.
pub(super) fn restoring(setting: Setting, before: &str) -> String {
    match setting {
        Setting::StatementTimeout => format!("SET statement_timeout = {}", literal(before)),
        // SHOW quotes the schemas as SET wants them.
        Setting::SearchPath if before.trim().is_empty() => "SET search_path = ''".to_owned(),
        Setting::SearchPath => format!("SET search_path = {before}"),
        Setting::ApplicationName => format!("SET application_name = {}", literal(before)),
        Setting::Role if before == "none" => "SET ROLE none".to_owned(),
        Setting::Role => format!("SET ROLE {}", identifier(before)),
    }
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string that every setting of `standard_conforming_strings` reads alike.
fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    if text.contains('\\') {
        quoted.push('E');
    }
    quoted.push('\'');
    for c in text.chars() {
        // Writing into a String does not fail.
        let _ = match c {
            '\'' => quoted.write_str("''"),
            '\\' => quoted.write_str("\\\\"),
            c => quoted.write_char(c),
        };
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let settings = SessionSettings::new()
            .statement_timeout(Duration::from_micros(1))
            .search_path(["a", "B\"c"])
            .application_name("it's \\ me")
            .role("r; DROP TABLE t");
        assert_eq!(
            settings.applying(),
            "SET statement_timeout = 1; SET search_path = \"a\", \"B\"\"c\"; \
             SET application_name = E'it''s \\\\ me'; SET ROLE \"r; DROP TABLE t\""
        );
        assert_eq!(SessionSettings::new().applying(), "");
    }
}

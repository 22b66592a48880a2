//! Session settings that only CockroachDB has.
//!
//! PostgreSQL keeps their values, as settings of the prefix `crdb_testkit`: so SET LOCAL, RESET, DISCARD ALL, savepoints and
//! rollbacks do with them what they do with every other setting.

use super::tokens::{Token, TokenKind};
use super::version::CockroachVersion;

/// A setting that changes what the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Setting {
    /// DDL in a transaction commits what came before it (cockroach#118440).
    AutocommitBeforeDdl,
    /// The statements of one Query or one Sync are one transaction (cockroach#76834, cockroach#74242).
    BatchTransactions,
    /// Several portals may have rows left (cockroach#99663).
    ManyPortals,
    /// Statements in an explicit transaction fail with 40001.
    InjectRetries,
    /// COMMIT fails with 40001.
    InjectRetriesOnCommit,
    /// `crdb_internal` and `system` may be read (cockroach#151362, cockroach#158085).
    UnsafeInternals,
    /// New tables refuse schema changes until they are unlocked.
    SchemaLocked,
    /// Writes of a transaction wait for its COMMIT (cockroach#140093).
    BufferedWrites,
    /// Temporary tables, views and sequences can be created (cockroach#46260).
    TemporaryTables,
}

impl Setting {
    pub(super) const ALL: [Self; 9] = [
        Self::AutocommitBeforeDdl,
        Self::BatchTransactions,
        Self::ManyPortals,
        Self::InjectRetries,
        Self::InjectRetriesOnCommit,
        Self::UnsafeInternals,
        Self::SchemaLocked,
        Self::BufferedWrites,
        Self::TemporaryTables,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AutocommitBeforeDdl => "autocommit_before_ddl",
            Self::BatchTransactions => "enable_implicit_transaction_for_batch_statements",
            Self::ManyPortals => "multiple_active_portals_enabled",
            Self::InjectRetries => "inject_retry_errors_enabled",
            Self::InjectRetriesOnCommit => "inject_retry_errors_on_commit_enabled",
            Self::UnsafeInternals => "allow_unsafe_internals",
            Self::SchemaLocked => "create_table_with_schema_locked",
            Self::BufferedWrites => "kv_transaction_buffered_writes_enabled",
            Self::TemporaryTables => "experimental_enable_temp_tables",
        }
    }

    /// The setting of this name on this release.
    pub(super) fn find(name: &str, version: CockroachVersion) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|setting| setting.name().eq_ignore_ascii_case(name) && version >= setting.since())
    }

    fn since(self) -> CockroachVersion {
        match self {
            Self::InjectRetries | Self::TemporaryTables => CockroachVersion::V21_2,
            Self::BatchTransactions => CockroachVersion::V22_1,
            Self::ManyPortals | Self::InjectRetriesOnCommit => CockroachVersion::V23_1,
            Self::AutocommitBeforeDdl => CockroachVersion::V24_1,
            Self::SchemaLocked | Self::BufferedWrites => CockroachVersion::V25_2,
            Self::UnsafeInternals => CockroachVersion::V25_4,
        }
    }

    /// What it is in a new session.
    pub(super) fn default(self, version: CockroachVersion) -> bool {
        match self {
            Self::BatchTransactions => version >= CockroachVersion::V22_1,
            Self::ManyPortals
            | Self::InjectRetries
            | Self::InjectRetriesOnCommit
            | Self::TemporaryTables => false,
            // On since v25.1.
            Self::AutocommitBeforeDdl => version >= CockroachVersion::V25_2,
            // Off since v26.1; before v25.4 nothing was closed.
            Self::UnsafeInternals => version < CockroachVersion::V26_2,
            // On since v26.1 and v26.2.
            Self::SchemaLocked | Self::BufferedWrites => version >= CockroachVersion::V26_2,
        }
    }

    /// The name under which PostgreSQL keeps it.
    pub(super) fn kept_as(self) -> String {
        format!("crdb_testkit.{}", self.name())
    }

    /// An expression that gives its value in PostgreSQL, `on` or `off`.
    pub(super) fn expression(self, version: CockroachVersion) -> String {
        format!(
            "coalesce(nullif(current_setting('{}', true), ''), '{}')",
            self.kept_as(),
            on_or_off(self.default(version))
        )
    }
}

pub(super) fn on_or_off(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

/// What a SET, RESET or SHOW of such a setting becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// PostgreSQL runs this text.
    Write(String),
    /// PostgreSQL runs this text, and the tag is that of SHOW.
    Show(String),
    /// The value is neither true nor false.
    NoBoolean(&'static str),
}

/// Reads `SET [SESSION | LOCAL] name { = | TO } value`, `RESET name` and `SHOW name` of one of these settings.
pub(super) fn access(statement: &[Token<'_>], version: CockroachVersion) -> Option<Access> {
    let first = statement.first()?;
    let find = |at: usize| Setting::find(&statement.get(at)?.name(), version);
    if first.is("show") && statement.len() == 2 {
        let setting = find(1)?;
        return Some(Access::Show(format!(
            "SELECT {} AS {}",
            setting.expression(version),
            setting.name()
        )));
    }
    if first.is("reset") && statement.len() == 2 {
        return Some(Access::Write(format!("RESET {}", find(1)?.kept_as())));
    }
    if !first.is("set") {
        return None;
    }
    let scope = statement.get(1)?;
    let (scope, at) = if scope.is("local") {
        ("LOCAL ", 2)
    } else if scope.is("session") {
        ("", 2)
    } else {
        ("", 1)
    };
    let setting = find(at)?;
    let separator = statement.get(at + 1)?;
    if !(separator.is_symbol("=") || separator.is("to")) || statement.len() != at + 3 {
        return None;
    }
    let value = statement.get(at + 2)?;
    if value.is("default") {
        return Some(Access::Write(format!(
            "SET {scope}{} TO DEFAULT",
            setting.kept_as()
        )));
    }
    Some(match boolean(value) {
        Some(value) => Access::Write(format!(
            "SET {scope}{} = '{}'",
            setting.kept_as(),
            on_or_off(value)
        )),
        None => Access::NoBoolean(setting.name()),
    })
}

fn boolean(value: &Token<'_>) -> Option<bool> {
    let text = match value.kind {
        TokenKind::Text => value.text.trim_matches('\''),
        _ => value.text,
    };
    parse_boolean(text)
}

/// What CockroachDB takes for a boolean.
pub(super) fn parse_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "t" | "yes" | "y" | "1" => Some(true),
        "off" | "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::statements;
    use super::*;

    fn read(sql: &str, version: CockroachVersion) -> Option<Access> {
        access(&statements(sql)[0], version)
    }

    #[test]
    fn a_setting_is_kept_by_postgresql() {
        let new = CockroachVersion::V26_2;
        let write = |text: &str| Some(Access::Write(text.to_owned()));
        for (sql, text) in [
            (
                "SET autocommit_before_ddl = off",
                "SET crdb_testkit.autocommit_before_ddl = 'off'",
            ),
            (
                "set session Autocommit_Before_DDL to 'TRUE'",
                "SET crdb_testkit.autocommit_before_ddl = 'on'",
            ),
            (
                "SET LOCAL autocommit_before_ddl = 0",
                "SET LOCAL crdb_testkit.autocommit_before_ddl = 'off'",
            ),
            (
                "SET autocommit_before_ddl TO DEFAULT",
                "SET crdb_testkit.autocommit_before_ddl TO DEFAULT",
            ),
            (
                "RESET autocommit_before_ddl",
                "RESET crdb_testkit.autocommit_before_ddl",
            ),
        ] {
            assert_eq!(read(sql, new), write(text), "{sql}");
        }
        assert!(
            matches!(read("SHOW autocommit_before_ddl", new), Some(Access::Show(text)) if text.contains("'on')"))
        );
        assert_eq!(
            read("SET autocommit_before_ddl = maybe", new),
            Some(Access::NoBoolean("autocommit_before_ddl"))
        );
        assert_eq!(read("SET application_name = 'x'", new), None);
    }

    #[test]
    fn a_release_does_not_know_the_settings_of_later_ones() {
        assert_eq!(
            read("SHOW autocommit_before_ddl", CockroachVersion::V23_1),
            None
        );
        assert_eq!(
            read("SHOW allow_unsafe_internals", CockroachVersion::V25_2),
            None
        );
        for setting in Setting::ALL {
            assert!(Setting::find(setting.name(), CockroachVersion::V26_2) == Some(setting));
        }
    }
}

//! The configuration: a file, and variables of the environment, which are stronger.

use std::fmt;
use std::mem::take;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crdb_facade::Config;
use serde::{Deserialize, Deserializer};

/// What the file holds. `BANK_*` variables are stronger than its own keys, `CRDB_*` variables than its section `database`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// Where the service listens; `BANK_LISTEN`.
    pub listen: SocketAddr,
    /// When migrations run; `BANK_MIGRATE`. Default: `start`.
    #[serde(default)]
    pub migrate: MigrateAt,
    /// How the program ends.
    #[serde(default)]
    pub drain: DrainSettings,
    /// The log, on standard output.
    #[serde(default)]
    pub log: LogSettings,
    /// The audit log; none where it is left out.
    #[serde(default)]
    pub audit: Option<AuditSettings>,
    /// The database: the keys of `crdb.yaml`.
    #[serde(deserialize_with = "crdb_facade::config::with_environment")]
    pub database: Config,
}

/// When migrations run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MigrateAt {
    /// When the service starts. Replicas that start together wait for the one that works.
    #[default]
    Start,
    /// By `bank-service migrate`. The service is ready once the schema is far enough.
    Command,
}

/// How the program ends after SIGTERM.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DrainSettings {
    /// How long requests are still accepted after the readiness probe says no: until every balancer has noticed.
    /// `BANK_DRAIN_UNREADY`. Default: 5 s.
    #[serde(deserialize_with = "duration")]
    pub unready: Duration,
    /// The time from the signal to the end, with `unready` in it; `BANK_DRAIN_GRACE`. Default: 25 s, for a pod that is
    /// given 30 s.
    #[serde(deserialize_with = "duration")]
    pub grace: Duration,
}

impl Default for DrainSettings {
    fn default() -> Self {
        Self {
            unready: Duration::from_secs(5),
            grace: Duration::from_secs(25),
        }
    }
}

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct LogSettings {
    /// `json` or `text`; `BANK_LOG_FORMAT`. Default: `json`.
    pub format: LogFormat,
    /// Which events, as `RUST_LOG` says it, which is stronger. Default: `info`.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Json,
            filter: "info".to_owned(),
        }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Where the audit log is, and its keys.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditSettings {
    /// The directory of the log's files; `BANK_AUDIT_DIRECTORY`. Each replica has its own.
    pub directory: PathBuf,
    /// Who signs: a name such as `bank.example/audit`; `BANK_AUDIT_NAME`.
    pub name: String,
    /// The key that chains the lines: a file of 32 bytes or more; `BANK_AUDIT_KEY_FILE`.
    pub key_file: PathBuf,
    /// The seed of the key that signs checkpoints: a file of 32 bytes; `BANK_AUDIT_SEED_FILE`.
    pub seed_file: PathBuf,
}

/// What is wrong with the configuration.
#[derive(Debug)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads the file, then the environment of this process.
    ///
    /// # Errors
    /// What is wrong, with the file or the variable. No secret is shown.
    pub fn load(path: &Path) -> Result<Self, SettingsError> {
        let wrong =
            |error: &dyn fmt::Display| SettingsError(format!("{}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        // A snippet of the file in an error could show a password.
        let options = serde_saphyr::options! { with_snippet: false };
        let mut settings: Self =
            serde_saphyr::from_str_with_options(&text, options).map_err(|error| wrong(&error))?;
        settings.apply(&|name| std::env::var(name).ok())?;
        Ok(settings)
    }

    fn apply(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), SettingsError> {
        let set = |name: &str| variable(name).filter(|text| !text.is_empty());
        let wrong =
            |name: &str, expected: &str| SettingsError(format!("{name}: expected {expected}"));
        if let Some(text) = set("BANK_LISTEN") {
            let expected = "an address and a port, such as 0.0.0.0:8080";
            self.listen = text.parse().map_err(|_| wrong("BANK_LISTEN", expected))?;
        }
        match set("BANK_MIGRATE").as_deref() {
            None => {}
            Some("start") => self.migrate = MigrateAt::Start,
            Some("command") => self.migrate = MigrateAt::Command,
            Some(_) => return Err(wrong("BANK_MIGRATE", "start or command")),
        }
        for (name, field) in [
            ("BANK_DRAIN_UNREADY", &mut self.drain.unready),
            ("BANK_DRAIN_GRACE", &mut self.drain.grace),
        ] {
            if let Some(text) = set(name) {
                *field = humantime::parse_duration(&text)
                    .map_err(|_| wrong(name, "a duration with its unit, such as 5s"))?;
            }
        }
        match set("BANK_LOG_FORMAT").as_deref() {
            None => {}
            Some("json") => self.log.format = LogFormat::Json,
            Some("text") => self.log.format = LogFormat::Text,
            Some(_) => return Err(wrong("BANK_LOG_FORMAT", "json or text")),
        }
        if let Some(filter) = set("RUST_LOG") {
            self.log.filter = filter;
        }
        self.apply_audit(&set)
    }

    /// The variables are stronger than the section, or make one. A part of one is a mistake: there would be no audit log, and nothing
    /// would say so.
    fn apply_audit(&mut self, set: &dyn Fn(&str) -> Option<String>) -> Result<(), SettingsError> {
        let names = [
            "BANK_AUDIT_DIRECTORY",
            "BANK_AUDIT_NAME",
            "BANK_AUDIT_KEY_FILE",
            "BANK_AUDIT_SEED_FILE",
        ];
        let given = names.map(set);
        if given.iter().all(Option::is_none) {
            return Ok(());
        }
        if self.audit.is_none()
            && let Some((name, _)) = names.iter().zip(&given).find(|(_, text)| text.is_none())
        {
            let all = names.join(", ");
            return Err(SettingsError(format!(
                "{name}: without the section audit, it takes all of {all}"
            )));
        }
        let [directory, name, key_file, seed_file] = given;
        let audit = self.audit.get_or_insert_default();
        audit.directory = directory.map_or_else(|| take(&mut audit.directory), PathBuf::from);
        audit.name = name.unwrap_or_else(|| take(&mut audit.name));
        audit.key_file = key_file.map_or_else(|| take(&mut audit.key_file), PathBuf::from);
        audit.seed_file = seed_file.map_or_else(|| take(&mut audit.seed_file), PathBuf::from);
        Ok(())
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let text =
            "listen: 127.0.0.1:8080\ndrain: { unready: 2s }\ndatabase: { auth: { user: bank } }\n";
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn variables_are_stronger_than_the_file() {
        let mut settings = settings();
        assert_eq!(settings.drain.unready, Duration::from_secs(2));
        let variables = [
            ("BANK_LISTEN", "0.0.0.0:80"),
            ("BANK_MIGRATE", "command"),
            ("BANK_DRAIN_UNREADY", "250ms"),
            ("BANK_LOG_FORMAT", "text"),
            ("RUST_LOG", "debug"),
            ("BANK_DRAIN_GRACE", ""),
        ];
        let find = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, text)| (*text).to_owned())
        };
        settings.apply(&find).unwrap();
        assert_eq!(settings.listen.port(), 80);
        assert_eq!(settings.migrate, MigrateAt::Command);
        assert_eq!(settings.drain.unready, Duration::from_millis(250));
        assert_eq!(settings.drain.grace, Duration::from_secs(25));
        assert_eq!(
            (settings.log.format, settings.log.filter.as_str()),
            (LogFormat::Text, "debug")
        );
    }

    /// The component of Kubernetes has no other way to turn the audit log on.
    #[test]
    fn the_audit_log_of_kubernetes_is_turned_on() {
        let text = include_str!("../../../deploy/kubernetes/components/audit/deployment.yaml");
        let patch: serde_json::Value = serde_saphyr::from_str(text).unwrap();
        let variables = patch["spec"]["template"]["spec"]["containers"][0]["env"].clone();
        let variables: Vec<serde_json::Value> = serde_json::from_value(variables).unwrap();
        let find = |name: &str| {
            let mut variables = variables.iter();
            let variable = variables.find(|variable| variable["name"] == name)?;
            Some(variable["value"].as_str()?.to_owned())
        };
        let mut settings = settings();
        settings.apply(&find).unwrap();
        let audit = settings.audit.unwrap();
        assert_eq!(audit.directory, Path::new("/var/lib/bank/$(POD_NAME)"));
        assert_eq!(audit.name, "bank.example/audit");
        assert_eq!(audit.key_file, Path::new("/run/secrets/audit/key"));
        assert_eq!(audit.seed_file, Path::new("/run/secrets/audit/seed"));
    }

    #[test]
    fn a_part_of_an_audit_log_is_a_mistake() {
        let directory = |name: &str| (name == "BANK_AUDIT_DIRECTORY").then(|| "/log".to_owned());
        let error = settings().apply(&directory).unwrap_err().to_string();
        assert!(error.starts_with("BANK_AUDIT_NAME: "), "{error}");
        let mut whole = settings();
        whole.audit = Some(AuditSettings {
            name: "bank".to_owned(),
            ..AuditSettings::default()
        });
        whole.apply(&directory).unwrap();
        let audit = whole.audit.unwrap();
        assert_eq!(
            (audit.directory.as_path(), audit.name.as_str()),
            (Path::new("/log"), "bank")
        );
    }

    #[test]
    fn a_wrong_variable_is_named() {
        for name in [
            "BANK_LISTEN",
            "BANK_MIGRATE",
            "BANK_DRAIN_UNREADY",
            "BANK_LOG_FORMAT",
        ] {
            let find = |asked: &str| (asked == name).then(|| "s3cret".to_owned());
            let error = settings().apply(&find).unwrap_err().to_string();
            assert!(
                error.starts_with(name) && !error.contains("s3cret"),
                "{error}"
            );
        }
    }
}

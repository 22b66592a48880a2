//! The reason for which the fence was lifted, in the audit log.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use crdb_facade::Config;
use crdb_facade::config::{Key, keys};
use crdb_facade::observe::audit::{AuditConfig, AuditLog, MacKey, Outcome, Record, Signer};
use sha2::{Digest as _, Sha256};

use crate::exit::{Exit, Usage};

/// The name under which the checkpoints of this program's logs are signed.
pub(crate) const SIGNER: &str = "crdb/audit";

/// A lifted fence. What is done is written to the log before and after.
pub(super) struct Lift {
    log: AuditLog,
    reason: String,
    principal: String,
    database: String,
}

impl Lift {
    /// Opens the audit log of the configuration.
    ///
    /// # Errors
    /// [`Usage`] when there is none or the reason is empty; else why it cannot be opened.
    pub(super) fn open(config: &Config, reason: &str) -> Result<Self> {
        if reason.trim().is_empty() {
            return Err(Usage::new("--reason needs a reason").into());
        }
        let directory = needed(config, keys::cli::AUDIT_DIRECTORY)?;
        let key = secret(&needed(config, keys::cli::AUDIT_KEY)?)?;
        let signing = secret(&needed(config, keys::cli::AUDIT_SIGNING_KEY)?)?;
        let signer = Signer::from_pkcs8(SIGNER, &signing)?;
        let log = AuditLog::open(AuditConfig::new(&directory, MacKey::new(&key)?, signer))
            .with_context(|| format!("opening the audit log {}", directory.display()))?;
        Ok(Self {
            log,
            reason: reason.to_owned(),
            principal: principal(),
            database: config.get(keys::auth::DATABASE),
        })
    }

    /// An entry says that its outcome is unknown until another one tells it.
    pub(super) async fn begins(&self, name: Option<&str>, text: &str) -> Result<()> {
        let record = self.record(name, text, Outcome::Unknown);
        self.append(record.parameter("phase", "begin")).await
    }

    pub(super) async fn ended(&self, name: Option<&str>, text: &str, exit: Exit) -> Result<()> {
        let outcome = match exit {
            Exit::Done => Outcome::Done,
            Exit::Retry | Exit::Usage => Outcome::Failed,
            // A script that failed may have done part of its work.
            Exit::Never | Exit::Unknown => Outcome::Unknown,
        };
        let record = self.record(name, text, outcome);
        self.append(
            record
                .parameter("phase", "end")
                .parameter("verdict", exit.as_str()),
        )
        .await
    }

    pub(super) async fn close(&self) -> Result<()> {
        Ok(self.log.close().await?)
    }

    fn record(&self, name: Option<&str>, text: &str, outcome: Outcome) -> Record {
        let record = Record::new(&self.principal, outcome)
            .service("crdb")
            .text_hash(hash(text))
            .parameter("reason", &self.reason)
            .parameter("database", &self.database);
        match name {
            Some(name) => record.query(name),
            None => record,
        }
    }

    async fn append(&self, record: Record) -> Result<()> {
        self.log
            .append(record)
            .await
            .context("writing the reason to the audit log")?;
        Ok(())
    }
}

fn needed(config: &Config, key: Key<Option<PathBuf>>) -> Result<PathBuf> {
    config.path(key).ok_or_else(|| {
        Usage::new(format!(
            "--reason is put into an audit log, and {key} does not say where it is"
        ))
        .into()
    })
}

fn secret(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// The user of this process as the system knows it, with the name that the environment claims, and the machine.
fn principal() -> String {
    let number = rustix::process::getuid().as_raw();
    let name = std::env::var("SUDO_USER")
        .or_else(|_| std::env::var("LOGNAME"))
        .or_else(|_| std::env::var("USER"));
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    match name {
        Ok(name) => format!("uid {number} ({name}) at {host}"),
        Err(_) => format!("uid {number} at {host}"),
    }
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

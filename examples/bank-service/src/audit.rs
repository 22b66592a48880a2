//! Who did what: a log in which every change shows, in files of this replica.

use std::path::Path;
use std::time::Duration;

use crdb_facade::observe::audit::{AuditConfig, AuditLog, Error, MacKey, Outcome, Record, Signer};

use crate::settings::AuditSettings;

/// How long an entry may take to get to the disk.
const WITHIN: Duration = Duration::from_secs(5);

/// The audit log.
#[derive(Debug, Clone)]
pub struct Audit {
    log: AuditLog,
}

/// Why there is no entry.
#[derive(Debug)]
pub(crate) enum AppendError {
    Log(Error),
    TooSlow,
}

impl std::fmt::Display for AppendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Log(error) => error.fmt(f),
            Self::TooSlow => write!(f, "the disk took longer than {} s", WITHIN.as_secs()),
        }
    }
}

impl Audit {
    /// Opens the log that the settings name. It does file I/O: call it outside of an async task.
    ///
    /// # Errors
    /// A key that cannot be read or is too short, and what [`AuditLog::open`] says.
    pub fn open(
        settings: &AuditSettings,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let key = MacKey::new(&read(&settings.key_file)?)?;
        let seed = read(&settings.seed_file)?;
        let seed: [u8; 32] = seed.try_into().map_err(|_| {
            format!(
                "audit.seed_file: {} does not hold 32 bytes",
                settings.seed_file.display()
            )
        })?;
        let signer = Signer::from_seed(&settings.name, &seed)?;
        tracing::info!(public_key = %signer.verifier_key(), "the audit log is signed");
        let log = AuditLog::open(AuditConfig::new(&settings.directory, key, signer))?;
        Ok(Self { log })
    }

    /// The log itself, to be counted.
    pub(crate) const fn log(&self) -> &AuditLog {
        &self.log
    }

    pub(crate) async fn append(
        &self,
        principal: &str,
        request: &str,
        action: &str,
        outcome: Outcome,
    ) -> Result<(), AppendError> {
        let record = Record::new(principal, outcome)
            .service("bank")
            .request(request)
            .query(action);
        match tokio::time::timeout(WITHIN, self.log.append(record)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(AppendError::Log(error)),
            Err(_) => Err(AppendError::TooSlow),
        }
    }

    pub(crate) async fn close(&self) {
        match tokio::time::timeout(WITHIN, self.log.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the audit log was not closed"),
            Err(_) => tracing::error!("the audit log was not closed in time"),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("reading {}: {error}", path.display()))
}

//! Keeps a ticket at hand.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use libgssapi::credential::Cred;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::Credentials;
use super::acquire::acquire;
use super::advice::explained;
use super::failure::GssFailure;
use crate::error::{Error, ErrorKind};
use crate::secret_file;

/// A ticket that ends within this time is not used: the server may be slow, and its clock ahead.
const TOO_SHORT: Duration = Duration::from_secs(3);

/// Distinguishes the caches in memory of this process's configurations.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// The credential of one configuration.
pub(super) struct Tickets {
    credentials: Credentials,
    principal: Option<String>,
    /// The realm whose KDC is asked; `None` is the default one.
    realm: Option<String>,
    number: u64,
    held: Mutex<Option<Held>>,
    /// Held while the library is asked.
    flight: AsyncMutex<()>,
}

#[derive(Clone)]
struct Held {
    credential: Cred,
    acquired: Instant,
    life: Duration,
    keytab: KeytabStamp,
    /// Counts acquisitions; their caches alternate, so that nobody uses the one that is filled.
    turn: u64,
    /// Counts the keytab's versions: a new key must not be answered from an old cache.
    version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct KeytabStamp {
    modified: Option<SystemTime>,
    inode: u64,
    length: u64,
}

/// When a ticket acquired at zero is to be replaced: at 55 to 70 % of its life, by `jitter` in
/// 0..1. MIT's library asks the KDC anew only after half of it.
fn renewal(life: Duration, jitter: f64) -> Duration {
    life.mul_f64(0.55 + 0.15 * jitter.clamp(0.0, 1.0))
}

/// How long to wait after a renewal that failed: a tenth of what is left of the ticket, from one
/// second to a minute, so that several attempts fit in.
fn after_failure(left: Duration) -> Duration {
    (left / 10).clamp(Duration::from_secs(1), Duration::from_secs(60))
}

impl Tickets {
    pub(super) fn new(credentials: Credentials, principal: Option<String>) -> Arc<Self> {
        let realm = principal
            .as_deref()
            .and_then(|principal| Some(principal.rsplit_once('@')?.1.to_owned()));
        Arc::new(Self {
            credentials,
            principal,
            realm,
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            held: Mutex::new(None),
            flight: AsyncMutex::new(()),
        })
    }

    /// Whose ticket it is, for messages.
    pub(super) fn describe(&self) -> String {
        let who = self.principal.as_deref().unwrap_or("the default principal");
        match &self.credentials {
            Credentials::DefaultCache => format!("{who} in the default cache"),
            Credentials::Cache(name) => format!("{who} in the cache {name}"),
            Credentials::Keytab(path) => format!("{who} by the keytab {}", path.display()),
        }
    }

    /// The realm whose KDC is asked; `None` is the default one.
    pub(super) fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// A credential that is good for a login now.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the library's call to end on its thread; what it brings is lost.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Cred, Error> {
        let Credentials::Keytab(path) = &self.credentials else {
            return self.acquire("").await;
        };
        let stamp = examine(path).await?;
        if let Some(credential) = self.usable(stamp) {
            return Ok(credential);
        }
        let _flight = self.flight.lock().await;
        // Whoever waited may find what the one before has brought.
        if let Some(credential) = self.usable(stamp) {
            return Ok(credential);
        }
        let first = self.held().is_none();
        let credential = self.renew(stamp).await?;
        if first {
            tokio::spawn(keep_fresh(Arc::downgrade(self)));
        }
        Ok(credential)
    }

    fn held(&self) -> Option<Held> {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn usable(&self, stamp: KeytabStamp) -> Option<Cred> {
        self.held()
            .filter(|held| held.keytab == stamp && held.left() > TOO_SHORT.min(held.life / 4))
            .map(|held| held.credential)
    }

    /// Acquires into the cache that is not in use, and holds what it gets.
    async fn renew(&self, keytab: KeytabStamp) -> Result<Cred, Error> {
        let before = self.held();
        let (turn, version) = before.map_or((0, 0), |held| {
            (
                held.turn + 1,
                held.version + u64::from(held.keytab != keytab),
            )
        });
        let memory = format!("MEMORY:crdb-auth-{}-{version}-{}", self.number, turn % 2);
        let acquired = Instant::now();
        let credential = self.acquire(&memory).await?;
        let life = credential.lifetime().map_err(|error| {
            GssFailure::new(&error)
                .into_error(&format!("looking at the ticket of {}", self.describe()))
        })?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Held {
            credential: credential.clone(),
            acquired,
            life,
            keytab,
            turn,
            version,
        });
        Ok(credential)
    }

    async fn acquire(&self, memory: &str) -> Result<Cred, Error> {
        let credentials = self.credentials.clone();
        let principal = self.principal.clone();
        let memory = memory.to_owned();
        let attempt = || format!("acquiring the Kerberos ticket of {}", self.describe());
        let start = Instant::now();
        let acquired = tokio::task::spawn_blocking(move || {
            acquire(&credentials, principal.as_deref(), &memory)
        })
        .await
        .map_err(|error| {
            Error::new(ErrorKind::Kerberos, format!("{} failed", attempt())).with_source(error)
        })?;
        let error = match acquired {
            Ok(credential) => return Ok(credential),
            Err(failure) => failure.into_error(&attempt()),
        };
        // The library looks for a key, then for a ticket, and complains of the latter.
        let keytab = matches!(self.credentials, Credentials::Keytab(_));
        if keytab && error.kind() == ErrorKind::KerberosNoTicket {
            return Err(error.reinterpreted(
                ErrorKind::KerberosKeytab,
                "the keytab has no usable key: look at it with klist -k",
            ));
        }
        Err(explained(error, self.realm(), start.elapsed()).await)
    }
}

impl Held {
    fn left(&self) -> Duration {
        self.life.saturating_sub(self.acquired.elapsed())
    }
}

/// Replaces the ticket ahead of its end, for as long as somebody holds the configuration.
async fn keep_fresh(tickets: Weak<Tickets>) {
    let mut failed = false;
    loop {
        let Some(held) = tickets.upgrade().and_then(|tickets| tickets.held()) else {
            return;
        };
        let wait = if failed {
            after_failure(held.left())
        } else {
            renewal(held.life, rand::random()).saturating_sub(held.acquired.elapsed())
        };
        drop(held);
        tokio::time::sleep(wait).await;
        let Some(tickets) = tickets.upgrade() else {
            return;
        };
        let Credentials::Keytab(path) = &tickets.credentials else {
            return;
        };
        let _flight = tickets.flight.lock().await;
        let renewed = match examine(path).await {
            Ok(stamp) => tickets.renew(stamp).await.map(drop),
            Err(error) => Err(error),
        };
        failed = renewed.is_err();
        if let Err(error) = renewed {
            tracing::warn!(%error, "the Kerberos ticket could not be renewed ahead of its end");
        }
    }
}

/// Refuses a keytab that others can read, and tells when it is replaced.
async fn examine(path: &Path) -> Result<KeytabStamp, Error> {
    use std::os::unix::fs::MetadataExt;

    let owned = path.to_owned();
    let metadata = tokio::task::spawn_blocking(move || secret_file::examine(&owned))
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
        .map_err(|unusable| unusable.into_error(ErrorKind::KerberosKeytab, "keytab", path))?;
    Ok(KeytabStamp {
        modified: metadata.modified().ok(),
        inode: metadata.ino(),
        length: metadata.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_comes_after_half_and_well_before_the_end() {
        let life = Duration::from_secs(60);
        assert_eq!(renewal(life, 0.0), Duration::from_secs(33));
        assert_eq!(renewal(life, 1.0), Duration::from_secs(42));
        assert!(renewal(life, 7.0) < life);
    }

    #[test]
    fn a_failed_renewal_is_tried_again_several_times() {
        let mut left = Duration::from_secs(20);
        let mut attempts = 0;
        while left > Duration::from_secs(3) {
            left -= after_failure(left);
            attempts += 1;
        }
        assert!(attempts > 5);
        assert_eq!(
            after_failure(Duration::from_secs(36_000)),
            Duration::from_secs(60)
        );
    }

    #[tokio::test]
    async fn a_keytab_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.keytab");
        assert_eq!(
            examine(&path).await.unwrap_err().kind(),
            ErrorKind::KerberosKeytab
        );
        std::fs::write(&path, b"").unwrap();
        use std::os::unix::fs::MetadataExt;
        let root = std::fs::metadata(&path).unwrap().uid() == 0;
        for (mode, accepted) in [
            (0o600, true),
            (0o400, true),
            (0o440, root),
            (0o640, root),
            (0o604, false),
        ] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(examine(&path).await.is_ok(), accepted, "{mode:o}");
        }
    }
}

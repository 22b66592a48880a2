//! Keeps a ticket at hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use libgssapi::credential::Cred;
use tokio::time::{Instant, timeout};

use super::Credentials;
use super::acquire::acquire;
use super::advice::explained;
use super::failure::GssFailure;
use crate::error::{Error, ErrorKind};
use crate::file_name::{shown_secret, shown_text};
use crate::secret_file;
use crate::turn::{Turn, Turns};

/// A ticket that ends within this time is not used: the server may be slow, and its clock ahead.
const TOO_SHORT: Duration = Duration::from_secs(3);

/// Distinguishes the caches in memory of this process's configurations.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// How long a login waits for the ticket of a changed keytab while an earlier ticket holds.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest time between two looks at the clocks: while the machine sleeps, only the wall clock goes on.
const LOOK: Duration = Duration::from_secs(60);

/// The credential of one configuration.
pub(super) struct Tickets {
    credentials: Credentials,
    principal: Option<String>,
    /// The realm whose KDC is asked; `None` is the default one.
    realm: Option<String>,
    number: u64,
    state: Mutex<State>,
    /// Who may ask the library for a ticket.
    turns: Turns,
    /// Who may ask it for a first token, by service: it may ask the KDC for the service's ticket.
    services: Mutex<BTreeMap<String, Turns>>,
    /// Whether a task replaces the ticket ahead of its end.
    kept_fresh: AtomicBool,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Counts acquisitions; their caches alternate, so that the one in use is never the one that is filled.
    turn: u64,
    /// Counts the keytab's versions and the tickets that were dropped: an old cache must not answer for a new key.
    version: u64,
    /// The acquisition whose ticket has ended, and whose caches were left for that.
    ended: Option<u64>,
    /// A changed keytab that gave no ticket, and when it was tried.
    failed: Option<(KeytabStamp, Instant)>,
}

#[derive(Clone)]
struct Held {
    credential: Cred,
    acquired: Moment,
    life: Duration,
    /// The age at which it is to be replaced.
    renewal: Duration,
    keytab: KeytabStamp,
    turn: u64,
}

/// A credential to log in with.
pub(super) struct Ticket {
    pub(super) credential: Cred,
    /// Which acquisition it comes from, where it is held here.
    turn: Option<u64>,
}

/// One moment by both clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    monotonic: Instant,
    wall: SystemTime,
}

impl Moment {
    fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// The time until `later`, by the clock that says more of it: the monotonic one stands still while the machine sleeps,
    /// and the wall clock may be set back.
    fn until(self, later: Self) -> Duration {
        let monotonic = later.monotonic.saturating_duration_since(self.monotonic);
        let wall = later.wall.duration_since(self.wall).unwrap_or_default();
        monotonic.max(wall)
    }
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
            state: Mutex::default(),
            turns: Turns::default(),
            services: Mutex::default(),
            kept_fresh: AtomicBool::new(false),
        })
    }

    /// Whose ticket it is, for messages.
    pub(super) fn describe(&self) -> String {
        let who = self.principal.as_deref().unwrap_or("the default principal");
        match &self.credentials {
            Credentials::DefaultCache => format!("{who} in the default cache"),
            Credentials::Cache(name) => format!("{who} in the cache {}", shown_text(name)),
            Credentials::Keytab(path) => format!("{who} by the keytab {}", shown_secret(path)),
        }
    }

    /// The realm whose KDC is asked; `None` is the default one.
    pub(super) fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// A credential that is good for a login now. One that is held is used while it lives, whatever has become of the keytab
    /// and the KDC.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the library's call to end on its thread; a keytab's ticket that it brings is held.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Ticket, Error> {
        let Credentials::Keytab(path) = &self.credentials else {
            return self.from_cache().await;
        };
        let stamp = examine(path).await;
        let ticket = match (stamp, self.usable()) {
            (Ok(stamp), Some(held)) if held.keytab == stamp => held.into(),
            (Ok(stamp), Some(held)) => self.of_changed_keytab(stamp, held).await,
            (Err(_), Some(held)) => held.into(),
            (Ok(stamp), None) => self.renewed(stamp, Held::is_usable).await?,
            (Err(error), None) => return Err(error),
        };
        if !self.kept_fresh.swap(true, Ordering::AcqRel) {
            tokio::spawn(keep_fresh(Arc::downgrade(self)));
        }
        Ok(ticket)
    }

    /// The library, or the server, says that the ticket has expired: it is held no longer. False where it is not this
    /// configuration's to renew.
    pub(super) fn expired(&self, ticket: Option<u64>) -> bool {
        let Some(turn) = ticket else {
            return false;
        };
        let mut state = self.state();
        if state.held.as_ref().is_some_and(|held| held.turn == turn) {
            state.held = None;
            state.version += 1;
        }
        true
    }

    /// The turns at the first tokens for this service.
    pub(super) fn turns_at(&self, service: &str) -> Turns {
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        services.entry(service.to_owned()).or_default().clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> Option<Held> {
        self.state().held.clone()
    }

    /// How long the ticket of the keytab still lives.
    pub(super) fn left(&self) -> Option<Duration> {
        self.held().map(|held| held.left())
    }

    fn usable(&self) -> Option<Held> {
        self.held().filter(Held::is_usable)
    }

    /// The ticket of the keytab as it is now; the one that is held where there is none soon. A keytab that gave none is tried
    /// again by a later login.
    async fn of_changed_keytab(self: &Arc<Self>, stamp: KeytabStamp, held: Held) -> Ticket {
        let failed = self.state().failed;
        if let Some((failed, at)) = failed
            && failed == stamp
            && at.elapsed() < after_failure(held.left())
        {
            return held.into();
        }
        let attempt = self.renewed(stamp, |held| held.is_usable() && held.keytab == stamp);
        match timeout(PATIENCE, attempt).await {
            Ok(Ok(ticket)) => return ticket,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the keytab has changed and gives no ticket; the one that is held stays in use");
            }
            Err(_) => {
                tracing::warn!(
                    "the keytab has changed and the KDC does not answer; the ticket that is held stays in use"
                );
            }
        }
        self.state().failed = Some((stamp, Instant::now()));
        held.into()
    }

    /// Acquires a ticket, unless an earlier turn has brought one that is good `enough`.
    async fn renewed(
        self: &Arc<Self>,
        stamp: KeytabStamp,
        enough: impl Fn(&Held) -> bool,
    ) -> Result<Ticket, Error> {
        let turn = self.turns.wait().await;
        if let Some(held) = self.held().filter(enough) {
            return Ok(held.into());
        }
        self.renew(stamp, turn).await
    }

    /// Acquires into the cache that is not in use, and holds what it gets, also when the caller has gone.
    async fn renew(self: &Arc<Self>, keytab: KeytabStamp, turn: Turn) -> Result<Ticket, Error> {
        let this = Arc::clone(self);
        self.ask(turn, move || this.renew_blocking(keytab)).await
    }

    fn renew_blocking(&self, keytab: KeytabStamp) -> Result<Ticket, GssFailure> {
        let (turn, version) = {
            let mut state = self.state();
            state.turn += 1;
            let held = state.held.as_ref();
            let changed = held.is_some_and(|held| held.keytab != keytab);
            let ended = held.filter(|held| !held.is_usable()).map(|held| held.turn);
            // A cache with a ticket that has ended keeps the library from telling that the KDC cannot be reached: it tells of the ticket.
            if changed || (ended.is_some() && ended != state.ended) {
                state.version += 1;
                state.ended = ended;
            }
            (state.turn, state.version)
        };
        let memory = format!("MEMORY:crdb-auth-{}-{version}-{}", self.number, turn % 2);
        let acquired = Moment::now();
        let credential = acquire(&self.credentials, self.principal.as_deref(), &memory)?;
        let life = credential
            .lifetime()
            .map_err(|error| GssFailure::new(&error))?;
        let held = Held {
            credential,
            acquired,
            life,
            renewal: renewal(life, rand::random()),
            keytab,
            turn,
        };
        let mut state = self.state();
        state.failed = None;
        state.held = Some(held.clone());
        Ok(held.into())
    }

    async fn from_cache(self: &Arc<Self>) -> Result<Ticket, Error> {
        let this = Arc::clone(self);
        let turn = self.turns.wait().await;
        let acquired = self.ask(turn, move || {
            let credential = acquire(&this.credentials, this.principal.as_deref(), "")?;
            Ok(Ticket {
                credential,
                turn: None,
            })
        });
        acquired.await
    }

    async fn ask(
        &self,
        turn: Turn,
        call: impl FnOnce() -> Result<Ticket, GssFailure> + Send + 'static,
    ) -> Result<Ticket, Error> {
        let attempt = || format!("acquiring the Kerberos ticket of {}", self.describe());
        let start = Instant::now();
        let acquired = turn.run(call).await.map_err(|error| {
            Error::new(ErrorKind::Kerberos, format!("{} failed", attempt())).with_source(error)
        })?;
        let error = match acquired {
            Ok(ticket) => return Ok(ticket),
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
    fn age(&self) -> Duration {
        self.acquired.until(Moment::now())
    }

    fn left(&self) -> Duration {
        self.life.saturating_sub(self.age())
    }

    fn is_usable(&self) -> bool {
        self.left() > TOO_SHORT.min(self.life / 4)
    }
}

impl From<Held> for Ticket {
    fn from(held: Held) -> Self {
        Self {
            credential: held.credential,
            turn: Some(held.turn),
        }
    }
}

impl Ticket {
    /// What [`Tickets::expired`] gets.
    pub(super) fn turn(&self) -> Option<u64> {
        self.turn
    }
}

/// Replaces the ticket ahead of its end, for as long as the configuration is in use.
async fn keep_fresh(tickets: Weak<Tickets>) {
    let mut failed = false;
    loop {
        let Some(this) = tickets.upgrade() else {
            return;
        };
        let Some(held) = this.held() else {
            // It was dropped; the login that acquires the next one starts this task again.
            this.kept_fresh.store(false, Ordering::Release);
            return;
        };
        drop(this);
        let wait = if failed {
            after_failure(held.left())
        } else {
            held.renewal.saturating_sub(held.age())
        };
        tokio::time::sleep(wait.min(LOOK)).await;
        if wait > LOOK {
            continue;
        }
        let Some(this) = tickets.upgrade() else {
            return;
        };
        let Credentials::Keytab(path) = &this.credentials else {
            return;
        };
        let renewed = match examine(path).await {
            Ok(stamp) => this
                .renewed(stamp, |now| now.turn != held.turn)
                .await
                .map(drop),
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
    let turn = Turns::at_file(path).wait().await;
    let metadata = turn
        .run(move || secret_file::examine(&owned))
        .await
        .unwrap_or_else(|error| Err(error.into()))
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

    #[test]
    fn the_clock_that_says_more_of_the_time_counts() {
        let start = Moment::now();
        let later = |monotonic, wall: i64| Moment {
            monotonic: start.monotonic + Duration::from_secs(monotonic),
            wall: if wall < 0 {
                start.wall - Duration::from_secs(wall.unsigned_abs())
            } else {
                start.wall + Duration::from_secs(wall.unsigned_abs())
            },
        };
        let passed = |monotonic, wall| start.until(later(monotonic, wall)).as_secs();
        assert_eq!(passed(10, 10), 10);
        assert_eq!(passed(10, 3610), 3610, "the machine has slept");
        assert_eq!(passed(10, -50), 10, "the clock was set back");
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

//! Credentials that come from elsewhere and expire.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;

use super::error::failed;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;
use crate::shown;

/// A password or token, and how long it is good for.
#[derive(Debug, Clone)]
pub struct Credential {
    secret: Secret,
    expires: Option<SystemTime>,
}

impl Credential {
    /// One that may be used once: the source is asked again for the next login.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self {
            secret: secret.into(),
            expires: None,
        }
    }

    /// One that may be used until `at`. It is replaced ahead of that.
    #[must_use]
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.expires = Some(at);
        self
    }
}

/// Whom a credential is for.
#[derive(Clone)]
#[non_exhaustive]
pub struct CredentialRequest {
    /// The server.
    pub endpoint: Endpoint,
    /// The user.
    pub user: String,
    /// The database, if one was chosen.
    pub database: Option<String>,
}

impl fmt::Debug for CredentialRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialRequest")
            .field("endpoint", &self.endpoint)
            .field("user", &shown::user(&self.user))
            .field("database", &self.database.as_deref().map(shown::database))
            .finish()
    }
}

/// What a [`CredentialSource`] gives back.
pub type CredentialFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Credential, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// A place that hands out credentials: a vault, a token service, a cloud's metadata.
///
/// It is asked by one login at a time, however many wait (single-flight). While a credential with
/// an expiry is good the source is not asked again for the same host, port and user, and in the last fifth of its life the
/// credential is replaced in the background while logins go on with the old one. A credential is sent only to the host and
/// port, and for the user, that it was fetched for. One that the server refuses is forgotten.
///
/// An example is in `examples/credential_source.rs`.
pub trait CredentialSource: Send + Sync + 'static {
    /// Fetches a credential. The future is dropped when the connect timeout has passed, also in the background, and the
    /// source is asked again by the next login. Of an error only a [`CredentialError`](crate::CredentialError)'s words are
    /// shown and logged.
    fn fetch<'a>(&'a self, request: &'a CredentialRequest) -> CredentialFuture<'a>;
}

/// A [`CredentialSource`] with its cache.
pub(crate) struct CachedSource {
    source: Box<dyn CredentialSource>,
    cached: Mutex<BTreeMap<Recipient, Cached>>,
    /// Held while the source is asked.
    flight: AsyncMutex<()>,
}

#[derive(Clone)]
struct Cached {
    credential: Credential,
    fetched: SystemTime,
}

/// What a credential was fetched for. It is sent to no other server and for no other user: a token of a cloud's database
/// service, for example, is signed for one host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Recipient {
    host: String,
    port: u16,
    user: String,
}

impl Recipient {
    fn of(request: &CredentialRequest) -> Self {
        Self {
            host: request.endpoint.host.clone(),
            port: request.endpoint.port,
            user: request.user.clone(),
        }
    }
}

/// What to do with a credential that was fetched before.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Use,
    UseAndRefresh,
    Fetch,
}

/// The last fifth of its life, at least ten seconds of it, is for replacing it.
fn decide(now: SystemTime, fetched: SystemTime, expires: Option<SystemTime>) -> Decision {
    let Some(expires) = expires else {
        return Decision::Fetch;
    };
    let Ok(left) = expires.duration_since(now) else {
        return Decision::Fetch;
    };
    let life = expires.duration_since(fetched).unwrap_or_default();
    // A login takes time too: what expires within it is as good as expired.
    if left < Duration::from_secs(2).min(life / 10) || left.is_zero() {
        Decision::Fetch
    } else if left < (life / 5).max(Duration::from_secs(10)) {
        Decision::UseAndRefresh
    } else {
        Decision::Use
    }
}

impl CachedSource {
    pub(crate) fn new(source: Box<dyn CredentialSource>) -> Arc<Self> {
        Arc::new(Self {
            source,
            cached: Mutex::default(),
            flight: AsyncMutex::new(()),
        })
    }

    fn judge(&self, request: &CredentialRequest) -> (Decision, Option<Secret>) {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        match cached.get(&Recipient::of(request)).cloned() {
            Some(cached) => (
                decide(SystemTime::now(), cached.fetched, cached.credential.expires),
                Some(cached.credential.secret),
            ),
            _ => (Decision::Fetch, None),
        }
    }

    /// The credential to log in with now.
    ///
    /// The caller bounds the future by its deadline; `limit` bounds a replacement in the background, which no caller waits
    /// for.
    pub(crate) async fn get(
        self: &Arc<Self>,
        request: &CredentialRequest,
        limit: Duration,
    ) -> Result<Secret, Error> {
        match self.judge(request) {
            (Decision::Use, Some(secret)) => return Ok(secret),
            (Decision::UseAndRefresh, Some(secret)) => {
                let (this, request) = (Arc::clone(self), request.clone());
                tokio::spawn(async move {
                    let Ok(_flight) = this.flight.try_lock() else {
                        return;
                    };
                    let replaced = timeout(limit, this.fetch(&request)).await;
                    let replaced = replaced.unwrap_or_else(|_| Err(unanswered(&request, limit)));
                    if let Err(error) = replaced {
                        tracing::warn!(%error, "the credential could not be replaced ahead of its expiry");
                    }
                });
                return Ok(secret);
            }
            _ => {}
        }
        let waited = self.flight.try_lock();
        let (_flight, waited) = match waited {
            Ok(flight) => (flight, false),
            Err(_) => (self.flight.lock().await, true),
        };
        // A caller that waited may find that the one before has brought what both need.
        if waited
            && let (Decision::Use | Decision::UseAndRefresh, Some(secret)) = self.judge(request)
        {
            return Ok(secret);
        }
        self.fetch(request).await
    }

    async fn fetch(&self, request: &CredentialRequest) -> Result<Secret, Error> {
        let fetched = SystemTime::now();
        let credential = self.source.fetch(request).await.map_err(|error| {
            let attempt = format!(
                "fetching the credential of {:?} for {}",
                shown::user(&request.user),
                request.endpoint
            );
            failed(&attempt, error)
        })?;
        let secret = credential.secret.clone();
        let cached = Cached {
            credential,
            fetched,
        };
        let now = SystemTime::now();
        let mut all = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        // Nodes come and go: what can no longer be used is not kept for them.
        all.retain(|_, cached| cached.credential.expires.is_some_and(|at| at > now));
        all.insert(Recipient::of(request), cached);
        Ok(secret)
    }

    /// The server has refused it.
    pub(crate) fn forget(&self, secret: &Secret) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.retain(|_, cached| cached.credential.secret.expose() != secret.expose());
    }
}

fn unanswered(request: &CredentialRequest, limit: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!(
            "fetching the credential of {:?} for {}: the source did not answer within {limit:?}",
            shown::user(&request.user),
            request.endpoint
        ),
    )
}

impl fmt::Debug for CachedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialSource")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_credential_is_replaced_ahead_of_its_end() {
        let decide = |now| decide(at(now), at(1000), Some(at(2000)));
        assert_eq!(decide(1000), Decision::Use);
        assert_eq!(decide(1799), Decision::Use);
        assert_eq!(decide(1801), Decision::UseAndRefresh);
        assert_eq!(decide(1997), Decision::UseAndRefresh);
        assert_eq!(decide(1999), Decision::Fetch);
        assert_eq!(decide(2500), Decision::Fetch);
    }

    #[test]
    fn without_an_expiry_nothing_is_kept() {
        assert_eq!(decide(at(1), at(1), None), Decision::Fetch);
        assert_eq!(decide(at(5), at(5), Some(at(5))), Decision::Fetch);
    }

    struct Counting {
        asked: Arc<AtomicUsize>,
        life: Duration,
    }

    impl CredentialSource for Counting {
        fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
            Box::pin(async move {
                let count = self.asked.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(
                    Credential::new(format!("token {count}"))
                        .expires(SystemTime::now() + self.life),
                )
            })
        }
    }

    fn request() -> CredentialRequest {
        CredentialRequest {
            endpoint: Endpoint::new("db", 1),
            user: "app".to_owned(),
            database: None,
        }
    }

    #[tokio::test]
    async fn many_logins_ask_once_and_a_refused_one_is_forgotten() {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = CachedSource::new(Box::new(Counting {
            asked: Arc::clone(&asked),
            life: Duration::from_secs(3600),
        }));
        let request = request();
        let all =
            futures_util::future::join_all((0..50).map(|_| source.get(&request, LIMIT))).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        let first = all.into_iter().next().unwrap().unwrap();
        assert_eq!(first.expose(), b"token 0");
        source.forget(&Secret::from("another"));
        assert_eq!(
            source.get(&request, LIMIT).await.unwrap().expose(),
            b"token 0"
        );
        source.forget(&first);
        assert_eq!(
            source.get(&request, LIMIT).await.unwrap().expose(),
            b"token 1"
        );
    }

    #[tokio::test]
    async fn a_credential_for_one_server_is_not_sent_to_another() {
        let source = CachedSource::new(Box::new(Counting {
            asked: Arc::default(),
            life: Duration::from_secs(3600),
        }));
        let to = |host: &str, port: u16, user: &str| CredentialRequest {
            endpoint: Endpoint::new(host, port),
            user: user.to_owned(),
            database: None,
        };
        let requests = [
            to("a", 1, "app"),
            to("b", 1, "app"),
            to("a", 2, "app"),
            to("a", 1, "ops"),
        ];
        for _ in 0..2 {
            for (index, request) in requests.iter().enumerate() {
                let token = source.get(request, LIMIT).await.unwrap();
                assert_eq!(token.expose(), format!("token {index}").as_bytes());
            }
        }
    }

    #[tokio::test]
    async fn a_short_lived_one_is_refreshed_in_the_background() {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = CachedSource::new(Box::new(Counting {
            asked: Arc::clone(&asked),
            life: Duration::from_secs(9),
        }));
        let request = request();
        assert_eq!(
            source.get(&request, LIMIT).await.unwrap().expose(),
            b"token 0"
        );
        // Nine seconds are less than the ten that are for replacing it.
        assert_eq!(
            source.get(&request, LIMIT).await.unwrap().expose(),
            b"token 0"
        );
        while asked.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
    }

    /// Answers at once, but never the second time.
    struct HangsOnce {
        asked: Arc<AtomicUsize>,
    }

    impl CredentialSource for HangsOnce {
        fn fetch<'a>(&'a self, _request: &'a CredentialRequest) -> CredentialFuture<'a> {
            Box::pin(async move {
                let count = self.asked.fetch_add(1, Ordering::SeqCst);
                if count == 1 {
                    std::future::pending::<()>().await;
                }
                let soon = SystemTime::now() + Duration::from_secs(9);
                Ok(Credential::new(format!("token {count}")).expires(soon))
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn logins_go_on_after_a_source_hung_in_the_background() {
        let asked = Arc::new(AtomicUsize::new(0));
        let source = CachedSource::new(Box::new(HangsOnce {
            asked: Arc::clone(&asked),
        }));
        let request = request();
        let first = source.get(&request, LIMIT).await.unwrap();
        assert_eq!(
            source.get(&request, LIMIT).await.unwrap().expose(),
            first.expose()
        );
        while asked.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        source.forget(&first);
        let next = timeout(Duration::from_secs(3600), source.get(&request, LIMIT)).await;
        assert_eq!(next.unwrap().unwrap().expose(), b"token 2");
    }
}

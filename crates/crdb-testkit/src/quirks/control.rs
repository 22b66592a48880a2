//! What the sessions of one proxy share.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::injection::{Injection, Opportunity, RandomInjections, draw, draw_committed, take};
use super::jobs::Job;
use super::syntax::Readings;
use super::version::CockroachVersion;
use crate::error::Error;

/// Names the release that a proxy speaks like for which none was chosen.
const RELEASE_VARIABLE: &str = "CRDB_TEST_QUIRKS";

/// How a [`QuirksProxy`](super::QuirksProxy) behaves. The default is one node of the newest release, or of the one that the
/// environment variable `CRDB_TEST_QUIRKS` names, such as `v22.2`.
#[derive(Clone, Copy, Debug)]
pub struct QuirksOptions {
    version: Option<CockroachVersion>,
    node_id: u32,
    require_tls: bool,
    set_local: bool,
    cut_unacknowledged: Option<Duration>,
}

impl Default for QuirksOptions {
    fn default() -> Self {
        Self {
            version: None,
            node_id: 1,
            require_tls: false,
            set_local: true,
            cut_unacknowledged: None,
        }
    }
}

impl QuirksOptions {
    /// Which release to speak like. Default: the one that `CRDB_TEST_QUIRKS` names, else the newest.
    #[must_use]
    pub fn version(mut self, version: CockroachVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// The node id, below 2^31. Default: 1. From 2048 on, CockroachDB encodes it in another way.
    #[must_use]
    pub fn node_id(mut self, node_id: u32) -> Self {
        self.node_id = node_id & 0x7fff_ffff;
        self
    }

    /// Refuses sessions without TLS, as a secure cluster does by default. Default: false.
    #[must_use]
    pub fn require_tls(mut self, require: bool) -> Self {
        self.require_tls = require;
        self
    }

    /// Whether `SET LOCAL` is known; releases before v22.1 refuse it, and with it the whole text that it is in. Default: true.
    #[must_use]
    pub fn set_local(mut self, known: bool) -> Self {
        self.set_local = known;
        self
    }

    /// Cuts a session whose client has not acknowledged what was sent for this long, as v26.2 does after 30 s
    /// (`server.sql_tcp_user.timeout`): because the network is gone, or because it does not read. Linux only. Default: never.
    #[must_use]
    pub fn cut_unacknowledged(mut self, after: Duration) -> Self {
        self.cut_unacknowledged = Some(after);
        self
    }

    pub(super) fn unacknowledged(&self) -> Option<Duration> {
        self.cut_unacknowledged
    }

    pub(super) fn knows_set_local(&self) -> bool {
        self.set_local && self.release().knows_set_local()
    }

    /// With the release that the environment names, where none was chosen.
    pub(super) fn settled(mut self) -> Result<Self, Error> {
        if self.version.is_none()
            && let Ok(name) = std::env::var(RELEASE_VARIABLE)
        {
            self.version = Some(name.parse()?);
        }
        Ok(self)
    }

    pub(super) fn release(&self) -> CockroachVersion {
        self.version.unwrap_or_default()
    }

    pub(super) fn node(&self) -> u32 {
        self.node_id
    }

    pub(super) fn refuses_plain(&self) -> bool {
        self.require_tls
    }
}

/// What a [`QuirksProxy`](super::QuirksProxy) has seen and done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuirkCounts {
    /// Connections accepted, cancel requests included.
    pub accepted: u64,
    /// Sessions that logged in.
    pub sessions: u64,
    /// Sessions that are open at this moment.
    pub open: u64,
    /// Moments at which a statement could have been made to fail: see [`Injection`].
    pub statements: u64,
    /// Moments at which a commit could have been made to fail: see [`Injection`].
    pub commits: u64,
    /// Statements and commits that were made to fail with 40001.
    pub retries: u64,
    /// Implicit transactions that lost against another one and were run again, as the server does by itself.
    pub server_retries: u64,
    /// Commits that were answered with 40003.
    pub ambiguous: u64,
    /// Statements that were answered with 57014 because of [`Injection::CancelAutocommit`].
    pub cancelled: u64,
    /// Schema changes that were made to fail or to go on without their statement.
    pub schema_changes: u64,
    /// Connections that were cut.
    pub cuts: u64,
    /// Sessions that got 57P01.
    pub drained: u64,
    /// Cancel requests that named a session of this proxy.
    pub cancels: u64,
}

/// The server behind the proxy, and the certificate in front of it; none before a server that has no TLS either.
#[derive(Clone)]
pub(super) struct Upstream {
    pub(super) address: (String, u16),
    pub(super) tls: Option<TlsAcceptor>,
    /// A user who is let in without being asked, and a database: for sessions whose own database does not exist.
    pub(super) guest: Option<(String, String)>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// A BackendKeyData: process id and secret key.
pub(super) type CancelKey = (u32, u32);

/// What is to fail.
#[derive(Debug, Default)]
pub(super) struct Failures {
    pub(super) queue: VecDeque<Injection>,
    random: Option<RandomInjections>,
    /// Grows whenever `random` is set, so that sessions begin their sequence afresh.
    random_number: u64,
    pub(super) connection_limit: Option<usize>,
    /// How many rows a transaction may write before its COMMIT is too late.
    pub(super) commit_limit: Option<u64>,
    /// How long a COPY that is its own transaction may take before its commit is too late.
    pub(super) copy_limit: Option<Duration>,
    /// How long schema changes take.
    pub(super) job_time: Duration,
}

impl Failures {
    /// The generator of a session, which begins its sequence afresh when the probabilities have been set anew.
    fn generator<'s>(&self, session: u64, sequence: &'s mut Sequence) -> Option<&'s mut StdRng> {
        let random = self.random?;
        if sequence.random_number != self.random_number {
            sequence.random_number = self.random_number;
            sequence.generator = None;
        }
        Some(
            sequence
                .generator
                .get_or_insert_with(|| random.generator(session)),
        )
    }
}

/// A session's place in the random sequence.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    random_number: u64,
    generator: Option<StdRng>,
}

#[derive(Debug)]
pub(super) struct Control {
    pub(super) options: QuirksOptions,
    pub(super) upstream: Upstream,
    pub(super) draining: watch::Sender<bool>,
    pub(super) counts: watch::Sender<QuirkCounts>,
    failures: Mutex<Failures>,
    /// Tables that are locked against schema changes, by database and name.
    locked: Mutex<HashSet<(String, String)>>,
    jobs: Mutex<Vec<Job>>,
    /// What `SHOW SYNTAX` answers where a test has said it.
    readings: Mutex<Option<Arc<Readings>>>,
    keys: Mutex<HashMap<CancelKey, CancelKey>>,
    /// Sessions whose cancel request has come, until they ask.
    cancelled: Mutex<HashSet<CancelKey>>,
}

impl Control {
    pub(super) fn new(options: QuirksOptions, upstream: Upstream) -> Self {
        Self {
            options,
            upstream,
            draining: watch::Sender::new(false),
            counts: watch::Sender::new(QuirkCounts::default()),
            failures: Mutex::default(),
            locked: Mutex::default(),
            jobs: Mutex::default(),
            readings: Mutex::default(),
            keys: Mutex::default(),
            cancelled: Mutex::default(),
        }
    }

    pub(super) fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tables that are locked against schema changes, by database and name.
    pub(super) fn locked(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The jobs of schema changes, in the order in which they began.
    pub(super) fn jobs(&self) -> MutexGuard<'_, Vec<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `SHOW SYNTAX` answers where a test has said it.
    pub(super) fn readings(&self) -> Option<Arc<Readings>> {
        let readings = self.readings.lock();
        readings.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn tell_reading(&self, asked: String, form: String) {
        let mut readings = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = readings.as_deref().cloned().unwrap_or_default();
        told.insert(asked, form);
        *readings = Some(Arc::new(told));
    }

    pub(super) fn set_random(&self, random: Option<RandomInjections>) {
        let mut failures = self.failures();
        failures.random = random;
        failures.random_number += 1;
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut QuirkCounts)) {
        self.counts.send_modify(change);
    }

    /// Decides what fails at this opportunity of the session with this number.
    pub(super) fn decide(
        &self,
        session: u64,
        sequence: &mut Sequence,
        opportunity: Opportunity,
    ) -> Option<Injection> {
        if opportunity == Opportunity::default() {
            return None;
        }
        self.count(|counts| {
            counts.statements += u64::from(opportunity.statement);
            counts.commits += u64::from(opportunity.commit);
        });
        let mut failures = self.failures();
        if let Some(injection) = take(&mut failures.queue, opportunity) {
            return Some(injection);
        }
        let random = failures.random?;
        draw(&random, failures.generator(session, sequence)?, opportunity)
    }

    /// Decides whether a write that was cancelled has been committed all the same.
    pub(super) fn commits_cancelled(&self, session: u64, sequence: &mut Sequence) -> bool {
        let failures = self.failures();
        match (failures.random, failures.generator(session, sequence)) {
            (Some(random), Some(generator)) => draw_committed(&random, generator),
            _ => false,
        }
    }

    /// A cancel request has come for the session with this key.
    pub(super) fn cancel(&self, shown: CancelKey) {
        self.cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shown);
    }

    /// Whether a cancel request has come for the session with this key since it was asked last.
    pub(super) fn was_cancelled(&self, shown: CancelKey) -> bool {
        self.cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&shown)
    }

    /// Invents the BackendKeyData of a session whose real one is `real`.
    pub(super) fn register(&self, real: CancelKey) -> CancelKey {
        let shown = backend_key(self.options.node_id, rand::random());
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(shown, real);
        shown
    }

    pub(super) fn unregister(&self, shown: CancelKey) {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&shown);
    }

    /// The real key of a session of this proxy.
    pub(super) fn real_key(&self, shown: CancelKey) -> Option<CancelKey> {
        self.keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&shown)
            .copied()
    }
}

/// 64 bits: for node ids below 2^11 a zero bit, 11 bits of node id and 52 random ones; else a one bit, 31 bits of node
/// id and 32 random ones.
fn backend_key(node_id: u32, random: u64) -> CancelKey {
    let node = u64::from(node_id);
    let key = if node < 1 << 11 {
        node << 52 | random & 0x000f_ffff_ffff_ffff
    } else {
        1 << 63 | node << 32 | random & 0xffff_ffff
    };
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of 64 bits")]
    let halves = ((key >> 32) as u32, key as u32);
    halves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_id_is_in_the_top_bits() {
        assert_eq!(backend_key(5, u64::MAX), (0x005f_ffff, u32::MAX));
        assert_eq!(backend_key(2047, 0), (0x7ff0_0000, 0));
        assert_eq!(backend_key(2048, u64::MAX), (0x8000_0800, u32::MAX));
    }
}

//! Which step of a connect is under way, and how long each took.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::observer::ConnectTimings;
use crate::policy::AuthMethod;

/// Where a connect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Resolve,
    Tcp,
    Tls,
    Login,
    /// Waiting for this side: a command, a credential source, the KDC.
    Credential,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Resolve,
        Self::Tcp,
        Self::Tls,
        Self::Login,
        Self::Credential,
    ];

    /// The deadline has passed in this step.
    pub(crate) fn timed_out(self, endpoint: &Endpoint, limit: Duration) -> Error {
        let what = match self {
            Self::Resolve => "resolving the name",
            Self::Tcp => {
                "waiting for the TCP connection: a firewall that drops packets looks like this"
            }
            Self::Tls => "waiting for the TLS handshake",
            Self::Login => "waiting for the server's answer to the login",
            Self::Credential => {
                "waiting for the credential: the command or source of the password, or a custom \
                 authenticator"
            }
        };
        Error::new(
            ErrorKind::Timeout,
            format!(
                "connecting to {endpoint}: no success within {limit:?}, the deadline passed while \
                 {what}"
            ),
        )
    }
}

/// Readable after the future that took the steps was dropped.
pub(crate) struct Progress {
    start: Instant,
    step: AtomicU8,
    entered: Mutex<[Option<Instant>; 4]>,
    asked: Mutex<Option<AuthMethod>>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            step: AtomicU8::new(0),
            entered: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The server asks for this.
    pub(crate) fn asks_for(&self, method: AuthMethod) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Some(method);
    }

    /// What the server asked for last, if it came to that.
    pub(crate) fn asked(&self) -> Option<AuthMethod> {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credential is part of the login, for the timings.
    pub(crate) fn enter(&self, step: Step) {
        self.step.store(step as u8, Ordering::Relaxed);
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        match step {
            Step::Credential => {}
            Step::Login => {
                entered[step as usize].get_or_insert_with(Instant::now);
            }
            // A second attempt, with or without TLS, begins anew.
            _ => {
                entered[step as usize..].fill(None);
                entered[step as usize] = Some(Instant::now());
            }
        }
    }

    pub(crate) fn step(&self) -> Step {
        Step::ALL[usize::from(self.step.load(Ordering::Relaxed))]
    }

    pub(crate) fn timings(&self) -> ConnectTimings {
        let entered = *self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        let end = Instant::now();
        let took = |step: Step| {
            let Some(from) = entered[step as usize] else {
                return Duration::ZERO;
            };
            let next = entered[step as usize + 1..].iter().flatten().next();
            next.copied().unwrap_or(end).saturating_duration_since(from)
        };
        ConnectTimings {
            resolve: took(Step::Resolve),
            tcp: took(Step::Tcp),
            tls: took(Step::Tls),
            login: took(Step::Login),
            total: end.saturating_duration_since(self.start),
        }
    }
}

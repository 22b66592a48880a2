//! What goes wrong while a call is made.

use super::plan::{Abilities, a_moment};
use crate::chaos::stack::Stack;
use crdb_exec::Statement;
use crdb_testkit::{Cut, Direction, EngineKind, Injection};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde::Serialize;
use std::time::Duration;
use tokio::time::sleep;

/// For how long a proxy waits for the byte at which it cuts.
const CUTTING: Duration = Duration::from_millis(5);

/// A trouble. Some hit the calls beside this one too, which are held to their verdicts in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Trouble {
    /// None.
    None,
    /// The call has a short time limit.
    Limit(Duration),
    /// The call's future is dropped.
    Dropped(Duration),
    /// A connection through one of the proxies is cut after some bytes, those of requests or those of answers.
    CutAfter {
        /// Which proxy, counted round.
        proxy: usize,
        /// Whether bytes of requests are counted.
        requests: bool,
        /// How many.
        bytes: u64,
        /// Whether it is a reset.
        reset: bool,
    },
    /// Every statement that runs is cancelled by another session.
    Cancelled(Duration),
    /// One session is ended by another.
    Terminated(Duration),
    /// The server fails the next statement or commit as CockroachDB does.
    Injected(Injected),
}

/// Which failure the server is made to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Injected {
    /// A statement is answered with 40001.
    RetryStatement,
    /// A commit is answered with 40001.
    RetryCommit,
    /// A commit is answered with 40003.
    Ambiguous {
        /// Whether it happened.
        committed: bool,
    },
    /// A statement that is its own transaction is answered with 57014.
    Cancelled {
        /// Whether it was committed.
        committed: bool,
    },
    /// The connection is reset before a commit.
    CutBeforeCommit,
    /// The connection is reset after a commit.
    CutAfterCommit,
    /// The connection is reset within a commit's answer.
    CutReply(usize),
}

impl Trouble {
    pub(super) fn draw(can: Abilities, rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..20 => Self::None,
            20..40 => Self::Limit(a_moment(rng)),
            40..50 => Self::Dropped(a_moment(rng)),
            50..65 => Self::CutAfter {
                proxy: rng.random_range(0..16),
                requests: rng.random(),
                bytes: rng.random_range(0..300),
                reset: rng.random(),
            },
            65..75 => Self::Cancelled(a_moment(rng)),
            75..80 => Self::Terminated(a_moment(rng)),
            _ if can.injections => Self::Injected(Injected::draw(rng)),
            _ => Self::Limit(a_moment(rng)),
        }
    }

    /// Makes it happen, now or in a moment. The others are up to the caller.
    pub(super) async fn happen(self, stack: &Stack) {
        match self {
            Self::None | Self::Limit(_) | Self::Dropped(_) => {}
            Self::CutAfter {
                proxy,
                requests,
                bytes,
                reset,
            } => {
                let direction = if requests {
                    Direction::ToServer
                } else {
                    Direction::ToClient
                };
                let cut = if reset { Cut::Reset } else { Cut::Close };
                let proxy = &stack.proxies[proxy % stack.proxies.len()];
                proxy.cut_after(direction, bytes, cut);
                // Not for longer than statements take: else the logins that follow are cut, too.
                sleep(CUTTING).await;
                proxy.heal().await;
            }
            Self::Cancelled(after) => {
                sleep(after).await;
                cancel_statements(stack).await;
            }
            Self::Terminated(after) => {
                sleep(after).await;
                end_one_session(stack).await;
            }
            Self::Injected(injected) => {
                for habit in &stack.habits {
                    habit.inject(injected.into());
                }
            }
        }
    }
}

impl Injected {
    fn draw(rng: &mut StdRng) -> Self {
        let committed = rng.random();
        match rng.random_range(0..7) {
            0 => Self::RetryStatement,
            1 => Self::RetryCommit,
            2 => Self::Ambiguous { committed },
            3 => Self::Cancelled { committed },
            4 => Self::CutBeforeCommit,
            5 => Self::CutAfterCommit,
            _ => Self::CutReply(rng.random_range(0..20)),
        }
    }
}

impl From<Injected> for Injection {
    fn from(injected: Injected) -> Self {
        let cut = Cut::Reset;
        match injected {
            Injected::RetryStatement => Self::RetryStatement,
            Injected::RetryCommit => Self::RetryCommit,
            Injected::Ambiguous { committed } => Self::AmbiguousCommit { committed },
            Injected::Cancelled { committed } => Self::CancelAutocommit { committed },
            Injected::CutBeforeCommit => Self::CutBeforeCommit { cut },
            Injected::CutAfterCommit => Self::CutAfterCommit { cut },
            Injected::CutReply(bytes) => Self::CutCommitReply { bytes, cut },
        }
    }
}

/// Cancels what the stack's sessions run. That nothing is left to be cancelled is no failure.
async fn cancel_statements(stack: &Stack) {
    let text = match stack.engine().kind() {
        EngineKind::CockroachDb => format!(
            "CANCEL QUERIES IF EXISTS (SELECT query_id FROM [SHOW CLUSTER QUERIES] WHERE application_name = '{}')",
            stack.name
        ),
        _ => format!(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = '{}' AND state = 'active'",
            stack.name
        ),
    };
    drop(stack.truth.fetch_all(own(&text), &[]).await);
}

async fn end_one_session(stack: &Stack) {
    let text = match stack.engine().kind() {
        EngineKind::CockroachDb => format!(
            "CANCEL SESSIONS IF EXISTS (SELECT session_id FROM [SHOW CLUSTER SESSIONS] \
             WHERE application_name = '{}' ORDER BY random() LIMIT 1)",
            stack.name
        ),
        _ => format!(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity \
             WHERE application_name = '{}' ORDER BY random() LIMIT 1) AS one",
            stack.name
        ),
    };
    drop(stack.truth.fetch_all(own(&text), &[]).await);
}

fn own(text: &str) -> Statement<'_> {
    Statement::new(text)
        .named("chaos.trouble")
        .timeout(Duration::from_secs(1))
}

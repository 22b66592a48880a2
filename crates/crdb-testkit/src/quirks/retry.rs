//! The server's own retry: an implicit transaction that loses against another one runs again, as long as nothing of its
//! answer has left the results buffer.

use std::future::Future;
use std::io;
use std::pin::Pin;

use super::session::{Flow, Session};
use super::transaction::State;
use super::translate;
use super::wire::{Frame, take_text};

/// How often an implicit transaction is run again at most. CockroachDB does not count.
const ATTEMPTS: u32 = 50;

impl Session {
    /// Whether the implicit transaction that failed with `error` can run again.
    pub(super) fn may_retry(&self, error: &Frame) -> bool {
        let lost = matches!(translate::code(&error.body).as_str(), "40001" | "40P01");
        lost && self.transaction.state == State::Idle
            && self.unsent_from.is_some()
            && self.attempts < ATTEMPTS
    }

    /// Takes back everything of the implicit transaction that has failed, once PostgreSQL has done so, and runs its
    /// messages again.
    ///
    /// It calls what calls it, hence the box.
    pub(super) fn repeat_batch(
        &mut self,
    ) -> Pin<Box<dyn Future<Output = io::Result<Flow>> + Send + '_>> {
        Box::pin(async move {
            self.attempts += 1;
            self.control.count(|counts| counts.server_retries += 1);
            if let Some(start) = self.unsent_from {
                self.out.truncate(start);
            }
            self.complete_at = None;
            self.skipping = false;
            self.forget_transaction();
            let frames = std::mem::take(&mut self.batch);
            for frame in frames.iter().filter(|frame| frame.tag == b'P') {
                // What the first attempt has prepared would be in the way.
                let mut body = frame.body.clone();
                let name = take_text(&mut body).unwrap_or_default();
                self.backend.close_statement(&name).await?;
                self.prepared.remove(&name);
            }
            for frame in frames {
                if self.skipping {
                    break;
                }
                let flow = match frame.tag {
                    b'Q' => self.query(frame).await?,
                    _ => self.extended(frame).await?,
                };
                if flow == Flow::End {
                    return Ok(flow);
                }
            }
            Ok(Flow::Go)
        })
    }
}

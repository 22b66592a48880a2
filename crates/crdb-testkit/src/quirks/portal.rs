//! Portals: what a Bind makes and an Execute runs.

use std::io;

use super::failure::Failure;
use super::session::Session;
use super::settings::Setting;
use super::statement::{Class, Statement};
use super::transaction::State;
use super::wire::Frame;

/// A portal of the client.
#[derive(Clone, Debug)]
pub(super) struct Portal {
    pub(super) statement: Statement,
    /// The Bind that made it, to make it again.
    pub(super) bind: Frame,
    /// How many statements the transaction had run when it was bound.
    pub(super) bound_at: u32,
    /// The tag with which it completed.
    pub(super) completed: Option<String>,
}

impl Portal {
    /// CockroachDB answers another Execute of a portal that is done with the tag of no rows.
    pub(super) fn completed_again(&self) -> Option<String> {
        let tag = self.completed.as_deref()?;
        Some(match tag.rsplit_once(' ') {
            Some((words, count)) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("{words} 0")
            }
            _ => tag.to_owned(),
        })
    }
}

impl Session {
    /// Why an operation other than the next Execute of an open portal fails, if it does.
    pub(super) async fn second_portal(
        &mut self,
        class: &Class,
        operation: &str,
    ) -> io::Result<Option<Failure>> {
        if self.suspended.is_empty() {
            return Ok(None);
        }
        // A transaction that has failed has no portals any more.
        if matches!(class, Class::Commit { .. }) || self.transaction.state == State::Failed {
            self.suspended.clear();
            return Ok(None);
        }
        let pausable = self.suspended.iter().all(|name| {
            self.portals
                .get(name)
                .is_none_or(|portal| portal.statement.class == Class::Data)
        });
        if self.setting(Setting::ManyPortals).await? {
            return Ok((!pausable).then(Failure::portal_cannot_pause));
        }
        self.suspended.clear();
        let version = self.control.options.release();
        Ok(Some(Failure::second_portal(operation, version)))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_portal_that_is_done_completes_without_rows() {
        let portal = |tag: &str| Portal {
            statement: Statement::empty(),
            bind: Frame {
                tag: b'B',
                body: Bytes::new(),
            },
            bound_at: 0,
            completed: Some(tag.to_owned()),
        };
        for (tag, again) in [
            ("UPDATE 3", "UPDATE 0"),
            ("INSERT 0 2", "INSERT 0 0"),
            ("DROP ROLE", "DROP ROLE"),
        ] {
            assert_eq!(portal(tag).completed_again().as_deref(), Some(again));
        }
    }
}

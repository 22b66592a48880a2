//! The sessions of the simulated cluster: how they end, what checks find, and how they come back.

use std::panic::Location;
use std::time::Instant;

use super::world::{Behaviour, Caller, Event, Out, Session, World};
use crate::connector::ErrorClass;
use crate::core::{BorrowKey, Failed, Grant, Pooled};
use crate::observer::CloseReason;

/// How a check ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Works,
    Failed(ErrorClass),
    Silence,
}

impl World {
    /// Looks at the idle sessions, as the shell does before each tick.
    pub(super) fn look_over(&mut self, place: &'static Location<'static>) {
        while let Some(grant) = self.core.next_to_look_at(place, self.now) {
            let Grant { pooled, borrow, .. } = grant;
            match self.word(&pooled) {
                Some(class) => self.lose(pooled, borrow, Some(class)),
                None => self.decide(|core, now, fx| core.put_back(pooled, borrow, now, fx)),
            }
        }
    }

    /// What ends sessions: time-outs of servers and balancers, administrators, functions that raise the code of a shutdown.
    pub(super) fn end(&mut self) {
        if self.sessions_still_end() {
            let after = self.millis(120);
            self.schedule(after, Event::End);
        }
        let mut sessions: Vec<_> = self.alive.keys().copied().collect();
        sessions.sort_unstable();
        // Sometimes all at once.
        let all = self.chance.below(4) == 0;
        let one = self.chance.below(sessions.len().max(1));
        let word = match self.chance.below(3) {
            0 => Some(ErrorClass::Draining),
            1 => Some(ErrorClass::Dead),
            _ => None,
        };
        for (position, session) in sessions.into_iter().enumerate() {
            if all || position == one {
                self.ended.insert(session, word);
            }
        }
    }

    /// The word with which a session has ended, where that can be seen without asking the server.
    pub(super) fn word(&self, pooled: &Pooled<Session>) -> Option<ErrorClass> {
        match self.behaviours[&pooled.address.port()] {
            Behaviour::Killed => Some(ErrorClass::Dead),
            Behaviour::Draining => Some(ErrorClass::Draining),
            _ => self.ended.get(&pooled.session).copied().flatten(),
        }
    }

    pub(super) fn is_silent(&self, pooled: &Pooled<Session>) -> bool {
        self.behaviours[&pooled.address.port()] == Behaviour::Blackholed
            || self.ended.get(&pooled.session) == Some(&None)
    }

    pub(super) fn check(&mut self, grant: Grant<Session>, caller: Option<Caller>) {
        self.take(grant.pooled.session);
        let (answer, time) = match self.word(&grant.pooled) {
            Some(class) => (Answer::Failed(class), self.millis(3)),
            None if self.is_silent(&grant.pooled) => (Answer::Silence, self.config.check_timeout),
            None => (Answer::Works, self.millis(3)),
        };
        let borrow = Out {
            pooled: grant.pooled,
            borrow: grant.borrow,
            caller,
        };
        let began = self.now;
        self.schedule(
            time,
            Event::Checked {
                borrow,
                began,
                answer,
            },
        );
    }

    pub(super) fn checked(&mut self, out: Out, began: Instant, answer: Answer) {
        self.held.remove(&out.pooled.session);
        let Out {
            pooled,
            borrow,
            caller,
        } = out;
        if let Answer::Works = answer {
            self.core.proved(pooled.node, began);
            match caller.filter(|caller| self.waiting.contains_key(caller)) {
                Some(caller) => self.work(Out {
                    pooled,
                    borrow,
                    caller: Some(caller),
                }),
                None => self.decide(|core, now, fx| core.give_back(pooled, borrow, None, now, fx)),
            }
        } else {
            let class = match answer {
                Answer::Failed(class) => Some(class),
                _ => None,
            };
            if let Answer::Silence = answer {
                let (node, term) = (pooled.node, pooled.term);
                let failed = Failed::silent(std::io::Error::other("simulated"));
                self.decide(|core, now, fx| {
                    core.check_unanswered(node, term, failed, began, now, fx);
                });
            }
            self.lose(pooled, borrow, class);
            if let Some(caller) = caller {
                self.acquire(caller);
            }
        }
    }

    pub(super) fn give_back(&mut self, out: Out) {
        self.held.remove(&out.pooled.session);
        let Out { pooled, borrow, .. } = out;
        let class = match self.word(&pooled) {
            None if self.is_silent(&pooled) => Some(ErrorClass::Dead),
            word => word,
        };
        match class {
            None if self.chance.below(20) > 0 => {
                let held = self.millis(10);
                self.decide(|core, now, fx| core.give_back(pooled, borrow, Some(held), now, fx));
            }
            // The borrower refuses its own statement, or abandons it.
            None if self.chance.below(2) == 0 => {
                self.lose(pooled, borrow, Some(ErrorClass::Harmless));
            }
            class => self.lose(pooled, borrow, class),
        }
    }

    pub(super) fn lose(
        &mut self,
        pooled: Box<Pooled<Session>>,
        borrow: BorrowKey,
        class: Option<ErrorClass>,
    ) {
        let (node, term) = (pooled.node, pooled.term);
        let unused = (!pooled.was_lent).then_some(pooled.born);
        self.closed(&pooled, CloseReason::Broken);
        if let Some(class) = class {
            self.decide(|core, now, fx| core.report(node, term, failed(class), now, fx));
        }
        self.decide(|core, now, fx| core.lost(borrow, unused, now, fx));
    }
}

/// A failure of this class.
pub(super) fn failed(class: ErrorClass) -> Failed {
    Failed::new(class, std::io::Error::other("simulated"))
}

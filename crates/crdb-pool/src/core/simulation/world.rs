//! The simulated cluster: what the nodes do, who comes when, and how long everything takes.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::Location;
use std::time::{Duration, Instant};

use super::invariants;
use super::sessions::{Answer, failed};
use crate::config::Config;
use crate::connector::ErrorClass;
use crate::core::{
    Acquire, BorrowKey, Core, Effects, Failed, Grant, Opening, Pooled, Random, Refusal, Request,
    Ticket,
};
use crate::node::{NodeAddress, NodeId};
use crate::observer::CloseReason;

pub(super) type Caller = u32;
pub(super) type Session = u64;

const LOAD_TIME: Duration = Duration::from_secs(3);
const CALM_TIME: Duration = Duration::from_secs(40);
/// What was under way when a node became well has ended after this.
pub(super) const SETTLED: Duration = Duration::from_millis(1_100);
/// What ends sessions goes on for this long after the load has ended.
const ENDS_TIME: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Behaviour {
    Up,
    Killed,
    Blackholed,
    Draining,
    Full,
    Locked,
}

#[derive(Debug)]
pub(super) enum Event {
    Arrive,
    Deadline(Caller),
    Woken(Caller),
    Opened(Box<Opening>),
    Abandoned(Box<Opening>),
    Checked {
        borrow: Out,
        began: Instant,
        answer: Answer,
    },
    Return(Out),
    Trouble,
    /// A session of a node that may be well ends by itself.
    End,
    Resize,
    Tick,
}

/// A session that is out of its slot, and the caller that has it: none while the pool itself checks it.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) pooled: Box<Pooled<Session>>,
    pub(super) borrow: BorrowKey,
    pub(super) caller: Option<Caller>,
}

struct Scheduled {
    at: Instant,
    order: u64,
    event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Scheduled {}
impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) request: Request,
    pub(super) queued: bool,
    patience: Instant,
}

pub(super) struct World {
    pub(super) core: Core<Session, Caller>,
    pub(super) now: Instant,
    start: Instant,
    pub(super) chance: Random,
    events: BinaryHeap<Scheduled>,
    order: u64,
    pub(super) behaviours: BTreeMap<u16, Behaviour>,
    pub(super) config: Config,
    pub(super) max_size_ever: u32,
    pub(super) waiting: BTreeMap<Caller, Waiting>,
    next_caller: Caller,
    next_session: Session,
    /// Since when each node has been well.
    pub(super) well_since: BTreeMap<u16, Instant>,
    /// Nodes that have been in rotation since all that was under way before they became well has ended.
    pub(super) settled: BTreeSet<u16>,
    /// Sessions that exist, with the port that they are connected to.
    pub(super) alive: HashMap<Session, u16>,
    /// Sessions that have ended by themselves, and with which word of the server; with none where something on the way has
    /// forgotten them, and nothing answers.
    pub(super) ended: HashMap<Session, Option<ErrorClass>>,
    pub(super) held: HashSet<Session>,
    pub(super) served: u32,
    pub(super) gave_up: u32,
    tick_at: Instant,
    digest: DefaultHasher,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Random::seeded(seed ^ 0x5EED);
        let max_size = 1 + chance.below(8) as u32;
        let config = Config::builder()
            .max_size(max_size)
            .min_size(chance.below(max_size as usize + 1) as u32)
            .max_waiters(1 + chance.below(40))
            .max_opening(1 + chance.below(4) as u32)
            .half_open_probes(1 + chance.below(3) as u32)
            .failures_to_open(1 + chance.below(4) as u32)
            .connect_timeout(Duration::from_secs(1))
            .max_lifetime((chance.below(2) == 0).then_some(Duration::from_millis(700)))
            .idle_timeout((chance.below(2) == 0).then_some(Duration::from_millis(900)))
            .ping_interval((chance.below(2) == 0).then_some(Duration::from_millis(800)))
            .slow_start(Duration::from_secs(2))
            .locality("region=a")
            .build()
            .expect("valid");
        let nodes = 1 + chance.below(4) as u16;
        let start = Instant::now();
        let mut world = Self {
            core: Core::new(config.clone(), Random::seeded(seed)),
            now: start,
            start,
            events: BinaryHeap::new(),
            order: 0,
            behaviours: (0..nodes).map(|port| (port, Behaviour::Up)).collect(),
            max_size_ever: max_size,
            config,
            waiting: BTreeMap::new(),
            next_caller: 0,
            next_session: 0,
            well_since: (0..nodes).map(|port| (port, start)).collect(),
            settled: BTreeSet::new(),
            alive: HashMap::new(),
            ended: HashMap::new(),
            held: HashSet::new(),
            served: 0,
            gave_up: 0,
            tick_at: start,
            digest: DefaultHasher::new(),
            chance,
        };
        let addresses = (0..nodes)
            .map(|port| {
                NodeAddress::new("n", port).with_locality(if port % 3 == 2 {
                    "region=b"
                } else {
                    "region=a"
                })
            })
            .collect();
        world.decide(|core, now, fx| core.set_nodes(addresses, now, fx));
        world.schedule(Duration::ZERO, Event::Arrive);
        world.schedule(Duration::from_millis(50), Event::Trouble);
        world.schedule(Duration::from_millis(30), Event::End);
        world.schedule(Duration::from_millis(900), Event::Resize);
        world.schedule(Duration::ZERO, Event::Tick);
        world
    }

    /// Load and trouble for a while, then calm; then everything must have been put right.
    pub(super) fn run(&mut self) {
        while let Some(next) = self.events.pop() {
            // Without ticks nothing new begins, and what is under way comes to its end.
            if next.at > self.start + LOAD_TIME + CALM_TIME && matches!(next.event, Event::Tick) {
                continue;
            }
            self.now = next.at;
            self.note((1u8, next.at.duration_since(self.start)));
            self.handle(next.event);
            invariants::always(self);
            invariants::nodes_that_are_well(self);
        }
        invariants::in_the_end(self);
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    fn note(&mut self, what: impl Hash) {
        what.hash(&mut self.digest);
    }

    pub(super) fn is_ticking(&self) -> bool {
        self.now <= self.start + LOAD_TIME + CALM_TIME
    }

    pub(super) fn sessions_still_end(&self) -> bool {
        self.now < self.start + LOAD_TIME + ENDS_TIME
    }

    fn is_calm(&self) -> bool {
        self.now > self.start + LOAD_TIME
    }

    pub(super) fn schedule(&mut self, after: Duration, event: Event) {
        self.order += 1;
        self.events.push(Scheduled {
            at: self.now + after,
            order: self.order,
            event,
        });
    }

    pub(super) fn millis(&mut self, below: usize) -> Duration {
        Duration::from_micros(1 + self.chance.below(below * 1000) as u64)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Arrive => self.arrive(),
            Event::Deadline(caller) => self.give_up(caller),
            Event::Woken(caller) => self.woken(caller),
            Event::Opened(opening) => self.opened(&opening),
            Event::Abandoned(opening) => {
                self.decide(|core, now, fx| core.open_abandoned(&opening, now, fx));
            }
            Event::Checked {
                borrow,
                began,
                answer,
            } => self.checked(borrow, began, answer),
            Event::Return(out) => self.give_back(out),
            Event::Trouble => self.trouble(),
            Event::End => self.end(),
            Event::Resize => {
                let max_size = 1 + self.chance.below(8) as u32;
                let min_size = self.config.min_size.min(max_size);
                self.config = Config {
                    max_size,
                    min_size,
                    ..self.config.clone()
                };
                self.max_size_ever = self.max_size_ever.max(max_size);
                self.decide(|core, now, fx| core.resize(min_size, max_size, now, fx));
            }
            Event::Tick => {
                if self.now >= self.tick_at {
                    let place = Location::caller();
                    self.look_over(place);
                    let next = self.decide(|core, now, fx| core.tick(place, now, fx));
                    self.tick_at = next;
                    self.schedule(next - self.now, Event::Tick);
                }
            }
        }
    }

    /// Decides something and does what follows from it, as the shell does.
    pub(super) fn decide<R>(
        &mut self,
        decide: impl FnOnce(&mut Core<Session, Caller>, Instant, &mut Effects<Session, Caller>) -> R,
    ) -> R {
        let mut fx = Effects::new();
        let result = decide(&mut self.core, self.now, &mut fx);
        for opening in fx.open {
            invariants::opening(self, &opening);
            let behaviour = self.behaviours[&opening.address.port()];
            let time = match behaviour {
                Behaviour::Blackholed => opening.timeout,
                Behaviour::Killed => self.millis(2),
                _ => self.millis(30),
            };
            self.schedule(time.min(opening.timeout), Event::Opened(Box::new(opening)));
        }
        for (pooled, reason) in fx.close {
            self.note((2u8, pooled.session, reason.as_str()));
            self.closed(&pooled, reason);
        }
        for grant in fx.ping {
            self.check(grant, None);
        }
        for caller in fx.wake {
            if let Some(waiting) = self.waiting.get_mut(&caller) {
                waiting.queued = false;
                invariants::in_turn(self, caller);
                // A task does not run at once when it is woken: its caller may give up before.
                let time = self.millis(3);
                self.schedule(time, Event::Woken(caller));
            }
        }
        if fx.reconsider {
            self.abandon();
        }
        if fx.wake_maintenance {
            self.tick_at = self.now;
            self.schedule(Duration::ZERO, Event::Tick);
        }
        result
    }

    /// Attempts that were given up end in a moment.
    fn abandon(&mut self) {
        for mut scheduled in std::mem::take(&mut self.events).into_vec() {
            scheduled.event = match scheduled.event {
                Event::Opened(opening) => {
                    let ago = self.now.saturating_duration_since(opening.began);
                    if self.core.wants(&opening, ago) {
                        Event::Opened(opening)
                    } else {
                        scheduled.at = scheduled.at.min(self.now + Duration::from_millis(1));
                        Event::Abandoned(opening)
                    }
                }
                event => event,
            };
            self.events.push(scheduled);
        }
    }

    pub(super) fn closed(&mut self, pooled: &Pooled<Session>, reason: CloseReason) {
        assert!(
            self.alive.remove(&pooled.session).is_some(),
            "session {} closed twice ({reason:?})",
            pooled.session
        );
        self.ended.remove(&pooled.session);
        assert!(
            !self.held.contains(&pooled.session),
            "session {} closed while it is out",
            pooled.session
        );
    }

    fn arrive(&mut self) {
        if !self.is_calm() {
            let after = if self.chance.below(10) == 0 {
                self.millis(200)
            } else {
                self.millis(8)
            };
            self.schedule(after, Event::Arrive);
        }
        let caller = self.next_caller;
        self.next_caller += 1;
        let avoid = (self.chance.below(4) == 0).then(|| NodeId(self.chance.below(4) as u64));
        let request = Request {
            avoid,
            place: Location::caller(),
        };
        let ticket = self.core.arrive();
        let patience = self.now + Duration::from_millis(20) + self.millis(1500);
        self.waiting.insert(
            caller,
            Waiting {
                ticket,
                request,
                queued: false,
                patience,
            },
        );
        self.schedule(patience - self.now, Event::Deadline(caller));
        self.acquire(caller);
    }

    pub(super) fn acquire(&mut self, caller: Caller) {
        let Some(waiting) = self.waiting.get_mut(&caller) else {
            return;
        };
        let (ticket, request) = (waiting.ticket, waiting.request);
        let answer = self.decide(|core, now, fx| core.acquire(ticket, request, now, fx));
        match answer {
            Acquire::Granted(grant) => {
                invariants::in_turn(self, caller);
                self.answered(caller, Ok(grant));
            }
            Acquire::Refused(refusal) => self.answered(caller, Err(refusal)),
            Acquire::Wait => {
                if let Some(answer) = self.core.poll(ticket, |_| caller) {
                    self.answered(caller, answer);
                } else if let Some(waiting) = self.waiting.get_mut(&caller) {
                    waiting.queued = true;
                }
            }
        }
    }

    fn woken(&mut self, caller: Caller) {
        if let Some(waiting) = self.waiting.get(&caller) {
            let answer = self
                .core
                .poll(waiting.ticket, |_| caller)
                .expect("woken with an answer");
            self.answered(caller, answer);
        }
    }

    fn answered(&mut self, caller: Caller, answer: Result<Grant<Session>, Refusal>) {
        match answer {
            Ok(grant) => {
                invariants::granted(self, &grant);
                if let Some(waiting) = self.waiting.get_mut(&caller) {
                    waiting.queued = false;
                }
                if grant.needs_check(self.config.fresh_for, self.now) {
                    self.check(grant, Some(caller));
                } else {
                    self.work(Out {
                        pooled: grant.pooled,
                        borrow: grant.borrow,
                        caller: Some(caller),
                    });
                }
            }
            Err(refusal) => {
                self.note((3u8, caller, refusal as u8));
                self.waiting.remove(&caller);
                self.gave_up += 1;
            }
        }
    }

    pub(super) fn take(&mut self, session: Session) {
        assert!(self.held.insert(session), "session {session} lent twice");
        assert!(
            self.alive.contains_key(&session),
            "session {session} lent after it was closed"
        );
    }

    pub(super) fn work(&mut self, mut out: Out) {
        if !out.pooled.was_lent {
            out.pooled.was_lent = true;
            self.core.lent_first(out.pooled.node);
        }
        if let Some(caller) = out.caller {
            self.note((4u8, caller, out.pooled.session));
            self.waiting.remove(&caller);
            self.served += 1;
        }
        if !self.held.contains(&out.pooled.session) {
            self.take(out.pooled.session);
        }
        let time = self.millis(20);
        self.schedule(time, Event::Return(out));
    }

    fn opened(&mut self, opening: &Opening) {
        let class = match self.behaviours[&opening.address.port()] {
            Behaviour::Up => {
                let session = self.next_session;
                self.next_session += 1;
                self.alive.insert(session, opening.address.port());
                let took = Duration::from_millis(10);
                self.decide(|core, now, fx| core.opened(opening, session, took, now, fx));
                return;
            }
            Behaviour::Killed | Behaviour::Blackholed => ErrorClass::Dead,
            Behaviour::Draining => ErrorClass::Draining,
            Behaviour::Full => ErrorClass::Overloaded,
            Behaviour::Locked => ErrorClass::Authentication,
        };
        if self.chance.below(20) == 0 {
            self.decide(|core, now, fx| core.open_abandoned(opening, now, fx));
        } else {
            let failed = Failed {
                silent: self.behaviours[&opening.address.port()] == Behaviour::Blackholed,
                ..failed(class)
            };
            self.decide(|core, now, fx| core.open_failed(opening, failed, now, fx));
        }
    }

    fn give_up(&mut self, caller: Caller) {
        let Some(waiting) = self.waiting.get(&caller) else {
            return;
        };
        assert!(self.now >= waiting.patience);
        let ticket = waiting.ticket;
        self.waiting.remove(&caller);
        self.gave_up += 1;
        self.decide(|core, now, fx| core.leave(ticket, now, fx));
    }

    fn behave(&mut self, port: u16, behaviour: Behaviour) {
        let before = self.behaviours.insert(port, behaviour);
        if behaviour != Behaviour::Up {
            self.well_since.remove(&port);
            self.settled.remove(&port);
        } else if before != Some(Behaviour::Up) {
            self.well_since.insert(port, self.now);
        }
    }

    fn trouble(&mut self) {
        if self.is_calm() {
            for port in 0..self.behaviours.len() as u16 {
                self.behave(port, Behaviour::Up);
            }
            return;
        }
        let port = self.chance.below(self.behaviours.len()) as u16;
        let behaviour = match self.chance.below(10) {
            0..5 => Behaviour::Up,
            5 | 6 => Behaviour::Killed,
            7 => Behaviour::Blackholed,
            8 => Behaviour::Draining,
            _ if self.chance.below(2) == 0 => Behaviour::Full,
            _ => Behaviour::Locked,
        };
        self.note((5u8, port, behaviour));
        self.behave(port, behaviour);
        let next = self.millis(300);
        self.schedule(next, Event::Trouble);
    }
}

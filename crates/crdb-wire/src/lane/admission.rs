//! Who is sent next, and on which lane: decisions without I/O, time or locks.

use std::collections::{BTreeMap, BTreeSet};

/// Names a lane. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LaneId(pub(super) u64);

/// Names a caller that waits. Later callers have larger ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// What a caller gets that asks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A place on this lane.
    Place(LaneId),
    /// It waits, and is granted a place in its turn.
    Wait(Ticket),
    /// Too many wait already.
    Full,
}

/// A place for one that waited.
pub(super) type Grant = (Ticket, LaneId);

/// The places of all lanes, and who waits for one.
///
/// Callers are served first come, first served: one that waits is never overtaken. While one waits, no open lane has room.
#[derive(Debug)]
pub(super) struct Admission {
    /// How many requests a lane takes at a time.
    depth: usize,
    /// How many open lanes, the oldest, requests are spread over before the others get any.
    width: usize,
    max_waiting: usize,
    lanes: BTreeMap<LaneId, Places>,
    waiting: BTreeSet<Ticket>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Places {
    taken: usize,
    /// Whether it takes new requests.
    open: bool,
}

impl Admission {
    pub(super) fn new(depth: usize, max_waiting: usize) -> Self {
        Self {
            depth: depth.max(1),
            width: usize::MAX,
            max_waiting,
            lanes: BTreeMap::new(),
            waiting: BTreeSet::new(),
            next: 0,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A caller asks for a place.
    pub(super) fn enter(&mut self) -> Entry {
        if self.waiting.is_empty()
            && let Some(lane) = self.take_place()
        {
            return Entry::Place(lane);
        }
        if self.waiting.len() >= self.max_waiting {
            return Entry::Full;
        }
        let ticket = Ticket(self.number());
        self.waiting.insert(ticket);
        Entry::Wait(ticket)
    }

    /// A caller gives its place back that it cannot use, and waits again as long as it has.
    pub(super) fn wait_again(&mut self, ticket: Ticket, lane: LaneId) -> Vec<Grant> {
        self.waiting.insert(ticket);
        self.leave(lane)
    }

    /// A caller does not wait any more.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// A place is free again. A lane that is gone is no mistake.
    pub(super) fn leave(&mut self, lane: LaneId) -> Vec<Grant> {
        if let Some(places) = self.lanes.get_mut(&lane) {
            places.taken = places.taken.saturating_sub(1);
        }
        self.grant()
    }

    /// There is a new lane.
    pub(super) fn add(&mut self) -> (LaneId, Vec<Grant>) {
        let lane = LaneId(self.number());
        self.lanes.insert(
            lane,
            Places {
                taken: 0,
                open: true,
            },
        );
        (lane, self.grant())
    }

    /// A lane takes new requests, or does not. Those that it has taken go on.
    pub(super) fn set_open(&mut self, lane: LaneId, open: bool) -> Vec<Grant> {
        if let Some(places) = self.lanes.get_mut(&lane) {
            places.open = open;
        }
        self.grant()
    }

    /// A lane is gone.
    pub(super) fn remove(&mut self, lane: LaneId) {
        self.lanes.remove(&lane);
    }

    /// How many requests a lane takes at a time from now on, and over how many lanes they are spread as long as these have room.
    pub(super) fn set_shape(&mut self, depth: usize, width: usize) -> Vec<Grant> {
        self.depth = depth.max(1);
        self.width = width.max(1);
        self.grant()
    }

    /// Everyone that waits, who then does not wait any more.
    pub(super) fn send_away(&mut self) -> BTreeSet<Ticket> {
        std::mem::take(&mut self.waiting)
    }

    /// Whether the lane takes new requests.
    pub(super) fn is_open(&self, lane: LaneId) -> bool {
        self.lanes.get(&lane).is_some_and(|places| places.open)
    }

    /// How many places of a lane are taken.
    pub(super) fn taken(&self, lane: LaneId) -> usize {
        self.lanes.get(&lane).map_or(0, |places| places.taken)
    }

    /// How many lanes there are, those included that take no new requests.
    pub(super) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many lanes take new requests.
    pub(super) fn open_lanes(&self) -> usize {
        self.lanes.values().filter(|places| places.open).count()
    }

    /// How many requests a lane takes at a time.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// How many requests there are: those that wait and those that have a place.
    pub(super) fn demand(&self) -> usize {
        self.waiting.len()
            + self
                .lanes
                .values()
                .map(|places| places.taken)
                .sum::<usize>()
    }

    /// The open lane that was added last and has nothing to do.
    pub(super) fn spare(&self) -> Option<LaneId> {
        self.lanes
            .iter()
            .rev()
            .find(|(_, places)| places.open && places.taken == 0)
            .map(|(lane, _)| *lane)
    }

    /// Takes a place on the open lane with the fewest requests, the oldest of several: so that the younger ones become
    /// [spare](Self::spare) when there is less to do.
    fn take_place(&mut self) -> Option<LaneId> {
        let (depth, width) = (self.depth, self.width);
        let open = self.lanes.iter_mut().filter(|(_, places)| places.open);
        let (_, (lane, places)) = open
            .enumerate()
            .filter(|(_, (_, places))| places.taken < depth)
            .min_by_key(|(age, (lane, places))| (*age >= width, places.taken, **lane))?;
        places.taken += 1;
        Some(*lane)
    }

    /// Gives free places to those that wait longest.
    fn grant(&mut self) -> Vec<Grant> {
        let mut grants = Vec::new();
        while !self.waiting.is_empty()
            && let Some(lane) = self.take_place()
            && let Some(ticket) = self.waiting.pop_first()
        {
            grants.push((ticket, lane));
        }
        grants
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Enter,
        Leave(usize),
        GiveUp(usize),
        Add,
        SetOpen(usize, bool),
        Remove(usize),
        SetShape(usize, usize),
        WaitAgain(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => Just(Step::Enter),
            5 => (0_usize..64).prop_map(Step::Leave),
            1 => (0_usize..64).prop_map(Step::GiveUp),
            2 => Just(Step::Add),
            1 => (0_usize..8, any::<bool>()).prop_map(|(lane, open)| Step::SetOpen(lane, open)),
            1 => (0_usize..8).prop_map(Step::Remove),
            1 => (1_usize..5, 1_usize..5).prop_map(|(depth, width)| Step::SetShape(depth, width)),
            1 => (0_usize..64).prop_map(Step::WaitAgain),
        ]
    }

    /// What a caller that looks on would believe.
    #[derive(Default)]
    struct Model {
        lanes: Vec<LaneId>,
        /// Who has a place, and the ticket with which it waited.
        placed: Vec<(LaneId, Option<Ticket>)>,
        waiting: Vec<Ticket>,
    }

    impl Model {
        fn take(&mut self, grants: Vec<Grant>) {
            for (ticket, lane) in grants {
                assert_eq!(
                    self.waiting.first(),
                    Some(&ticket),
                    "first come, first served"
                );
                self.waiting.remove(0);
                self.placed.push((lane, Some(ticket)));
            }
        }
    }

    proptest! {
        #[test]
        fn places_are_never_lost_doubled_or_overtaken(steps in prop::collection::vec(step(), 0..300)) {
            let max_waiting = 10;
            let mut depth = 2;
            let mut admission = Admission::new(depth, max_waiting);
            let mut model = Model::default();
            for step in steps {
                match step {
                    Step::Enter => match admission.enter() {
                        Entry::Place(lane) => {
                            prop_assert!(model.waiting.is_empty() && admission.is_open(lane));
                            prop_assert!(admission.taken(lane) <= depth);
                            model.placed.push((lane, None));
                        }
                        Entry::Wait(ticket) => model.waiting.push(ticket),
                        Entry::Full => prop_assert!(model.waiting.len() >= max_waiting),
                    },
                    Step::Leave(index) if !model.placed.is_empty() => {
                        let (lane, _) = model.placed.swap_remove(index % model.placed.len());
                        let grants = admission.leave(lane);
                        model.take(grants);
                    }
                    Step::GiveUp(index) if !model.waiting.is_empty() => {
                        let ticket = model.waiting.remove(index % model.waiting.len());
                        admission.give_up(ticket);
                    }
                    Step::WaitAgain(index) if !model.placed.is_empty() => {
                        let at = index % model.placed.len();
                        if let (lane, Some(ticket)) = model.placed[at] && !admission.is_open(lane) {
                            model.placed.swap_remove(at);
                            let place = model.waiting.partition_point(|waiting| *waiting < ticket);
                            model.waiting.insert(place, ticket);
                            let grants = admission.wait_again(ticket, lane);
                            model.take(grants);
                        }
                    }
                    Step::Add => {
                        let (lane, grants) = admission.add();
                        model.lanes.push(lane);
                        model.take(grants);
                    }
                    Step::SetOpen(index, open) if !model.lanes.is_empty() => {
                        let lane = model.lanes[index % model.lanes.len()];
                        let grants = admission.set_open(lane, open);
                        model.take(grants);
                    }
                    Step::Remove(index) if !model.lanes.is_empty() => {
                        let lane = model.lanes.swap_remove(index % model.lanes.len());
                        admission.remove(lane);
                    }
                    Step::SetShape(to, width) => {
                        depth = to;
                        let grants = admission.set_shape(to, width);
                        model.take(grants);
                    }
                    _ => {}
                }
                for lane in &model.lanes {
                    let taken = model.placed.iter().filter(|(placed, _)| placed == lane).count();
                    prop_assert_eq!(admission.taken(*lane), taken);
                }
                let alive = |lane: &LaneId| model.lanes.contains(lane);
                let placed = model.placed.iter().filter(|(lane, _)| alive(lane)).count();
                prop_assert_eq!(admission.demand(), model.waiting.len() + placed);
                let room = model.lanes.iter().any(|lane| admission.is_open(*lane) && admission.taken(*lane) < depth);
                prop_assert!(!room || model.waiting.is_empty(), "a place is free and a caller waits");
            }
        }
    }

    #[test]
    fn younger_lanes_get_what_the_oldest_have_no_room_for() {
        let mut admission = Admission::new(2, 1);
        let lanes: Vec<_> = (0..3).map(|_| admission.add().0).collect();
        admission.set_shape(2, 1);
        let places: Vec<_> = (0..4).map(|_| admission.enter()).collect();
        let expected = [lanes[0], lanes[0], lanes[1], lanes[2]];
        assert_eq!(places, expected.map(Entry::Place));
    }

    #[test]
    fn the_emptiest_lane_is_taken_and_the_youngest_is_spare() {
        let mut admission = Admission::new(2, 1);
        let (first, _) = admission.add();
        let (second, _) = admission.add();
        assert_eq!(admission.spare(), Some(second));
        let places: Vec<_> = (0..4).map(|_| admission.enter()).collect();
        assert_eq!(places, [first, second, first, second].map(Entry::Place));
        assert_eq!(admission.spare(), None);
        assert!(matches!(admission.enter(), Entry::Wait(_)));
        assert_eq!(admission.enter(), Entry::Full);
    }
}

//! Dependencies between transactions, and the circles in them.

use std::collections::{HashMap, VecDeque};
use std::fmt;

/// How one transaction depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Edge {
    /// It wrote the next version.
    WriteWrite,
    /// It read what the other wrote.
    WriteRead,
    /// It overwrote what the other read.
    ReadWrite,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WriteWrite => "ww",
            Self::WriteRead => "wr",
            Self::ReadWrite => "rw",
        })
    }
}

/// Transactions by their index.
pub(super) struct Graph {
    successors: Vec<HashMap<usize, Edge>>,
}

impl Graph {
    pub(super) fn new(count: usize) -> Self {
        Self {
            successors: vec![HashMap::new(); count],
        }
    }

    /// Adds a dependency; of several between the same two, the one that is worst in a circle stays.
    pub(super) fn add(&mut self, from: Option<usize>, to: Option<usize>, edge: Edge) {
        if let (Some(from), Some(to)) = (from, to)
            && from != to
        {
            let known = self.successors[from].entry(to).or_insert(edge);
            *known = (*known).min(edge);
        }
    }

    /// One shortest circle for each group of transactions that reach each other.
    pub(super) fn cycles(&self) -> Vec<Vec<(usize, Edge)>> {
        self.components()
            .into_iter()
            .filter(|component| component.len() > 1)
            .filter_map(|component| {
                component
                    .iter()
                    .filter_map(|start| self.circle(*start, &component))
                    .min_by_key(Vec::len)
            })
            .collect()
    }

    /// The shortest way from `start` back to itself inside its component.
    fn circle(&self, start: usize, component: &[usize]) -> Option<Vec<(usize, Edge)>> {
        let mut came_from: HashMap<usize, usize> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for next in self.successors[node].keys() {
                if *next == start {
                    let mut path = vec![node];
                    let mut at = node;
                    while let Some(before) = came_from.get(&at) {
                        path.push(*before);
                        at = *before;
                    }
                    path.reverse();
                    let ends = path.iter().skip(1).chain([&start]);
                    return Some(
                        path.iter()
                            .zip(ends)
                            .map(|(from, to)| (*from, self.successors[*from][to]))
                            .collect(),
                    );
                }
                if component.contains(next) && !came_from.contains_key(next) {
                    came_from.insert(*next, node);
                    queue.push_back(*next);
                }
            }
        }
        None
    }

    /// Strongly connected components, by Tarjan's algorithm without recursion.
    fn components(&self) -> Vec<Vec<usize>> {
        let count = self.successors.len();
        let mut number = vec![usize::MAX; count];
        let mut low = vec![0; count];
        let mut on_stack = vec![false; count];
        let mut stack = Vec::new();
        let mut components = Vec::new();
        let mut next = 0;
        for root in 0..count {
            if number[root] != usize::MAX {
                continue;
            }
            let mut work: Vec<(usize, Vec<usize>)> = Vec::new();
            let mut visit = Some(root);
            loop {
                if let Some(node) = visit.take() {
                    number[node] = next;
                    low[node] = next;
                    next += 1;
                    stack.push(node);
                    on_stack[node] = true;
                    work.push((node, self.successors[node].keys().copied().collect()));
                }
                let Some((node, left)) = work.last_mut() else {
                    break;
                };
                let node = *node;
                match left.pop() {
                    Some(child) if number[child] == usize::MAX => visit = Some(child),
                    Some(child) if on_stack[child] => low[node] = low[node].min(number[child]),
                    Some(_) => {}
                    None => {
                        work.pop();
                        if let Some((parent, _)) = work.last() {
                            low[*parent] = low[*parent].min(low[node]);
                        }
                        if low[node] == number[node] {
                            let mut component = Vec::new();
                            while let Some(member) = stack.pop() {
                                on_stack[member] = false;
                                component.push(member);
                                if member == node {
                                    break;
                                }
                            }
                            components.push(component);
                        }
                    }
                }
            }
        }
        components
    }
}

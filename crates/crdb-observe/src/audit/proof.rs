//! That one entry is in the tree of a checkpoint.

use std::ops::Range;

use super::tree::{Hash, Tree, leaf, node};

/// The hashes with which one entry leads to the root of a checkpoint: at most one for each doubling of the log, 27 for a
/// hundred million entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    number: u64,
    size: u64,
    path: Vec<Hash>,
}

impl Proof {
    /// The number of the entry, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The size of the tree that it is proven to be in.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes, the nearest to the entry first (RFC 6962, section 2.1.1).
    #[must_use]
    pub fn path(&self) -> &[[u8; 32]] {
        &self.path
    }

    /// Whether this is the line of the entry in a tree with this root.
    #[must_use]
    pub fn proves(&self, line: &[u8], root: &[u8; 32]) -> bool {
        if self.number >= self.size {
            return false;
        }
        let ranges = ranges(self.number, self.size);
        if ranges.len() != self.path.len() {
            return false;
        }
        let hash = ranges
            .iter()
            .zip(&self.path)
            .fold(leaf(line), |hash, (range, other)| {
                if range.end <= self.number {
                    node(other, &hash)
                } else {
                    node(&hash, other)
                }
            });
        hash == *root
    }
}

/// The leaves below each hash of the path, the nearest first.
fn ranges(number: u64, size: u64) -> Vec<Range<u64>> {
    let mut path = Vec::new();
    let mut whole = 0..size;
    while whole.end - whole.start > 1 {
        // The largest power of two that is smaller than the number of leaves.
        let left = 1 << (u64::BITS - 1 - (whole.end - whole.start - 1).leading_zeros());
        let middle = whole.start + left;
        if number < middle {
            path.push(middle..whole.end);
            whole.end = middle;
        } else {
            path.push(whole.start..middle);
            whole.start = middle;
        }
    }
    path.reverse();
    path
}

/// Gathers a proof from one pass over the lines, in memory for one tree's peaks a range.
pub(super) struct Gathering {
    number: u64,
    size: u64,
    ranges: Vec<(Range<u64>, Tree)>,
}

impl Gathering {
    pub(super) fn new(number: u64, size: u64) -> Self {
        let ranges = ranges(number, size);
        Self {
            number,
            size,
            ranges: ranges
                .into_iter()
                .map(|range| (range, Tree::default()))
                .collect(),
        }
    }

    /// Takes the line with this number.
    pub(super) fn take(&mut self, number: u64, line: &[u8]) {
        if let Some((_, tree)) = self
            .ranges
            .iter_mut()
            .find(|(range, _)| range.contains(&number))
        {
            tree.push(leaf(line));
        }
    }

    /// The proof, once every line has been taken.
    pub(super) fn finish(self) -> Proof {
        Proof {
            number: self.number,
            size: self.size,
            path: self.ranges.iter().map(|(_, tree)| tree.root()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::root_by_definition;
    use super::*;

    #[test]
    fn a_hundred_million_entries_need_27_hashes() {
        let size = 100_000_000;
        for number in [
            0, 1, 33_554_432, 67_108_863, 67_108_864, 99_999_998, 99_999_999,
        ] {
            assert!(ranges(number, size).len() <= 27, "{number}");
        }
        assert_eq!(ranges(0, size).len(), 27);
    }

    #[test]
    fn every_entry_of_every_small_tree_is_proven_and_nothing_else_is() {
        for size in 1..40_u64 {
            let lines: Vec<_> = (0..size).map(|number| format!("line {number}")).collect();
            let leaves: Vec<_> = lines.iter().map(|line| leaf(line.as_bytes())).collect();
            let root = root_by_definition(&leaves);
            for number in 0..size {
                let mut gathering = Gathering::new(number, size);
                for (at, line) in (0..).zip(&lines) {
                    gathering.take(at, line.as_bytes());
                }
                let proof = gathering.finish();
                let line = format!("line {number}");
                assert!(proof.proves(line.as_bytes(), &root), "{number} of {size}");
                assert!(!proof.proves(b"another line", &root));
                assert!(!proof.proves(line.as_bytes(), &[0; 32]));
                let elsewhere = Proof {
                    number: (number + 1) % size,
                    ..proof.clone()
                };
                assert!(size == 1 || !elsewhere.proves(line.as_bytes(), &root));
            }
        }
    }

    #[test]
    fn a_proof_of_a_number_beyond_the_tree_proves_nothing() {
        let proof = Proof {
            number: 5,
            size: 5,
            path: Vec::new(),
        };
        assert!(!proof.proves(b"", &[0; 32]));
    }
}

//! The Merkle tree over the lines, as RFC 6962 hashes it, kept as its peaks only.

use ring::digest::{self, SHA256};

/// The hash of a leaf or of a node.
pub(super) type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The hash of a leaf (RFC 6962, section 2.1).
pub(super) fn leaf(line: &[u8]) -> Hash {
    sha256(&[&[0], line])
}

/// The hash of a node over its two children.
pub(super) fn node(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// A tree that grows at its end. It holds the roots of its perfect subtrees, largest first: one for each bit of its size.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tree {
    size: u64,
    peaks: Vec<Hash>,
}

impl Tree {
    /// The tree of `size` leaves with these peaks; `None` when their number does not fit.
    pub(super) fn from_peaks(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.count_ones())).then_some(Self { size, peaks })
    }

    /// How many leaves it has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its perfect subtrees, largest first.
    pub(super) fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Adds a leaf at its end.
    pub(super) fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Each trailing one bit of the size is a perfect subtree that the new leaf completes to one of twice its size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The hash of the whole; that of no bytes for no leaves.
    pub(super) fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => sha256(&[]),
            Some(last) => peaks.fold(*last, |right, left| node(left, &right)),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    pub(in super::super) fn root_by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn it_has_the_root_of_the_definition_at_every_size() {
        let mut tree = Tree::default();
        let mut leaves = Vec::new();
        assert_eq!(tree.root(), root_by_definition(&leaves));
        for number in 0..200_u32 {
            let hash = leaf(&number.to_be_bytes());
            tree.push(hash);
            leaves.push(hash);
            assert_eq!(tree.root(), root_by_definition(&leaves), "{number}");
            let again = Tree::from_peaks(tree.size(), tree.peaks().to_vec()).unwrap();
            assert_eq!(again, tree);
        }
        assert_eq!(Tree::from_peaks(3, vec![[0; 32]]), None);
    }

    /// The test vector of the certificate transparency project: the root of no leaves, and of one empty leaf.
    #[test]
    fn it_agrees_with_known_roots() {
        let hex = |hash: Hash| super::super::chain::hex(&hash);
        let mut tree = Tree::default();
        assert_eq!(
            hex(tree.root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        tree.push(leaf(b""));
        assert_eq!(
            hex(tree.root()),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }
}

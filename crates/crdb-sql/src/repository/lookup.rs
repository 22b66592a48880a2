//! From a name to an index, in a few nanoseconds.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Names of queries to their places.
#[derive(Debug, Default)]
pub(super) struct Lookup(HashMap<Box<str>, usize, BuildHasherDefault<NameHasher>>);

impl Lookup {
    pub(super) fn insert(&mut self, name: &str, index: usize) {
        self.0.insert(name.into(), index);
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

impl<'a> FromIterator<&'a str> for Lookup {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut lookup = Self::default();
        for (index, name) in names.into_iter().enumerate() {
            lookup.insert(name, index);
        }
        lookup
    }
}

/// Eight bytes a step. The keys come from reviewed files, so an attacker cannot fill the table with collisions, which is what
/// the standard library's slower hasher is for.
#[derive(Debug, Default)]
pub(super) struct NameHasher(u64);

impl NameHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        // Both halves of the product, or the upper bits of a word would not reach the lower bits of the hash.
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(word) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, _: u8) {
        // The terminator of a `str`; the length is mixed in above.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    #[test]
    fn similar_names_do_not_collide() {
        let build = BuildHasherDefault::<NameHasher>::default();
        let names: Vec<String> = (0..20_000)
            .map(|n| format!("accounts.get_account_{n}"))
            .collect();
        let hashes: HashSet<u64> = names.iter().map(|n| build.hash_one(n.as_str())).collect();
        assert_eq!(hashes.len(), names.len());
        let low: HashSet<u64> = hashes.iter().map(|h| h & 0xffff).collect();
        assert!(low.len() > 15_000, "low bits spread: {}", low.len());
        let high: HashSet<u64> = hashes.iter().map(|h| h >> 57).collect();
        assert_eq!(high.len(), 128);
    }
}

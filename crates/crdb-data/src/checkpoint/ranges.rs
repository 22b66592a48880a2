//! Parts of an input.

/// Parts that do not overlap, in order, neighbours joined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Joins parts, each from its first position to before its last.
    pub(crate) fn of(mut parts: Vec<(u64, u64)>) -> Self {
        parts.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, finish) in parts {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(finish),
                _ => joined.push((start, finish)),
            }
        }
        Self(joined)
    }

    /// The end of the part that holds this position.
    pub(crate) fn end_at(&self, position: u64) -> Option<u64> {
        let index = self.0.partition_point(|&(_, finish)| finish <= position);
        self.0
            .get(index)
            .filter(|&&(start, _)| start <= position)
            .map(|&(_, finish)| finish)
    }

    /// Where the next part begins.
    pub(crate) fn next_after(&self, position: u64) -> Option<u64> {
        let index = self.0.partition_point(|&(start, _)| start <= position);
        self.0.get(index).map(|&(start, _)| start)
    }

    /// How much they hold together.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|(start, finish)| finish - start).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_joined_and_gaps_stay() {
        let ranges = Ranges::of(vec![(10, 20), (0, 5), (5, 8), (30, 31)]);
        assert_eq!(ranges, Ranges(vec![(0, 8), (10, 20), (30, 31)]));
        assert_eq!(ranges.end_at(0), Some(8));
        assert_eq!(ranges.end_at(8), None);
        assert_eq!(ranges.end_at(19), Some(20));
        assert_eq!(ranges.next_after(8), Some(10));
        assert_eq!(ranges.next_after(30), None);
        assert_eq!(ranges.total(), 19);
    }
}

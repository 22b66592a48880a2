//! The labels of one enum.

use std::collections::HashMap;

/// Labels in order.
///
/// Each of many changes costs the same: between them and [`settle`](Self::settle) each label knows its neighbours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Labels {
    all: Vec<String>,
    chain: Option<Box<Chain>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Chain {
    links: Vec<Link>,
    places: HashMap<String, usize>,
    first: Option<usize>,
    last: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    label: String,
    before: Option<usize>,
    after: Option<usize>,
}

/// Where a label is added.
#[derive(Debug, Clone, Copy)]
pub(super) enum At<'a> {
    Before(&'a str),
    After(&'a str),
    End,
}

impl Labels {
    pub(super) fn new(labels: Vec<String>) -> Self {
        Self {
            all: labels,
            chain: None,
        }
    }

    /// All of them, once they have been [settled](Self::settle).
    pub(super) fn as_slice(&self) -> &[String] {
        debug_assert!(self.chain.is_none(), "the labels are still a chain");
        &self.all
    }

    fn chain(&mut self) -> &mut Chain {
        self.chain.get_or_insert_with(|| {
            let mut chain = Box::<Chain>::default();
            for label in std::mem::take(&mut self.all) {
                chain.add(label, At::End);
            }
            chain
        })
    }

    /// Adds a label, unless it is there. One that is to stand beside another which is not there comes last.
    pub(super) fn add(&mut self, label: &str, at: At<'_>) {
        let chain = self.chain();
        if !chain.places.contains_key(label) {
            chain.add(label.to_owned(), at);
        }
    }

    pub(super) fn remove(&mut self, label: &str) {
        self.chain().remove(label);
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) {
        let chain = self.chain();
        if let Some(place) = chain.places.remove(old) {
            // The server refuses a label that is there; here the one that was renamed keeps it.
            chain.remove(new);
            chain.places.insert(new.to_owned(), place);
            if let Some(link) = chain.links.get_mut(place) {
                new.clone_into(&mut link.label);
            }
        }
    }

    /// Puts the labels in order.
    pub(super) fn settle(&mut self) {
        let Some(chain) = self.chain.take() else {
            return;
        };
        let mut links: Vec<(Option<String>, Option<usize>)> = chain
            .links
            .into_iter()
            .map(|link| (Some(link.label), link.after))
            .collect();
        let mut next = chain.first;
        while let Some((label, after)) = next.and_then(|place| links.get_mut(place)) {
            self.all.extend(label.take());
            next = *after;
        }
    }
}

impl Chain {
    fn add(&mut self, label: String, at: At<'_>) {
        let place = self.links.len();
        let (before, after) = match at {
            At::Before(other) => match self.places.get(other) {
                Some(&other) => (
                    self.links.get(other).and_then(|link| link.before),
                    Some(other),
                ),
                None => (self.last, None),
            },
            At::After(other) => match self.places.get(other) {
                Some(&other) => (
                    Some(other),
                    self.links.get(other).and_then(|link| link.after),
                ),
                None => (self.last, None),
            },
            At::End => (self.last, None),
        };
        self.places.insert(label.clone(), place);
        self.links.push(Link {
            label,
            before,
            after,
        });
        self.join(before, Some(place));
        self.join(Some(place), after);
    }

    fn remove(&mut self, label: &str) {
        let place = self.places.remove(label);
        if let Some(link) = place.and_then(|place| self.links.get(place)) {
            self.join(link.before, link.after);
        }
    }

    /// Makes two links neighbours; a missing one is an end of the chain.
    fn join(&mut self, before: Option<usize>, after: Option<usize>) {
        match before.and_then(|place| self.links.get_mut(place)) {
            Some(link) => link.after = after,
            None => self.first = after,
        }
        match after.and_then(|place| self.links.get_mut(place)) {
            Some(link) => link.before = before,
            None => self.last = before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_where_they_were_put_whatever_has_been_done_to_the_others() {
        let mut labels = Labels::new(["b", "d"].map(str::to_owned).to_vec());
        labels.add("a", At::Before("b"));
        labels.add("c", At::After("b"));
        labels.add("e", At::After("d"));
        labels.add("a", At::End);
        labels.add("f", At::Before("x"));
        labels.remove("b");
        labels.remove("x");
        labels.rename("d", "D");
        labels.rename("x", "y");
        labels.rename("f", "e");
        labels.settle();
        assert_eq!(labels.as_slice(), ["a", "c", "D", "e"]);
        for label in ["a", "e", "c", "D"] {
            labels.remove(label);
        }
        labels.add("z", At::End);
        labels.settle();
        labels.settle();
        assert_eq!(labels.as_slice(), ["z"]);
    }
}

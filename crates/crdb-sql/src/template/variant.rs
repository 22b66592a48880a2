//! The texts that a template can become.

use std::collections::BTreeSet;

use super::Template;
use super::cache::{Chosen, Selection};
#[cfg(feature = "codegen")]
use super::part::{Written, walk};
use crate::header::Choice;
use crate::problem::{Code, Problem};
use crate::query::Query;

/// Templates with more texts than this are checked by samples.
const EXHAUSTIVE: usize = 256;

/// One text that a template can become.
#[derive(Debug, Clone)]
pub struct Variant {
    /// The flags and optional parameters that are on.
    pub(crate) on: Vec<String>,
    pub(crate) query: Query,
    #[cfg(feature = "codegen")]
    selection: Selection,
}

impl Variant {
    /// The flags that are on and the optional parameters that are given.
    #[must_use]
    pub fn on(&self) -> &[String] {
        &self.on
    }

    /// The statement.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }
}

impl Template {
    /// Every text that the template can become, when there are at most 256 and no identifier is free; `None` otherwise.
    #[must_use]
    pub fn variants(&self) -> Option<Vec<Variant>> {
        self.every_variant(EXHAUSTIVE)
    }

    /// Every text, when there are at most `limit` and no identifier is free.
    pub(crate) fn every_variant(&self, limit: usize) -> Option<Vec<Variant>> {
        if self.count()? > limit {
            return None;
        }
        self.selections(limit)
            .iter()
            .map(|selection| self.variant(selection).ok())
            .collect()
    }

    /// The texts that an engine is asked about: all, or samples where they are many.
    #[cfg(feature = "codegen")]
    pub(crate) fn described(&self) -> Vec<Variant> {
        self.variants().unwrap_or_else(|| self.samples())
    }

    /// Whether an identifier may be any name.
    #[cfg(feature = "codegen")]
    pub(crate) fn has_free_identifier(&self) -> bool {
        self.identifiers()
            .any(|(_, choice)| matches!(choice, Choice::Checked))
    }

    /// Samples for checks: all texts where that is feasible.
    #[cfg(feature = "checks")]
    pub(crate) fn samples(&self) -> Vec<Variant> {
        self.selections(EXHAUSTIVE)
            .iter()
            .filter_map(|selection| self.variant(selection).ok())
            .collect()
    }

    fn variant(&self, selection: &Selection) -> Result<Variant, crate::Error> {
        let text = self.text(selection)?;
        Ok(Variant {
            on: self.switched_on(selection),
            query: self.parse(&text)?,
            #[cfg(feature = "codegen")]
            selection: selection.clone(),
        })
    }

    /// Visits what a variant's text is put together from.
    #[cfg(feature = "codegen")]
    pub(crate) fn walk(&self, variant: &Variant, visit: &mut dyn FnMut(Written<'_>)) {
        let identifiers = self.chosen_identifiers(&variant.selection);
        walk(
            &self.parts,
            variant.selection.on,
            &identifiers.unwrap_or_default(),
            visit,
        );
    }

    fn switched_on(&self, selection: &Selection) -> Vec<String> {
        let switches = self.switches.iter().enumerate();
        switches
            .filter(|(index, _)| selection.on & (1 << index) != 0)
            .map(|(_, name)| name.clone())
            .collect()
    }

    /// How many texts there are; `None` when they cannot be counted.
    fn count(&self) -> Option<usize> {
        let mut count = 1_usize.checked_shl(u32::try_from(self.switches.len()).ok()?)?;
        for (_, choice) in self.identifiers() {
            match choice {
                Choice::OneOf(entries) => count = count.checked_mul(entries.len())?,
                Choice::Checked => return None,
            }
        }
        Some(count)
    }

    /// All selections where there are at most `limit`, or a sample: everything off, everything on, each switch alone on and alone off, each identifier.
    fn selections(&self, limit: usize) -> Vec<Selection> {
        let first: Vec<Chosen> = self
            .identifiers()
            .map(|(_, choice)| match choice {
                Choice::OneOf(_) => Chosen::Listed(0),
                Choice::Checked => Chosen::Checked("name".into()),
            })
            .collect();
        let all = u32::try_from((1_u64 << self.switches.len()) - 1).unwrap_or(u32::MAX);
        let exhaustive = self.count().is_some_and(|count| count <= limit);
        let switches: Vec<u32> = if exhaustive || self.switches.len() <= 6 {
            (0..=all).collect()
        } else {
            let single = (0..self.switches.len()).map(|index| 1 << index);
            [0, all]
                .into_iter()
                .chain(single.clone())
                .chain(single.map(|bit| all & !bit))
                .collect()
        };
        let mut identifiers = vec![first.clone()];
        for (place, (_, choice)) in self.identifiers().enumerate() {
            let Choice::OneOf(entries) = choice else {
                continue;
            };
            let base = if exhaustive {
                identifiers.clone()
            } else {
                vec![first.clone()]
            };
            for index in 1..entries.len() {
                identifiers.extend(base.iter().map(|chosen| {
                    let mut chosen = chosen.clone();
                    chosen[place] = Chosen::Listed(index);
                    chosen
                }));
            }
        }
        let selection = |on: u32| {
            identifiers.iter().map(move |identifiers| Selection {
                on,
                identifiers: identifiers.clone(),
            })
        };
        switches.into_iter().flat_map(selection).collect()
    }

    /// What is wrong with the texts that it can become; each complaint once.
    pub(super) fn unsound_variants(&self) -> Vec<Problem> {
        let mut complaints = BTreeSet::new();
        for selection in self.selections(EXHAUSTIVE) {
            let on = self.switched_on(&selection);
            let form = match on.as_slice() {
                [] => "with everything off".to_owned(),
                on => format!("with {}", on.join(", ")),
            };
            match self.variant(&selection) {
                Err(error) => {
                    complaints.insert((error.to_string(), form));
                }
                Ok(variant) => {
                    for parameter in variant.query.parameters() {
                        let name = parameter.name();
                        if self.optional().any(|optional| optional == name)
                            && !on.iter().any(|on| on == name)
                        {
                            let message = format!(
                                "`:{name}` stands where it may have been left out; put it into `{{% if {name} %}}`"
                            );
                            complaints.insert((message, form.clone()));
                        }
                    }
                }
            }
        }
        let mut said = BTreeSet::new();
        complaints
            .into_iter()
            .filter(|(message, _)| said.insert(message.clone()))
            .map(|(message, form)| self.problem(Code::Template, message).help(form))
            .collect()
    }

    /// The names of the parameters anywhere in the text.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(String::as_str)
    }

    pub(super) fn is_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|known| known == name)
    }
}

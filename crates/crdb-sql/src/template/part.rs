//! What a template's text is made of.

use super::identifier::SafeIdentifier;

/// A part of a template's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// SQL as it stands.
    Text(String),
    /// `:name`
    Parameter(String),
    /// `{{ name }}`, by its place among the header's identifiers.
    Identifier(usize),
    /// `{% if %} .. {% elif %} .. {% else %} .. {% endif %}`: the first branch whose condition holds.
    If(Vec<Branch>),
}

/// One branch of an `if`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) condition: Condition,
    pub(crate) parts: Vec<Part>,
}

/// What a branch asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Of `else`.
    Always,
    /// The switch at this place: a flag that is on, or an optional parameter that is given.
    On(usize),
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

impl Condition {
    /// `on` has a bit for each switch.
    fn holds(&self, on: u32) -> bool {
        match self {
            Self::Always => true,
            Self::On(switch) => on & (1 << switch) != 0,
            Self::Not(inner) => !inner.holds(on),
            Self::All(all) => all.iter().all(|condition| condition.holds(on)),
            Self::Any(any) => any.iter().any(|condition| condition.holds(on)),
        }
    }
}

/// What a text is put together from, once the branches are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Written<'p> {
    Text(&'p str),
    /// The name of a parameter.
    Parameter(&'p str),
}

/// Visits the text for these switches and identifiers. Nothing but the template's own text, safe identifiers and parameters is
/// ever written.
pub(crate) fn walk<'p>(
    parts: &'p [Part],
    on: u32,
    identifiers: &'p [SafeIdentifier],
    visit: &mut dyn FnMut(Written<'p>),
) {
    for part in parts {
        match part {
            Part::Text(text) => visit(Written::Text(text)),
            Part::Parameter(name) => visit(Written::Parameter(name)),
            Part::Identifier(place) => {
                if let Some(identifier) = identifiers.get(*place) {
                    visit(Written::Text(identifier.as_str()));
                }
            }
            Part::If(branches) => {
                let chosen = branches.iter().find(|branch| branch.condition.holds(on));
                if let Some(branch) = chosen {
                    walk(&branch.parts, on, identifiers, visit);
                }
            }
        }
    }
}

/// Appends text, to the text before it where there is one.
pub(super) fn push_text(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Text(text.to_owned()));
    }
}

/// The parameters in the order of their first place.
pub(super) fn parameters(parts: &[Part]) -> Vec<String> {
    fn collect(parts: &[Part], names: &mut Vec<String>) {
        for part in parts {
            match part {
                Part::Parameter(name) if !names.contains(name) => names.push(name.clone()),
                Part::If(branches) => {
                    for branch in branches {
                        collect(&branch.parts, names);
                    }
                }
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    collect(parts, &mut names);
    names
}
